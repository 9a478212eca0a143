"""Who is back: people who leave for some time, swap places or are replaced. Run on its own.

    python -m benchmarks.returns kdef wild … [--third 1] [--people 60] [--pairs 12] [--gap 20]

Made scenes of two people, from pictures of one sitting (`benchmarks/sitters.py`). Each comes back
with the head turned otherwise, nearer or farther, a little lighter or darker, and with another look
where there is one. A return is kept where the number is the old one; a chance, which is a return
or a newcomer, is joined where the number is another person's.

Scenes are slow and so few. So everybody is also held against everybody by what a tracker has of
them, the portraits of two seconds and the looks of the first half second of another visit: with
one person away, and with four. Intervals are of 95 %, over people or pairs of them, and no narrower
than if each chance were alone (Wilson). Thresholds were chosen on third 0.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import NormalDist

import numpy as np
from rich.console import Console

from benchmarks.moving import FPS, Scene
from benchmarks.report import Column, Result, print_result
from benchmarks.sitters import THIRDS, Sitter, sitters
from benchmarks.stories import LEFT, STAY, Visit, actor, judge, stories
from mien.evaluation.figures.intervals import bootstrap
from mien.protocols import Classifier, Detector
from mien.registry import make_classifier, make_detector
from mien.tracking.portrait import portray
from mien.tracking.sitting import Sitting
from mien.tracking.tracker import ENTRY_SECONDS, PORTRAIT_SECONDS
from mien.types import FloatArray, IntArray, RealArray

# Of how many people one may be back, and how often others are drawn beside each.
AWAY, DRAWS = (1, 4), 10
COLUMNS = (
    Column("case", "case"),
    Column("back", "returns", ",d"),
    Column("kept", "number kept", ".1%"),
    Column("kept_range", "95 %"),
    Column("chances", "chances", ",d"),
    Column("joined", "another's number", ".2%"),
    Column("joined_range", "95 %"),
    Column("of_groups", "of so many pairs or people"),
)


@dataclass(frozen=True, slots=True)
class Known:
    """What a tracker has of someone.

    Attributes:
        person: Who it is.
        portraits: Those that are kept of one visit, [P,WIDTH].
        looks: Those of the first moments of another visit, in order, [L,WIDTH].
    """

    person: str
    portraits: FloatArray
    looks: FloatArray


def know(sitter: Sitter, detector: Detector, seed: int) -> Known | None:
    """Portray someone in two visits; None where too little can be seen."""
    rng = np.random.default_rng(seed)
    kept = _portraits(sitter, np.arange(0, STAY, PORTRAIT_SECONDS), detector, rng)
    looks = _portraits(sitter, np.arange(0.1, ENTRY_SECONDS + 0.05, 0.1), detector, rng)
    return Known(sitter.person, np.stack(kept), np.stack(looks)) if kept and looks else None


def _portraits(
    sitter: Sitter, seconds: RealArray, detector: Detector, rng: np.random.Generator
) -> list[FloatArray]:
    shown = actor(Visit(0, (LEFT, LEFT), 0.0, STAY), sitter.looks, rng)
    scene = Scene((shown,), STAY, seed=int(rng.integers(1_000_000)), noise=rng.uniform(1, 5))
    found = []
    for second in seconds:
        image = scene.frame(round(second * FPS))[0].image
        faces = detector(image)
        portrait = portray(image, faces[0]) if len(faces) == 1 else None
        found += [] if portrait is None else [portrait]
    return found


def who_comes(away: Sequence[Known], comer: Known) -> int | None:
    """Return which of those who are away someone is taken for, as the tracker asks."""
    sitting = Sitting(remember=1.0)
    for number, one in enumerate(away):
        sitting.meet([number], 0.0)
        for portrait in one.portraits:
            sitting.keep(number, portrait)
    for look in comer.looks:
        known = sitting.recognise({0: look}, ())
        if known or not sitting.may_be_back(look, ()):
            return known.get(0)
    return None


def everybody(people: Sequence[Known], away: int) -> list[Counter[str]]:
    """Let each come to so many who are away, with and without them; count by who comes."""
    rng = np.random.default_rng(away)
    counted = []
    for comer in people:
        others = [one for one in people if one.person != comer.person]
        counts: Counter[str] = Counter()
        for room in _rooms(others, away - 1, rng) if away > 1 else [[]]:
            found = who_comes([comer, *room], comer)
            counts += Counter(back=1, kept=int(found == 0), joined=int(bool(found)))
        for room in _rooms(others, away, rng) if away > 1 else [[one] for one in others]:
            counts += Counter(come=1, joined=int(who_comes(room, comer) is not None))
        counted.append(counts)
    return counted


def _rooms(others: Sequence[Known], size: int, rng: np.random.Generator) -> list[list[Known]]:
    """Draw rooms of different people; a person who sat twice may be there twice, as in families."""
    size = min(size, len(others))
    draws = (rng.choice(len(others), size, replace=False) for _ in range(DRAWS))
    return [[others[index] for index in draw] for draw in draws]


def row(case: str, counted: Sequence[Counter[str]]) -> dict[str, str | float]:
    """Sum what was counted by pair or person, with intervals over these."""
    back, kept, joined = (np.array([c[key] for c in counted]) for key in ("back", "kept", "joined"))
    chances = back + np.array([c["come"] for c in counted])
    shares: dict[str, str | float] = {}
    if back.sum():
        shares = {"kept": kept.sum() / back.sum(), "kept_range": _range(kept, back)}
    return {
        "case": case,
        "back": int(back.sum()),
        **shares,
        "chances": int(chances.sum()),
        "joined": joined.sum() / max(1, chances.sum()),
        "joined_range": _range(joined, chances),
        "of_groups": f"{(joined > 0).sum()} of {len(counted)}",
    }


def _range(hits: IntArray, chances: IntArray) -> str:
    low, high = wilson(int(hits.sum()), int(chances.sum()))
    groups = np.arange(len(hits), dtype=np.int64)
    drawn = bootstrap(
        lambda rows: np.array([hits[rows].sum() / max(1, chances[rows].sum())]), groups
    )
    if np.isfinite(drawn).all():
        low, high = min(low, float(drawn[0][0])), max(high, float(drawn[1][0]))
    return f"{low:.1%} to {high:.1%}"


def wilson(hits: int, chances: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927), each chance alone."""
    if chances == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.975)
    share, scale = hits / chances, 1 + z * z / chances
    middle = share + z * z / (2 * chances)
    half = z * np.sqrt(share * (1 - share) / chances + (z / (2 * chances)) ** 2)
    return max(0.0, float((middle - half) / scale)), min(1.0, float((middle + half) / scale))


def pairs(people: Sequence[Sitter], count: int) -> list[tuple[Sitter, Sitter]]:
    """Return pairs of different people."""
    made = zip(people[::2], people[1::2], strict=False)
    return [pair for pair in made if pair[0].person != pair[1].person][:count]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured: how many people and pairs of them, frames a second, and seconds away."""

    people: int
    pairs: int
    rates: Sequence[int]
    gap: float


def measure(folders: Sequence[Path], third: int, plan: Plan) -> Result:
    """Read every story with every pair of each source, and hold everybody against everybody."""
    detector = make_detector()
    classifier, info = make_classifier()
    models = (detector, classifier, info.not_sure_below)
    rows: list[dict[str, str | float]] = []
    for folder in folders:
        people = list(islice(sitters(folder, third, detector), plan.people))
        known = [one for n, sitter in enumerate(people) if (one := know(sitter, detector, n))]
        rows += [
            row(f"{folder.name}, everybody, {away} away", everybody(known, away)) for away in AWAY
        ]
        rows += _stories(folder.name, pairs(people, plan.pairs), models, plan)
    title = f"third {third}, {plan.gap:g} s, {', '.join(map(str, plan.rates))} frames per second"
    return Result("returns", title, COLUMNS, tuple(rows))


def _stories(
    source: str,
    casts: Sequence[tuple[Sitter, Sitter]],
    models: tuple[Detector, Classifier, float],
    plan: Plan,
) -> list[dict[str, str | float]]:
    rows: list[dict[str, str | float]] = []
    total: list[Counter[str]] = [Counter() for _ in casts]
    for name, visits in stories(plan.gap).items() if casts else ():
        counted: list[Counter[str]] = [Counter() for _ in casts]
        for seed, cast in enumerate(casts):
            looks = [sitter.looks for sitter in cast]
            for fps in plan.rates:
                counted[seed] += judge(visits, looks, models, fps, seed)
            total[seed] += counted[seed]
        rows.append(row(f"{source}, {name}", counted))
    return [*rows, row(f"{source}, all scenes", total)] if rows else rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", help="sources: class folders of pictures")
    parser.add_argument("--third", type=int, choices=range(THIRDS), default=1, help="of the people")
    parser.add_argument("--people", type=int, default=60, help="at most (default %(default)s)")
    parser.add_argument("--pairs", type=int, default=12, help="in scenes (default %(default)s)")
    parser.add_argument("--fps", type=int, nargs="+", default=(2, 10), help="frames per second")
    parser.add_argument("--gap", type=float, default=20.0, help="seconds away")
    args = parser.parse_args()
    plan = Plan(args.people, args.pairs, args.fps, args.gap)
    print_result(measure(args.folders, args.third, plan), Console(highlight=False, width=150))


if __name__ == "__main__":
    main()
