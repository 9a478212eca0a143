"""The words of the page: a file of `static/words` for each language, and all that names a language.

A file such as `de.json` is named by the language's code. Its texts have the keys of the English,
and places for the same values: "Show {name}". A text that depends on a number has forms instead, by
the plural categories of Unicode's CLDR: `{"one": "{count} face", "other": "{count} faces"}`.
English alone needs no `looks`: its words for them are in the table of looks; and no `server`, what
the server says: its sentences (`mien.errors.Sentence`) are English.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from mien.parsing import decode_json

FOLDER = Path(__file__).parents[1] / "static" / "words"
FIRST = "en"  # what a page says whose browser likes none of them


class CodeWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the page says on which a device enters the code."""

    title: str
    where: str
    code: str
    enter: str
    pictures: str
    wrong: str
    too_many: str


def languages() -> Mapping[str, dict[str, Any]]:
    """Return all words by language, English first; files are read anew when they have changed."""
    paths = sorted(FOLDER.glob("*.json"), key=lambda path: (path.stem != FIRST, path.stem))
    return _read(tuple((path, path.stat().st_mtime_ns) for path in paths))


def code_words() -> dict[str, CodeWords]:
    """Return what the code page says, by language."""
    return {name: msgspec.convert(words["code"], CodeWords) for name, words in languages().items()}


def module() -> bytes:
    """Return a JavaScript module that exports `languages`."""
    return b"export const languages = " + msgspec.json.encode(languages()) + b";\n"


@lru_cache(maxsize=1)
def _read(files: tuple[tuple[Path, int], ...]) -> Mapping[str, dict[str, Any]]:
    """Read files, of which it is also known when they changed last."""
    return {path.stem: _words(path) for path, _ in files}


def _words(path: Path) -> dict[str, Any]:
    try:
        words = decode_json(path.read_bytes(), dict[str, Any])
        msgspec.convert(words.get("code"), CodeWords)
        return words
    except ValueError as error:
        raise ValueError(f"{path}: not the words of a language ({error})") from error
