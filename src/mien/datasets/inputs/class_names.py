"""When two names mean one class: `Happy` and `happy` do, and accents however they are stored."""

import unicodedata
from collections.abc import Sequence


def spelling(name: str) -> str:
    """Return what all ways to write the name of a class have in common."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()).strip()


def find_class(name: str, classes: Sequence[str]) -> int | None:
    """Return the number of the class that a name means; None for none, or where it may be two."""
    if name in classes:
        return classes.index(name)
    alike = [number for number, one in enumerate(classes) if spelling(one) == spelling(name)]
    return alike[0] if len(alike) == 1 else None
