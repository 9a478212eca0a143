"""A headless Chromium, what serves it, its camera, its processor time, and how it is slowed."""

import contextlib
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mien.errors import SettingsError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
)
# They are stopped and run in turns, which are short beside a frame and long beside what it takes to
# stop a process on a busy machine.
MOMENT = 0.012
# How far from the wanted slowness is near enough, and how often it is set again to come there.
NEAR, TRIES = 0.07, 8
LOOPS = 15


def find_browser() -> str:
    """Return the path of a browser.

    Raises:
        SettingsError: There is none, or Playwright is missing.
    """
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError as error:
        raise SettingsError(
            "the page is measured with playwright: pip install playwright"
        ) from error
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise SettingsError(f"needs a browser: none of {', '.join(BROWSERS)} is installed")
    return path


@contextlib.contextmanager
def browsing(clip: Path | None = None) -> Iterator[Any]:
    """Run a browser whose camera shows a clip; yields Playwright's.

    Raises:
        SettingsError: As `find_browser`.
    """
    path = find_browser()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=_flags(clip))
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def visiting(clip: Path, **options: Any) -> Iterator[Any]:
    """Run a browser as its user has it, which has nothing stored yet and keeps what it loads.

    Others keep no code that they compiled.

    Args:
        clip: What its camera shows.
        options: Of Playwright's context, which is what this yields.

    Raises:
        SettingsError: As `find_browser`.
    """
    path = find_browser()
    from playwright.sync_api import sync_playwright

    with (
        tempfile.TemporaryDirectory(prefix="mien-page-") as folder,
        sync_playwright() as playwright,
    ):
        context = playwright.chromium.launch_persistent_context(
            folder, executable_path=path, headless=True, args=_flags(clip), **options
        )
        try:
            yield context
        finally:
            context.close()


def _flags(clip: Path | None) -> list[str]:
    return [*FLAGS, *([] if clip is None else [f"--use-file-for-fake-video-capture={clip}"])]


@dataclass(frozen=True, slots=True)
class Serving:
    """A `mien live` that runs.

    Attributes:
        address: Where its page is.
        pid: Of its process.
    """

    address: str
    pid: int

    def cpu_seconds(self) -> float:
        """Return its processor time until now, all threads; Linux only."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
        return sum(map(int, fields.split()[11:13])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def serving(
    *words: str, command: Sequence[str] = ("live", "--no-browser", "--port", "0")
) -> Iterator[Serving]:
    """Run what serves, by itself `mien live`, with more words of the command line.

    Raises:
        SettingsError: It ended, with what it said.
    """
    line = [sys.executable, "-m", "mien", *command, *words]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        for said in process.stdout:
            found = re.search(r"http://[^\s;]+", said)
            if found:
                yield Serving(found[0], process.pid)
                return
        raise SettingsError(f"mien {command[0]} ended before it said where it is")
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def processes(browser: Any) -> list[dict[str, Any]]:
    """Return the browser's processes: type, id and cpuTime (seconds)."""
    devtools = browser.new_browser_cdp_session()
    found: list[dict[str, Any]] = devtools.send("SystemInfo.getProcessInfo")["processInfo"]
    devtools.detach()
    return found


def cpu_seconds(browser: Any) -> float:
    """Return the processor time of the browser until now, all of its processes."""
    return sum(float(process["cpuTime"]) for process in processes(browser))


class Slow:
    """Stops the processes in which pages and their workers run for most of the time.

    The browser's own throttling slows a page, but not its workers. Here both are slowed as on a
    machine that is so many times slower; what the browser does beside (the camera, drawing) is not.
    """

    def __init__(self, browser: Any) -> None:
        """Slow nothing yet."""
        self.running = 1.0  # share of the time
        self._pids = [p["id"] for p in processes(browser) if p["type"] == "renderer"]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def set(self, times: float, loop: Callable[[], float]) -> float:
        """Slow down until a loop takes so many times as long.

        Args:
            times: How much slower.
            loop: Runs something always the same in the page's worker; returns how long it took.

        Returns:
            How many times as long it takes at last.
        """
        # At its quickest: beside it, what was just loaded is compiled, and others have their turns.
        usual = min(loop() for _ in range(LOOPS))
        self.running = 1 / times
        self._thread.start()
        for _ in range(TRIES):
            factor = statistics.median(loop() for _ in range(5)) / usual
            if abs(factor - times) < NEAR * times:
                break
            # On a busy machine much of it is the others' doing, but never half.
            self.running = min(1.0, max(0.5 / times, self.running * factor / times))
        return factor

    def _run(self) -> None:
        # Whoever may, wakes in time on a busy machine, too.
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -20)
        while not self._ended.is_set():
            self._send(signal.SIGSTOP)
            for pid in self._pids:
                _await_stop(pid)
            time.sleep(MOMENT * (1 - self.running))
            self._send(signal.SIGCONT)
            time.sleep(MOMENT * self.running)

    def _send(self, sign: signal.Signals) -> None:
        for pid in list(self._pids):
            try:
                os.kill(pid, sign)
            except ProcessLookupError:
                self._pids.remove(pid)

    def __enter__(self) -> "Slow":
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let everything run again."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()


def _await_stop(pid: int) -> None:
    """Wait until a process has stopped: on a busy machine it first has to wait for its turn."""
    until = time.monotonic() + 1
    while time.monotonic() < until:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
        except OSError:  # it has ended
            return
        if stat.rpartition(")")[2].split()[0] == "T":
            return
        time.sleep(0.0003)
