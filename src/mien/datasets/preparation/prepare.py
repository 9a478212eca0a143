"""From an input of labelled faces to a data set: read, find duplicates, deal to splits, write.

The data set appears whole or not at all. All work goes on in `OUT.partial`, where an interrupted
run finds what it had done (see `mien.datasets.preparation.work`).
"""

import contextlib
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mien.archive.engines import Engine
from mien.archive.shards import Shard, share
from mien.datasets.dataset import Dataset, load_dataset, partial_folder
from mien.datasets.preparation import search, work
from mien.datasets.preparation.codes import NO_CODE, first_of_same
from mien.datasets.preparation.columns import (
    Texts,
    bools,
    digest_codes,
    digests_of,
    whole,
)
from mien.datasets.preparation.describe import describe
from mien.datasets.preparation.look_alikes import lowest, same_photo
from mien.datasets.preparation.parts import slices
from mien.datasets.preparation.plan import LEFT_OUT, Plan, RowIndex, make_plan
from mien.datasets.preparation.settings import PrepareSettings
from mien.datasets.preparation.write import write_dataset, write_held_back
from mien.datasets.records import INFO, FaceInput, Rejection, check_classes
from mien.errors import DatasetError, InUseError, one_line
from mien.files.locks import alone_in, alone_on
from mien.files.writes import discard, new_folder, write_file
from mien.types import IntArray, OnProgress, ignore_progress

# In the work folder, from when the data set is whole: a copy of its dataset.json.
_FINISHED = "finished.json"
# Of the work folder, where shards say who is at them: what is swept there is nobody's chunk.
_SHARDS = "shards"


def prepare(
    source: FaceInput,
    out: Path,
    settings: PrepareSettings | None = None,
    *,
    overwrite: bool = False,
    command: str = "",
    on_progress: OnProgress = ignore_progress,
    engine: Engine | None = None,
) -> Dataset:
    """Make a data set.

    Args:
        source: Where the faces come from.
        out: The folder to make.
        settings: Duplicates, splits and files; the defaults where None.
        overwrite: Whether to replace the data set at `out`; done only at the end.
        command: What the user called, kept in dataset.json.
        on_progress: Called with the stage and how much of it is done.
        engine: Hands out parts of the work to other processes, for which the input must be one
            that can be pickled; this process does them where None. The data set is the same.

    Returns:
        The data set.

    Raises:
        DatasetError: `out` exists, a class is too small, the input is inconsistent, or `out`
            cannot be written, for instance because the disk is full.
        InUseError: Another process is making it.
    """
    settings = settings or PrepareSettings()
    folder = partial_folder(out)
    with _told(out):
        _remove_done_work(folder, out)
        _check_out(source, out, overwrite=overwrite)
        with alone_in(folder):
            _make(source, folder, out, settings, command, on_progress, engine)
            discard(folder)
    return load_dataset(out)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a shard waits for that has read its own part.

    Attributes:
        entries: Of the input, that others have still to read; none where it is for another shard
            to put together what all have read, and where this one had nothing to read.
    """

    entries: int


def prepare_shard(
    source: FaceInput,
    out: Path,
    shard: Shard,
    settings: PrepareSettings | None = None,
    *,
    overwrite: bool = False,
    command: str = "",
    on_progress: OnProgress = ignore_progress,
    engine: Engine | None = None,
) -> Dataset | Waiting:
    """Read one part of several of an input, and make the data set of all where none is missing.

    Shards work in one folder beside `out`, on one machine or on several that see the same files
    by the same names. What one has read is not read again.

    Args:
        source: As for `prepare`, like the others.
        out: As for `prepare`.
        shard: The number of the part, from 1, and of how many.
        settings: As for `prepare`.
        overwrite: As for `prepare`.
        command: As for `prepare`.
        on_progress: As for `prepare`.
        engine: As for `prepare`.

    Returns:
        The data set, or what is still missing.

    Raises:
        DatasetError: As for `prepare`.
        InUseError: Another process reads the same shard.
    """
    settings = settings or PrepareSettings()
    folder, size = partial_folder(out), settings.chunk_size
    number, count = shard
    if not share(range(0, len(source), size), shard):
        return Waiting(0)  # also where the others have made it already
    with _told(out):
        _remove_done_work(folder, out)
        _check_out(source, out, overwrite=overwrite)
        with alone_on(folder / _SHARDS / f"{number}-of-{count}"):
            chunks = work.write_chunks(source, folder, size, on_progress, engine, shard=shard)
        parts = zip(slices(len(source), size), chunks, strict=True)
        missing = sum(stop - start for (start, stop), chunk in parts if not chunk.exists())
        if missing:
            return Waiting(missing)
        try:
            with alone_in(folder):
                # Another shard, which ended at the same moment, may have done it.
                if all(chunk.exists() for chunk in chunks):
                    _make(source, folder, out, settings, command, on_progress, engine)
                    discard(folder)
        except InUseError:
            return Waiting(0)
    return load_dataset(out)


@contextlib.contextmanager
def _told(out: Path) -> Iterator[None]:
    """Say in words what went wrong with the disk in the block."""
    folder = partial_folder(out)
    try:
        yield
    except OSError as error:
        reason = " ".join((error.strerror or str(error)).split())
        raise DatasetError(
            f"{out}: cannot be written: {reason}; put that right and run the same command again, "
            f"which goes on from what is kept in {folder.name}"
        ) from error
    except (pa.ArrowException, UnicodeError, KeyError) as error:
        reason = one_line(error)
        raise DatasetError(
            f"{folder}: what was kept is damaged ({reason}); delete this folder and run again"
        ) from error


def _check_out(source: FaceInput, out: Path, *, overwrite: bool) -> None:
    if Path(source.name).resolve() in (out.resolve(), *out.resolve().parents):
        raise DatasetError(f"{out}: lies inside the pictures' own folder; choose another place")
    if not out.exists():
        return
    if not overwrite:
        raise DatasetError(f"{out}: exists already; choose another name or add --overwrite")
    if not (out / INFO).is_file():
        raise DatasetError(f"{out}: is no data set, so it is not overwritten; choose another name")


def _remove_done_work(folder: Path, out: Path) -> None:
    """Remove the work folder of a run that was killed when its data set was in place already."""
    finished, info = folder / _FINISHED, out / INFO
    if finished.is_file() and info.is_file() and finished.read_bytes() == info.read_bytes():
        with alone_in(folder):
            discard(folder)


def _make(
    source: FaceInput,
    folder: Path,
    out: Path,
    settings: PrepareSettings,
    command: str,
    on_progress: OnProgress,
    engine: Engine | None,
) -> None:
    """Do all the work in the work folder, and put the finished data set into its place."""
    chunks = work.write_chunks(source, folder, settings.chunk_size, on_progress, engine)
    index = _read_index(chunks)
    check_classes(index.labels, source.classes, source.name)
    near_from = lowest(settings.near)
    first = first_of_same(digest_codes(index.hashes))
    alike = search.find_pairs(chunks, first, folder, near_from, on_progress, engine)
    near = same_photo(*alike, settings.near, index.groups.codes, index.sources.codes)
    plan = _plan(source, index, near, settings)
    check_classes(index.labels[plan.splits != LEFT_OUT], source.classes, source.name)
    unread = Counter(rejection.kind for rejection in _unread(source, chunks))
    rejected = unread + Counter(plan.rejected.counts())
    info = describe(source, settings, index, plan, rejected, command, alike[0])
    with new_folder(out) as finished:
        write_dataset(
            finished,
            info,
            chunks,
            plan,
            itertools.chain(_unread(source, chunks), plan.rejected),
            shard_rows=settings.shard_rows,
            on_progress=on_progress,
        )
        if (index.sources.codes != NO_CODE).any():
            write_held_back(finished, index, plan)
        write_file(folder / _FINISHED, (finished / INFO).read_bytes())


def _unread(source: FaceInput, chunks: Sequence[Path]) -> Iterator[Rejection]:
    """Yield what was left out before there was a plan."""
    yield from source.refused
    for chunk in chunks:
        yield from work.rejected_in(chunk)


def _plan(source: FaceInput, index: RowIndex, near: IntArray, settings: PrepareSettings) -> Plan:
    test = 0.0 if source.splits_itself else settings.test
    validation = 0.0 if index.validates.any() else settings.validation
    fractions = (1 - validation - test, validation, test)
    return make_plan(index, near, fractions, balanced=settings.balance, seed=settings.seed)


def _read_index(chunks: Sequence[Path]) -> RowIndex:
    flags = ["held_out", "train_only", "validates"]
    names = ["label", *flags, "group", "sha256", "origin", "source"]
    table = pa.concat_tables([pq.read_table(chunk, columns=names) for chunk in chunks])
    return RowIndex(
        labels=table["label"].to_numpy(),
        **{name: bools(table[name]) for name in flags},
        groups=Texts.of(table["group"]),
        hashes=digests_of(table["sha256"]),
        origins=whole(table["origin"]),
        sources=Texts.of(table["source"]),
    )
