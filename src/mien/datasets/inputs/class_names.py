"""When two names mean one class: `Happy` and `happy` do, and accents however they are stored."""

import unicodedata
from collections.abc import Callable, Container, Sequence

from mien.vision.looks import name_of


def spelling(name: str) -> str:
    """Return what all ways to write the name of a class have in common."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()).strip()


def find_class(name: str, classes: Sequence[str]) -> int | None:
    """Return the number of the class that a name means; None for none, or where it may be two."""
    if name in classes:
        return classes.index(name)
    alike = [number for number, one in enumerate(classes) if spelling(one) == spelling(name)]
    return alike[0] if len(alike) == 1 else None


def pair_classes(names: Sequence[str], classes: Sequence[str]) -> dict[int, int]:
    """Find the classes that two lists share, whatever each calls them: `happiness` is `happy`.

    What is written alike is paired first, then what means one look (`looks.json`). A class is in
    one pair at most, and in none where it may be two.

    Args:
        names: One list.
        classes: The other.

    Returns:
        Numbers of `names`, each with the number of its class.
    """
    pairs: dict[int, int] = {}
    for way in _WAYS:
        first, second = _once(names, way, pairs), _once(classes, way, set(pairs.values()))
        pairs |= {number: second[key] for key, number in first.items() if key in second}
    return dict(sorted(pairs.items()))


_WAYS: tuple[Callable[[str], str | None], ...] = (
    str,
    spelling,
    lambda name: name_of(spelling(name)),
)


def _once(
    names: Sequence[str], way: Callable[[str], str | None], without: Container[int]
) -> dict[str, int]:
    """Return the number of each key that only one of the names has."""
    keys = {number: way(name) for number, name in enumerate(names) if number not in without}
    found = list(keys.values())
    return {key: number for number, key in keys.items() if key and found.count(key) == 1}
