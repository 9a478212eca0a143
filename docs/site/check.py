"""Checks a site that was built: each link leads somewhere, and nothing is loaded from other hosts.

It knows only files, not what built them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser loads without being asked, by the element that names it.
LOADED = {"script": "src", "img": "src", "source": "src", "iframe": "src", "video": "src"}
LOADED |= {"audio": "src", "embed": "src", "object": "data", "track": "src", "input": "src"}
# `link` loads these; a canonical or next page it does not.
LOADING = {"stylesheet", "icon", "preload", "prefetch", "preconnect", "dns-prefetch", "manifest"}
LOADING |= {"modulepreload", "apple-touch-icon", "shortcut"}
IN_STYLE = re.compile(r"""(?:url\(|@import)\s*["']?([^"')\s;]+)""")


@dataclass
class Page(HTMLParser):
    """What a page has and names.

    Attributes:
        anchors: Its ids.
        links: Where its links lead.
        loads: What it loads.
    """

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take what an element names."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        self.loads += IN_STYLE.findall(given.get("style", ""))
        self.loads += [one.split()[0] for one in given.get("srcset", "").split(",") if one.strip()]
        if tag in LOADED and given.get(LOADED[tag]):
            self.loads.append(given[LOADED[tag]])
        if tag == "link" and LOADING & set(given.get("rel", "").split()):
            self.loads.append(given.get("href", ""))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])


def faults(site: Path) -> Iterator[str]:
    """Yield what is wrong with a site, a line each; a folder of HTML, styles and other files."""
    site = site.resolve()
    pages = {path: _read(path) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        name = path.relative_to(site).as_posix()
        yield from (f"{name}: loads {one} from another host" for one in page.loads if _foreign(one))
        if path.name == "404.html":
            continue  # is shown at any address, so its own are those of a host
        wanted = [one for one in page.loads if not _foreign(one) and not one.startswith("data:")]
        for link in dict.fromkeys([*page.links, *wanted]):
            if reason := _lost(path, link, pages):
                yield f"{name}: {link} {reason}"
    for path in sorted(site.rglob("*.css")):
        for one in IN_STYLE.findall(path.read_text("utf-8")):
            if _foreign(one):
                yield f"{path.relative_to(site).as_posix()}: loads {one} from another host"


def _read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text("utf-8"))
    return page


def _foreign(address: str) -> bool:
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme in {"http", "https", "ws", "wss", "ftp"}


def _lost(path: Path, link: str, pages: dict[Path, Page]) -> str | None:
    """Say what is wrong with a link of a page to another place of the site."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    target = target / "index.html" if target.is_dir() else target
    if not target.is_file():
        return "is not there"
    anchor = unquote(parts.fragment)
    page = pages.get(target)
    if anchor and page is not None and anchor not in page.anchors:
        return "has no such anchor"
    return None
