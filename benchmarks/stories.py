"""Stories of two people who leave, come back, swap places or are replaced, and what became of each.

Read by the whole path, as `benchmarks/returns.py` does.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.identity import SAME
from benchmarks.moving import FPS, Actor, Cutout, Place, Scene, Walk
from benchmarks.sitters import posed
from mien.pipeline.analyzer import Analyzer
from mien.protocols import Classifier, Detector
from mien.types import Box, Face, Frame, PixelArray, Reading
from mien.vision.boxes import iou_matrix, to_array

LEFT, RIGHT = (200.0, 240.0), (440.0, 250.0)
STAY = 2.0  # seconds before someone leaves, and after someone came
SETTLED = 1.0  # seconds after which a number must stand


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
    actors = tuple(actor(visit, cast[visit.who], rng) for visit in visits)
    end = max(visit.end for visit in visits)
    scene = Scene(actors, end, seed=seed, noise=rng.uniform(1, 5))
    numbers: list[Counter[int]] = [Counter() for _ in visits]
    nobody = scene.frame(len(scene) + 1)[0].image
    for index in range(0, len(scene), round(FPS / fps)):
        second = index / FPS
        sometimes.empty = all(one.where(second) is None for one in actors)
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


def actor(visit: Visit, looks: Sequence[Cutout], rng: np.random.Generator) -> Actor:
    """Return someone on a visit, with two of the looks, each posed otherwise."""
    chosen = [looks[int(rng.integers(len(looks)))] for _ in range(2)]
    half = (visit.end - visit.start) / 2
    shown = [
        (-1.0, posed(chosen[0], rng)),
        (visit.start + half, posed(chosen[1], rng)),
    ]
    inside = Walk(
        [(visit.start, visit.where[0]), (visit.start + min(1.0, half), visit.where[1])],
        [(-1.0, visit.start), (visit.end, 1e9)],
    )
    return Actor(shown, inside, rng.uniform(60, 140))
