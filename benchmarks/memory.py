"""Memory: of a live run after few and many frames, of `prepare` for few and many, of a large photo.

Every figure comes from a process of its own, because memory that one measure took stays with a
process. Resident memory as Linux counts it in /proc/self/status.
"""

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from benchmarks import faces
from benchmarks.report import GOAL_COLUMNS, Column, Result, goal_row, goals_met
from mien.pipeline.run import run
from mien.protocols import Source
from mien.registry import make_analyzer, make_classifier, make_detector
from mien.sources.images import PictureSource
from mien.types import Analysis, Frame, PixelArray

LIVE, PREPARE, PHOTO = "memory", "prepare-memory", "photo-memory"
ROOT = Path(__file__).parent.parent
STATUS = Path("/proc/self/status")
MEGABYTE = 1024 * 1024
LIVE_COLUMNS = (
    Column("frames", "after frame", ",d"),
    Column("megabytes", "resident MB", ",.1f"),
    Column("growth", "since the row above", "+.1f"),
    Column("ratio", "frame 1 = 1", ".3f"),
)
PREPARE_COLUMNS = (
    Column("faces", "faces", ",d"),
    Column("before", "before, MB", ",.1f"),
    Column("peak", "peak, MB", ",.1f"),
    Column("growth", "for the work, MB", ",.1f"),
    Column("decoded", "all pictures decoded, MB", ",.1f"),
    Column("ratio", "first row = 1", ".2f"),
)


# A near and a far portrait: side, left and top, as parts of the photo's side.
FACES = ((0.16, 0.1, 0.2), (0.04, 0.7, 0.6))
# EXIF that says: turn me by a quarter.
ON_ITS_SIDE = bytes.fromhex("4578696600004d4d002a00000008000101120003000000010006000000000000")
# How a photo is saved: by what it is called, Pillow's format, its options, and the goal in MB.
PHOTOS: dict[str, tuple[str, dict[str, Any], float]] = {
    "JPEG": ("JPEG", {"quality": 90}, 500),
    "JPEG on its side": ("JPEG", {"quality": 90, "exif": ON_ITS_SIDE}, 500),
    "progressive JPEG": ("JPEG", {"quality": 90, "progressive": True}, 500),
    "PNG": ("PNG", {"compress_level": 1}, 800),
    "WebP": ("WEBP", {"method": 0}, 800),
    "AVIF": ("AVIF", {"speed": 10}, 800),
    "JPEG 2000": ("JPEG2000", {}, 800),
}


def is_measurable() -> bool:
    """Whether this system says how much memory a process has."""
    return STATUS.is_file()


def measure_live(bundle: Path | None, *, frames: Sequence[int] = (1, 200, 2000, 100_000)) -> Result:
    """Read pictures, over and over, in a process of its own; every second a face comes or goes.

    Args:
        bundle: The model; the shipped one where None.
        frames: After how many frames to look.
    """
    arguments = ["live", "--frames", *map(str, frames)]
    found = _in_own_process([*arguments, "--bundle", str(bundle)] if bundle else arguments)
    values = [found[str(count)] for count in frames]
    rows: list[dict[str, float]] = [
        {"frames": count, "megabytes": value, "ratio": value / values[0]}
        for count, value in zip(frames, values, strict=True)
    ]
    for row, before in zip(rows[1:], rows, strict=False):
        row["growth"] = row["megabytes"] - before["megabytes"]
    finding = (
        f"From frame {frames[-2]:,} to frame {frames[-1]:,} memory grew by "
        f"{values[-1] - values[-2]:.1f} MB; the frames before load what is loaded on first use."
    )
    title = "a live run, one and two faces in turn"
    return Result(LIVE, title, LIVE_COLUMNS, tuple(rows), (finding,))


def measure_prepare(*, counts: Sequence[int] = (2000, 8000), side: int = 160) -> Result:
    """Prepare folders of faces, each in a process of its own.

    Args:
        counts: Faces per folder.
        side: Of a picture in pixels.
    """
    rows = []
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as name:
        for count in counts:
            folder = Path(name) / str(count)
            faces.write_folder(folder / "in", count, side=side)
            found = _in_own_process(["prepare", str(folder / "in"), str(folder / "out")])
            rows.append(
                {
                    "faces": count,
                    **found,
                    "growth": found["peak"] - found["before"],
                    "decoded": count * side * side * 3 / MEGABYTE,
                }
            )
    for row in rows:
        row["ratio"] = row["peak"] / rows[0]["peak"]
    return Result(PREPARE, "highest resident memory of a process", PREPARE_COLUMNS, tuple(rows))


def measure_photo(*, side: int = 8000, kinds: Sequence[str] = tuple(PHOTOS)) -> Result:
    """Read one large photo with a near and a far face, each format in a process of its own.

    Args:
        side: Of the photo in pixels.
        kinds: Which of `PHOTOS`.
    """
    photo, rows, missed = _photo(side), [], []
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as name:
        for kind in kinds:
            form, options, limit = PHOTOS[kind]
            upright = np.rot90(photo) if "exif" in options else photo
            path = Path(name) / kind
            Image.fromarray(np.ascontiguousarray(upright[..., ::-1])).save(path, form, **options)
            found = _in_own_process(["photo", str(path)])
            path.unlink()
            rows.append(goal_row(kind, found["peak"], "MB", limit))
            missed += [kind] * (found["faces"] < len(FACES))
    told = (
        f"Not all faces were found in: {', '.join(missed)}." if missed else "All faces were found."
    )
    title = f"highest resident memory while a photo of {side**2 / 1e6:.0f} megapixels is read"
    return Result(PHOTO, title, GOAL_COLUMNS, tuple(rows), (goals_met(rows), told))


def _photo(side: int) -> PixelArray:
    ground = np.random.default_rng(0).integers(90, 130, (side // 16, side // 16, 3), np.uint8)
    photo = np.asarray(cv2.resize(ground, (side, side)), np.uint8)
    for share, left, top in FACES:
        face = cv2.resize(faces.portrait(), (round(side * share),) * 2)
        x, y = round(left * side), round(top * side)
        photo[y : y + len(face), x : x + len(face)] = face
    return photo


def main() -> None:
    """Measure this very process and print JSON; `measure_…` start it."""
    parser = argparse.ArgumentParser(description="Measures the memory of this process.")
    commands = parser.add_subparsers(dest="command", required=True)
    live = commands.add_parser("live")
    live.add_argument("--frames", type=int, nargs="+", required=True)
    live.add_argument("--bundle", type=Path)
    prepare = commands.add_parser("prepare")
    prepare.add_argument("source", type=Path)
    prepare.add_argument("out", type=Path)
    commands.add_parser("photo").add_argument("path", type=Path)
    args = parser.parse_args()
    if args.command == "photo":
        print(json.dumps(_run_photo(args.path)))
    elif args.command == "live":
        print(json.dumps(_run_live(args.frames, args.bundle)))
    else:
        print(json.dumps(_run_prepare(args.source, args.out)))


class _Scenes(Source):
    """A `Source` without end that costs nothing to draw: one face for a second, then two."""

    name, live = "scenes", False

    def __init__(self) -> None:
        self._closed = False

    def __iter__(self) -> Iterator[Frame]:
        pictures = [[faces.scene(640, 480, n, seed=seed) for seed in range(4)] for n in (1, 2)]
        for index in itertools.count():
            if self._closed:
                return
            image = pictures[index // 30 % 2][index % 4]
            yield Frame(image, index, index / 30, self.name)

    def close(self) -> None:
        self._closed = True


def _in_own_process(arguments: Sequence[str]) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.memory", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return {name: float(value) for name, value in json.loads(done.stdout).items()}


def _run_live(frames: Sequence[int], bundle: Path | None) -> dict[str, float]:
    classifier, info = make_classifier(bundle)
    analyzer = make_analyzer(make_detector(), classifier, info)
    source, found = _Scenes(), dict[str, float]()

    def look(frame: Frame, _analysis: Analysis) -> None:
        count = frame.index + 1
        if count in frames:
            found[str(count)] = megabytes("VmRSS")
        if count >= max(frames):
            source.close()

    run(source, analyzer, on_frame=look)
    return found


def _run_prepare(source: Path, out: Path) -> dict[str, float]:
    from mien.datasets.inputs.folders import FolderInput
    from mien.datasets.preparation.prepare import prepare

    before = megabytes("VmRSS")
    prepare(FolderInput(source), out)
    return {"before": before, "peak": megabytes("VmHWM")}


def _run_photo(path: Path) -> dict[str, float]:
    classifier, info = make_classifier()
    analyzer = make_analyzer(make_detector(), classifier, info)
    summary = run(PictureSource([path]), analyzer)
    return {"peak": megabytes("VmHWM") * MEGABYTE / 1e6, "faces": summary.faces}


def megabytes(key: str) -> float:
    """Return a line of this process's status, such as VmHWM, its highest resident memory."""
    # Not getrusage: a child's highest memory starts at that of the parent that started it.
    for line in STATUS.read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name == key:
            return float(value.removesuffix("kB")) * 1024 / MEGABYTE
    raise RuntimeError(f"{STATUS}: no line {key}")


if __name__ == "__main__":
    main()
