"""Writes plots as files, with labels in any script."""

import io
from pathlib import Path

from mien.errors import MissingExtraError
from mien.types import PlotKind
from mien.vision import fonts

try:
    from matplotlib.figure import Figure
    from matplotlib.font_manager import fontManager
    from matplotlib.text import Text
except ImportError as error:
    raise MissingExtraError("drawing plots", "train") from error

DPI = 150


def render(figure: Figure, kind: PlotKind = "png") -> bytes:
    """Write a figure as the contents of a file."""
    _write_as_they_are(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=DPI, facecolor="white")
    return buffer.getvalue()


def _write_as_they_are(figure: Figure) -> None:
    """Give labels in any script a font that has their letters, and take no `$` for mathematics."""
    texts = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    files = fonts.files(tuple(text.get_text() for text in texts))
    families = [_family(path) for path in files]
    for text in texts:
        text.set_parse_math(False)
        text.set_fontfamily([*text.get_fontfamily(), *families])


def _family(path: Path) -> str:
    """Return the name by which matplotlib knows a font's file."""
    known = {entry.fname: entry.name for entry in fontManager.ttflist}
    if str(path) not in known:
        fontManager.addfont(path)
        known[str(path)] = fontManager.ttflist[-1].name
    return known[str(path)]
