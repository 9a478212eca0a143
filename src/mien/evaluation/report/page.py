"""Writes a page from its parts: one HTML file that loads and runs nothing.

The template escapes everything, so that names from the data cannot break out of their place; what
no page can hold (lone surrogates, control characters) is written with escapes of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from mien.errors import MissingExtraError, printable
from mien.evaluation.report.parts import Section
from mien.vision.palette import declarations

try:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
    from markupsafe import Markup
except ImportError as error:
    raise MissingExtraError("writing a report", "train") from error

TEMPLATES = Path(__file__).parent / "templates"
# Nothing may be loaded or run, whatever a name from the data may hold.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Page:
    """A page.

    Attributes:
        title: What a browser shows as its name.
        heading: What it says at its top.
        facts: What it is about: terms, each with what it stands for.
        sections: Its parts, in order.
    """

    title: str
    heading: str
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]

    def html(self) -> str:
        """Return the page, to be written as UTF-8."""
        return _template().render(
            page=self, policy=POLICY, colours=declarations, version=version("mien")
        )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_clean,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("page.html")


def _clean(value: object) -> object:
    """Write with escapes what a page cannot hold; what a macro has written is clean already."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return printable(value, {"Cc", "Cs"}, keep="\n\t")
