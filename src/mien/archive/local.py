"""The engine of one machine: a few worker processes, each at one task at a time.

Each worker has a pipe of its own, so that the death of one breaks nothing that others use; the
standard library's pools give up all tasks where one worker dies.
"""

import logging
from collections.abc import Iterable, Iterator
from multiprocessing.connection import wait
from typing import Generic, TypeVar

from mien.archive.work import Done, Work
from mien.archive.worker import EndedError, NotStartedError, Worker
from mien.errors import EngineError
from mien.settings import check_threads

LOG = logging.getLogger(__name__)
T = TypeVar("T")
R = TypeVar("R")
# A task whose worker was ended is tried once more: it may have been the victim of another one.
TRIES = 2
# One that ends so often before it has loaded its work will not start.
STARTS = 3


class LocalEngine:
    """An `Engine` of processes on this machine, started as there are tasks for them."""

    def __init__(self, jobs: int) -> None:
        """Choose how many.

        Args:
            jobs: Processes.

        Raises:
            SettingsError: They are fewer than one, or many more than processors.
        """
        check_threads("--jobs", jobs)
        self.jobs = jobs

    def run(self, work: Work[T, R], tasks: Iterable[T]) -> Iterator[Done[T, R]]:
        """Do all tasks; see `Engine.run`."""
        waiting = iter(tasks)
        slots: list[_Slot[T, R]] = []
        try:
            for _, task in zip(range(self.jobs), waiting, strict=False):
                slots.append(_Slot(work, task))
            while slots:
                for slot in _ready(slots):
                    done = slot.go_on()
                    if done is None:
                        continue
                    yield done
                    if not slot.take(waiting):
                        slots.remove(slot)
                        slot.leave()
        finally:
            for slot in slots:
                slot.end()
            for slot in slots:
                slot.wait()


class _Slot(Generic[T, R]):
    """A place for one worker, and the task that it is at."""

    def __init__(self, work: Work[T, R], task: T) -> None:
        self._work, self._task = work, task
        self._tries = self._starts = 0
        self._ready = False
        self._worker: Worker[T, R] | None = None

    @property
    def worker(self) -> Worker[T, R]:
        if self._worker is None:
            self._worker, self._ready = Worker(self._work), False
        return self._worker

    def take(self, tasks: Iterator[T]) -> bool:
        """Take the next task; False where there is none."""
        for task in tasks:
            self._task, self._tries = task, 0
            if self._ready:
                self.worker.give(task)
            return True
        return False

    def go_on(self) -> Done[T, R] | None:
        """Hear the worker; return what came of the task where it is done with.

        Raises:
            EngineError: Workers cannot be started.
        """
        try:
            done = self.worker.take()
        except EndedError as error:
            return self._ended(str(error))
        except NotStartedError as error:
            raise EngineError(f"a worker cannot start: {error}") from error
        if done is None:
            self._ready, self._starts = True, 0
            self.worker.give(self._task)
        return done

    def _ended(self, how: str) -> Done[T, R] | None:
        self.worker.leave()
        self.wait()
        LOG.info("a worker process ended %s", how)
        if not self._ready:
            self._starts += 1
            if self._starts == STARTS:
                raise EngineError(
                    f"worker processes cannot be started: they end {how}; a Python script that "
                    'starts some needs the line `if __name__ == "__main__":`'
                )
            return None
        self._ready = False
        self._tries += 1
        if self._tries < TRIES:
            return None
        return Done(self._task, error=f"its process was ended {how}, {TRIES} times in a row")

    def leave(self) -> None:
        if self._worker is not None:
            self._worker.leave()
            self.wait()

    def end(self) -> None:
        if self._worker is not None:
            self._worker.end()

    def wait(self) -> None:
        if self._worker is not None:
            worker, self._worker = self._worker, None
            worker.wait()


def _ready(slots: list[_Slot[T, R]]) -> list[_Slot[T, R]]:
    """Wait until workers have something to say, and return their slots."""
    heard = wait([slot.worker.connection for slot in slots])
    return [slot for slot in slots if slot.worker.connection in heard]
