"""Face detectors against each other, in turns: milliseconds per frame, one thread each.

The reference is YuNet-s at full size where its file is there (`../shared/weights`), else MTCNN.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from benchmarks import SHARED, faces
from benchmarks.report import Column, Result
from benchmarks.timing import cpu_ratio, ratio, take_turns
from mien.detectors.single_shot import SingleShotDetector
from mien.models.bundle import load_detector_bundle
from mien.protocols import Detector
from mien.registry import DEFAULT_DETECTOR, DETECTOR_BUNDLE, make_detector
from mien.types import PixelArray

NAME = "detector"
SIZES = ((640, 480), (1280, 720))
CYCLE = 4
COARSE = 48  # pixels: side of the smallest face of our own detector's second row
YUNET = SHARED / "weights" / "yunet_s_dynamic.onnx"
COLUMNS = (
    Column("case", "frame and detector"),
    Column("found", "faces found", ".1f"),
    Column("ms", "ms", ".2f"),
    Column("spread", "spread", ".0%"),
    Column("cpu_ms", "CPU ms", ".2f"),
    Column("ratio", "reference = 1", ".2f"),
    Column("cpu_ratio", "CPU, reference = 1", ".2f"),
)


def installed() -> dict[str, Detector]:
    """Return the detectors that can be measured here; the reference comes last."""
    coarse = SingleShotDetector(load_detector_bundle(DETECTOR_BUNDLE), min_face=COARSE)
    found = {
        DEFAULT_DETECTOR: make_detector(),
        f"{DEFAULT_DETECTOR}-{COARSE}": coarse,
        "mtcnn": make_detector("mtcnn"),
    }
    if YUNET.is_file():
        found["yunet-s"] = make_detector("yunet", model=YUNET)
    return found


def measure(
    detectors: Mapping[str, Detector],
    *,
    sizes: Sequence[tuple[int, int]] = SIZES,
    counts: Sequence[int] = (1, 8),
    repeats: int = 25,
) -> Result:
    """Time detectors on scenes of each size with each number of faces."""
    reference = list(detectors)[-1]
    rows: list[dict[str, str | float]] = []
    for width, height in sizes:
        for count in counts:
            scenes = [faces.scene(width, height, count, seed=seed) for seed in range(CYCLE)]
            tasks = {name: partial(_all, detector, scenes) for name, detector in detectors.items()}
            samples = take_turns(tasks, repeats)
            for name, detector in detectors.items():
                case = f"{width}x{height}, {count} face{'s' * (count > 1)}: {name}"
                found = _all(detector, scenes) / CYCLE
                took = samples[name]
                rows.append(
                    {
                        "case": case,
                        "found": found,
                        "ms": took.seconds * 1000 / CYCLE,
                        "spread": took.spread,
                        "cpu_ms": took.cpu_seconds * 1000 / CYCLE,
                        "ratio": ratio(took, samples[reference]),
                        "cpu_ratio": cpu_ratio(took, samples[reference]),
                    }
                )
    return Result(NAME, f"face detectors; reference: {reference}", COLUMNS, tuple(rows))


def _all(detector: Detector, scenes: Sequence[PixelArray]) -> int:
    """Return how many faces are found in all scenes together."""
    return sum(len(detector(scene)) for scene in scenes)
