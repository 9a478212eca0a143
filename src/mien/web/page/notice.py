"""The card that tells people that their faces are read, in the page's languages.

Article 50(3) of the EU's AI Act (Regulation (EU) 2024/1689) asks for it from 2 August 2026 on.
"""

import textwrap
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files
from string import Template

import msgspec

from mien.errors import SettingsError
from mien.vision.palette import declarations
from mien.web.page.words import languages

WIDTH = 72  # of the plain text, in letters
LINE = "_" * 40
# The page's own drawing, and a sign for each part, in strokes of a square of 48.
FACE = (
    '<svg viewBox="28 2 104 116" aria-hidden="true"><path d="M36 34V22a12 12 0 0 1 12-12h12M100'
    ' 10h12a12 12 0 0 1 12 12v12M124 86v12a12 12 0 0 1-12 12h-12M60 110H48a12 12 0 0 1-12-12V86"/>'
    '<circle class="face" cx="80" cy="60" r="32"/><path d="M68 52v4M92 52v4M66 68c4 7 8.5 10 14 10'
    's10-3 14-10"/></svg>'
)
SIGNS = {
    "what": "M6 16a4 4 0 0 1 4-4h18a4 4 0 0 1 4 4v16a4 4 0 0 1-4 4H10a4 4 0 0 1-4-4z"
    "M32 21l10-6v18l-10-6",
    "limits": "M17 18a7 7 0 1 1 10 6.3c-2.2 1-3 2.4-3 4.7M24 36v.5",
    "choice": "M8 10h32v22H22l-9 8v-8H8z",
}
# The page's policy: it loads and runs nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
BLANKS = ("who", "why", "kept", "contact")


class NoticeWords(msgspec.Struct, frozen=True, rename="camel"):
    """What a card says in one language; the page's own words beside them are not taken."""

    title: str
    what: str
    what_text: str
    limits: str
    limits_text: str
    choice: str
    choice_text: str
    fill: str
    who: str
    why: str
    kept: str
    contact: str
    law: str


def known() -> tuple[str, ...]:
    """Return the codes of the languages that there is a card in, English first."""
    return tuple(languages())


def to_text(codes: Sequence[str] = ()) -> str:
    """Return the cards as plain text.

    Args:
        codes: Of the languages; all where there are none.

    Raises:
        SettingsError: There is no such language.
    """
    return "\n\n\n".join(map(_plain, _words(codes).values())) + "\n"


def to_html(codes: Sequence[str] = ()) -> str:
    """Return the cards as one page that loads nothing, each on a sheet of A4 when it is printed.

    Args:
        codes: Of the languages; all where there are none.

    Raises:
        SettingsError: There is no such language.
    """
    words = _words(codes)
    return _template().substitute(
        policy=POLICY,
        first=next(iter(words)),
        name=escape(next(iter(words.values())).title),
        light=declarations("light"),
        dark=declarations("dark"),
        cards="\n".join(_card(code, one) for code, one in words.items()),
    )


def _words(codes: Sequence[str]) -> dict[str, NoticeWords]:
    for code in codes:
        if code not in known():
            raise SettingsError(f"--language {code}: choose from {', '.join(known())}")
    chosen = dict.fromkeys(codes or known())
    return {code: msgspec.convert(languages()[code]["notice"], NoticeWords) for code in chosen}


@cache
def _template() -> Template:
    return Template(files("mien.web.page").joinpath("notice.html").read_text("utf-8"))


def _parts(words: NoticeWords) -> list[tuple[str, str, str]]:
    return [(sign, getattr(words, sign), getattr(words, f"{sign}_text")) for sign in SIGNS]


def _plain(words: NoticeWords) -> str:
    title = words.title.upper()
    lines = [title, "=" * len(title)]
    for _, heading, text in _parts(words):
        lines += ["", heading, textwrap.fill(text, WIDTH)]
    lines += ["", f"{words.fill}:"]
    for blank in BLANKS:
        lines += ["", f"{getattr(words, blank)}:", LINE]
    return "\n".join([*lines, "", textwrap.fill(words.law, WIDTH)])


def _card(code: str, words: NoticeWords) -> str:
    sections = "\n".join(
        f'<section><svg viewBox="0 0 48 48" aria-hidden="true"><path d="{SIGNS[sign]}"/></svg>'
        f"<h2>{escape(heading)}</h2><p>{escape(text)}</p></section>"
        for sign, heading, text in _parts(words)
    )
    blanks = "\n".join(
        f"<dt>{escape(getattr(words, blank))}</dt><dd>&nbsp;</dd>" for blank in BLANKS
    )
    return (
        f'<article lang="{escape(code)}">\n<header>{FACE}<h1>{escape(words.title)}</h1></header>\n'
        f'{sections}\n<div class="blank"><h2>{escape(words.fill)}</h2>\n<dl>\n{blanks}\n</dl></div>'
        f'\n<p class="law">{escape(words.law)}</p>\n</article>'
    )
