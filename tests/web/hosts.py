"""A host of the exported site, which knows nothing of mien."""

import functools
import http.server
import threading
from pathlib import Path


class Handler(http.server.SimpleHTTPRequestHandler):
    """A plain static server, which says nothing."""

    def log_message(self, *_: object) -> None:
        """Keep still."""


class Host:
    """A host of a folder, which can be cut off and come back at the same address."""

    def __init__(self, folder: Path) -> None:
        self._handler = functools.partial(Handler, directory=str(folder))
        self._port = 0
        self._server: http.server.ThreadingHTTPServer | None = None

    def begin(self) -> str:
        """Serve, and return the address of the site, which is in a folder of the host."""
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self._port), self._handler)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._port}/a/folder/"

    def end(self) -> None:
        """Serve no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
