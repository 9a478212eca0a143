"""From an input of labelled faces to a data set: read, find duplicates, deal to splits, write.

The data set appears whole or not at all. All work goes on in `OUT.partial`, where an interrupted
run finds what it had done (see `mien.data.work`).
"""

import csv
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
import numpy as np
import PIL
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mien import __version__
from mien.data import work
from mien.data.dataset import (
    CONFLICTS,
    DATA,
    FORMAT,
    INFO,
    REJECTED,
    Dataset,
    DatasetInfo,
    load_dataset,
    partial_folder,
)
from mien.data.plan import LEFT_OUT, Plan, RowIndex, check_classes, make_plan
from mien.data.records import SPLITS, FaceInput, Rejection
from mien.data.shards import SplitWriter, face_schema
from mien.errors import DatasetError, SettingsError
from mien.types import OnProgress


@dataclass(frozen=True, slots=True)
class PrepareSettings:
    """How duplicates are found and faces are dealt to splits.

    Attributes:
        validation: Part of the faces for validation, 0 to 1.
        test: Part of the faces for the test; without effect where the input sets faces aside.
        near: Similarity from which two pictures are the same photo, 0 to 1.
        balance: Whether to make all classes as small as the smallest.
        seed: Decides among equals.
    """

    validation: float = 0.1
    test: float = 0.1
    near: float = 0.86
    balance: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("validation", "test"):
            if not 0 <= getattr(self, name) < 1:
                raise SettingsError(
                    f"--{name} must be from 0 to below 1, got {getattr(self, name)}"
                )
        if self.validation + self.test >= 1:
            raise SettingsError(
                f"--validation {self.validation} and --test {self.test} leave nothing to train on"
            )
        if not 0 < self.near <= 1:
            raise SettingsError(f"--near must be above 0 and at most 1, got {self.near}")
        if self.seed < 0:
            raise SettingsError(f"--seed must be 0 or more, got {self.seed}")


def prepare(
    source: FaceInput,
    out: Path,
    settings: PrepareSettings | None = None,
    *,
    overwrite: bool = False,
    command: str = "",
    chunk_size: int = 512,
    shard_rows: int = 10_000,
    on_progress: OnProgress = lambda stage, done, total: None,
) -> Dataset:
    """Make a data set.

    Args:
        source: Where the faces come from.
        out: The folder to make.
        settings: Duplicates and splits; the defaults where None.
        overwrite: Whether to replace what is at `out`; done only at the end.
        command: What the user called, kept in dataset.json.
        chunk_size: Entries that are read before the work is saved.
        shard_rows: Faces per file.
        on_progress: Told of the stage and how much of it is done.

    Returns:
        The data set.

    Raises:
        DatasetError: `out` exists, a class is too small, the input is inconsistent, or the disk
            is full.
    """
    settings = settings or PrepareSettings()
    if out.exists() and not overwrite:
        raise DatasetError(f"{out}: exists already; choose another name or add --overwrite")
    folder = partial_folder(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        chunks = work.write_chunks(source, folder, chunk_size, on_progress)
        index = _read_index(chunks)
        check_classes(index.labels, source.classes, source.name)
        near = work.find_pairs(chunks, folder, settings.near, on_progress)
        plan = _plan(source, index, near, settings)
        rejected = [*source.refused, *(r for c in chunks for r in work.rejected_in(c))]
        rejected += plan.rejected
        info = _describe(source, settings, index, plan, rejected, command)
        finished = _write(folder, info, chunks, plan, index, rejected, shard_rows, on_progress)
        _move(finished, out, folder)
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        raise DatasetError(
            f"{out}: cannot be written: {reason}; what is done is kept in {folder.name}, put it "
            "right and run the same command again"
        ) from error
    return load_dataset(out)


def _plan(source: FaceInput, index: RowIndex, near: np.ndarray, settings: PrepareSettings) -> Plan:
    test = 0.0 if source.splits_itself else settings.test
    fractions = (1 - settings.validation - test, settings.validation, test)
    return make_plan(index, near, fractions, balanced=settings.balance, seed=settings.seed)


def _read_index(chunks: Sequence[Path]) -> RowIndex:
    names = ["label", "held_out", "group", "sha256", "origin"]
    table = pa.concat_tables([pq.read_table(chunk, columns=names) for chunk in chunks])
    return RowIndex(
        labels=table["label"].to_numpy(),
        held_out=np.array(table["held_out"].to_numpy(), dtype=np.bool_),
        groups=table["group"].to_pylist(),
        hashes=table["sha256"].to_pylist(),
        origins=table["origin"].to_pylist(),
    )


def _describe(
    source: FaceInput,
    settings: PrepareSettings,
    index: RowIndex,
    plan: Plan,
    rejected: Iterable[Rejection],
    command: str,
) -> DatasetInfo:
    sizes = np.bincount(plan.clusters, minlength=1)
    counts = _count(index, plan, source.classes)
    values = asdict(settings)
    return DatasetInfo(
        format=FORMAT,
        classes=source.classes,
        counts=counts,
        clusters=int((sizes > 1).sum()),
        conflicts=len(plan.conflicts),
        rejected=dict(Counter(rejection.kind for rejection in rejected).most_common()),
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
        notes=_notes(counts),
    )


def _count(index: RowIndex, plan: Plan, classes: Sequence[str]) -> dict[str, dict[str, int]]:
    result = {}
    for number, split in enumerate(SPLITS):
        labels = index.labels[plan.splits == number]
        counts = np.bincount(labels, minlength=len(classes)).tolist()
        result[split] = dict(zip(classes, counts, strict=True))
    return result


def _notes(counts: dict[str, dict[str, int]]) -> tuple[str, ...]:
    return tuple(
        f"no face of class {name!r} in {split}"
        for split, classes in counts.items()
        if any(classes.values())
        for name, count in classes.items()
        if not count
    )


def _write(
    folder: Path,
    info: DatasetInfo,
    chunks: Sequence[Path],
    plan: Plan,
    index: RowIndex,
    rejected: Sequence[Rejection],
    shard_rows: int,
    on_progress: OnProgress,
) -> Path:
    finished = folder / "finished"
    shutil.rmtree(finished, ignore_errors=True)
    (finished / DATA).mkdir(parents=True)
    _write_shards(finished / DATA, info, chunks, plan, shard_rows, on_progress)
    _write_csv(finished / REJECTED, ("file", "reason"), ((r.origin, r.reason) for r in rejected))
    conflicts = (
        (c.cluster, "|".join(c.origins), "|".join(info.classes[k] for k in c.labels))
        for c in plan.conflicts
    )
    _write_csv(finished / CONFLICTS, ("cluster", "files", "labels"), conflicts)
    # Last, because a folder without it is no data set.
    text = msgspec.json.format(msgspec.json.encode(info), indent=2) + b"\n"
    (finished / INFO).write_bytes(text)
    return finished


def _write_shards(
    folder: Path,
    info: DatasetInfo,
    chunks: Sequence[Path],
    plan: Plan,
    shard_rows: int,
    on_progress: OnProgress,
) -> None:
    schema = face_schema(info.classes)
    totals = {split: sum(info.counts[split].values()) for split in SPLITS}
    writers = [SplitWriter(folder, s, schema, totals[s], shard_rows) for s in SPLITS]
    start = 0
    for done, chunk in enumerate(chunks, start=1):
        table = pq.read_table(chunk)
        rows = slice(start, start + table.num_rows)
        _write_chunk(writers, table, plan.splits[rows], plan.clusters[rows], schema)
        start += table.num_rows
        on_progress("writing", done, len(chunks))
    for writer in writers:
        writer.close()


def _write_chunk(
    writers: Sequence[SplitWriter],
    table: pa.Table,
    splits: np.ndarray,
    clusters: np.ndarray,
    schema: pa.Schema,
) -> None:
    table = table.append_column("cluster", pa.array(clusters))
    # A face without a group is its photo's: what is sampled by groups then keeps photos whole.
    own = pa.array([f"photo {cluster}" for cluster in clusters])
    group = pc.if_else(pc.equal(table["group"], ""), own, table["group"])
    table = table.set_column(table.schema.get_field_index("group"), "group", group)
    for number, (split, writer) in enumerate(zip(SPLITS, writers, strict=True)):
        chosen = table.filter(pa.array(splits == number))
        names = pa.array([split] * chosen.num_rows, type=pa.string())
        writer.write(chosen.append_column("split", names).select(schema.names).cast(schema))


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def _move(finished: Path, out: Path, folder: Path) -> None:
    replaced = folder / "replaced"
    shutil.rmtree(replaced, ignore_errors=True)
    if out.exists():
        out.rename(replaced)
    finished.rename(out)
    shutil.rmtree(folder)
