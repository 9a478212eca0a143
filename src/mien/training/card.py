"""What the cards of all models have in common: the table of terms, and lines that are not long."""

import textwrap

from mien.models.info import Terms


def terms_table(terms: Terms) -> str:
    """Return the terms of the weights and of each source as a table in Markdown."""
    rows = [("the weights", terms.weights), *((one.source, one.terms) for one in terms.data)]
    lines = ["| source | terms |", "| --- | --- |"]
    lines += [f"| {_cell(name)} | {_cell(text)} |" for name, text in rows]
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Return a text that stays within one cell of a table, whatever it holds."""
    return " ".join(text.split()).replace("|", "\\|")


def wrapped(text: str) -> str:
    """Return Markdown with its paragraphs of prose broken into lines of at most 100 characters."""
    return "\n\n".join(map(_wrapped, text.split("\n\n")))


def _wrapped(paragraph: str) -> str:
    """Break a paragraph of prose into lines; headings, lists, tables and code stay as they are."""
    if paragraph.startswith(("#", "-", "|", " ", "<")):
        return paragraph
    end = "\n" if paragraph.endswith("\n") else ""
    return textwrap.fill(paragraph, 100, break_on_hyphens=False, break_long_words=False) + end
