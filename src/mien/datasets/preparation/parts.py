"""Parts of the work of `prepare`: what is done is kept, what fails is told, engines do the rest."""

import contextlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy.typing as npt

from mien.archive.engines import Done, Engine, HereEngine, Work, closing
from mien.datasets.arrays import AnyArray, DamagedError, map_array
from mien.errors import DatasetError
from mien.types import OnProgress

# Raise when pieces are made otherwise than before.
VERSION = 6


@dataclass(frozen=True, slots=True)
class Slice:
    """Some entries or faces in a row, and the file that what comes of them goes to."""

    path: Path
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


def slices(count: int, size: int) -> Iterator[tuple[int, int]]:
    """Cut a number of things into slices: start, and the one after the last."""
    return ((start, min(start + size, count)) for start in range(0, count, size))


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a part could not be made, in a form that travels between processes.

    Attributes:
        reason: In words.
        code: The system's number of the error; None where the input itself is wrong.
    """

    reason: str
    code: int | None = None

    def to_error(self) -> Exception:
        """Return what to raise."""
        return DatasetError(self.reason) if self.code is None else OSError(self.code, self.reason)


@dataclass(slots=True)
class Failing:
    """What became of a block.

    Attributes:
        found: What went wrong; None for nothing.
    """

    found: Failure | None = None


@contextlib.contextmanager
def failing() -> Iterator[Failing]:
    """Catch what may go wrong in a block though its input is sound: a full disk, a wrong file."""
    failing = Failing()
    try:
        yield failing
    except DatasetError as error:
        failing.found = Failure(str(error))
    except OSError as error:
        failing.found = Failure(error.strerror or str(error), error.errno or 0)


def run_parts(
    engine: Engine | None,
    work: Work[Slice, Failure | None],
    parts: Sequence[Slice],
    are_done: Iterable[bool],
    stage: str,
    on_progress: OnProgress,
) -> None:
    """Make those parts that are not there.

    Args:
        engine: Hands them out; this process makes them where None.
        work: Makes one.
        parts: All of them.
        are_done: Which of them are there; looked up as the work goes on.
        stage: What to call the work.
        on_progress: Called with how many entries of how many are done.

    Raises:
        DatasetError: The input is wrong, or the process of a part was ended again and again.
        OSError: A part cannot be written.
    """
    total, done = sum(map(len, parts)), 0

    def missing() -> Iterator[Slice]:
        nonlocal done
        for part, is_done in zip(parts, are_done, strict=True):
            if not is_done:
                yield part
                continue
            done += len(part)
            on_progress(stage, done, total)

    waiting = missing()
    # Workers are not started for nothing.
    if (first := next(waiting, None)) is None:
        return
    tasks = itertools.chain([first], waiting)
    with closing((engine or HereEngine()).run(work, tasks)) as results:
        for result in results:
            _check(result, stage)
            done += len(result.task)
            on_progress(stage, done, total)


def _check(done: Done[Slice, Failure | None], stage: str) -> None:
    """Raise what stands in the way of a part."""
    if done.error is not None:
        part = f"{done.task.start + 1:,} to {done.task.stop:,}"
        raise DatasetError(f"{stage}, {part}: {done.error}; run the same command again")
    if done.result is not None:
        raise done.result.to_error()


def kept_array(
    path: Path, dtype: npt.DTypeLike, shape: tuple[int | None, ...], on_progress: OnProgress
) -> AnyArray | None:
    """Return an array that was kept; None where there is none, or a damaged one, which is told."""
    if not path.exists():
        return None
    try:
        return map_array(path, dtype, shape)
    except DamagedError:
        tell_damaged(path, on_progress)
        return None


def tell_damaged(path: Path, on_progress: OnProgress) -> None:
    """Say that what was kept cannot be used."""
    on_progress(f"{path.name} is damaged and made again", 1, 1)
