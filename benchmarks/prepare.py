"""`mien prepare`: faces per second against decoding the same files and doing nothing with them.

Finding duplicates compares every face with every other, so its time per face grows with their
number: two sizes are measured, to show how much.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks import faces
from benchmarks.report import Column, Result
from benchmarks.timing import Samples, ratio, take_turns
from mien.datasets.inputs.folders import CropSettings, FolderInput
from mien.datasets.preparation.prepare import prepare
from mien.datasets.records import LabelledFace
from mien.protocols import Detector
from mien.vision.images.reading import read_picture

NAME = "prepare"
STAGES = {"reading pictures": "read", "finding duplicates": "duplicates", "writing": "write"}
COLUMNS = (
    Column("case", "what"),
    Column("faces", "faces", ",d"),
    Column("faces_per_second", "faces/s", ",.0f"),
    Column("ms", "ms per face", ".2f"),
    Column("spread", "spread", ".0%"),
    Column("cpu_ms", "CPU ms", ".2f"),
    *(Column(f"{stage}_ms", stage, ".2f") for stage in STAGES.values()),
    Column("ratio", "reference = 1", ".2f"),
)


@dataclass(slots=True)
class _Laps:
    """Seconds of each stage, from what `prepare` tells of its progress."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    _last: float = 0.0
    _stages: dict[str, float] = field(default_factory=dict)

    def start(self) -> None:
        self._last, self._stages = time.perf_counter(), {}

    def on_progress(self, stage: str, _done: int, _total: int | None) -> None:
        now = time.perf_counter()
        self._stages[stage] = self._stages.get(stage, 0.0) + now - self._last
        self._last = now

    def stop(self) -> None:
        for stage, seconds in self._stages.items():
            self.seconds.setdefault(stage, []).append(seconds)

    def milliseconds(self, stage: str, count: int) -> float:
        return float(np.median(self.seconds[stage])) / count * 1000


def measure(
    detector: Detector,
    *,
    counts: Sequence[int] = (1000, 4000),
    scenes: int = 64,
    repeats: int = 3,
) -> Result:
    """Prepare folders of faces, and read pictures with a detector.

    Args:
        detector: Finds the faces of the pictures.
        counts: Faces per folder.
        scenes: Pictures that the detector has to look at.
        repeats: Samples of each.
    """
    rows: list[dict[str, str | float]] = []
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as folder:
        for count in counts:
            rows += _measure_faces(Path(folder) / str(count), count, repeats)
        rows += _measure_scenes(Path(folder) / "scenes", scenes, detector, repeats)
    title = "JPEG files → data set; each reference is the row above"
    finding = (
        f"From {counts[0]:,} to {counts[-1]:,} faces, preparing takes "
        f"{_growth(rows):.2f} times as long per face (duplicates are sought in all pairs)."
    )
    return Result(NAME, title, COLUMNS, tuple(rows), (finding,) if len(counts) > 1 else ())


def _growth(rows: Sequence[dict[str, str | float]]) -> float:
    taken = [float(row["ms"]) for row in rows if row["case"] == "prepare, faces as they are"]
    return taken[-1] / taken[0]


def _measure_faces(folder: Path, count: int, repeats: int) -> list[dict[str, str | float]]:
    paths = faces.write_folder(folder / "in", count)
    laps, made = _Laps(), iter(range(1_000_000))

    def whole() -> None:
        laps.start()
        out = folder / f"out-{next(made)}"
        prepare(FolderInput(folder / "in"), out, on_progress=laps.on_progress)
        laps.stop()

    def decode() -> None:
        for path in paths:
            read_picture(path)

    samples = take_turns({"decode": decode, "whole": whole}, repeats, shortest=0.0)
    stages = {f"{name}_ms": laps.milliseconds(stage, count) for stage, name in STAGES.items()}
    return [
        _row("bare decode", count, samples["decode"]),
        {
            **_row("prepare, faces as they are", count, samples["whole"]),
            **stages,
            "ratio": ratio(samples["whole"], samples["decode"]),
        },
    ]


def _measure_scenes(
    folder: Path, count: int, detector: Detector, repeats: int
) -> list[dict[str, str | float]]:
    """Reading alone: all scenes show one person, which leaves nothing to deal to splits."""
    paths = faces.write_scenes(folder, count)
    source = FolderInput(folder, CropSettings(detector=detector))
    found = sum(isinstance(face, LabelledFace) for face in source.read(0, count))
    if found != count:
        raise RuntimeError(f"{detector.name} found {found} faces in {count} pictures")

    def bare() -> None:
        for path in paths:
            detector(read_picture(path))

    def read() -> None:
        for _ in source.read(0, count):
            pass

    samples = take_turns({"bare": bare, "read": read}, repeats, shortest=0.0)
    name = f"640x480, {detector.name}"
    return [
        _row(f"bare decode and detector, {name}", count, samples["bare"]),
        {
            **_row(f"prepare's reading, {name}", count, samples["read"]),
            "ratio": ratio(samples["read"], samples["bare"]),
        },
    ]


def _row(case: str, count: int, taken: Samples) -> dict[str, str | float]:
    return {
        "case": case,
        "faces": count,
        "faces_per_second": count / taken.seconds,
        "ms": taken.seconds / count * 1000,
        "spread": taken.spread,
        "cpu_ms": taken.cpu_seconds / count * 1000,
    }
