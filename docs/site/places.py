"""Which file of the repository becomes which page of the site, and where links of it lead there.

docs/*.md are read on the code host, too, so they stay as they are. On the site each is a page; so
are the papers below, which lie elsewhere. Any other file that a page links to is handed out.
"""

import html
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PICTURES = {".png", ".svg", ".webp"}
PAPERS = {
    "README.md": "overview.md",
    "CHANGELOG.md": "changelog.md",
    "CODE_OF_CONDUCT.md": "conduct.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "TERMS.md": "terms.md",
    "benchmarks/peers/README.md": "peers.md",
    "docs/site/site.js": "site.js",
    "docs/site/style.css": "style.css",
    "src/mien/assets/CREDITS.md": "credits.md",
    "src/mien/web/static/icon.svg": "icon.svg",
}
CARDS = "src/mien/models/shipped/*/CARD.md"
# Where files lie that are no pages.
FILES = "files"
# Code, in which nothing is a link, or the target of a link or picture, with its anchor.
LINK = re.compile(
    r"^```.*?^```|(`+)(?!`).*?\1(?!`)|(?<=\]\()([^\s)#]*)(#[^\s)]*)?(?=\))", re.M | re.S
)
# A table below a line of text is none in Python-Markdown, and is one on code hosts.
BARE_TABLE = re.compile(r"^(?=[^|\s])(.*\S.*)\n(?=\|.*\|\n\| *:?-)", re.M)
# Code in a row of a table: for Python-Markdown the backslash before a bar belongs to the code.
ROW = re.compile(r"^\|.*\|$", re.M)
BARRED = re.compile(r"`([^`\n]*\\\|[^`\n]*)`")


class LostLinkError(Exception):
    """A link to a file that is not in the repository."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where each file of the repository is on the site.

    Attributes:
        pages: From paths in the repository to paths on the site.
        repository: The address of the files on the code host, where links have it before a path.
    """

    pages: Mapping[str, str]
    repository: str | None = None

    def of(self, source: str) -> str:
        """Return the place of a file on the site."""
        return self.pages.get(source) or posixpath.join(FILES, source)


def pages(root: Path = ROOT) -> dict[str, str]:
    """Return what is on the site whoever links to it: documents, their pictures, and the papers."""
    documents = {
        f"docs/{path.name}": path.name
        for path in sorted((root / "docs").iterdir())
        if path.suffix == ".md" or path.suffix in PICTURES
    }
    cards = {
        path.relative_to(root).as_posix(): f"cards/{path.parent.name}.md"
        for path in sorted(root.glob(CARDS))
    }
    return documents | PAPERS | cards


def linked(text: str, source: str, places: Places, root: Path = ROOT) -> tuple[str, set[str]]:
    """Let the links of a document lead to places on the site.

    Args:
        text: The document, in Markdown.
        source: Its path in the repository.
        places: Where everything is.
        root: The repository.

    Returns:
        The document for the site, and the paths of the other files that it links to.

    Raises:
        LostLinkError: A link leads to no file of the repository.
    """
    others: set[str] = set()
    here = posixpath.dirname(places.of(source))

    def lead(match: re.Match[str]) -> str:
        target, anchor = match[2], match[3] or ""
        path = None if not target else _path(target, source, places.repository)
        if path is None:
            return match[0]
        if not (root / path).is_file():
            raise LostLinkError(f"{source} links to {target}, which is not there")
        if path not in places.pages:
            others.add(path)
        return posixpath.relpath(places.of(path), here or ".") + anchor

    text = ROW.sub(lambda row: BARRED.sub(_barred, row[0]), BARE_TABLE.sub(r"\1\n\n", text))
    return LINK.sub(lead, text), others


def _barred(code: re.Match[str]) -> str:
    plain = html.escape(code[1].replace("\\|", "|"), quote=False)
    return f"<code>{plain.replace('|', '&#124;')}</code>"


def _path(target: str, source: str, repository: str | None) -> str | None:
    """Return what a link leads to, as a path in the repository; None where it leads elsewhere."""
    if repository and target.startswith(f"{repository}/"):
        # An address of a code host: …/blob/main/docs/page.md
        return "/".join(target.removeprefix(f"{repository}/").split("/")[2:]) or None
    if re.match(r"[a-z]+:", target):
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
