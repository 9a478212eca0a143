"""The files that the page is made of: kept in memory, and compressed once.

A page is some thirty small files. Opened, read and compressed for each request they cost three
times what they cost from here, and that is what a phone waits for.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mien.web.page import colours, looks_files, notice, words

STATIC = (Path(__file__).parents[1] / "static").resolve()
INDEX = "index.html"
# Where it loads all modules that it does not name, at once and not one after the other.
OTHERS = "<!-- all other modules -->"
# But for workers, drawings and teaching: loaded when they are needed, or when there is time.
LATER = (
    "live/shows/ticker.js",
    "live/teaching/",
    "core/zip.js",
    "practice/drawn/",
    "engine/",
    "site/",
)
# What of that the page itself needs, too.
SHARED = ("engine/vision/boxes.js", "engine/vision/parts.js")
# By whom faces are read, as index.html says it.
BY_SERVER, BY_BROWSER = (f'<meta name="engine" content="{name}">' for name in ("server", "browser"))
# To compress what is large takes longer than to send it to this machine.
LARGE = 4_000_000
# `mimetypes` asks the system, and Windows' registry may call JavaScript text/plain.
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".wasm": "application/wasm",
}
# Made from what Python reads, too.
MADE: dict[str, Callable[[], bytes]] = {
    "style/colours.css": colours.by_theme,
    "style/code-colours.css": colours.by_preference,
    "generated/table.js": looks_files.module,
    "generated/languages.js": words.module,
    "notice.html": lambda: notice.to_html().encode(),
}
# Of a page beside the page itself: its own policy, stricter but for its style.
POLICIES = {"notice.html": f"{notice.POLICY}; frame-ancestors 'none'"}


@dataclass(frozen=True, slots=True)
class _File:
    plain: bytes
    compressed: bytes | None
    etag: str
    media_type: str | None


def answer(request: Request, besides: Mapping[str, bytes] | None = None) -> Response:
    """Answer with the file that the `path` of a route names, or with the page itself.

    Args:
        request: What is asked for.
        besides: More files, by name, of a page that reads faces in the browser; None for one whose
            faces the server reads.

    Raises:
        HTTPException: There is no such file.
    """
    name = request.path_params.get("path", INDEX)
    file = _find(name, besides)
    if file is None:
        raise HTTPException(404)
    headers = {"ETag": file.etag, "Vary": "Accept-Encoding"}
    if name in POLICIES:
        headers["Content-Security-Policy"] = POLICIES[name]
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = file.plain
    if file.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        body = file.compressed
        headers["Content-Encoding"] = "gzip"
    return Response(body, headers=headers, media_type=file.media_type)


def modules() -> list[str]:
    """Return the names of the modules that a page loads at once."""
    files = [path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.js")]
    scripts = [name for name in [*files, *MADE] if name.endswith(".js")]
    return sorted(name for name in scripts if name in SHARED or not name.startswith(LATER))


def index(*, by_browser: bool = False) -> str:
    """Return the page itself, which names all that it loads at once as `/static/…`."""
    page = (STATIC / INDEX).read_text(encoding="utf-8")
    others = (f"/static/{name}" for name in modules() if f'"/static/{name}"' not in page)
    links = (f'<link rel="modulepreload" href="{module}">' for module in others)
    page = page.replace(OTHERS, "\n  ".join(links))
    return page.replace(BY_SERVER, BY_BROWSER) if by_browser else page


def _find(name: str, besides: Mapping[str, bytes] | None) -> _File | None:
    if name in MADE:
        return _pack(name, MADE[name]())
    if besides and name in besides:
        return _pack(name, besides[name])
    try:
        if name == INDEX:
            return _pack(name, index(by_browser=besides is not None).encode())
        path = (STATIC / name).resolve()
        return _read(path, path.stat().st_mtime_ns) if path.is_relative_to(STATIC) else None
    except (OSError, ValueError):  # the latter for a name that no file can have
        return None


@lru_cache
def _read(path: Path, _changed: int) -> _File:
    """Read a file; once more after it has changed, so that who edits it sees that in a browser."""
    return _pack(path.name, path.read_bytes())


@lru_cache
def _pack(name: str, plain: bytes) -> _File:
    media_type = TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0]
    digest = hashlib.sha256(plain).hexdigest()[:32]
    compressed = gzip.compress(plain, mtime=0) if len(plain) <= LARGE else None
    return _File(plain, compressed, f'"{digest}"', media_type)
