"""A plain static host on this machine, which compresses as hosts do and counts what it sends."""

import gzip
import mimetypes
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from mien.web.page import page_files

TYPES = {**page_files.TYPES, ".webmanifest": "application/manifest+json"}
# With these, a page may share memory with its workers, and so compute on several threads.
ISOLATED = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}
Read = Callable[[str], bytes | None]


@dataclass
class Host:
    """Files on 127.0.0.1.

    Attributes:
        read: Returns a file by its path without the first slash; None where there is none.
        headers: What is sent with each, by the beginning of its path; later ones win.
        address: Where it is, once it runs.
        sent: Bytes of the bodies that were sent, as they went over the line.
    """

    read: Read
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    address: str = ""
    sent: int = 0
    _kept: dict[str, bytes] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def body(self, name: str) -> bytes | None:
        """Return a file, compressed; it is compressed once."""
        if name not in self._kept:
            data = self.read(name)
            if data is None:
                return None
            self._kept[name] = gzip.compress(data, 9, mtime=0)
        return self._kept[name]

    def count(self, size: int) -> None:
        """Add to what was sent."""
        with self._lock:
            self.sent += size

    def headers_of(self, path: str) -> dict[str, str]:
        """Return what is sent with a path that begins with a slash."""
        found: dict[str, str] = {}
        for start, headers in self.headers.items():
            if path.startswith(start):
                found |= headers
        return found


@contextmanager
def hosting(read: Read, headers: Mapping[str, Mapping[str, str]] | None = None) -> Iterator[Host]:
    """Run a host while a `with` block lasts."""
    host = Host(read, headers or {})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            name = path.removeprefix("/") or "index.html"
            body = host.body(name)
            self.send_response(404 if body is None else 200)
            data = body or b""
            self.send_header("Content-Length", str(len(data)))
            if body is not None:
                host.count(len(data))
                self.send_header("Content-Type", _type(name))
                self.send_header("Content-Encoding", "gzip")
                for key, value in host.headers_of(path).items():
                    self.send_header(key, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    host.address = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()


def _type(name: str) -> str:
    suffix = f".{name.rpartition('.')[2]}"
    known = TYPES.get(suffix) or mimetypes.guess_type(name)[0]
    return known or "application/octet-stream"
