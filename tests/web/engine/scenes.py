"""Scenes for the trackers' vectors: who is where, when, and what a detector makes of it."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from typing import Any

import numpy as np
from tests.web.engine.people import PEOPLE, VARIANTS, Looks, Portrait, Shades

from mien.tracking.portrait import LEAST_SIDE
from mien.types import Box, Face

Random = np.random.Generator
SIZE = (640, 480)
POINTS = np.zeros((5, 2), np.float32)
RATES = (1, 2, 3, 5, 10, 15, 30, 60)
# Pauses in seconds: a dropped frame, a moment, and so on to beyond what is remembered; also back.
JUMPS = (0.0, 0.3, 1.0, 1.9, 2.1, 10.0, 100.0, 2000.0, -1.0, -50.0)


@dataclass
class Person:
    """Somebody who walks through a scene, or sits in it.

    Attributes:
        who: Which of the made people.
        place: Middle of the face.
        speed: In pixels a second.
        side: Of the face.
        there: Whether there is anything to be seen.
        changed: The variant that they look like for a while; None for nearly the same as ever.
    """

    who: int
    place: np.ndarray
    speed: np.ndarray
    side: float
    there: bool = True
    changed: int | None = None


@dataclass(frozen=True)
class Seen:
    """A face of a frame.

    Attributes:
        face: What the detector gives.
        look: The row of its descriptor.
        portrait: None where it cannot be portrayed.
    """

    face: Face
    look: int
    portrait: Portrait | None


@dataclass
class Scene:
    """People who come and go.

    Attributes:
        rng: Chance.
        looks: Theirs.
        people: Who they are.
        shades: Of their portraits.
    """

    rng: Random
    looks: Looks
    people: list[Person] = field(default_factory=list)
    shades: Shades = field(default_factory=Shades)

    def frames(self, count: int) -> Iterator[tuple[float, list[Seen]]]:
        """Yield the time stamp of each frame and what is seen in it, in any order."""
        rng = self.rng
        self.people = [self._person(n) for n in rng.integers(PEOPLE, size=rng.integers(1, 5))]
        rate, now = float(rng.choice(RATES)), float(rng.uniform(0, 5))
        jumpy, restless, blind = (float(rng.choice(c)) for c in ((0, 0.05), (0.01, 0.1), (0, 0.2)))
        for _ in range(count):
            step = 1 / rate
            if rng.random() < jumpy:
                step = float(rng.choice(JUMPS))
            now += step
            for person in self.people:
                self._live(person, min(max(step, 0.0), 1.0), restless)
            yield now, self._seen(blind)

    def _person(self, who: int) -> Person:
        rng = self.rng
        walks = rng.random() < 0.6
        speed = rng.uniform(-300, 300, 2) * (1, 0.2) if walks else np.zeros(2)
        place = rng.uniform((0, 60), (640, 420))
        return Person(int(who), place, speed, float(rng.uniform(20, 140)))

    def _live(self, person: Person, step: float, restless: float) -> None:
        """Move on, turn round at the walls or beyond them, come, go, and change one's looks."""
        rng = self.rng
        person.place = person.place + step * person.speed
        outside = (person.place < (-60, 0)) | (person.place > (700, 480))
        person.speed = np.where(
            outside, -np.sign(person.place - 300) * abs(person.speed), person.speed
        )
        person.side = float(np.clip(person.side * np.exp(rng.normal(scale=0.02)), 15, 200))
        if rng.random() < restless:
            person.there = not person.there
        if rng.random() < restless / 2:
            person.place = rng.uniform((0, 60), (640, 420))
        if rng.random() < restless / 2:
            person.who = int(rng.integers(PEOPLE))
        if rng.random() < restless / 2:
            person.side *= float(rng.choice([0.4, 0.53, 1.9, 2.2]))
        if rng.random() < restless:
            changed = int(rng.integers(VARIANTS // 2, VARIANTS))
            person.changed = changed if person.changed is None else None

    def _seen(self, blind: float) -> list[Seen]:
        """Return what a detector finds: not all, some twice, and now and then what is no face."""
        rng = self.rng
        seen = [self._face(one) for one in self.people if one.there and rng.random() >= blind]
        if seen and rng.random() < 0.05:
            seen.append(self._face(self.people[0]))
        if rng.random() < 0.05:
            seen.append(self._face(self._person(int(rng.integers(PEOPLE)))))
        return [seen[n] for n in rng.permutation(len(seen))]

    def _face(self, person: Person) -> Seen:
        rng = self.rng
        x, y = person.place + rng.normal(scale=0.03 * person.side, size=2)
        half = person.side / 2
        points = None if rng.random() < 0.1 else POINTS
        box = Box(*map(float, (x - half, y - half * 1.1, x + half, y + half * 1.1)))
        usual = int(rng.integers(VARIANTS // 2))
        row = self.looks.row(person.who, usual if person.changed is None else person.changed)
        small = box.side < LEAST_SIDE
        portrait = None if small or rng.random() < 0.15 else self.shades.shaded(row)
        return Seen(Face(box, 0.9, points), row, portrait)


@dataclass
class Room:
    """People on seats side by side, for a while each time: much is equally near, nothing shakes.

    Attributes:
        rng: Chance.
        looks: Of the people.
        shades: Of their portraits.
    """

    rng: Random
    looks: Looks
    shades: Shades = field(default_factory=Shades)

    def frames(self, count: int) -> Iterator[tuple[float, list[Seen]]]:
        """Yield the time stamp of each frame and what is seen in it, in the order of the seats."""
        rng = self.rng
        rate, now = float(rng.choice((1, 2, 3, 10, 20))), 0.0
        who, shown = rng.choice(PEOPLE, size=3, replace=False), 0
        while shown < count:
            now += float(rng.choice((0.0, 1.0, 60.0), p=(0.8, 0.1, 0.1)))
            looks = [self._row(one, n) for n, one in enumerate(who)]
            seats = sorted(zip(rng.choice(4, size=3, replace=False), looks, strict=True))
            there, hidden, masked = (rng.random(3) < share for share in (0.65, 0.25, 0.15))
            for _ in range(max(1, round(rng.choice((0.1, 0.4, 1, 3)) * rate))):
                now, shown = now + 1 / rate, shown + 1
                yield (
                    now,
                    [
                        self._face(*seats[n], hidden=bool(hidden[n]), masked=bool(masked[n]))
                        for n in np.flatnonzero(there)
                    ],
                )

    def _row(self, who: int, nth: int) -> int:
        """Return how somebody looks for a while: as always, somewhat alike, or as somebody else.

        No two have the same row: of two that are equally alike the last bit of a sum would decide.
        """
        rng = self.rng
        variant = 2 * nth + int(rng.integers(2)) + VARIANTS // 2 * (rng.random() < 0.35)
        someone = int(rng.integers(PEOPLE)) if rng.random() < 0.1 else int(who)
        return self.looks.row(someone, variant)

    def _face(self, seat: int, row: int, *, hidden: bool, masked: bool) -> Seen:
        """Return a face; of those who are masked, a portrait tells another than the descriptor."""
        left = 40.0 + 120 * int(seat)
        box = Box(left, 100.0, left + 80, 180.0)
        shown = (row + VARIANTS) % len(self.looks.portraits) if masked else row
        portrait = None if hidden else self.shades.shaded(shown)
        return Seen(Face(box, 0.9, POINTS), row, portrait)


def planned(looks: Looks) -> Iterator[list[tuple[float, list[Seen]]]]:
    """Yield what chance seldom makes: who is where, and when, for each of some scenes."""
    shades = Shades()
    one, two, three = (looks.row(person, 0) for person in (0, 2, 3))

    def at(x: float, row: int, shown: int | None = None, *, hidden: bool = False) -> Seen:
        box = Box(x, 100.0, x + 80, 180.0)
        portrait = None if hidden else shades.shaded(row if shown is None else shown)
        return Seen(Face(box, 0.9, POINTS), row, portrait)

    # Who comes in from the edge while someone is missing, and then where nobody is.
    for others in ([], [170.0]):
        frames = [[at(170, one)]]
        for step in range(14):
            x = 10.0 * step - 40
            frames.append([at(x, three if x < 2 else two), *(at(seat, one) for seat in others)])
        yield _steadily(20, frames)
    # Another comes beside, and the first looks changed for longer than that may be.
    apart, beside = ([at(100, one), at(400, two)], [at(100, three), at(220, two)])
    yield _steadily(10, [apart] * 20 + [beside] * 40)
    # Back by the descriptor alone; a portrait says later that it is somebody else.
    part, hidden = at(300, three, hidden=True), at(300, one, hidden=True)
    back = [[part], *[[hidden]] * 14, *[[at(300, one, two)]] * 30]
    yield _steadily(20, [[at(100, one)]] * 20 + [[]] * 10 + back)
    # A head that is turned away comes where nobody is missing.
    yield _steadily(20, [[at(100, one)]] * 20 + [[at(100, one), at(400, two, hidden=True)]] * 14)
    # The clock is put back while someone is missing.
    moving = [[at(100.0 + 10 * step, one)] for step in range(10)]
    frames = _steadily(10, [*moving, *[[]] * 30])
    yield [(now if n < 20 else now - 1.5, seen) for n, (now, seen) in enumerate(frames)]


def _steadily(rate: float, frames: list[list[Seen]]) -> list[tuple[float, list[Seen]]]:
    return [(n / rate, seen) for n, seen in enumerate(frames)]


def plain(seen: Seen) -> dict[str, Any]:
    """Return a face as the vectors hold it."""
    portrait = None if seen.portrait is None else astuple(seen.portrait)
    return {"face": seen.face, "look": seen.look, "portrait": portrait}
