"""Where the words of each face go: on no mouth, no eyes and no other words.

One rule for annotated pictures, videos and the page; `static/live/placement.js` is its twin. Each
face first gets a sign, which is small; then those that have room get their words in its place.
Nothing is put on the box of another face, so that the room that a face has is its own: where boxes
do not overlap, none is left without a sign.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

# As many faces as this are shown by their signs, but for the one in front: words would be all there
# is to see.
CROWD: Final = 4
# What a sign is shrunk to where it has no room, and the share of its face that is small enough.
_SCALES: Final = (1.0, 0.7, 0.5, 0.35)
_SHARE: Final = 0.18
_GRID: Final = 8  # steps in which a face is searched for room, across and down
# Lines above a face, where its neighbour's words are, which may be higher up.
_HIGHER: Final = (2.0, 2.5, 3.0)

Kind = Literal["word", "sign"]
Point = tuple[float, float]
Size = tuple[float, float]
Rectangle = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Spot:
    """A face that words are for.

    Attributes:
        box: Where it is.
        free: What is kept free, its eyes and its mouth: rectangles at any angle, by their corners.
        word: Width and height of its words.
        sign: Width and height of its sign alone.
        front: Whether it is the one that is meant, whose words come before everything else.
    """

    box: Rectangle
    free: tuple[tuple[Point, ...], ...]
    word: Size
    sign: Size
    front: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """What is shown of a face, and where its left upper corner is.

    Attributes:
        kind: Its words, or its sign alone.
        left: In pixels.
        top: In pixels.
        scale: How much smaller it is than was asked for, above 0 to 1.
    """

    kind: Kind
    left: float
    top: float
    scale: float


def place(spots: Sequence[Spot], picture: Rectangle) -> list[Placed | None]:
    """Place the words or the sign of each face.

    Args:
        spots: The faces.
        picture: What nothing may reach beyond.

    Returns:
        For each face what is shown, None where there is no room even for a sign.
    """
    room = _Room(spots, picture)
    order = sorted(
        range(len(spots)), key=lambda one: (not spots[one].front, -_area(spots[one].box))
    )
    for one in order:
        spot = spots[one]
        room.placed[one] = (room.word(one) if spot.front else None) or room.sign(one)
    if len(spots) < CROWD:
        for one in order:
            found = room.placed[one]
            if found is not None and found.kind == "sign":
                room.placed[one] = room.word(one) or found
    return room.placed


class _Room:
    """What is taken of a picture."""

    def __init__(self, spots: Sequence[Spot], picture: Rectangle) -> None:
        self._spots, self._picture = spots, picture
        self.placed: list[Placed | None] = [None] * len(spots)

    def word(self, one: int) -> Placed | None:
        """Return a place for a face's words."""
        found = self._find(one, self._spots[one].word)
        return found and Placed("word", *found, 1.0)

    def sign(self, one: int) -> Placed | None:
        """Return a place for a face's sign, smaller where there is no other."""
        spot = self._spots[one]
        left, top, right, bottom = spot.box
        least = _SHARE * min(right - left, bottom - top) / max(spot.sign)
        for scale in (*_SCALES, min(_SCALES[-1], least)):
            found = self._find(one, (spot.sign[0] * scale, spot.sign[1] * scale))
            if found:
                return Placed("sign", *found, scale)
        return None

    def _find(self, one: int, size: Size) -> Point | None:
        left, top, right, bottom = self._picture
        if size[0] > right - left or size[1] > bottom - top:
            return None
        for x, y in _candidates(self._spots[one].box, size, self._picture):
            wanted = _covered(self._spots[one].box, (x, y, x + size[0], y + size[1]))
            if all(self._is_free(one, part) for part in wanted):
                return x, y
        return None

    def _is_free(self, one: int, wanted: Rectangle) -> bool:
        own = _holds(self._spots[one].box, wanted)
        for other, (spot, placed) in enumerate(zip(self._spots, self.placed, strict=True)):
            if any(_meets(wanted, region) for region in spot.free):
                return False
            if other == one:
                continue
            if not own and _overlap(wanted, spot.box):
                return False
            there = [] if placed is None else _covered(spot.box, _taken(spot, placed))
            if any(_overlap(wanted, part) for part in there):
                return False
        return True


def _taken(spot: Spot, placed: Placed) -> Rectangle:
    width, height = spot.word if placed.kind == "word" else spot.sign
    right, bottom = placed.left + width * placed.scale, placed.top + height * placed.scale
    return placed.left, placed.top, right, bottom


def _covered(box: Rectangle, words: Rectangle) -> list[Rectangle]:
    """Give what words take.

    That is where they are, and what is between them and the middle of a face that they are a line
    above, so that no others come between.
    """
    left, top, right, bottom = words
    if box[1] - bottom < (bottom - top) / 2:
        return [words]
    quarter = (box[2] - box[0]) / 4
    return [words, (max(left, box[0] + quarter), bottom, min(right, box[2] - quarter), box[1])]


def _candidates(box: Rectangle, size: Size, picture: Rectangle) -> Iterator[Point]:
    """Give the places outside a face, and then in it, the best first.

    Those outside are above, below and beside it, and above the words of a neighbour: a brow that is
    covered takes more from a face than words that are a line higher.
    """
    width, height = size
    left, top, right, bottom = picture[0], picture[1], picture[2] - width, picture[3] - height
    x1, y1, x2, y2 = box
    gap = height / 4

    def along(y: float) -> Iterator[Point]:
        if top <= y <= bottom:
            xs = ((x1 + x2 - width) / 2, x1, x2 - width)
            yield from ((max(left, min(x, right)), y) for x in xs)

    yield from along(y1 - gap - height)
    yield from along(y2 + gap)
    for x in (x2 + gap, x1 - gap - width):
        if left <= x <= right:
            yield from ((x, max(top, min(y, bottom))) for y in (y1, y2 - height))
    for lines in _HIGHER:
        yield from along(y1 - lines * (gap + height))
    for x, y in _inside(box, size, picture):
        yield max(left, min(x, right)), max(top, min(y, bottom))


def _inside(box: Rectangle, size: Size, picture: Rectangle) -> Iterator[Point]:
    """Give the places in what is to be seen of a face."""
    x1, y1 = max(box[0], picture[0]), max(box[1], picture[1])
    right, bottom = min(box[2], picture[2]) - size[0], min(box[3], picture[3]) - size[1]
    gap = size[1] / 4
    for y in (y1 + gap, bottom - gap):
        yield from ((x, y) for x in ((x1 + right) / 2, x1 + gap, right - gap))
    for row in range(_GRID + 1):
        y = y1 + (bottom - y1) * row / _GRID
        yield from ((x1 + (right - x1) * column / _GRID, y) for column in range(_GRID + 1))


def _area(box: Rectangle) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _holds(outer: Rectangle, inner: Rectangle) -> bool:
    return (
        outer[0] <= inner[0]
        and outer[1] <= inner[1]
        and inner[2] <= outer[2]
        and inner[3] <= outer[3]
    )


def _meets(rectangle: Rectangle, region: Sequence[Point]) -> bool:
    """Return whether an upright rectangle and one at any angle have a point in common inside.

    They have none where a line along a side of one of them parts them (separating axis theorem).
    """
    left, top, right, bottom = rectangle
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    (ax, ay), (bx, by), (cx, cy), _ = region
    for x, y in ((1.0, 0.0), (0.0, 1.0), (bx - ax, by - ay), (cx - bx, cy - by)):
        ours = [x * p + y * q for p, q in corners]
        theirs = [x * p + y * q for p, q in region]
        if max(ours) <= min(theirs) or max(theirs) <= min(ours):
            return False
    return True
