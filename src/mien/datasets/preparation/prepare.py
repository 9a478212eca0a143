"""From an input of labelled faces to a data set: read, find duplicates, deal to splits, write.

The data set appears whole or not at all. All work goes on in `OUT.partial`, where an interrupted
run finds what it had done (see `mien.datasets.preparation.work`).
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
import PIL
import pyarrow as pa
import pyarrow.parquet as pq

from mien import __version__
from mien.archive.engines import Engine
from mien.datasets.dataset import FORMAT, Dataset, DatasetInfo, load_dataset, partial_folder
from mien.datasets.preparation import duplicates, search, work
from mien.datasets.preparation.codes import NO_CODE, first_of_same
from mien.datasets.preparation.columns import (
    Texts,
    bools,
    digest_codes,
    digests_of,
    whole,
)
from mien.datasets.preparation.look_alikes import lowest, same_photo
from mien.datasets.preparation.notes import plan_notes
from mien.datasets.preparation.plan import LEFT_OUT, Plan, RowIndex, make_plan
from mien.datasets.preparation.settings import PrepareSettings
from mien.datasets.preparation.write import write_dataset, write_held_back
from mien.datasets.records import INFO, SPLITS, FaceInput, Rejection, check_classes
from mien.errors import DatasetError, one_line
from mien.files.locks import alone_in
from mien.files.writes import discard, new_folder, write_file
from mien.types import IntArray, OnProgress, ignore_progress

# In the work folder, from when the data set is whole: a copy of its dataset.json.
_FINISHED = "finished.json"


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
    try:
        _remove_done_work(folder, out)
        _check_out(source, out, overwrite=overwrite)
        with alone_in(folder):
            _make(source, folder, out, settings, command, on_progress, engine)
            discard(folder)
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
    return load_dataset(out)


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
    info = _describe(source, settings, index, plan, rejected, command, alike[0])
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


def _describe(
    source: FaceInput,
    settings: PrepareSettings,
    index: RowIndex,
    plan: Plan,
    rejected: Counter[str],
    command: str,
    alike: IntArray,
) -> DatasetInfo:
    sizes = np.bincount(plan.clusters, minlength=1)
    counts = _count(index, plan, source.classes)
    values = msgspec.structs.asdict(settings)
    if source.splits_itself:
        values["test"] = "set aside by the input"
    if index.validates.any():
        values["validation"] = "set aside by the input"
    values["search"] = duplicates.method(len(np.unique(digest_codes(index.hashes))))
    return DatasetInfo(
        format=FORMAT,
        classes=source.classes,
        counts=counts,
        sources=_count_sources(index, plan),
        clusters=int((sizes > 1).sum()),
        conflicts=len(plan.conflicts),
        rejected=dict(rejected.most_common()),
        input=source.settings(),
        seed=values.pop("seed"),
        settings=values,
        command=command,
        versions={
            "mien": __version__,
            "numpy": np.__version__,
            "pillow": PIL.__version__,
            "pyarrow": pa.__version__,
        },
        notes=(*source.notes(), *plan_notes(index, plan, source.classes, alike)),
    )


def _count(index: RowIndex, plan: Plan, classes: Sequence[str]) -> dict[str, dict[str, int]]:
    result: dict[str, dict[str, int]] = {}
    for number, split in enumerate(SPLITS):
        labels = index.labels[plan.splits == number]
        counts = np.bincount(labels, minlength=len(classes)).tolist()
        result[split] = dict(zip(classes, counts, strict=True))
    return result


def _count_sources(index: RowIndex, plan: Plan) -> dict[str, dict[str, int]]:
    """Count the faces of each source in each split; empty where there is one source."""
    codes, splits = index.sources.codes, plan.splits
    parts = {name: codes == code for code, name in enumerate(index.sources.names.to_pylist())}
    return {
        name: {split: int((rows & (splits == number)).sum()) for number, split in enumerate(SPLITS)}
        for name, rows in parts.items()
        if name
    }
