"""A server with fakes at the seams, and a real browser for the page."""

import asyncio
import contextlib
import functools
import json
import shutil
import socket
import struct
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.web import axe
from tests.web.fakes import LABELS, FakeAnalyze, FakeSource, encoded, fake_explain
from tests.web.hosts import Host
from tests.web.servers import BARE, SharedServer, running, serving
from tests.web.tabs import watched_pages

from mien.cli import main
from mien.errors import SettingsError
from mien.models.occlusion import explain
from mien.registry import make_analyzer
from mien.web.page import runtime
from mien.web.server import bind
from mien.web.session.services import OfferedSource, Services

with warnings.catch_warnings(), contextlib.suppress(RuntimeError):  # where there is no httpx
    # Starlette would rather have httpx's successor, and says so once, when this is first imported.
    warnings.filterwarnings("ignore", message="Using `httpx`")
    import starlette.testclient  # noqa: F401

WHOLE_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Chromium without its windows and menus is quicker by a third.
BROWSERS = ("chromium-headless-shell", *WHOLE_BROWSERS)
FAKE_CHOICE = "--use-fake-ui-for-media-stream"  # the camera may be used without asking
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--in-process-gpu",  # one process fewer that each drawing passes through
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    FAKE_CHOICE,
)


# In the longer of its timeouts Playwright looks again only each half a second: in these, in
# milliseconds, each 50 ms and each 100 ms.
SHORT_TIMEOUTS = (499, 2499)

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


class Impatient:
    """What Playwright expects of a part of a page, looked at more often in the first seconds."""

    def __init__(self, expect: Callable[[object], object], part: object) -> None:
        self._assertions = expect(part)

    def __getattr__(self, name: str) -> Callable[..., None]:
        check = getattr(self._assertions, name)

        def check_often(*given: object, **options: object) -> None:
            for timeout in SHORT_TIMEOUTS:
                with contextlib.suppress(AssertionError):
                    return check(*given, **options | {"timeout": timeout})
            return check(*given, **options)

        return check_often


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


@pytest.fixture(scope="session")
def run_server() -> Callable[..., contextlib.AbstractContextManager[threading.Thread]]:
    """Run a server, and what is beside it, while a `with` block lasts."""
    return running


@pytest.fixture
def address(services: Services) -> Iterator[str]:
    with serving(services) as url:
        yield url


@pytest.fixture(scope="session")
def listener() -> Iterator[socket.socket]:
    """Where the shared servers of all modules are, so that browsers keep what they have of them."""
    with bind("127.0.0.1", 0) as listener:
        yield listener


@pytest.fixture(scope="module")
def shared_server(listener: socket.socket) -> Iterator[SharedServer]:
    """A server for the pages of one module."""
    with SharedServer().serving(listener.dup()) as server:
        yield server


def find_browser(names: tuple[str, ...]) -> str:
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip(f"needs a browser: none of {', '.join(names)} is installed")
    return path


@contextlib.contextmanager
def counted_as_running(loop: asyncio.AbstractEventLoop | None) -> Iterator[None]:
    """Let an event loop be the one that runs in this thread: no other can run beside it."""
    before = asyncio._get_running_loop()
    asyncio._set_running_loop(loop)
    try:
        yield
    finally:
        asyncio._set_running_loop(before)


@pytest.fixture(scope="session")
def one_playwright():
    """Playwright and its event loop, which rests between the modules that use it."""
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with api.sync_playwright() as playwright:
        loop = asyncio.get_running_loop()
        with counted_as_running(None):
            yield playwright, loop


@pytest.fixture(scope="module")
def playwright_api(one_playwright):
    """Playwright, while the tests of a module run."""
    playwright, loop = one_playwright
    with counted_as_running(loop):
        yield playwright


@pytest.fixture
def expect(playwright_api):
    """Playwright's `expect`, which looks again sooner."""
    from playwright.sync_api import expect

    expect.set_options(timeout=45_000)
    return functools.partial(Impatient, expect)


@pytest.fixture(scope="module")
def launch(playwright_api):
    """Start a browser; `launched` says how."""
    return functools.partial(launched, playwright_api)


def launched(
    playwright, *, cameras: int = 1, film: Path | None = None, whole: bool = False, shares=False
):
    """Start a browser with so many fake cameras, whose picture moves or is a file's.

    A whole one is as its users have it; one that `shares` lets a page capture its own tab unasked.
    """
    camera = f"--use-fake-device-for-media-stream=fps=10,device-count={cameras}"
    flags = [*FLAGS, camera, *([f"--use-file-for-fake-video-capture={film}"] if film else [])]
    if shares:  # where cameras are fakes, so are windows
        flags = [*(set(FLAGS) - {FAKE_CHOICE}), "--auto-accept-this-tab-capture"]
    path = find_browser(WHOLE_BROWSERS if whole else BROWSERS)
    return playwright.chromium.launch(executable_path=path, headless=True, args=flags)


@pytest.fixture(scope="session")
def one_browser(one_playwright):
    """A browser for all modules, each of which would wait for seconds for one of its own."""
    playwright, loop = one_playwright
    with counted_as_running(loop):
        browser = launched(playwright)
    yield browser
    with counted_as_running(loop):
        browser.close()


@pytest.fixture(scope="module")
def browser(playwright_api, one_browser):
    return one_browser


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
def page_runtime() -> None:
    """Skip where the package lacks what a page needs to read by itself."""
    try:
        runtime.check()
    except SettingsError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def exported(tmp_path_factory, page_runtime) -> Path:
    """The folder of a host, with the exported site in a folder of it."""
    root = tmp_path_factory.mktemp("host")
    assert main(["export-site", str(root / "a" / "folder"), "-q"]) == 0
    return root


@pytest.fixture
def host(exported: Path) -> Iterator[Host]:
    """A host of the exported site."""
    host = Host(exported)
    yield host
    host.end()


@pytest.fixture(scope="session")
def count_pictures() -> str:
    """A script that keeps count in the page, as `waiting`, and as `most` at any time."""
    return COUNT_PICTURES


@pytest.fixture(scope="session")
def hurry() -> str:
    """A script that makes the page's timers run ten times as fast."""
    return HURRY


@pytest.fixture(scope="session")
def violations() -> Callable[..., list[tuple[str, list[str]]]]:
    """What keeps people from using a page, as `axe.find` finds it."""
    module = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="needs axe-playwright-python"
    )
    return functools.partial(axe.find, module.Axe().axe_script)
