"""A server with fakes at the seams, and a real browser for the page."""

import contextlib
import json
import logging
import shutil
import socket
import struct
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse

from mien.errors import SourceError
from mien.models.occlusion import PartEffect, explain
from mien.protocols import Source
from mien.registry import make_analyzer
from mien.types import Analysis, Box, Face, Frame, PixelArray, Prediction, Quality, Reading
from mien.web.app import create_app
from mien.web.security import local_hosts
from mien.web.server import Server, bind
from mien.web.session import OfferedSource, Services

with warnings.catch_warnings(), contextlib.suppress(RuntimeError):  # where there is no httpx
    # Starlette would rather have httpx's successor, and says so once, when this is first imported.
    warnings.filterwarnings("ignore", message="Using `httpx`")
    import starlette.testclient  # noqa: F401

LABELS = ("angry", "sad", "happy", "neutral")
WHOLE_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Chromium without its windows and menus is quicker by a third.
BROWSERS = ("chromium-headless-shell", *WHOLE_BROWSERS)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--in-process-gpu",  # one process fewer that each drawing passes through
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",  # the camera may be used without asking
)

# The tabs that wait for a test, by their browser, and the most of them.
IDLE: dict[object, "list[Tab]"] = {}
MOST_IDLE = 3
# What may change in a tab that is open, and how it is at first; all else asks for a new one. What
# moves for a quarter of a second is drawn fifteen times: only tests that are about it wait for it.
MEDIA = {"color_scheme": "light", "reduced_motion": "reduce", "contrast": "no-preference"}
# What the page stored for its tab alone, the browser itself cannot clear.
FORGET = "() => { sessionStorage.clear(); return location.origin; }"
# A document of the origin in which nothing runs. It names an icon, or a browser asks for one.
BARE = "/bare"
BARE_DOCUMENT = b'<!doctype html><title>bare</title><link rel="icon" href="data:,">'

# Counts the pictures that the server has not answered yet.
COUNT_PICTURES = """
window.waiting = window.most = 0;
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  if (!this.counted) {
    this.addEventListener("message", ({ data }) => {
      if (String(data).startsWith('{"type":"analysis"')) window.waiting -= 1;
    });
    this.counted = true;
  }
  if (typeof data !== "string") window.most = Math.max(window.most, ++window.waiting);
  return send.call(this, data);
};
"""

HURRY = """
const later = window.setTimeout;
window.setTimeout = (call, wait, ...given) => later(call, wait / 10, ...given);
"""


class FakeAnalyze:
    """Sees one face in the middle of every bright picture: happy from mid-gray on, else sad."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    def __call__(self, frame: Frame) -> Analysis:
        self.frames.append(frame)
        width, height = frame.size
        brightness = float(frame.image.mean())
        label = "happy" if brightness > 128 else "sad"
        chances = tuple(0.7 if name == label else 0.1 for name in LABELS)
        face = Face(Box(width * 0.3, height * 0.2, width * 0.7, height * 0.9), 0.9)
        prediction = Prediction(LABELS, chances)
        reading = Reading(1, face, prediction, prediction, label, Quality(100, 50, brightness))
        readings = (reading,) if brightness > 10 else ()
        timings = {"detect": 0.002}
        return Analysis(frame.index, frame.timestamp, frame.source, frame.size, readings, timings)


@dataclass
class FakeSource(Source):
    """Gray frames; knows whether it was closed."""

    count: int = 1_000_000
    per_second: int = 10
    gray: int = 200
    breaks_off: bool = False
    live: bool = False
    name: str = "fake"
    closed: threading.Event = field(default_factory=threading.Event)

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self.count):
            yield Frame(gray_picture(self.gray), index, index / self.per_second, self.name)
        if self.breaks_off:
            raise SourceError("fake: the camera was unplugged; plug it in")

    def close(self) -> None:
        self.closed.set()


def gray_picture(gray: int, size: tuple[int, int] = (320, 180)) -> PixelArray:
    return np.full((size[1], size[0], 3), gray, np.uint8)


def encoded(gray: int, size: tuple[int, int] = (320, 180)) -> bytes:
    return bytes(cv2.imencode(".jpg", gray_picture(gray, size))[1])


def fake_explain(image: PixelArray, face: Face) -> tuple[PartEffect, ...]:
    """Always the mouth, which is the lower third of the box."""
    x1, y1, x2, y2 = face.box.to_tuple()
    top = y2 - (y2 - y1) / 3
    region = np.array([[x1, top], [x2, top], [x2, y2], [x1, y2]], np.float32)
    return PartEffect("mouth", 0.5, region), PartEffect("eyes", 0.0, region - 10)


@pytest.fixture
def source() -> FakeSource:
    return FakeSource()


@pytest.fixture(scope="session")
def with_header() -> Callable[..., bytes]:
    """A binary message of the page."""

    def make(header: object, picture: bytes) -> bytes:
        text = json.dumps(header).encode()
        return struct.pack(">I", len(text)) + text + picture

    return make


@pytest.fixture(scope="session")
def picture_message(with_header) -> Callable[..., bytes]:
    """What the page sends of its camera."""

    def make(timestamp: float, gray: int = 200, size: tuple[int, int] = (320, 180)) -> bytes:
        return with_header({"type": "grab", "time": timestamp}, encoded(gray, size))

    return make


@pytest.fixture(scope="session")
def still_message(with_header) -> Callable[..., bytes]:
    """What the page sends of a picture by itself."""

    def make(number: int, gray: int = 200, **more: object) -> bytes:
        return with_header({"type": "picture", "id": number, **more}, encoded(gray))

    return make


@pytest.fixture
def analyzers() -> list[FakeAnalyze]:
    """All analyzers that the server made."""
    return []


@pytest.fixture
def services(source: FakeSource, analyzers: list[FakeAnalyze]) -> Services:
    def make_analyzer() -> FakeAnalyze:
        analyzers.append(FakeAnalyze())
        return analyzers[-1]

    sources = {"sample": OfferedSource("the sample", lambda _: source)}
    return Services(LABELS, make_analyzer, fake_explain, sources)


@pytest.fixture(scope="session")
def real_services() -> Callable[..., Services]:
    """Join a real detector and classifier."""

    def make(detector, classifier, info, sources=()) -> Services:
        return Services(
            classifier.labels,
            lambda: make_analyzer(detector, classifier, info),
            lambda image, face: explain(image, face, classifier),
            dict(sources),
        )

    return make


@pytest.fixture(scope="session")
def serve() -> Callable[..., contextlib.AbstractContextManager[str]]:
    """Run a real server while a `with` block lasts."""
    return serving


@contextlib.contextmanager
def serving(services: Services, port: int = 0) -> Iterator[str]:
    """Run a real server; yields its address."""
    with bind("127.0.0.1", port) as listener:
        port = listener.getsockname()[1]
        started = threading.Event()
        app = create_app(services, hosts=local_hosts(port))
        with running(Server(app, on_started=started.set), listener, started):
            yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def run_server() -> Callable[..., contextlib.AbstractContextManager[threading.Thread]]:
    """Run a server, and what is beside it, while a `with` block lasts."""
    return running


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
            server.should_exit = True
            thread.join(10)
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
    assert not log.lines, "\n".join(log.lines)


class LogKeeper(logging.Handler):
    """Keeps what is logged."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def address(services: Services) -> Iterator[str]:
    with serving(services) as url:
        yield url


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
    def serving(self) -> Iterator["SharedServer"]:
        """Serve while a `with` block lasts."""
        with bind("127.0.0.1", 0) as listener:
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


@pytest.fixture(scope="module")
def shared_server() -> Iterator[SharedServer]:
    """A server for the pages of one module."""
    with SharedServer().serving() as server:
        yield server


def find_browser(names: tuple[str, ...]) -> str:
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip(f"needs a browser: none of {', '.join(names)} is installed")
    return path


@pytest.fixture(scope="module")
def playwright_api():
    """Playwright; no longer than one module, because no event loop can run beside it."""
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with api.sync_playwright() as playwright:
        yield playwright


@pytest.fixture
def expect(playwright_api):
    from playwright.sync_api import expect

    expect.set_options(timeout=45_000)
    return expect


@pytest.fixture(scope="module")
def launch(playwright_api):
    """Start a browser with so many fake cameras, whose picture moves or is a file's.

    A whole one is as its users have it.
    """

    def start(*, cameras: int = 1, film: Path | None = None, whole: bool = False):
        camera = f"--use-fake-device-for-media-stream=fps=10,device-count={cameras}"
        flags = [*FLAGS, camera, *([f"--use-file-for-fake-video-capture={film}"] if film else [])]
        path = find_browser(WHOLE_BROWSERS if whole else BROWSERS)
        return playwright_api.chromium.launch(executable_path=path, headless=True, args=flags)

    return start


@pytest.fixture(scope="module")
def browser(launch):
    with launch() as browser:
        yield browser


@pytest.fixture
def open_page(browser, open_in):
    """Open a page that must stay clean: no error in its console, no request to another host.

    It is of the test's `services`, or of others that are given; it may run a `script` first, and
    have options of Playwright's contexts.
    """
    with open_in(browser) as open_one:
        yield open_one


@pytest.fixture
def open_in(shared_server, services):
    """As `open_page`, in any browser, while a `with` block lasts."""

    @contextlib.contextmanager
    def opening(browser) -> Iterator[Callable]:
        def open_page(path="/", *, services: Services = services, **options: object):
            shared_server.services = services
            return open_one(shared_server.address + path, **options)

        with shared_server.offering(services), watched_pages(browser) as open_one:
            yield open_page

    return opening


@pytest.fixture
def bare_page(open_page):
    """A page of the server in which nothing runs, to import single modules of the page into."""
    return open_page(BARE)


@pytest.fixture(scope="session")
def watch_pages():
    """As `open_page`, for any browser and address: for a test whose server is its own."""
    return watched_pages


@pytest.fixture(scope="session")
def count_pictures() -> str:
    """A script that keeps count in the page, as `waiting`, and as `most` at any time."""
    return COUNT_PICTURES


@pytest.fixture(scope="session")
def hurry() -> str:
    """A script that makes the page's timers run ten times as fast."""
    return HURRY


@pytest.fixture(scope="session")
def violations():
    """What keeps people from using a page, as axe-core finds it by the rules of WCAG 2.2 AA."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="needs axe-playwright-python"
    ).Axe()
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    options = {
        "runOnly": {"type": "tag", "values": tags},
        "rules": {"target-size": {"enabled": True}},
        "resultTypes": ["violations"],
    }

    def find(page, *themes: str) -> list[tuple[str, list[str]]]:
        """Look by all rules, and then in other themes by the one that colours can break."""
        if not page.evaluate("'axe' in window"):
            page.evaluate(axe.axe_script)
        found = page.evaluate(VIOLATIONS, [options, themes])
        return [(rule, elements) for rule, elements in found]

    return find


VIOLATIONS = """async ([options, themes]) => {
    const root = document.documentElement, before = root.dataset.theme;
    const {violations} = await axe.run(document, options);
    for (const theme of themes) {
        root.dataset.theme = theme;
        document.getAnimations().forEach(one => one.effect.getComputedTiming().endTime < Infinity
            && one.finish());
        const {violations: more} = await axe.run(
            document,
            {runOnly: ["color-contrast", "link-in-text-block"], resultTypes: ["violations"]});
        violations.push(...more);
    }
    root.dataset.theme = before;
    return violations.map(({id, nodes}) => [id, nodes.map(({html}) => html)]);
}"""


@contextlib.contextmanager
def watched_pages(browser, *, allowed: str = "") -> Iterator[Callable]:
    """Yield a function that opens pages; in the end all are checked and left to the next test.

    Errors in the console that contain `allowed` are expected, where it is given.
    """
    from playwright.sync_api import Error

    tabs, errors, hosts = [], [], set()
    watch = {
        "pageerror": lambda error: errors.append(str(error)),
        "console": lambda line: errors.append(line.text) if line.type == "error" else None,
        "request": lambda request: hosts.add(request.url.split("/")[2]),
        "websocket": lambda socket: hosts.add(socket.url.split("/")[2]),
    }

    def open_one(url: str, *, script: str = "", **options: object):
        view = {name: options.pop(name) for name in ("viewport", *MEDIA) if name in options}
        tabs.append(take_tab(browser, options))
        return tabs[-1].open(url, script, watch, **view)

    try:
        yield open_one
        for tab in tabs:
            for page in tab.context.pages:
                page.evaluate("1")  # whatever was on its way has arrived now
    except BaseException:
        for tab in tabs:
            tab.context.close()
        raise
    for tab in tabs:
        try:
            tab.leave()
        except Error:
            tab.context.close()  # what cannot be left as new is not used again
        else:
            IDLE[browser].append(tab)
    while len(IDLE.get(browser, [])) > MOST_IDLE:
        IDLE[browser].pop(0).context.close()
    unexpected = [error for error in errors if not (allowed and allowed in error)]
    assert not unexpected, unexpected
    assert len(hosts) <= 1, f"the page asked {hosts}"


class Tab:
    """A page in a context of its own, which tests use one after another.

    A new one costs several times what it costs to load the same one again.
    """

    def __init__(self, browser, options: dict[str, object]) -> None:
        self.options = options
        # A quarter of the pixels is drawn in less time; nothing is laid out otherwise.
        self.context = browser.new_context(**{"device_scale_factor": 0.5, **MEDIA, **options})
        self.page = self.context.new_page()
        self._devtools = self.context.new_cdp_session(self.page)
        self._devtools.send("Page.enable")  # without it, scripts are kept but never run
        self._size = self.page.viewport_size
        self._script = ""
        self._media: dict[str, str] = {}
        self._listeners: list[tuple[str, Callable]] = []
        self.page.on = self._listen

    def _listen(self, event: str, listener: Callable) -> None:
        """Stand for the page's `on`, so that no listener outlives its test."""
        self._listeners.append((event, listener))
        type(self.page).on(self.page, event, listener)

    def open(self, url: str, script: str, watch: dict[str, Callable], *, viewport=None, **media):
        """Load a page, after a script, in a window and with what its user prefers; returns it."""
        for event, listener in watch.items():
            self._listen(event, listener)
        if viewport:
            self.page.set_viewport_size(viewport)
        if media:
            self.page.emulate_media(**media)
            self._media = {name: MEDIA[name] for name in media}
        if script:
            made = self._devtools.send("Page.addScriptToEvaluateOnNewDocument", {"source": script})
            self._script = made["identifier"]
        self.page.goto(url)
        return self.page

    def leave(self) -> None:
        """Be as new: nothing stored, no script, no listener, and as large as at first."""
        for page in self.context.pages:
            if page is not self.page:
                page.close()
        if self._script:
            self._devtools.send(
                "Page.removeScriptToEvaluateOnNewDocument", {"identifier": self._script}
            )
            self._script = ""
        origin = self.page.evaluate(FORGET)
        for event, listener in self._listeners:
            self.page.remove_listener(event, listener)
        self._listeners.clear()
        self._go_from(origin)
        everything = {"origin": origin, "storageTypes": "all"}
        self._devtools.send("Storage.clearDataForOrigin", everything)
        self.context.clear_cookies()
        if self.page.viewport_size != self._size:
            self.page.set_viewport_size(self._size)
        if self._media:
            self.page.emulate_media(**self._media)
            self._media = {}

    def _go_from(self, origin: str) -> None:
        """Leave the page, but not its origin: another one would have another renderer."""
        from playwright.sync_api import Error

        try:
            self.page.goto(origin + BARE)
        except Error:  # its server has ended
            self.page.goto("about:blank")


def take_tab(browser, options: dict[str, object]) -> Tab:
    """Take a tab that no test uses, or make one."""
    if browser not in IDLE:
        IDLE[browser] = []
        browser.once("disconnected", lambda _: IDLE.pop(browser))
    for tab in IDLE[browser]:
        if tab.options == options:
            IDLE[browser].remove(tab)
            return tab
    return Tab(browser, options)
