"""A worker process: how it is started, what it does, and how it ends.

Started anew (`spawn`) rather than forked: a fork of a process that has threads may wait for ever
for what they held. It ends with whoever started it, also where that was killed.
"""

import _thread
import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

from mien.archive.work import Done, Work, attempt
from mien.errors import EngineError, one_line

T = TypeVar("T")
R = TypeVar("R")
# For what is being written to be removed, which takes no longer than a frame.
ENDING_SECONDS = 5.0


class EndedError(Exception):
    """A worker process has ended, though it was not asked to; the message says how."""


class NotStartedError(Exception):
    """What a worker is to do cannot be loaded; the message says why."""


class Worker(Generic[T, R]):
    """One process with its end of a pipe."""

    def __init__(self, work: Work[T, R]) -> None:
        """Start it.

        Args:
            work: What it does.

        Raises:
            EngineError: The system has no room for one more.
        """
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, work), name="mien worker", daemon=True
        )
        # What a terminal sends to all of its processes is the first one's to handle.
        try:
            with _held_back("SIGINT"):
                self._process.start()
        except OSError as error:  # no more processes, or too little memory for one
            self.connection.close()
            raise EngineError(f"no worker process can be started: {error.strerror}") from error
        finally:
            theirs.close()

    def give(self, task: T) -> None:
        """Hand over a task; that the worker has ended is told by `take`."""
        with contextlib.suppress(OSError):
            self.connection.send(task)

    def take(self) -> Done[T, R] | None:
        """Return what came of a task; None once, as the first: it is ready for one.

        Raises:
            EndedError: The process has ended.
            NotStartedError: The work cannot be loaded.
        """
        try:
            message = self.connection.recv()
        except (EOFError, OSError) as error:
            self._process.join(ENDING_SECONDS)
            raise EndedError(_how(self._process.exitcode)) from error
        if isinstance(message, str):
            raise NotStartedError(message)
        assert message is None or isinstance(message, Done)  # noqa: S101 - for the type checker
        return message

    def leave(self) -> None:
        """Tell it that there is nothing more to do."""
        self.connection.close()

    def end(self) -> None:
        """Ask it to end with what it is doing."""
        self.connection.close()
        self._process.terminate()

    def wait(self) -> None:
        """Wait for its end, and then no longer."""
        self._process.join(ENDING_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()


@contextlib.contextmanager
def _held_back(*names: str) -> Iterator[None]:
    """Hold back signals, here until the end of the block, in what is started in it for good."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    numbers = [getattr(signal, name) for name in names]
    former = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def _serve(connection: Connection, work: Work[Any, Any]) -> None:
    """Be a worker."""
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_end_with_parent, name="mien parent", daemon=True).start()
    with contextlib.suppress(EOFError, ConnectionError):  # nobody is left who would give or take
        try:
            call = work.start()
        except Exception as error:  # whatever it is, it is said by who started this process
            connection.send(one_line(error))
            return
        connection.send(None)
        while True:
            connection.send(attempt(call, connection.recv()))


def _leave(_number: int, _frame: object) -> None:
    sys.exit(1)


def _end_with_parent() -> None:
    """End this process when the one that started it has ended, in whatever way."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    # As if asked to, so that what is unfinished is removed. A signal wakes who sleeps.
    if os.name == "posix":
        os.kill(os.getpid(), signal.SIGTERM)
    else:
        _thread.interrupt_main(signal.SIGTERM)
    time.sleep(ENDING_SECONDS)
    os._exit(1)


def _how(code: int | None) -> str:
    """Say how a process ended."""
    if code is None or code >= 0:
        return "without a word" if code is None else f"with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = ", as where memory runs out" if name == "SIGKILL" else ""
    return f"by {name}{hint}"
