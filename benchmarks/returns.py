"""Who is back: people who leave for some time, swap places or are replaced. Run on its own.

    python -m benchmarks.returns wild [--pairs 12] [--half 0] [--fps 2 10 30] [--gap 20]

Made scenes of two people (pictures named `<person>_<number>.jpg`, or as KDEF names them, with
several looks of one person in one light). Each comes back with the head turned otherwise, nearer or
farther, a little lighter or darker, and with another look where there is one. A return is kept
where the number is the old one, joined where it is another person's. `--half` takes every second
person: thresholds were chosen on half 0 and are reported on half 1.
"""

import argparse
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console

from benchmarks.identity import SAME
from benchmarks.moving import FPS, Actor, Cutout, Place, Scene, Walk, cut_out
from benchmarks.report import Column, Result, print_result
from mien.pipeline.analyzer import Analyzer
from mien.protocols import Classifier, Detector
from mien.registry import make_classifier, make_detector
from mien.types import Box, Face, Frame, PixelArray, Reading
from mien.vision.boxes import iou_matrix, to_array

LEFT, RIGHT = (200.0, 240.0), (440.0, 250.0)
STAY = 2.0  # seconds before someone leaves, and after someone came
SETTLED = 1.0  # seconds after which a number must stand
# Who is meant by the name of a picture: `Tim_Henman_0005`, and KDEF's `AF01HAS`.
NAME = re.compile(r"(.+)_\d+|([AB][FM]\d\d)\w*")
COLUMNS = (
    Column("case", "scene, frames per second"),
    Column("back", "returns", ",d"),
    Column("kept", "number kept", ".1%"),
    Column("come", "newcomers", ",d"),
    Column("joined", "another's number", ".1%"),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """Someone in the picture for some time: who, where, from and until which second."""

    who: int
    where: tuple[Place, Place]
    start: float
    end: float


def stories(gap: float) -> dict[str, list[Visit]]:
    """Return what happens: who comes when and where; the last visits are judged."""
    stay, later = STAY, STAY + gap

    def at(who: int, place: Place, start: float, seconds: float = STAY) -> Visit:
        return Visit(who, (place, place), start, start + seconds)

    edge = (-60.0, 240.0)
    return {
        "back on the seat": [at(0, LEFT, 0), at(0, LEFT, later)],
        "back on the other side": [at(0, LEFT, 0), at(0, RIGHT, later)],
        "walks back in": [at(0, RIGHT, 0), Visit(0, (edge, RIGHT), later, later + stay)],
        "back beside one who stayed": [
            at(0, LEFT, 0),
            at(1, RIGHT, 0, later + stay),
            at(0, LEFT, later),
        ],
        "two swap places while away": [
            at(0, LEFT, 0),
            at(1, RIGHT, 0),
            at(0, RIGHT, later),
            at(1, LEFT, later),
        ],
        "two swap places within 1 s": [
            at(0, LEFT, 0),
            at(1, RIGHT, 0),
            at(0, RIGHT, stay + 1),
            at(1, LEFT, stay + 1),
        ],
        "two swap places at once": [
            at(0, LEFT, 0),
            at(1, RIGHT, 0),
            at(0, RIGHT, stay),
            at(1, LEFT, stay),
        ],
        "another on the seat at once": [at(0, LEFT, 0), at(1, LEFT, stay)],
        "another on the seat after 1 s": [at(0, LEFT, 0), at(1, LEFT, stay + 1)],
        "another on the seat later": [at(0, LEFT, 0), at(1, LEFT, later)],
        "another on the seat, then back": [
            at(0, LEFT, 0),
            at(1, LEFT, stay),
            at(0, LEFT, stay + later),
        ],
    }


class _Sometimes:
    """A detector that is not asked while nobody is there, which would only take time."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.face_side = detector.face_side
        self.empty = False

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        return () if self.empty else self._detector(image)


def judge(
    visits: Sequence[Visit],
    cast: Sequence[Sequence[Cutout]],
    models: tuple[Detector, Classifier, float],
    fps: int,
    seed: int,
) -> Counter[str]:
    """Read a story and count what became of each visit after a person's first, or of a newcomer."""
    detector, classifier, not_sure_below = models
    sometimes = _Sometimes(detector)
    analyzer = Analyzer(sometimes, classifier, not_sure_below=not_sure_below)
    rng = np.random.default_rng(seed)
    actors = tuple(_actor(visit, cast[visit.who], rng) for visit in visits)
    end = max(visit.end for visit in visits)
    scene = Scene(actors, end, seed=seed, noise=rng.uniform(1, 5))
    numbers: list[Counter[int]] = [Counter() for _ in visits]
    nobody = scene.frame(len(scene) + 1)[0].image
    for index in range(0, len(scene), round(FPS / fps)):
        second = index / FPS
        sometimes.empty = all(actor.where(second) is None for actor in actors)
        frame, there = scene.frame(index) if not sometimes.empty else (None, {})
        frame = frame or Frame(nobody, index, second, scene.name)
        _note(analyzer(frame).readings, there, visits, second, numbers)
    return _verdicts(visits, [_most(counter) for counter in numbers])


def _note(
    readings: Sequence[Reading],
    there: dict[int, Box],
    visits: Sequence[Visit],
    second: float,
    numbers: Sequence[Counter[int]],
) -> None:
    """Count the number of each visit once it should stand."""
    if not readings:
        return
    boxes = to_array([reading.face.box for reading in readings])
    for visit, box in there.items():
        late = second >= min(visits[visit].start + SETTLED, visits[visit].end - 0.6)
        row = iou_matrix(to_array([box]), boxes)[0]
        if late and row.max() >= SAME:
            numbers[visit][readings[int(row.argmax())].track_id] += 1


def _most(counter: Counter[int]) -> int:
    return counter.most_common(1)[0][0] if counter else 0


def _verdicts(visits: Sequence[Visit], numbers: Sequence[int]) -> Counter[str]:
    """Count returns and newcomers, and what became of them; "joined" is another's number."""
    verdicts: Counter[str] = Counter()
    owner: dict[int, int] = {}
    known: dict[int, int] = {}
    for visit, number in zip(visits, numbers, strict=True):
        if visit.start > 0:
            back = visit.who in known
            verdicts["back" if back else "come"] += 1
            verdicts["kept"] += back and number == known[visit.who]
            verdicts["joined"] += owner.get(number, visit.who) != visit.who
        if number:
            owner.setdefault(number, visit.who)
            known.setdefault(visit.who, number)
    return verdicts


def _actor(visit: Visit, looks: Sequence[Cutout], rng: np.random.Generator) -> Actor:
    chosen = [looks[int(rng.integers(len(looks)))] for _ in range(2)]
    half = (visit.end - visit.start) / 2
    shown = [
        (-1.0, _posed(chosen[0], rng)),
        (visit.start + half, _posed(chosen[1], rng)),
    ]
    inside = Walk(
        [(visit.start, visit.where[0]), (visit.start + min(1.0, half), visit.where[1])],
        [(-1.0, visit.start), (visit.end, 1e9)],
    )
    return Actor(shown, inside, rng.uniform(60, 140))


def _posed(cutout: Cutout, rng: np.random.Generator) -> Cutout:
    """Turn the head a little as if it were a ball, move mouth and brows, and change the light."""
    height, width = cutout.image.shape[:2]
    (x, y), side = cutout.box.center, cutout.box.side
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    ball = np.sqrt(
        np.clip(1 - ((columns - x) / (0.62 * side)) ** 2 - ((rows - y) / (0.8 * side)) ** 2, 0, 1)
    )
    from_x = columns - np.float32(rng.uniform(-0.12, 0.12) * side) * ball
    from_y = rows - np.float32(rng.uniform(-0.06, 0.06) * side) * ball
    wide, opened, raised = rng.uniform(-0.05, 0.05), rng.uniform(0, 0.06), rng.uniform(-0.03, 0.04)
    for at_x, at_y, by_x, by_y in (
        (-0.2, 0.27, -wide, 0),
        (0.2, 0.27, wide, 0),
        (0, 0.33, 0, opened),
        (-0.18, -0.25, 0, -raised),
        (0.18, -0.25, 0, -raised),
    ):
        near = ((columns - x - at_x * side) ** 2 + (rows - y - at_y * side) ** 2) / (
            0.1 * side
        ) ** 2
        pull = np.exp(-near / 2) * side
        from_x -= np.float32(by_x) * pull
        from_y -= np.float32(by_y) * pull
    moved = cv2.remap(
        cutout.image, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    lit = cv2.convertScaleAbs(moved, alpha=rng.uniform(0.85, 1.15))
    return replace(cutout, image=np.asarray(lit, np.uint8))


def casts(
    folder: Path, pairs: int, half: int, detector: Detector
) -> Iterator[tuple[list[Cutout], list[Cutout]]]:
    """Yield pairs of people of one half, each with up to four looks of one sitting."""
    known: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*/*.jpg")):
        match = NAME.fullmatch(path.stem)
        if match:
            known.setdefault(match[1] or match[2], []).append(path)
    # KDEF's people sat twice, A and B; pictures of press photos are of different days.
    names = sorted(known, key=lambda name: name[1:] if NAME.fullmatch(name) else name)[half::2]
    found: list[list[Cutout]] = []
    for name in np.random.default_rng(1).permutation(names):
        looks = known[name][:4] if NAME.fullmatch(name) else known[name][:1]
        cutouts = [one for path in looks if (one := cut_out(path, detector)) is not None]
        if cutouts:
            found.append(cutouts)
        if len(found) == 2:
            yield found[0], found[1]
            found, pairs = [], pairs - 1
        if pairs == 0:
            return


def measure(folder: Path, pairs: int, half: int, rates: Sequence[int], gap: float) -> Result:
    """Read every story with every pair."""
    detector = make_detector()
    classifier, info = make_classifier()
    models = (detector, classifier, info.not_sure_below)
    chosen = list(casts(folder, pairs, half, detector))
    rows: list[dict[str, str | float]] = []
    total: Counter[str] = Counter()
    for name, visits in stories(gap).items():
        for fps in rates:
            counts: Counter[str] = Counter()
            for seed, cast in enumerate(chosen):
                counts += judge(visits, cast, models, fps, seed)
            rows.append({"case": f"{name}, {fps}", **_shares(counts)})
            total += counts
    rows.append({"case": "all", **_shares(total)})
    return Result("returns", f"{len(chosen)} pairs of half {half}, {gap:g} s", COLUMNS, tuple(rows))


def _shares(counts: Counter[str]) -> dict[str, float]:
    back, come = counts["back"], counts["come"]
    return {
        "back": back,
        "come": come,
        **({"kept": counts["kept"] / back} if back else {}),
        "joined": counts["joined"] / max(1, back + come),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("people", type=Path, help="class folders of pictures")
    parser.add_argument("--pairs", type=int, default=12, help="of people (default %(default)s)")
    parser.add_argument("--half", type=int, choices=(0, 1), default=1, help="of the people")
    parser.add_argument("--fps", type=int, nargs="+", default=(2, 10, 30), help="frames per second")
    parser.add_argument("--gap", type=float, default=20.0, help="seconds away")
    args = parser.parse_args()
    result = measure(args.people, args.pairs, args.half, args.fps, args.gap)
    print_result(result, Console(highlight=False, width=120))


if __name__ == "__main__":
    main()
