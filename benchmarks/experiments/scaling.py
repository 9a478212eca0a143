"""Where the time of a frame goes, how it grows, and what ROI tracking gains and costs.

    python -m benchmarks.experiments.scaling [--plots docs]
    python -m benchmarks.experiments.scaling --profile

Draws three plots: the stages of one frame (`stages.png`), milliseconds over the number of faces and
the size of the frame (`scaling.png`), and milliseconds and recall over the full-frame
detection interval (`searching.png`). `--profile` says instead which functions
the frames of the sample spend their time in.
"""

import argparse
import cProfile
import pstats
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks import faces, identity
from benchmarks.moving import portrait
from benchmarks.report import Column, Result, print_result
from mien.bench import FPS, measure_speed
from mien.pipeline.analyzer import Analyzer, AnalyzerSettings
from mien.registry import make_analyzer, make_classifier, make_detector
from mien.sources.sample import SampleSource
from mien.types import Analysis, Frame, PixelArray

STAGES = ("detect", "track", "crop", "quality", "classify", "smooth")
SIZES = ((320, 240), (640, 480), (1280, 720), (1920, 1080))
COUNTS = (1, 2, 4, 8, 16)
# Both measures of what grows: over faces in this size, over sizes with so many faces.
SIZE, COUNT = (1280, 720), 1
INTERVALS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
CYCLE = 8
PROFILED = 25  # functions that are named
SCALING_COLUMNS = (
    Column("case", "frame"),
    Column("faces", "faces read", ".1f"),
    Column("p50_ms", "ms, p50", ".1f"),
    Column("p95_ms", "ms, p95", ".1f"),
    Column("cpu_ms", "CPU ms", ".1f"),
)
SEARCH_COLUMNS = (
    Column("case", "full-frame detection"),
    Column("cpu_ms", "CPU ms, 640x480, one face", ".2f"),
    Column("found", "recall", ".1%"),
    Column("switches", "ID switches", "d"),
)


def _analyzer(search: float | None = None) -> Analyzer:
    classifier, info = make_classifier()
    settings = None if search is None else AnalyzerSettings(search=search)
    return make_analyzer(make_detector(), classifier, info, settings=settings)


def _pictures(size: tuple[int, int], count: int) -> list[PixelArray]:
    return [faces.scene(*size, count, seed=seed) for seed in range(CYCLE)]


def measure_growth(seconds: float) -> Result:
    """Read frames of more and more faces, and of larger and larger size."""
    cases = [(SIZE, count) for count in COUNTS] + [(size, COUNT) for size in SIZES]
    rows: list[dict[str, str | float]] = []
    for (width, height), count in cases:
        speed = measure_speed(_analyzer(), _pictures((width, height), count), seconds)
        rows.append(
            {
                "case": f"{width}x{height}, {count}",
                "faces": speed.faces,
                "p50_ms": speed.p50_ms,
                "p95_ms": speed.p95_ms,
                "cpu_ms": speed.cpu_ms,
                "count": count,
                "pixels": width * height,
            }
        )
    return Result("scaling", "over faces, then over sizes", SCALING_COLUMNS, tuple(rows))


def measure_searching(seconds: float, intervals: Sequence[float] = INTERVALS) -> Result:
    """Read moving scenes of two people, at longer and longer full-frame detection intervals."""
    cast = (portrait(), portrait(hue=60, mirrored=True))
    rows: list[dict[str, str | float]] = []
    for interval in intervals:
        speed = measure_speed(_analyzer(interval), _pictures((640, 480), 1), seconds)
        truths = [identity.judge(_analyzer(interval), scene) for scene in identity.scenes(*cast)]
        rows.append(
            {
                "case": f"every {interval:g} s" if interval else "every frame",
                "interval": interval,
                "cpu_ms": speed.cpu_ms,
                "found": sum(t.found for t in truths) / sum(t.faces for t in truths),
                "switches": sum(t.switches for t in truths),
            }
        )
    return Result("searching", "what it gains and costs", SEARCH_COLUMNS, tuple(rows))


def stage_times(size: tuple[int, int], count: int, frames: int) -> dict[str, list[float]]:
    """Return milliseconds of each stage, frame by frame, of frames by ROI and of full ones."""
    analyzer, pictures = _analyzer(), _pictures(size, count)
    analyses: list[Analysis] = [
        analyzer(Frame(pictures[index % CYCLE], index, index / FPS, "scene"))
        for index in range(frames)
    ]
    times = defaultdict(list)
    for analysis in analyses[frames // 5 :]:
        for stage, value in analysis.timings.items():
            times[stage].append(value * 1000)
    return dict(times)


def profile(rounds: int = 4) -> pstats.Stats:
    """Read the sample a few times under Python's profiler."""
    analyzer, pictures = _analyzer(), [frame.image for frame in SampleSource()]
    profiler = cProfile.Profile()
    for index in range(rounds * len(pictures)):
        frame = Frame(pictures[index % len(pictures)], index, index / FPS, "sample")
        if index < len(pictures):
            analyzer(frame)
        else:
            profiler.runcall(analyzer, frame)
    return pstats.Stats(profiler)


def draw_stages(path: Path, frames: int) -> None:
    """Draw the mean time of each stage of a frame as stacked bars."""
    cases = [((640, 480), 1), ((640, 480), 8), ((1280, 720), 1), ((1280, 720), 8)]
    figure, axes = _figure((8, 3))
    for row, (size, count) in enumerate(cases):
        left = 0.0
        for number, (stage, values) in enumerate(stage_times(size, count, frames).items()):
            width = float(np.mean(values))
            axes.barh(row, width, left=left, color=f"C{number}", label=stage if row == 0 else None)
            left += width
        axes.text(left + 0.1, row, f"{left:.1f}", va="center", fontsize=8)
    names = [f"{w}x{h}, {n} face{'s' * (n > 1)}" for (w, h), n in cases]
    axes.set_yticks(range(len(cases)), names)
    axes.invert_yaxis()
    axes.set_xlabel("mean milliseconds of a frame")
    axes.legend(frameon=False, fontsize=8, ncols=2, loc="upper right")
    figure.savefig(path)


def draw_growth(path: Path, result: Result) -> None:
    """Draw milliseconds over faces, and over pixels."""
    figure, (left, right) = _figure((8, 3.2), 2)
    over_faces, over_sizes = result.rows[: len(COUNTS)], result.rows[len(COUNTS) :]
    for axes, rows, key in ((left, over_faces, "count"), (right, over_sizes, "pixels")):
        x = [float(row[key]) for row in rows]
        for name, label in (("p95_ms", "p95"), ("p50_ms", "p50")):
            axes.plot(x, [float(row[name]) for row in rows], "o-", markersize=4, label=label)
        axes.axhline(1000 / FPS, color="0.6", linestyle=":", linewidth=1)
        axes.set_ylim(0, 1.2 * 1000 / FPS)
    left.text(COUNTS[-1], 1000 / FPS + 0.5, "30 frames per second", ha="right", fontsize=8)
    left.set_xticks(COUNTS)
    left.set_xlabel(f"faces in a frame of {SIZE[0]}x{SIZE[1]}")
    left.set_ylabel("milliseconds")
    left.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(0, 0.68))
    right.set_xlabel("size of the frame, one face")
    sizes = [f"{width}x{height}" for width, height in SIZES]
    right.set_xticks([float(row["pixels"]) for row in over_sizes], sizes, fontsize=8, rotation=30)
    figure.savefig(path)


def draw_searching(path: Path, result: Result, chosen: float) -> None:
    """Draw processor time and recall over the full-frame detection interval."""
    figure, (left, right) = _figure((8, 3.2), 2)
    x = [float(row["interval"]) for row in result.rows]
    for axes, key, scale, label in (
        (left, "cpu_ms", 1, "processor milliseconds of a frame"),
        (right, "found", 100, "recall, %"),
    ):
        y = [float(row[key]) * scale for row in result.rows]
        axes.plot(x, y, "o-", markersize=4)
        axes.plot(chosen, y[x.index(chosen)], "k*", markersize=14)
        axes.set_xlabel("full-frame detection interval, s")
        axes.set_ylabel(label)
    left.set_ylim(bottom=0)
    right.set_ylim(90, 100)
    figure.savefig(path)


def _figure(size: tuple[float, float], columns: int = 1) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=120, layout="constrained")
    plots = figure.subplots(1, columns)
    for axes in np.atleast_1d(plots):
        axes.spines[["top", "right"]].set_visible(False)
    return figure, plots


def main() -> None:
    """Print the tables, and draw them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measure of speed")
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="where to draw")
    parser.add_argument("--profile", action="store_true", help="where the time is spent")
    args = parser.parse_args()
    if args.profile:
        profile().strip_dirs().sort_stats("tottime").print_stats(PROFILED)
        return
    console = Console(highlight=False, width=120)
    growth = measure_growth(args.seconds)
    print_result(growth, console)
    searching = measure_searching(args.seconds)
    print_result(searching, console)
    if args.plots:
        draw_stages(args.plots / "stages.png", round(100 * args.seconds))
        draw_growth(args.plots / "scaling.png", growth)
        draw_searching(args.plots / "searching.png", searching, AnalyzerSettings().search)


if __name__ == "__main__":
    main()
