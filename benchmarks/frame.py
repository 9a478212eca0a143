"""The whole frame, stage by stage, against the detector alone and against decoding the frame.

The detector is what everything else is added to; a JPEG of the same frame is what any program on
the same machine would have to decode before it could look at a picture from the page.
"""

from collections import defaultdict
from collections.abc import Sequence

import cv2
import numpy as np

from benchmarks import faces
from benchmarks.report import Column, Result
from benchmarks.timing import Samples, ratio, take_turns
from mien.models.info import ModelInfo
from mien.pipeline.analyzer import Analyzer
from mien.protocols import Classifier, Detector
from mien.types import Analysis, Frame, PixelArray

NAME = "frame"
STAGES = ("detect", "track", "crop", "quality", "classify", "smooth")
SIZES = ((640, 480), (1280, 720))
# Frames of the scene, shown again and again.
CYCLE = 8
FPS = 30.0
COLUMNS = (
    Column("case", "frame"),
    Column("found", "faces read", ".1f"),
    Column("ms", "ms", ".1f"),
    Column("p95_ms", "p95 ms", ".1f"),
    Column("spread", "spread", ".0%"),
    Column("cpu_ms", "CPU ms", ".1f"),
    *(Column(f"{stage}_ms", stage, ".2f") for stage in STAGES),
    Column("over_detector", "detector alone = 1", ".2f"),
    Column("over_decode", "JPEG decode = 1", ".1f"),
)


def measure(
    detector: Detector,
    classifier: Classifier,
    info: ModelInfo,
    *,
    sizes: Sequence[tuple[int, int]] = SIZES,
    counts: Sequence[int] = (1, 8),
    repeats: int = 15,
) -> Result:
    """Analyse scenes of each size with each number of faces."""
    rows: list[dict[str, str | float]] = []
    for width, height in sizes:
        for count in counts:
            analyzer = Analyzer(detector, classifier, not_sure_below=info.not_sure_below)
            pictures = [faces.scene(width, height, count, seed=seed) for seed in range(CYCLE)]
            name = f"{width}x{height}, {count} face{'s' * (count > 1)}"
            rows.append({"case": name, **_measure_one(analyzer, detector, pictures, repeats)})
    title = f"milliseconds per stage; detector {detector.name}, one thread for each network"
    return Result(NAME, title, COLUMNS, tuple(rows))


def _measure_one(
    analyzer: Analyzer, detector: Detector, pictures: Sequence[PixelArray], repeats: int
) -> dict[str, float]:
    encoded = [np.frombuffer(faces.to_jpeg(picture), np.uint8) for picture in pictures]
    analyses: list[Analysis] = []

    def whole() -> None:
        for picture in pictures:
            index = len(analyses)
            analyses.append(analyzer(Frame(picture, index, index / FPS, "scene")))

    samples = take_turns(
        {
            "whole": whole,
            "detector": lambda: [detector(picture) for picture in pictures],
            "decode": lambda: [cv2.imdecode(data, cv2.IMREAD_COLOR) for data in encoded],
        },
        repeats,
    )
    # The first rounds warmed up.
    return _figures(samples, analyses[-repeats * len(pictures) :], len(pictures))


def _figures(
    samples: dict[str, Samples], analyses: Sequence[Analysis], frames: int
) -> dict[str, float]:
    whole = samples["whole"]
    stages = defaultdict(list)
    for analysis in analyses:
        for stage, seconds in analysis.timings.items():
            stages[stage].append(seconds)
    latencies = [sum(analysis.timings.values()) for analysis in analyses]
    return {
        "found": float(np.mean([len(analysis.readings) for analysis in analyses])),
        "ms": whole.seconds / frames * 1000,
        "p95_ms": float(np.percentile(latencies, 95)) * 1000,
        "spread": whole.spread,
        "cpu_ms": whole.cpu_seconds / frames * 1000,
        **{f"{stage}_ms": float(np.median(values)) * 1000 for stage, values in stages.items()},
        "over_detector": ratio(whole, samples["detector"]),
        "over_decode": ratio(whole, samples["decode"]),
    }
