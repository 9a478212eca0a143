"""What is done with parts, and who hands them out: the seams of this room."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from mien.errors import one_line

LOG = logging.getLogger(__name__)

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


def attempt(call: Callable[[T], R], task: T) -> Done[T, R]:
    """Do one task; what it raises becomes its error."""
    try:
        return Done(task, call(task))
    except Exception as error:  # whatever a work did not foresee costs its task, not the others
        LOG.info("a task failed", exc_info=error)
        return Done(task, error=one_line(error))
