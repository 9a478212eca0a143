"""The engine of several machines: Ray Data, whose actors hold a worker process each.

Ray gives up a whole data set where one actor raises, and tries a task that kills its actor for
ever. So an actor never raises, and does no work itself: it holds one of `LocalEngine`'s processes,
which may die of a task, and returns what came of that as a row. An actor that is lost with its
machine, Ray replaces.

The machines need the same mien, and find files and models by the same names. What travels between
them is pickled, in a cluster that is the user's own; nothing of it is kept.
"""

import contextlib
import logging
import os
import pickle
import signal
import socket
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from mien.archive.local import LocalEngine
from mien.archive.work import Done, Work
from mien.errors import EngineError, MissingExtraError, one_line
from mien.settings import check_number

T = TypeVar("T")
R = TypeVar("R")
# Ray Data keeps books of each block; where there are more tasks, some share one.
MOST_BLOCKS = 10_000
ANSWERS_SECONDS = 10.0
# On one machine, for tasks and what comes of them; Ray takes a third of the memory unless told.
STORE_BYTES = 200_000_000
# Read when Ray is imported, and by the processes that it starts: mien promises silence.
NO_REPORTS = {"RAY_USAGE_STATS_ENABLED": "0"}
# The others may be chosen by who looks for a fault.
QUIET = {"RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}


class RayEngine:
    """An `Engine` on the cluster that RAY_ADDRESS names, or else on this machine."""

    def __init__(self, jobs: int) -> None:
        """Look whether Ray is there.

        Args:
            jobs: Actors at most; each has one processor.

        Raises:
            SettingsError: They are fewer than one.
            MissingExtraError: Ray is not installed.
        """
        check_number("--jobs", jobs, 1)
        os.environ.update({**QUIET, **os.environ, **NO_REPORTS})
        try:
            import ray.data  # noqa: F401 - it takes a second, and is wanted before hours of work
        except ImportError as error:
            raise MissingExtraError("the engine ray", "cluster") from error
        self.jobs = jobs

    def run(self, work: Work[T, R], tasks: Iterable[T]) -> Iterator[Done[T, R]]:
        """Do all tasks; see `Engine.run`. Ray takes all of them at once."""
        rows = [{"task": pickle.dumps(task)} for task in tasks]
        if not rows:
            return
        with _cluster(self.jobs):
            failure = None
            try:
                for row in _rows(rows, work, self.jobs):
                    done = pickle.loads(row["done"])  # noqa: S301 - our own actor's
                    if isinstance(done, str):
                        failure = done  # all others will say so, too, and soon
                    else:
                        yield done
            except Exception as error:  # Ray has no common base of errors
                raise EngineError(f"the cluster gave up: {_last_line(error)}") from error
        if failure is not None:
            raise EngineError(failure)


class _Actor:
    """What runs in the cluster: one process, one task at a time."""

    def __init__(self, work: bytes) -> None:
        self._task: Any = None
        self._failure: str | None = None
        self._results = LocalEngine(1).run(pickle.loads(work), self._tasks())  # noqa: S301

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[bytes]]:
        """Do the one task of a batch."""
        self._task = pickle.loads(batch["task"][0])  # noqa: S301 - what `run` pickled
        return {"done": [pickle.dumps(self._failure or self._next())]}

    def _next(self) -> Done[Any, Any] | str:
        """Return what came of the task, or why there will never be anything."""
        try:
            return next(self._results)
        except Exception as error:  # whatever is raised here ends the whole data set
            self._failure = one_line(error)
            return self._failure

    def _tasks(self) -> Iterator[Any]:
        """Give out the task of the call that asks; the engine takes none before it is asked for."""
        while True:
            yield self._task


def _rows(rows: list[dict[str, bytes]], work: Work[T, R], jobs: int) -> Iterator[dict[str, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray warns of its own former options
        results = _plan(rows, work, jobs)
    yield from results.iter_rows()


def _plan(rows: list[dict[str, bytes]], work: Work[T, R], jobs: int) -> Any:
    import ray.data

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    # A task that waits behind a long one, while other actors have none, is the end of every run.
    pool = ray.data.ActorPoolStrategy(
        min_size=1, max_size=min(jobs, len(rows)), max_tasks_in_flight_per_actor=1
    )
    return ray.data.from_items(rows, override_num_blocks=min(len(rows), MOST_BLOCKS)).map_batches(
        _Actor,
        batch_size=1,
        compute=pool,
        fn_constructor_args=(pickle.dumps(work),),
        num_cpus=1,
    )


@contextlib.contextmanager
def _cluster(jobs: int) -> Iterator[None]:
    """Connect to a cluster, or start one on this machine and end it with the block."""
    import ray

    if ray.is_initialized():
        yield
        return
    for name in ("ray", "ray.data"):  # what they call errors is raised, too
        logging.getLogger(name).setLevel(logging.CRITICAL)
    former = signal.getsignal(signal.SIGTERM)
    with contextlib.ExitStack() as stack:
        address = os.environ.get("RAY_ADDRESS", "")
        _seek(address)
        options = {} if address else _here(stack, jobs)
        stack.callback(ray.shutdown)
        try:
            with _muted():
                ray.init(log_to_driver=False, logging_level=logging.ERROR, **options)
        except Exception as error:  # as above
            raise EngineError(f"no cluster can be reached or started: {one_line(error)}") from error
        signal.signal(signal.SIGTERM, former)  # Ray's would end this program with a stack trace
        yield


def _seek(address: str) -> None:
    """See that somebody answers at an address; Ray itself would ask for minutes, and say nothing.

    Raises:
        EngineError: Nobody does.
    """
    place = urlsplit(address if "://" in address else f"//{address}")
    try:
        if place.hostname is None or place.port is None:  # "auto", which Ray knows at once
            return
        socket.create_connection((place.hostname, place.port), ANSWERS_SECONDS).close()
    except (OSError, ValueError) as error:
        raise EngineError(
            f"RAY_ADDRESS={address}: nobody answers there ({one_line(error)}); start the cluster, "
            "or unset it to work on this machine"
        ) from error


def _here(stack: contextlib.ExitStack, jobs: int) -> dict[str, Any]:
    """Return the options of a cluster of this machine alone, whose logs go with it."""
    folder = tempfile.TemporaryDirectory(prefix="mien-ray-", ignore_cleanup_errors=True)
    return {
        "address": "local",
        "num_cpus": jobs,
        "include_dashboard": False,
        "object_store_memory": STORE_BYTES,
        "_temp_dir": stack.enter_context(folder),
    }


@contextlib.contextmanager
def _muted() -> Iterator[None]:
    """Leave out what is written to standard error below Python: that there will be no log."""
    try:
        kept = os.dup(2)
    except OSError:  # there is none
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _last_line(error: BaseException) -> str:
    """Return what an actor's error says, without the stack of the machine that it came from."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
