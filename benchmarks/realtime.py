"""What mien promises of real time, each with its goal: speed, lag, steadiness, identity, start.

    make bench ARGS="--only realtime"

The scenes are made from the portrait that comes with mien. A true change of expression needs two
pictures of one person, and is measured where `../shared` has people.
"""

import statistics
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks import SHARED, faces, identity, steadiness
from benchmarks.moving import Actor, Scene, Still, portrait
from benchmarks.report import GOAL_COLUMNS, Result, goal_row, goals_met
from mien.bench import FPS, Paced, measure_live, measure_speed, measure_start
from mien.pipeline.analyzer import Analyzer
from mien.registry import make_analyzer, make_classifier, make_detector
from mien.tracking.smoother import HOLD, TIME_CONSTANT
from mien.types import PixelArray

NAME = "realtime"
WILD = SHARED / "data" / "wild.zip"
# Pictures of a scene, shown over and over.
CYCLE = 8
STARTS = 5
SIZES = {"640x480": (640, 480), "1280x720": (1280, 720)}
# Noise (sigma), blur (sigma in pixels) and sway (sides of the face) of a face that looks the same.
CALM = {
    "a good camera": (2.0, 0.0, 0.02),
    "a usual one": (4.0, 0.8, 0.05),
    "a dark room, a moving head": (8.0, 1.5, 0.10),
}
MakeAnalyzer = Callable[[], Analyzer]


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long to measure: seconds, scenes, and processes that are started."""

    speed: float = 10.0
    live: float = 20.0
    still: float = 60.0
    changes: int = 60
    starts: int = STARTS


QUICK = Lengths(speed=0.2, live=0.5, still=1.0, changes=1, starts=1)


def measure(bundle: Path | None = None, lengths: Lengths | None = None) -> Result:
    """Measure everything, one after another.

    Args:
        bundle: The model; the shipped one where None.
        lengths: How long each takes.
    """
    lengths = lengths or Lengths()
    detector = make_detector()
    classifier, info = make_classifier(bundle)

    def analyzer() -> Analyzer:
        return make_analyzer(detector, classifier, info)

    rows: list[dict[str, str | float]] = []
    for size, count, limit in (("640x480", 1, 8.0), ("1280x720", 1, 12.0), ("1280x720", 8, 20.0)):
        speed = measure_speed(analyzer(), _pictures(size, count), lengths.speed)
        name = f"{size}, {count} face{'s' * (count > 1)}"
        if count == 1 and size == "640x480":
            rows.append(goal_row(f"{name}: sustained", speed.fps, "frames/s", 150, at_least=True))
        rows.append(goal_row(f"{name}: p95 of a frame", speed.p95_ms, "ms", limit))
    rows += _live_rows(analyzer, lengths)
    for name, changes in _calm_changes(analyzer, lengths.still):
        case = f"label changes in {lengths.still:g} s of one look, {name}"
        rows.append(goal_row(case, changes, "changes", 0))
    findings = []
    if WILD.is_file():
        rows.append(_change_row(lengths.changes))
    else:
        findings.append(f"How soon a change is shown was not measured: there is no {WILD.name}.")
    cast = (portrait(), portrait(hue=60, mirrored=True))
    found = identity.measure([cast], detector)
    switches = sum(int(row["switches"]) for row in found.rows)
    rows.append(goal_row(f"ID switches in {len(found.rows)} scenes", switches, "switches", 0))
    words = ["--model", str(bundle)] if bundle else []
    start = statistics.median(measure_start(words) for _ in range(lengths.starts))
    rows.append(goal_row("start of mien live to its first reading", start, "s", 1.5))
    findings.append(goals_met(rows))
    title = "what is promised, and what was measured"
    return Result(NAME, title, GOAL_COLUMNS, tuple(rows), tuple(findings))


def calm_scene(noise: float, blur: float, sway: float, seconds: float, *, seed: int = 0) -> Scene:
    """Return a scene of one person who looks the same throughout."""
    actor = Actor([(0.0, portrait())], Still((320.0, 240.0)))
    return Scene((actor,), seconds, noise=noise, blur=blur, sway=sway, seed=seed)


def _pictures(size: str, count: int) -> list[PixelArray]:
    width, height = SIZES[size]
    return [faces.scene(width, height, count, seed=seed) for seed in range(CYCLE)]


def _live_rows(analyzer: MakeAnalyzer, lengths: Lengths) -> Iterator[dict[str, str | float]]:
    """Yield what reading costs at a camera's rate, and how old frames get when others dawdle."""
    pictures = _pictures("640x480", 1)
    usual = measure_live(Paced(pictures), analyzer(), lengths.live)
    yield goal_row("processor at 30 frames/s, one face", usual.core * 100, "% of a core", 25)
    slow = measure_live(Paced(pictures), analyzer(), lengths.live, then=lambda: time.sleep(2 / FPS))
    case = "age of a frame, reader half as fast, p95"
    yield goal_row(case, slow.age_p95_ms, "ms", 1000 / FPS + slow.own_p95_ms)
    yield goal_row(
        "the same, more in the second half", max(0.0, slow.age_growth_ms), "ms", 1000 / FPS
    )


def _calm_changes(analyzer: MakeAnalyzer, seconds: float) -> Iterator[tuple[str, int]]:
    for name, (noise, blur, sway) in CALM.items():
        scene, tested = calm_scene(noise, blur, sway, seconds), analyzer()
        shown = []
        for index in range(len(scene)):
            shown += [r.label for r in tested(scene.frame(index)[0]).readings[:1]]
        yield name, sum(a != b for a, b in pairwise(shown))


def _change_row(count: int) -> dict[str, str | float]:
    """Say after how long the word follows a look that changes (p95)."""
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as folder:
        with zipfile.ZipFile(WILD) as people:
            people.extractall(folder)
        recordings = steadiness.record(Path(folder) / "wild", count)
    below = make_classifier()[1].not_sure_below
    point = steadiness.judge(TIME_CONSTANT, HOLD, recordings, below)
    case = f"a change of look shown, p95 of {len(recordings)} scenes"
    return goal_row(case, point.late * 1000, "ms", 400)
