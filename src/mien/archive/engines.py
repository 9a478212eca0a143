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
from collections.abc import Iterable, Iterator
from typing import Literal, get_args

from mien.archive.work import Done, Engine, R, T, Work, attempt
from mien.errors import SettingsError
from mien.settings import check_threads

EngineName = Literal["local", "ray"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)
__all__ = [
    "ENGINES",
    "Done",
    "Engine",
    "EngineName",
    "HereEngine",
    "Work",
    "closing",
    "make_engine",
]


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


@contextlib.contextmanager
def closing(results: Iterator[Done[T, R]]) -> Iterator[Iterator[Done[T, R]]]:
    """Close what `Engine.run` returned at the end of the block, so that its workers end there."""
    try:
        yield results
    finally:
        close = getattr(results, "close", None)
        if close is not None:
            close()
