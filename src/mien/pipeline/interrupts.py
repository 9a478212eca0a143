"""Ctrl-C at the right moment, and what ends a program as it does."""

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from mien.errors import MienError

Handler = Callable[[int, FrameType | None], object]
# What ends a program besides Ctrl-C: a service manager or a script, and a terminal that closes.
OTHERS = ("SIGTERM", "SIGHUP")
REMINDER = "SIGALRM"  # Windows has none
AGAIN_SECONDS = 1.0


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C, and what ends a program as it does, wait until the end of the block.

    For work that must be whole: a video from which one frame is torn cannot be shown after it.
    Does nothing in other threads, which signals never interrupt.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting = _Waiting()
    try:
        waiting.begin()
        yield
    finally:
        waiting.end()
    if waiting.came:
        waiting.handle(*waiting.came[0])


@contextlib.contextmanager
def ended_like_ctrl_c() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end the block as Ctrl-C does, and let none of them be lost.

    What is ignored stays so: SIGHUP under `nohup`, Ctrl-C in what a script starts in the
    background. Does nothing in other threads, which signals never interrupt.

    Raises:
        KeyboardInterrupt: One came, even if the block ended with an error that it became on its
            way. That a file could not be finished after it is the news, and stays an error.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ending = _Ending()
    try:
        ending.begin()
        yield
    except Exception as error:
        unfinished = isinstance(error, MienError | OSError) and _follows_an_interrupt(error)
        if not ending.came or unfinished:
            raise
        raise KeyboardInterrupt from error
    finally:
        try:
            ending.finish()
        except KeyboardInterrupt:  # one that came before all was set back
            ending.finish()
            raise


@contextlib.contextmanager
def ends_by_ctrl_c() -> Iterator[None]:
    """Take Ctrl-C as the regular end of the block; what follows is not asked to end again."""
    try:
        yield
    except KeyboardInterrupt:
        for owner in {_owner(number) for number in _known("SIGINT", *OTHERS)}:
            if owner is not None:
                owner.heed()


class _Waiting:
    """Notes signals instead of handling them, from `begin` to `end`."""

    def __init__(self) -> None:
        self.came: list[tuple[int, FrameType | None]] = []
        self._holds = True
        self._former: dict[int, Handler] = {}

    def begin(self) -> None:
        reminders = [number for number in _known(REMINDER) if _owner(number) is not None]
        for number in (*_known("SIGINT", *OTHERS), *reminders):
            former = signal.getsignal(number)
            if callable(former):
                self._former[number] = former
                signal.signal(number, self.handle)

    def handle(self, number: int, frame: FrameType | None) -> None:
        if self._holds:
            self.came.append((number, frame))
        else:  # a signal may come between the lines of `end`, and leave one that is not set back
            self._former[number](number, frame)

    def end(self) -> None:
        self._holds = False
        for number, former in self._former.items():
            signal.signal(number, former)


class _Ending:
    """Raises KeyboardInterrupt when a signal comes, and again where nothing came of that.

    Whoever stands between may swallow it: a callback of a C extension, a finaliser, a module that
    is being imported. So a timer asks again, until the block is at its end or on its way there.
    """

    def __init__(self) -> None:
        self.came = False
        self._over = self._late = False  # whether all is being set back, and one came meanwhile
        self._former: dict[int, Handler | int | None] = {}
        self._timer = (0.0, 0.0)

    def begin(self) -> None:
        """Handle what nobody else handles or ignores."""
        self._replace("SIGINT", signal.default_int_handler, self.end)
        for name in OTHERS:
            # Signals are often ignored, as by `nohup`, and that must stay.
            self._replace(name, signal.SIG_DFL, self.forward)

    def end(self, _number: int, _frame: FrameType | None) -> None:
        """End, and make sure of it."""
        if self._over:
            self._late = True
            return
        self.came = True
        for alarm in _known(REMINDER):
            # Known before anything is set: the first reminder may come before the next line.
            if alarm not in self._former:
                self._timer = signal.getitimer(signal.ITIMER_REAL)
                self._former[alarm] = signal.getsignal(alarm)
            signal.signal(alarm, self.remind)
            signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS, AGAIN_SECONDS)
        raise KeyboardInterrupt

    def forward(self, _number: int, frame: FrameType | None) -> None:
        """Do what Ctrl-C does, which a server handles in its own way; end where it is ignored."""
        handler = signal.getsignal(signal.SIGINT)
        (handler if callable(handler) and not self._over else self.end)(signal.SIGINT, frame)

    def remind(self, _number: int, _frame: FrameType | None) -> None:
        """End once more, unless it is ending already: files are then being finished."""
        if not self._over and not _follows_an_interrupt(sys.exception()):
            raise KeyboardInterrupt

    def heed(self) -> None:
        """Let the signal that came be done with."""
        if self.came and hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        self.came = False

    def finish(self) -> None:
        """Set everything back, whatever comes meanwhile, and end for that.

        Raises:
            KeyboardInterrupt: A signal came meanwhile.
        """
        self._over = True
        if any(number in self._former for number in _known(REMINDER)):
            signal.setitimer(signal.ITIMER_REAL, *self._timer)
        for number, former in reversed(self._former.items()):  # Ctrl-C, which may raise then, last
            signal.signal(number, former)
        if self._late:
            raise KeyboardInterrupt

    def _replace(self, name: str, default: object, handler: Handler) -> None:
        for number in _known(name):
            if signal.getsignal(number) is default:
                self._former[number] = signal.signal(number, handler)


def _known(*names: str) -> list[int]:
    """Return the numbers of those signals that this system has."""
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def _owner(number: int) -> "_Ending | None":
    """Return whose method handles a signal."""
    owner = getattr(signal.getsignal(number), "__self__", None)
    return owner if isinstance(owner, _Ending) else None


def _follows_an_interrupt(error: BaseException | None) -> bool:
    """Say whether an exception is an interrupt, or was raised while one was on its way."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__context__
    return False
