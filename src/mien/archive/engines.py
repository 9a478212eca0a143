"""What hands out parts of work, and the one table of who does.

    engine = make_engine("local", jobs=2)
    for done in engine.run(work, tasks):
        note(done.task, done.result if done.error is None else done.error)

An engine knows neither files nor faces. It loads a `Work` once in each worker, calls it with one
task after another, and gives back what came of each, in any order. What a task does to its worker
is that task's own affair: one that raises, or whose process is killed (too little memory, a decoder
that crashes), comes back with an error in words, and all others go on.
"""

import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar, get_args

from mien.errors import SettingsError, one_line
from mien.settings import check_threads

LOG = logging.getLogger(__name__)
EngineName = Literal["local", "ray"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)

T = TypeVar("T")
R = TypeVar("R")
T_contra = TypeVar("T_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)


class Work(Protocol[T_contra, R_co]):
    """What is done to each task; it travels to the workers, so a frozen dataclass of plain values.

    Its module must be one that a worker can import: not a notebook, and not what is typed at a
    prompt.
    """

    def start(self) -> Callable[[T_contra], R_co]:
        """Load what all tasks need, once in each worker, and bound its threads.

        Returns:
            What does one task. It catches what can be wrong with a task, and returns a result that
            says so; what it raises all the same becomes the `error` of its task.

        Raises:
            MienError: It cannot be loaded: that ends the run, since no task could be done.
        """
        ...


@dataclass(frozen=True, slots=True)
class Done(Generic[T, R]):
    """What came of a task.

    Attributes:
        task: The task.
        result: What its work returned; None where it did not come to that.
        error: Why it did not, on one line; None where it did.
    """

    task: T
    result: R | None = None
    error: str | None = None


class Engine(Protocol):
    """Hands out tasks to workers."""

    def run(self, work: Work[T, R], tasks: Iterable[T]) -> Iterator[Done[T, R]]:
        """Do all tasks; each comes back once, in any order, as soon as it is done.

        Close the iterator to end early: workers are ended at once, with what they have begun.

        Args:
            work: What is done.
            tasks: To what; plain values that can be sent to another process. Taken as workers
                become free, not before.

        Raises:
            EngineError: No worker can be started.
            MissingExtraError: The engine's packages are not installed.
        """
        ...


def make_engine(name: str = "local", *, jobs: int = 1) -> Engine:
    """Make an engine by its name.

    Args:
        name: One of `ENGINES`. "local" works in this process where there is one job, and in
            processes of this machine where there are more; "ray" on a Ray cluster, or on this
            machine where there is none.
        jobs: How many tasks are worked on at a time.

    Raises:
        SettingsError: There is no such engine, or jobs are fewer than one or, on this machine,
            many more than it has processors.
        MissingExtraError: The engine's packages are not installed.
    """
    if name == "ray":
        from mien.archive.ray_data import RayEngine

        return RayEngine(jobs)
    if name != "local":
        raise SettingsError(f"unknown engine {name!r}; choose one of {', '.join(ENGINES)}")
    check_threads("--jobs", jobs)
    if jobs == 1:
        return HereEngine()
    from mien.archive.local import LocalEngine

    return LocalEngine(jobs)


class HereEngine:
    """An `Engine` that works in this process, one task after another.

    Nothing is started, and what happens to this process happens to all: a task that kills it ends
    the run. `LocalEngine(1)` is apart.
    """

    def run(self, work: Work[T, R], tasks: Iterable[T]) -> Iterator[Done[T, R]]:
        """Do all tasks, in order."""
        call = work.start()
        for task in tasks:
            yield attempt(call, task)


def attempt(call: Callable[[T], R], task: T) -> Done[T, R]:
    """Do one task; what it raises becomes its error."""
    try:
        return Done(task, call(task))
    except Exception as error:  # whatever a work did not foresee costs its task, not the others
        LOG.info("a task failed", exc_info=error)
        return Done(task, error=one_line(error))


@contextlib.contextmanager
def closing(results: Iterator[Done[T, R]]) -> Iterator[Iterator[Done[T, R]]]:
    """Close what `Engine.run` returned at the end of the block, so that its workers end there."""
    try:
        yield results
    finally:
        close = getattr(results, "close", None)
        if close is not None:
            close()
