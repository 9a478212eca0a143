"""What the report's page is built of: elements, tables, bars, and figures written out.

Everything is an element tree, never text put together by hand, so that names from the data cannot
break out of their place and every tag closes.
"""

import math
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from mien.errors import printable
from mien.evaluation.summary import Estimate

Content = str | Element

UNKNOWN = "–"
BAR_HEIGHT = 10


def element(tag: str, *content: Content, **attributes: str) -> Element:
    """Make an element.

    Args:
        tag: Its name.
        content: Text and elements, in order.
        attributes: An underscore at the end is dropped (`class_`), others become dashes.
    """
    names = {name.rstrip("_").replace("_", "-"): _clean(v) for name, v in attributes.items()}
    made = Element(tag, names)
    last: Element | None = None
    for part in content:
        if isinstance(part, Element):
            made.append(part)
            last = part
        elif last is None:
            made.text = (made.text or "") + _clean(part)
        else:
            last.tail = (last.tail or "") + _clean(part)
    return made


def section(title: str, *content: Content) -> Element:
    """Make a part of the page with its heading, which names it to screen readers and links."""
    key = "-".join(title.lower().split())
    heading = element("h2", title, id=f"{key}-title")
    return element("section", heading, *content, id=key, aria_labelledby=f"{key}-title")


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[Content]]) -> Element:
    """Make a table in a box of its own that scrolls where the page is narrow.

    Args:
        caption: What the table shows.
        heads: Titles of the columns.
        rows: Cells. The first of each row is its title; text is set to the right, as numbers are,
            and elements to the left.
    """
    first = rows[0] if rows else heads
    titles = [
        element("th", head, scope="col", **_side(cell, number > 0))
        for number, (head, cell) in enumerate(zip(heads, first, strict=True))
    ]
    body = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(element("td", cell, **_side(cell, True)) for cell in row[1:]),
        )
        for row in rows
    ]
    made = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *titles)),
        element("tbody", *body),
    )
    # A box that scrolls must be reachable by keyboard.
    return element("div", made, class_="scroll", role="region", aria_label=caption, tabindex="0")


def definitions(entries: Sequence[tuple[str, Content]]) -> Element:
    """Make a list of terms, each with what it stands for."""
    pairs = [element("div", element("dt", term), element("dd", text)) for term, text in entries]
    return element("dl", *pairs)


def sentences(lines: Sequence[str]) -> Element:
    """Make a list with one sentence per entry."""
    return element("ul", *(element("li", line) for line in lines))


def note(text: str) -> Element:
    """Make a paragraph in smaller print."""
    return element("p", text, class_="note")


def text_cell(text: str) -> Element:
    """Make a cell of words, which a table sets to the left."""
    return element("span", text, class_="words")


def figure_cell(estimate: Estimate, *, share: bool = True, signed: bool = False) -> Element:
    """Write a figure and its interval as a cell."""
    text = percent(estimate.value) if share else decimal(estimate.value, signed=signed)
    value = element("b", text)
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return element("span", value, class_="figure")
    ends = element("span", interval(estimate, share=share, signed=signed), class_="interval")
    return element("span", value, " ", ends, class_="figure")


def bar_cell(estimate: Estimate, *, whole: float = math.nan) -> Element:
    """Write a share and its interval as a cell, and draw them below.

    Args:
        estimate: The share, in 0..1.
        whole: What to compare it with, drawn as a line; nan for nothing.
    """
    return element("div", figure_cell(estimate), _bar(estimate, whole), class_="with-bar")


def percent(value: float) -> str:
    """Write a share with one decimal; a dash for nan."""
    return UNKNOWN if math.isnan(value) else f"{_tenths(value)}%"


def decimal(value: float, *, signed: bool = False) -> str:
    """Write a figure that is no share with three decimals; a dash for nan."""
    return UNKNOWN if math.isnan(value) else f"{value:{'+' * signed}.3f}".replace("-", "−")


def interval(estimate: Estimate, *, share: bool = True, signed: bool = False) -> str:
    """Write the two ends of an interval; a dash where there is none."""
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return UNKNOWN
    if share:
        return f"{_tenths(estimate.low)} to {percent(estimate.high)}"
    return " to ".join(decimal(end, signed=signed) for end in (estimate.low, estimate.high))


def _tenths(share: float) -> str:
    # Adding 0 makes a -0.0 of a tiny difference 0.0.
    return f"{round(100 * share, 1) + 0:.1f}".replace("-", "−")


def _side(cell: Content, inner: bool) -> dict[str, str]:
    return {"class_": "number"} if inner and isinstance(cell, str) else {}


def _bar(estimate: Estimate, whole: float) -> Element:
    """Draw a share as SVG, which is printed where backgrounds are not; the figure is beside it."""
    parts = [_rectangle("track", 0, 1, 0, BAR_HEIGHT)]
    if not math.isnan(estimate.value):
        parts.append(_rectangle("value", 0, estimate.value, 0, BAR_HEIGHT))
    if not math.isnan(estimate.low) and not math.isnan(estimate.high):
        parts.append(_rectangle("ends", estimate.low, estimate.high, 4, 2))
    if not math.isnan(whole):
        parts.append(_rectangle("whole", whole - 0.005, whole + 0.005, 0, BAR_HEIGHT))
    box = {"viewBox": f"0 0 100 {BAR_HEIGHT}", "preserveAspectRatio": "none"}
    return element("svg", *parts, class_="bar", aria_hidden="true", **box)


def _rectangle(kind: str, start: float, end: float, top: float, height: float) -> Element:
    start, end = (100 * min(max(value, 0), 1) for value in (start, end))
    place = {"x": f"{start:.2f}", "y": f"{top:g}"}
    size = {"width": f"{max(end - start, 0):.2f}", "height": f"{height:g}"}
    return element("rect", class_=kind, **place, **size)


def _clean(text: str) -> str:
    """Write with escapes what a page cannot hold: lone surrogates and control characters."""
    return printable(text, {"Cc", "Cs"}, keep="\n\t")
