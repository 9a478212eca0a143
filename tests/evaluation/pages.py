"""A strict reader of pages, and pages to read."""

import math
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

import numpy as np

from mien.evaluation.figures.summary import Estimate, Summary
from mien.evaluation.report.parts import Picture
from mien.evaluation.studies.corruptions import Corruptions
from mien.evaluation.studies.crop_scales import CropScales
from mien.evaluation.studies.slices import Slices
from mien.evaluation.study import Finding
from mien.vision.images.reading import encode_png

NAN = math.nan
UNKNOWN = Estimate(NAN, NAN, NAN)
VOID = {"meta", "img", "br", "hr", "link", "input"}
FACTS = {"command": "mien evaluate gray six", "date": "2025-01-31"}
PNG = encode_png(np.zeros((20, 25, 1), np.uint8))
# angry, sad, happy, neutral; 20 of 100 sad faces are taken for neutral.
COUNTS = ((80, 10, 0, 10), (5, 75, 0, 20), (0, 0, 100, 0), (6, 13, 0, 81))


class Page(HTMLParser):
    """Reads a page strictly: every tag must close, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag not in VOID
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.texts.setdefault(tag, []).append(data)

    def values(self, tag: str, name: str) -> list[str | None]:
        return [value for owner, key, value in self.attributes if (owner, key) == (tag, name)]

    @property
    def text(self) -> str:
        return "".join(self.texts["body"])


def near(value: float, width: float = 0.02) -> Estimate:
    return Estimate(value, value - width, value + width)


def found(parts: Mapping[str, Any]) -> Iterator[Finding]:
    """Make findings of their parts, in the order in which they are shown."""
    kinds = {"slices": Slices, "corruptions": Corruptions, "crop_scales": CropScales}
    for name in ("others", "slices", "persons", "corruptions", "comparison", "crop_scales"):
        if name in parts:
            yield kinds[name](tuple(parts[name])) if name in kinds else parts[name]


def page_of(
    summary: Summary,
    *,
    plots: Mapping[str, bytes] | None = None,
    command: str = FACTS["command"],
    date: str = FACTS["date"],
    **parts: object,
) -> Page:
    """Write and read the page of a summary, with some findings, and plots by their titles."""
    # Imported here: it needs an extra.
    from mien.evaluation.report.document import html_report

    findings: Sequence[Finding] = [*found(parts)]
    texts = {plot.title: plot.text for one in findings for plot in one.plots(summary)}
    pictures = [Picture(title, texts.get(title, ""), png) for title, png in (plots or {}).items()]
    sections = [one.section(summary) for one in findings]
    html = html_report(
        summary,
        command=command,
        date=date,
        pictures=pictures,
        sections=[section for section in sections if section is not None],
    )
    assert html.encode().decode() == html
    return Page(html)
