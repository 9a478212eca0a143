"""Python's warnings kept quiet while pictures are decoded, in however many threads.

`warnings.catch_warnings` alone puts back what was there when it began: of two threads the one that
ends last would put back the silence of the other, for the whole program and for good.
"""

import contextlib
import threading
import warnings
from collections.abc import Iterator


class Silence:
    """Ignores warnings from when the first thread enters until the last one leaves."""

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._stack = contextlib.ExitStack()

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Ignore warnings inside."""
        with self._lock:
            if not self._inside:
                self._stack.enter_context(warnings.catch_warnings())
                warnings.simplefilter("ignore")
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if not self._inside:
                    self._stack.close()


# One for all, as Python's filters of warnings are.
SILENCE = Silence()
