"""Real servers for the tests of the page: one for a test, or one that many share."""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator

from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse

from mien.web.app import create_app
from mien.web.guard.security import local_hosts
from mien.web.server import Server, bind
from mien.web.session.services import Services

# A document of the origin in which nothing runs. It names an icon, or a browser asks for one.
BARE = "/bare"
BARE_DOCUMENT = b'<!doctype html><title>bare</title><link rel="icon" href="data:,">'


@contextlib.contextmanager
def serving(services: Services, port: int = 0) -> Iterator[str]:
    """Run a real server; yields its address."""
    with bind("127.0.0.1", port) as listener:
        port = listener.getsockname()[1]
        started = threading.Event()
        app = create_app(services, hosts=local_hosts(port))
        with running(Server(app, on_started=started.set), listener, started):
            yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def running(
    server: Server, listener: socket.socket, started: threading.Event
) -> Iterator[threading.Thread]:
    """Run a server in a thread, end it, and want no error logged."""
    # A server that does not end must not keep the tests from ending.
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    with no_error_logged():
        thread.start()
        try:
            assert started.wait(60), "the server did not start"
            yield thread
        finally:
            # On a busy machine a closed browser takes longer to hang up than a person waits.
            server.config.timeout_graceful_shutdown = 40
            server.should_exit = True
            thread.join(60)
            assert not thread.is_alive(), "the server did not end"


@contextlib.contextmanager
def no_error_logged() -> Iterator[None]:
    """Want a server to log no error while a `with` block lasts."""
    log = LogKeeper(logging.ERROR)
    logging.getLogger("uvicorn.error").addHandler(log)
    try:
        yield
    finally:
        logging.getLogger("uvicorn.error").removeHandler(log)
    # A browser may keep a connection for later, on which it never asked anything: with no task to
    # be cancelled nobody was cut short.
    lines = [line for line in log.lines if not line.startswith("Cancel 0 running task")]
    assert not lines, "\n".join(lines)


class LogKeeper(logging.Handler):
    """Keeps what is logged."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


class SharedServer:
    """A server that tests use one after another, each with services of its own.

    Its end, a new renderer for each new origin and the files of a page, asked for anew, would cost
    several times what most tests do.
    """

    def __init__(self) -> None:
        self.services: Services | None = None
        self.address = ""
        self._sessions = 0

    def __getattr__(self, name: str) -> object:
        """Stand for the services of the test that runs."""
        return getattr(self.services, name)

    @contextlib.contextmanager
    def serving(self, listener: socket.socket) -> Iterator["SharedServer"]:
        """Serve while a `with` block lasts, at the end of which the socket is closed."""
        with listener:
            port = listener.getsockname()[1]
            self.address = f"http://127.0.0.1:{port}"
            app = self._watched(create_app(self, hosts=local_hosts(port)))
            started = threading.Event()
            with running(Server(app, on_started=started.set), listener, started):
                yield self

    @contextlib.contextmanager
    def offering(self, services: Services) -> Iterator[None]:
        """Offer a test's services; in the end all its pages must have been left."""
        self.services = services
        with no_error_logged():
            try:
                yield
            finally:
                end = time.monotonic() + 30
                while self._sessions and time.monotonic() < end:
                    time.sleep(0.002)
                assert not self._sessions, "the session of a page did not end"

    def _watched(self, app):
        """Count the sessions of an application, and let browsers keep the files of its page."""

        async def answer(scope, receive, send) -> None:
            async def send_kept(message) -> None:
                if message["type"] == "http.response.start" and "/static/" in scope["path"]:
                    MutableHeaders(scope=message)["Cache-Control"] = "max-age=3600"
                await send(message)

            if scope["path"] == BARE:
                await HTMLResponse(BARE_DOCUMENT)(scope, receive, send)
                return
            is_session = scope["type"] == "websocket"
            self._sessions += is_session
            try:
                await app(scope, receive, send_kept)
            finally:
                self._sessions -= is_session

        return answer
