"""A window of the page's own, from the start of its browser to its end."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from mien.web.window.browsers import Browser
from mien.web.window.course import Course, Fate

POLL_SECONDS = 0.2
# A browser writes down what it has to keep; one that takes longer is not waited for.
END_SECONDS = 5.0
FLAGS = (
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-sync",
    "--disable-background-mode",  # it ends with its window
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-breakpad",  # a report of a crash would hold what was in memory
    "--disable-features=Translate",
    "--hide-crash-restore-bubble",
    "--password-store=basic",  # no question for a keyring, of which nothing is needed
)


class Window:
    """A browser's window that shows one page, and no more.

    Args:
        browser: What shows it.
        profile: The folder of the browser's settings. They are its own, so that the window is
            opened by a process of its own, and not handed over to a browser that runs already.
        on_closed: Called, in another thread, once somebody has closed the window.
        on_failed: Called likewise, with a reason, where it could not be opened.
    """

    def __init__(
        self,
        browser: Browser,
        profile: Path,
        *,
        on_closed: Callable[[], None],
        on_failed: Callable[[str], None],
    ) -> None:
        self._browser, self._profile = browser, profile
        self._on_closed, self._on_failed = on_closed, on_failed
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = threading.Event()

    def open(self, address: str, is_shown: Callable[[], bool]) -> None:
        """Start the browser, and watch what becomes of it.

        Args:
            address: What it shows.
            is_shown: Returns whether the page is there.
        """
        words = [*self._browser.command, *FLAGS]
        words += [f"--user-data-dir={self._profile}", f"--app={address}"]
        try:
            self._process = _start(words)
        except OSError as error:
            self._on_failed(error.strerror or str(error))
            return
        watch = (self._process, Course(time.monotonic()), is_shown)
        threading.Thread(target=self._watch, args=watch, name="mien window", daemon=True).start()

    def close(self) -> None:
        """End the browser, if it has not ended; it is waited for."""
        self._ending.set()
        if self._process is None or self._process.poll() is not None:
            return
        _ask_to_end(self._process)
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            _kill(self._process)
            self._process.wait()

    def _watch(
        self, process: subprocess.Popen[bytes], course: Course, is_shown: Callable[[], bool]
    ) -> None:
        while not self._ending.wait(POLL_SECONDS):
            status = process.poll()
            match course.judge(time.monotonic(), status, shown=is_shown()):
                case Fate.CLOSED:
                    self._on_closed()
                    return
                case Fate.FAILED:
                    self._on_failed(f"it ended with {status}")
                    return


def _start(words: list[str]) -> subprocess.Popen[bytes]:
    """Start a process which Ctrl-C at this terminal does not reach: it is ended in order."""
    nothing = subprocess.DEVNULL
    group = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    return subprocess.Popen(  # noqa: S603 - a browser that was found, and words of ours
        words,
        stdin=nothing,
        stdout=nothing,
        stderr=nothing,
        start_new_session=os.name == "posix",
        creationflags=group,
    )


def _ask_to_end(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":  # asks its windows to close; to terminate would lose its settings
        words = ["taskkill", "/PID", str(process.pid)]
        subprocess.run(words, capture_output=True, check=False)  # noqa: S603
    else:
        _signal(process, signal.SIGTERM)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        _signal(process, signal.SIGKILL)


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    """Tell all processes of a browser, which a script may have started."""
    if sys.platform != "win32":
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):  # it has ended meanwhile
            process.poll()
