"""Fonts for labels in any script: Pillow's own for ASCII, DejaVu Sans, then what the system has.

DejaVu Sans comes with mien (750 kB): Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew and Arabic
look the same everywhere. A font of Chinese, Japanese and Korean would be twenty times as large, so
for them and others the system's fonts are looked through.
"""

import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from PIL import ImageFont

BUNDLED = Path(__file__).parent.parent / "assets" / "DejaVuSans.ttf"
SUFFIXES = frozenset({".otf", ".ttc", ".ttf"})
# A machine of a designer may have thousands; the first ones are the plainest.
MOST_FILES = 1000
# The plain cut of a family comes last in its folder as often as first.
UNUSUAL = ("bold", "black", "heavy", "italic", "light", "mono", "oblique", "serif", "thin")
# These have a sign for everything, which is the box that is to be avoided.
EMPTY = ("adobeblank", "lastresort")
# No letter has this number, so that what a font shows for it, it shows for all that it lacks.
NO_LETTER = "\U0010fffe"
_SIZE = 32


class Run(NamedTuple):
    """A part of a text that one font can draw.

    Attributes:
        text: The part, in the order of reading.
        path: The font's file; None for Pillow's own.
    """

    text: str
    path: Path | None

    def font(self, size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
        """Return the font at a size in pixels."""
        if self.path is None:
            return ImageFont.load_default(size)
        return ImageFont.truetype(str(self.path), size)


def runs(text: str) -> tuple[Run, ...]:
    """Divide a text among fonts: whole words where one font has all of their letters.

    A letter that no font here has is written as its number, such as U+7B11, and not as a box.
    """
    found: list[Run] = []
    for word in _words(text):
        whole = _run(word)
        parts = [_run(letter) or _number(letter) for letter in word] if whole is None else [whole]
        for part in parts:
            if found and found[-1].path == part.path:
                found[-1] = Run(found[-1].text + part.text, part.path)
            else:
                found.append(part)
    return tuple(found)


def files(texts: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the files of the fonts that texts need besides Pillow's own."""
    paths = dict.fromkeys(run.path for text in texts for run in runs(text))
    return tuple(path for path in paths if path is not None)


def _words(text: str) -> list[str]:
    """Cut after spaces, which stay at the end of a word."""
    words, start = [], 0
    for at in range(1, len(text) + 1):
        if at == len(text) or (text[at - 1].isspace() and not text[at].isspace()):
            words.append(text[start:at])
            start = at
    return words


def _number(letter: str) -> Run:
    return Run(f"U+{ord(letter):04X}", None)


@lru_cache(maxsize=1024)
def _run(word: str) -> Run | None:
    """Give a word to the first font that has all of its letters; None where none has."""
    letters = {letter for letter in word if not letter.isspace()}
    if all(letter.isascii() for letter in letters):
        return Run(word, None)
    return next((Run(word, path) for path in _paths() if _has(path, letters)), None)


def _paths() -> Iterator[Path]:
    yield BUNDLED
    yield from _system_fonts()


@lru_cache(maxsize=1)
def _system_fonts() -> tuple[Path, ...]:
    found: list[Path] = []
    for folder in _folders():
        for where, _, names in os.walk(folder):
            found += [Path(where, name) for name in names if Path(name).suffix.lower() in SUFFIXES]
    plain = [path for path in found if not path.stem.lower().startswith(EMPTY)]
    return tuple(sorted(plain, key=_rank)[:MOST_FILES])


def _rank(path: Path) -> tuple[int, bool, str]:
    name = path.stem.lower()
    return sum(word in name for word in UNUSUAL), "sans" not in name, str(path)


def _folders() -> tuple[Path, ...]:
    if sys.platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA", "."), "Microsoft", "Windows", "Fonts")
        return Path(os.environ.get("WINDIR", r"C:\Windows"), "Fonts"), local
    home = os.environ.get("HOME")
    own = (".fonts", ".local/share/fonts", "Library/Fonts") if home else ()
    folders = [Path(folder, "fonts") for folder in ("/usr/share", "/usr/local/share")]
    folders += [Path(folder, "Fonts") for folder in ("/Library", "/System/Library")]
    return (*folders, *(Path(home or "/", name) for name in own))


def _has(path: Path, letters: set[str]) -> bool:
    try:
        # Letter by letter: shaping might join some.
        font = ImageFont.truetype(str(path), _SIZE, layout_engine=ImageFont.Layout.BASIC)
        lacking = _shape(font, NO_LETTER)
        return all(_shape(font, letter) != lacking for letter in letters)
    except (OSError, ValueError):
        # Damaged, or made of pictures of one size.
        return False


def _shape(font: ImageFont.FreeTypeFont, letter: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(letter)
    return mask.size, bytes(mask)
