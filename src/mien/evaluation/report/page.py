"""Writes a page from its parts: one HTML file that loads nothing, and runs what it brings itself.

The template escapes everything, so that names from the data cannot break out of their place; what
no page can hold (lone surrogates, control characters) is written with escapes of its own.
"""

import base64
import hashlib
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
# But videos beside the page; of files of a disk, 'self' means none everywhere.
VIDEOS = "media-src 'self' file:"


@dataclass(frozen=True, slots=True)
class Page:
    """A page.

    Attributes:
        title: What a browser shows as its name.
        heading: What it says at its top.
        facts: What it is about: terms, each with what it stands for.
        sections: Its parts, in order.
        style: CSS of parts of its own.
        script: JavaScript that it brings; no other is run.
        with_videos: Whether it shows videos that lie beside it.
    """

    title: str
    heading: str
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    style: str = ""
    script: str = ""
    with_videos: bool = False

    @property
    def policy(self) -> str:
        """What it may load and run, as a Content-Security-Policy."""
        script = base64.b64encode(hashlib.sha256(self.script.encode()).digest()).decode()
        runs = f"; script-src 'sha256-{script}'" if self.script else ""
        return POLICY + runs + (f"; {VIDEOS}" if self.with_videos else "")

    def html(self) -> str:
        """Return the page, to be written as UTF-8."""
        return template(TEMPLATES, "page.html").render(
            page=self,
            policy=self.policy,
            style=Markup(self.style),  # noqa: S704 - it comes with mien, as the script does
            script=Markup(self.script),  # noqa: S704
            colours=declarations,
            version=version("mien"),
        )


@cache
def template(folder: Path, name: str) -> Template:
    """Return a template that escapes everything."""
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_clean,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)


def _clean(value: object) -> object:
    """Write with escapes what a page cannot hold; what a macro has written is clean already."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return printable(value, {"Cc", "Cs"}, keep="\n\t")
