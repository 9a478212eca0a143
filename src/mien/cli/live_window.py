"""`mien live --window`: the page in a window of its own, which lives as long as the command."""

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from mien.cli.console import err
from mien.errors import SettingsError, printable
from mien.pipeline.interrupts import uninterrupted
from mien.web.server import Server
from mien.web.window.browsers import Browser, find_browser
from mien.web.window.presence import Presence
from mien.web.window.profile import profile_of
from mien.web.window.window import Window

if TYPE_CHECKING:
    from mien.cli.live import LiveOptions

INSTEAD = "the page opens in your browser instead, and Ctrl-C ends mien"


def check(options: "LiveOptions") -> None:
    """Refuse what cannot go together.

    Raises:
        SettingsError: A window is asked for, and none; or with an address that nobody may see.
    """
    if not options.window:
        return
    if not options.browser:
        raise SettingsError("--window opens a window, --no-browser none: leave out one of the two")
    if options.token:
        raise SettingsError(
            "--window would show the token to every user of this machine, in the words that its "
            "browser is started with: leave out one of the two"
        )


def find(options: "LiveOptions", *, has_screen: bool) -> Browser | None:
    """Return what shows the window that was asked for; say aloud where there is nothing.

    Args:
        options: Of the command.
        has_screen: Whether there is one: where not, that is said already.
    """
    if not (options.window and has_screen):
        return None
    browser = find_browser()
    if browser is None:
        err.print(f"--window needs Chromium, Chrome or Edge, and none was found: {INSTEAD}")
    return browser


class Show:
    """The window of a server, or nothing where there is no browser for one."""

    def __init__(self, open_tab: Callable[[], None]) -> None:
        """Begin without a window.

        Args:
            open_tab: Opens the page in any browser.
        """
        self._open_tab = open_tab
        self.window: Window | None = None
        self._browser = ""
        self._server: Server | None = None
        self._presence: Presence | None = None

    @contextlib.contextmanager
    def made_for(self, browser: Browser | None) -> Iterator[None]:
        """Have a window ready to be opened, and close it at the end."""
        if browser is None:
            yield
            return
        self._browser = browser.name
        with profile_of(browser) as profile:
            self.window = Window(browser, profile, on_closed=self._end, on_failed=self._fail)
            try:
                yield
            finally:
                with uninterrupted():
                    self.window.close()

    def watched(self, app: Starlette, *, talks: bool) -> Starlette | Presence:
        """Return an application that tells whether its page is there, where a window is watched."""
        if self.window is None:
            return app
        self._presence = Presence(app, talks=talks)
        return self._presence

    def ends(self, server: Server) -> Server:
        """Take the server that is to end with the window."""
        self._server = server
        return server

    def open(self, address: str) -> None:
        """Open the window, or the page in any browser where there is none."""
        presence = self._presence
        if self.window is None or presence is None:
            self._open_tab()
        else:
            self.window.open(address, lambda: presence.shown)

    def _end(self) -> None:
        if self._server is not None:
            self._server.should_exit = True

    def _fail(self, reason: str) -> None:
        told = printable(f"{self._browser} could not open a window ({reason})")
        err.print(f"{told}: {INSTEAD}", markup=False)
        self._open_tab()
