"""How each look is told: its word, its sign, its colour and its line, from one table, `looks.json`.

Labels come from models, and people train on folders of their own: what they call a look may be one
of its synonyms, or something that the table does not know. The latter get what the table keeps for
others, by their names and not by their places, so that one label looks alike whatever the model.
The page reads the same table; `static/core/looks.js` is the twin of what is computed here.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

import msgspec
import numpy as np
import numpy.typing as npt

from mien.parsing import decode_json
from mien.vision.palette import Shades

TABLE = "looks.json"
SIDE = 24  # of the square in which shapes are drawn
_CURVE_STEPS = 12  # straight pieces in place of a curve
_FNV_BASIS, _FNV_PRIME = 0x811C9DC5, 0x01000193

Points = npt.NDArray[np.float64]
Rgb = tuple[int, int, int]


class Colours(Shades, frozen=True, forbid_unknown_fields=True):
    """One colour as #rrggbb for each ground: the page's themes, and a dark plate over a picture."""

    picture: str


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the table.

    Attributes:
        shape: Strokes as paths of SVG, in a square of SIDE by SIDE, of M, L, C and Z alone; the
            first is the outline.
        line: Lengths of stroke and gap of a frame, in multiples of its width; empty for solid.
        colour: Its colours.
        tone: Notes in semitones; a pair glides from the one to the other.
        word: What goes after "looks"; labels that the table does not know are their own word.
        synonyms: Labels that mean it, besides its name.
    """

    shape: tuple[str, ...]
    line: tuple[float, ...]
    colour: Colours
    tone: tuple[float | tuple[float, float], ...] = ()
    word: str = ""
    synonyms: tuple[str, ...] = ()


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole table: looks by their names, what labels of people's own get, and "not sure"."""

    looks: dict[str, Entry]
    others: tuple[Entry, ...]
    unsure: Entry


@dataclass(frozen=True, eq=False, slots=True)
class Look:
    """How one label is told.

    Attributes:
        word: What goes after "looks".
        colour: RGB over a picture, on a dark plate.
        line: Lengths of stroke and gap of its frame, in multiples of the width; empty for solid.
        strokes: Its sign: float64 [N,2] each, in a square of SIDE by SIDE.
    """

    word: str
    colour: Rgb
    line: tuple[float, ...]
    strokes: tuple[Points, ...]


@cache
def table() -> Table:
    """Return the table of the file."""
    return decode_json(files("mien.vision").joinpath(TABLE).read_bytes(), Table)


def name_of(label: str) -> str | None:
    """Return the name of the look that a label means; None where the table does not know it."""
    return _names().get(label.lower())


def word(label: str | None) -> str:
    """Return what goes after "looks", for some labels are nouns; None is "not sure"."""
    if label is None:
        return table().unsure.word
    name = name_of(label)
    return label if name is None else table().looks[name].word


def verdict(label: str | None) -> str:
    """Return what is said of a face: "looks afraid", or "not sure"."""
    return word(None) if label is None else f"looks {word(label)}"


def look_of(label: str | None, labels: Collection[str]) -> Look:
    """Return how a label is told beside the others of its model.

    Args:
        label: One of `labels`; None for "not sure".
        labels: All labels of the model, in whatever order.
    """
    if label is None:
        return _unsure()
    return _looks(frozenset(labels))[label]


def entry_of(label: str | None, labels: Collection[str]) -> Entry:
    """Return the row of the table that tells a label, for pages, which draw paths of SVG.

    Args:
        label: One of `labels`; None for "not sure".
        labels: All labels of the model, in whatever order.
    """
    if label is None:
        return table().unsure
    name = name_of(label)
    others = table().others
    return others[places_of(labels)[label] % len(others)] if name is None else table().looks[name]


def places_of(labels: Collection[str]) -> dict[str, int]:
    """Return which of the table's others each label gets that the table does not know.

    A place is chosen by the label's hash (FNV-1a of its UTF-8, 32 bits). Where two would share one,
    the later in the order of code points takes the next that is free; once all are taken, they are
    taken anew, with other lines (see `_other`).
    """
    count = len(table().others)
    places: dict[str, int] = {}
    for label in sorted(label for label in labels if name_of(label) is None):
        row = count * (len(places) // count)
        taken = set(places.values())
        first = _hash(label)
        tried = (row + (first + step) % count for step in range(count))
        places[label] = next(place for place in tried if place not in taken)
    return places


@cache
def _names() -> dict[str, str]:
    looks = table().looks
    return {label: name for name in looks for label in (name, *looks[name].synonyms)}


def _hash(label: str) -> int:
    value = _FNV_BASIS
    for byte in label.encode("utf-8", "surrogatepass"):
        value = (value ^ byte) * _FNV_PRIME & 0xFFFFFFFF
    return value


@lru_cache(maxsize=32)
def _looks(labels: frozenset[str]) -> dict[str, Look]:
    places = places_of(labels)
    return {label: _known(label) or _other(label, places[label]) for label in labels}


def _known(label: str) -> Look | None:
    name = name_of(label)
    return None if name is None else _look(table().looks[name], word(label))


def _other(label: str, place: int) -> Look:
    """Return what a label of people's own gets; after each round the lines are moved on by one."""
    others = table().others
    round_, index = divmod(place, len(others))
    line = others[(index + round_) % len(others)].line
    return _look(others[index], label, line)


@cache
def _unsure() -> Look:
    return _look(table().unsure, word(None))


def _look(entry: Entry, word: str, line: tuple[float, ...] | None = None) -> Look:
    strokes = tuple(points_of(path) for path in entry.shape)
    return Look(word, rgb(entry.colour.picture), entry.line if line is None else line, strokes)


def rgb(colour: str) -> Rgb:
    """Return a colour such as #f2cf7e as numbers from 0 to 255."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def points_of(path: str) -> Points:
    """Return the points of an SVG path of absolute M, L, C and Z commands: float64 [N,2].

    Raises:
        ValueError: It has another command.
    """
    points: list[Points] = []
    for command, rest in re.findall(r"([A-Za-z])([^A-Za-z]*)", path):
        if command not in "MLCZ":
            raise ValueError(f"{path}: {command} is none of M, L, C and Z")
        numbers = np.array(re.findall(r"-?[\d.]+", rest), np.float64).reshape(-1, 2)
        if command == "Z":
            points.append(points[0])
        elif command == "C":
            for corners in numbers.reshape(-1, 3, 2):
                points += _curve(points[-1], *corners)
        else:
            points += list(numbers)
    return np.array(points)


def _curve(start: Points, first: Points, second: Points, end: Points) -> Iterator[Points]:
    """Yield points along a cubic Bézier curve, without its start."""
    for step in range(1, _CURVE_STEPS + 1):
        t = step / _CURVE_STEPS
        s = 1 - t
        yield s**3 * start + 3 * s * s * t * first + 3 * s * t * t * second + t**3 * end
