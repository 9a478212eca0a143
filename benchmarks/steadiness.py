"""Flicker against delay: how the constants of the smoother were chosen. Run on its own.

    python -m benchmarks.steadiness wild [--count 60] [--plot docs/steadiness.png]
    python -m benchmarks.steadiness wild --model fer4 version2/fer4

Each scene shows one person, with another look from the third second on: two of the person's own
pictures, moved, blurred and noisy as from a webcam. The whole path reads them; every smoother is
then given the same raw readings. What is right is what the classifier itself says of a look most of
the time, so that its errors do not count here. Delay is the time from the change to the new word,
flicker is every other change of the word. Several models are compared with the smoother that mien
has, each in the scenes whose two looks it tells apart.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console

from benchmarks.moving import FPS, Actor, Cutout, Scene, Still, cut_out, people
from benchmarks.report import Column, Result, print_result
from mien.models.info import ModelInfo
from mien.protocols import Detector
from mien.registry import make_analyzer, make_classifier, make_detector
from mien.tracking.smoother import HOLD, TIME_CONSTANT, Smoother
from mien.types import Prediction

SECONDS, CHANGE = 6.0, 3.0
SETTLED = 1.0  # seconds after a change of look, or after the start, until its word must stand
UNSEEN = 2 * SECONDS  # the delay of a word that never comes
CLASSES = ("angry", "happy", "neutral", "sad", "surprise")
TIME_CONSTANTS, HOLDS = (0.05, 0.1, 0.2, 0.3, 0.5), (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
COLUMNS = (
    Column("case", "smoother"),
    Column("delay", "delay, s (median)", ".2f"),
    Column("late", "p95, s", ".2f"),
    Column("flicker", "flicker per minute", ".2f"),
    Column("right", "right word shown", ".1%"),
    Column("not_sure", "not sure", ".1%"),
)


@dataclass(frozen=True, slots=True)
class Recording:
    """Raw readings of one scene.

    Attributes:
        times: Seconds [T].
        probabilities: float32 [T,K], or [T,K+1] with something else last.
        before: Index of what the classifier mostly says before the change.
        after: And after it.
        other: Whether the last column is something else.
    """

    times: npt.NDArray[np.float64]
    probabilities: npt.NDArray[np.float32]
    before: int
    after: int
    other: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """What one setting costs and gives.

    Attributes:
        time_constant: Seconds of averaging.
        hold: Seconds for which another word must be the best.
        delay: Median seconds from a change to its word.
        late: p95 of the seconds until a word has come.
        flicker: Other changes of the word per minute.
        right: Share of time in which the right word is shown, once it should stand.
        not_sure: Share of this time in which it is "not sure".
    """

    time_constant: float
    hold: float
    delay: float
    late: float
    flicker: float
    right: float
    not_sure: float

    @property
    def name(self) -> str:
        """What the setting is called in the table."""
        return f"averaged over {self.time_constant:g} s, held for {self.hold:g} s"


def record(
    folder: Path, count: int, *, bundle: Path | None = None, seed: int = 0
) -> list[Recording]:
    """Read scenes of people whose look changes.

    Args:
        folder: Class folders of pictures named `<person>_<number>.jpg`.
        count: Scenes that are wanted.
        bundle: The model; the shipped one where None.
        seed: Of all choices.
    """
    detector = make_detector()
    classifier, info = make_classifier(bundle)
    rng = np.random.default_rng(seed)
    recordings: list[Recording] = []
    for before, after in _changes(folder, detector, rng):
        looks = [(0.0, before), (CHANGE, after)]
        scene = Scene(
            (Actor(looks, Still((320, 240)), rng.uniform(70, 180)),),
            SECONDS,
            noise=rng.uniform(1, 8),
            blur=rng.uniform(0, 2),
            sway=rng.uniform(0.02, 0.12),
            seed=len(recordings),
        )
        analyzer = make_analyzer(detector, classifier, info)
        rows = []
        for index in range(len(scene)):
            analysis = analyzer(scene.frame(index)[0])
            rows += [(analysis.timestamp, _outcomes(r.raw, info)) for r in analysis.readings[:1]]
        recording = _recording(rows, info)
        if recording is not None:
            recordings.append(recording)
        if len(recordings) == count:
            break
    return recordings


def judge(
    time_constant: float, hold: float, recordings: Sequence[Recording], not_sure_below: float
) -> Point:
    """Give the same readings to a smoother of each scene."""
    delays, changes, right, unsure, still = [], 0, [], [], 0.0
    for recording in recordings:
        tested = Smoother(
            not_sure_below=not_sure_below,
            other=recording.other,
            time_constant=time_constant,
            hold=hold,
        )
        rows = zip(recording.probabilities, recording.times, strict=True)
        shown = [tested.update(1, row, float(time)).label_index for row, time in rows]
        times = recording.times
        come = [
            t for t, s in zip(times, shown, strict=True) if t >= CHANGE and s == recording.after
        ]
        delays.append(come[0] - CHANGE if come else UNSEEN)
        moves = sum(a != b for a, b in pairwise(shown))
        changes += moves - (1 if come else 0)
        still += SECONDS
        for t, s in zip(times, shown, strict=True):
            if SETTLED <= t < CHANGE or t >= CHANGE + SETTLED:
                right.append(s == (recording.before if t < CHANGE else recording.after))
                unsure.append(s is None)
    late = float(np.percentile(delays, 95))
    flicker = max(changes, 0) / still * 60
    shares = float(np.mean(right)), float(np.mean(unsure))
    return Point(time_constant, hold, float(np.median(delays)), late, flicker, *shares)


def _changes(
    folder: Path, detector: Detector, rng: np.random.Generator
) -> Iterator[tuple[Cutout, Cutout]]:
    known = people(folder)
    names = [name for name, looks in known.items() if len(set(looks) & set(CLASSES)) > 1]
    for name in rng.permutation(names):
        looks = known[name]
        first, second = rng.permutation(sorted(set(looks) & set(CLASSES)))[:2]
        before, after = (
            cut_out(looks[c][int(rng.integers(len(looks[c])))], detector) for c in (first, second)
        )
        if before is not None and after is not None:
            yield before, after


def _outcomes(raw: Prediction, info: ModelInfo) -> tuple[float, ...]:
    """Return what the classifier said."""
    labels = (share * (1 - raw.other) for share in raw.probabilities)
    return (*labels, raw.other) if info.other else raw.probabilities


def _recording(
    rows: Sequence[tuple[float, tuple[float, ...]]], info: ModelInfo
) -> Recording | None:
    """Return a scene, unless it was not read throughout, or its looks read alike or as nothing."""
    if len(rows) < 0.98 * SECONDS * FPS:
        return None
    times = np.array([time for time, _ in rows])
    values = np.array([row for _, row in rows], dtype=np.float32)
    labels = values[:, : len(info.labels)]
    means = [labels[times < CHANGE].mean(axis=0), labels[times >= CHANGE].mean(axis=0)]
    before, after = (int(mean.argmax()) for mean in means)
    if before == after or min(mean.max() for mean in means) < info.not_sure_below:
        return None
    return Recording(times, values, before, after, info.other)


def draw(path: Path, points: Sequence[Point], chosen: Point) -> None:
    """Draw flicker over delay, the operating point marked, as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), dpi=120, layout="constrained")
    axes = figure.subplots()
    for constant in TIME_CONSTANTS:
        row = [p for p in points if p.time_constant == constant]
        label = f"averaged over {constant:g} s"
        axes.plot([p.late for p in row], [p.flicker for p in row], "o-", label=label, markersize=4)
    axes.plot(chosen.late, chosen.flicker, "k*", markersize=14, label="chosen")
    axes.axvline(0.4, color="0.6", linestyle=":", linewidth=1)
    axes.set_xlabel("seconds until a change is shown, p95 (goal: 0.4)")
    axes.set_ylabel("other changes of the word per minute")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)


def compare(folder: Path, count: int, bundles: Sequence[Path]) -> Result:
    """Return how steady models are with mien's smoother."""
    rows = []
    for bundle in bundles:
        info = make_classifier(bundle)[1]
        recordings = record(folder, count, bundle=bundle)
        point = judge(TIME_CONSTANT, HOLD, recordings, info.not_sure_below)
        case = f"{info.name} {info.version}, {len(recordings)} scenes"
        rows.append({**asdict(point), "case": case})
    return Result("steadiness", "models with mien's smoother", COLUMNS, tuple(rows))


def smoothers(folder: Path, count: int, plot: Path | None) -> Result:
    """Return what smoothers of different constants do, mien's first, and draw them."""
    recordings, below = record(folder, count), make_classifier()[1].not_sure_below
    points = [
        judge(constant, hold, recordings, below) for constant in TIME_CONSTANTS for hold in HOLDS
    ]
    chosen = judge(TIME_CONSTANT, HOLD, recordings, below)
    if plot:
        draw(plot, points, chosen)
    rows = tuple({"case": point.name, **asdict(point)} for point in (chosen, *points))
    title = f"{len(recordings)} scenes; the first row is what mien does"
    return Result("steadiness", title, COLUMNS, rows)


def main() -> None:
    """Print one row per setting, and draw them; or one per model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("people", type=Path, help="class folders of pictures")
    parser.add_argument("--count", type=int, default=60, help="scenes (default %(default)s)")
    parser.add_argument("--plot", type=Path, help="a PNG")
    parser.add_argument("--model", type=Path, nargs="+", help="bundles to compare")
    args = parser.parse_args()
    if args.model:
        result = compare(args.people, args.count, args.model)
    else:
        result = smoothers(args.people, args.count, args.plot)
    print_result(result, Console(highlight=False, width=120))


if __name__ == "__main__":
    main()
