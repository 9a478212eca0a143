"""Tabs of a browser, which tests use one after another and leave as new."""

import contextlib
from collections.abc import Callable, Iterator

from tests.web.servers import BARE

# The tabs that wait for a test, by their browser, and the most of them.
IDLE: dict[object, "list[Tab]"] = {}
MOST_IDLE = 3
# What may change in a tab that is open, and how it is at first; all else asks for a new one. What
# moves for a quarter of a second is drawn fifteen times: only tests that are about it wait for it.
MEDIA = {"color_scheme": "light", "reduced_motion": "reduce", "contrast": "no-preference"}
# What the page stored for its tab alone, the browser itself cannot clear.
FORGET = "() => { sessionStorage.clear(); return location.origin; }"


@contextlib.contextmanager
def watched_pages(browser, *, allowed: str = "") -> Iterator[Callable]:
    """Yield a function that opens pages; in the end all are checked and left to the next test.

    Errors in the console that contain `allowed` are expected, where it is given. A request to
    another host is one, because the tests' browsers know of none: to listen to all requests takes
    a sixth of the time in which a page starts.
    """
    from playwright.sync_api import Error

    tabs, errors, hosts = [], [], set()
    watch = {
        "pageerror": lambda error: errors.append(str(error)),
        "console": lambda line: errors.append(line.text) if line.type == "error" else None,
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
