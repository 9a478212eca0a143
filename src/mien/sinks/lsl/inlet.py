"""Markers that another program sends: they are taken as they come, in a thread of their own."""

import threading
from collections.abc import Callable
from typing import Any, Protocol

from mien.errors import MienError, one_line, printable
from mien.sinks.lsl.library import clock_offset

WAIT_SECONDS = 0.5
OPEN_SECONDS = 5.0
CLOSE_SECONDS = 3.0


class Take(Protocol):
    """Takes a marker."""

    def __call__(self, word: str, origin: str, moment: float) -> None:
        """Take what it says, who sent it, and when, in seconds since 1970."""


class MarkerInlet:
    """Listens to the stream of a name, for as long as it takes until it comes.

    A stream that ends is waited for again; so is one that does not answer.
    """

    def __init__(self, lsl: Any, name: str, take: Take, say: Callable[[str], None]) -> None:
        """Begin to listen.

        Args:
            lsl: pylsl, configured.
            name: Of the stream.
            take: Called in a thread of its own with each marker.
            say: Told in one line when the stream comes and goes.
        """
        self._lsl, self._name, self._take, self._say = lsl, name, take, say
        self._offset = clock_offset(lsl)
        self._ending, self._told = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="mien markers", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        self._ending.set()
        self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        shown = printable(self._name)
        try:
            while (inlet := self._found()) is not None:
                self._told = True
                self._say(f"markers come from the stream {shown}")
                try:
                    self._listen(inlet)
                except self._lsl.util.LostError:
                    self._say(f"the marker stream {shown} has ended; the run goes on without it, "
                              "and takes it up if it comes back")  # fmt: skip
        except MienError as error:
            self._say(f"no more markers are written: {error}")
        except Exception as error:  # pylsl has no base of its errors; the run must go on
            self._say(f"no more markers are taken from the stream {shown} ({one_line(error)})")

    def _found(self) -> Any:
        """Return what listens to the stream once it is there; None at the end."""
        while not self._ending.is_set():
            found = self._lsl.resolve_byprop("name", self._name, 1, WAIT_SECONDS)
            inlet = self._opened(found[0]) if found else None
            if inlet is not None:
                return inlet
            if not self._told:
                self._told = True
                self._say(f"waiting for a marker stream called {printable(self._name)}")
        return None

    def _opened(self, info: Any) -> Any:
        # Without its recovery, which waits in silence, the end of a stream is told.
        inlet = self._lsl.StreamInlet(info, recover=False)
        try:
            inlet.open_stream(OPEN_SECONDS)
            inlet.time_correction(OPEN_SECONDS)
        except (self._lsl.util.LostError, self._lsl.util.TimeoutError):
            return None
        return inlet

    def _listen(self, inlet: Any) -> None:
        while not self._ending.is_set():
            values, stamp = inlet.pull_sample(WAIT_SECONDS)
            if values is None:
                continue
            # From the sender's clock to liblsl's of this machine, and to the time of day.
            moment = stamp + inlet.time_correction(OPEN_SECONDS) - self._offset
            self._take(" ".join(map(str, values)), self._name, moment)
