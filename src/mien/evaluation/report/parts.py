"""What a page is made of: sections of paragraphs, tables, plots. How they look says a template.

Each part has the name of the macro that writes it (`templates/parts.html`).
"""

import base64
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from mien.evaluation.figures.summary import Estimate
from mien.evaluation.report.texts import decimal, interval, percent

if TYPE_CHECKING:  # drawing needs an extra
    from markupsafe import Markup
    from matplotlib.figure import Figure

BAR_HEIGHT = 10
# A plot that is wider than so many times its height gets a row of its own.
WIDE = 1.5


@dataclass(frozen=True, slots=True)
class Words:
    """A cell of words, which a table sets to the left."""

    kind: ClassVar[str] = "words"
    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """A cell with a figure and its interval: a share, or with three decimals."""

    kind: ClassVar[str] = "value"
    estimate: Estimate
    share: bool = True
    signed: bool = False

    @property
    def text(self) -> str:
        """The figure."""
        value = self.estimate.value
        return percent(value) if self.share else decimal(value, signed=self.signed)

    @property
    def interval(self) -> str:
        """Its interval; "" where there is none."""
        if not self.has_interval:
            return ""
        return interval(self.estimate, share=self.share, signed=self.signed)

    @property
    def has_interval(self) -> bool:
        """Whether there is one."""
        return not math.isnan(self.estimate.low) and not math.isnan(self.estimate.high)


class Rectangle(NamedTuple):
    """A part of a bar, in hundredths of its width and tenths of its height."""

    kind: str
    x: str
    width: str
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A cell with a share and its interval, drawn below.

    Attributes:
        estimate: The share, in 0..1.
        whole: What to compare it with, drawn as a line; nan for nothing.
    """

    kind: ClassVar[str] = "bar"
    estimate: Estimate
    whole: float = math.nan

    @property
    def value(self) -> Value:
        """The share and its interval in figures."""
        return Value(self.estimate)

    @property
    def rectangles(self) -> list[Rectangle]:
        """What is drawn, as SVG, which is printed where backgrounds are not."""
        value, low, high = self.estimate.value, self.estimate.low, self.estimate.high
        drawn = [_rectangle("track", 0, 1)]
        if not math.isnan(value):
            drawn.append(_rectangle("value", 0, value))
        if self.value.has_interval:
            drawn.append(_rectangle("ends", low, high, 4, 2))
        if not math.isnan(self.whole):
            drawn.append(_rectangle("whole", self.whole - 0.005, self.whole + 0.005))
        return drawn


Cell = str | Words | Value | Bar


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; the leading one of a page stands out."""

    kind: ClassVar[str] = "paragraph"
    text: str
    leads: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a section."""

    kind: ClassVar[str] = "heading"
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph in smaller print."""

    kind: ClassVar[str] = "note"
    text: str


@dataclass(frozen=True, slots=True)
class Sentences:
    """A list with one sentence per entry."""

    kind: ClassVar[str] = "sentences"
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Definitions:
    """Terms, each with what it stands for."""

    kind: ClassVar[str] = "definitions"
    entries: Sequence[tuple[str, Cell]]


@dataclass(frozen=True, slots=True)
class Code:
    """Something to be typed, in a box with a label for those who cannot see it."""

    kind: ClassVar[str] = "code"
    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table in a box of its own that scrolls where the page is narrow.

    Attributes:
        caption: What the table shows.
        heads: Titles of the columns.
        rows: Cells. The first of each row is its title; text is set to the right, as numbers are,
            and all else to the left.
    """

    kind: ClassVar[str] = "table"
    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn plot.

    Attributes:
        title: What it shows.
        text: Its main figures, for those who cannot see it.
        png: The plot.
    """

    title: str
    text: str
    png: bytes

    @property
    def source(self) -> str:
        """The plot as a page holds it."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        # A PNG begins with its signature and the header of its first part, which holds the size.
        width, height = (int.from_bytes(self.png[at : at + 4], "big") for at in (16, 20))
        return width, height

    @property
    def is_wide(self) -> bool:
        """Whether it needs a row of its own."""
        width, height = self.size
        return width > WIDE * height


@dataclass(frozen=True, slots=True)
class Pictures:
    """Plots beside each other."""

    kind: ClassVar[str] = "pictures"
    pictures: Sequence[Picture]


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a template of its own has written, safe as `page.template` makes it.

    Attributes:
        markup: HTML, a `markupsafe.Markup`.
    """

    kind: ClassVar[str] = "drawn"
    markup: "Markup"


Part = Paragraph | Heading | Note | Sentences | Definitions | Code | Table | Pictures | Drawn


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page with its heading. Sections of one title become one, notes at the end.

    Attributes:
        title: Its heading, which names it to screen readers and links.
        parts: What is in it.
        notes: What is at its end, in smaller print.
        is_early: Whether it belongs to the main figures, above the plots.
    """

    title: str
    parts: Sequence[Part]
    notes: Sequence[Note] = ()
    is_early: bool = False

    @property
    def key(self) -> str:
        """Its name in links."""
        return "-".join(self.title.lower().split())

    @property
    def content(self) -> tuple[Part, ...]:
        """All that is in it, in order."""
        return (*self.parts, *self.notes)


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot that can be drawn.

    Attributes:
        name: The name of its file, without the suffix.
        title: What it shows.
        text: Its main figures, for those who cannot see it.
        draw: Draws it.
    """

    name: str
    title: str
    text: str
    draw: Callable[[], "Figure"]


def merged(sections: Iterable[Section]) -> list[Section]:
    """Put sections of one title together, where the first of them is."""
    found: dict[str, Section] = {}
    for one in sections:
        first = found.get(one.title, Section(one.title, ()))
        notes = (*first.notes, *one.notes)
        found[one.title] = Section(one.title, (*first.parts, *one.parts), notes)
    return list(found.values())


def _rectangle(
    kind: str, start: float, end: float, top: int = 0, height: int = BAR_HEIGHT
) -> Rectangle:
    start, end = (100 * min(max(value, 0), 1) for value in (start, end))
    return Rectangle(kind, f"{start:.2f}", f"{max(end - start, 0):.2f}", top, height)
