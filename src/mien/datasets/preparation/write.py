"""Writes a planned data set: shards, dataset.json and the lists of what was left out."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mien.datasets.dataset import CONFLICTS, DATA, HELD_BACK, REJECTED, DatasetInfo
from mien.datasets.parquet import SplitWriter, face_schema
from mien.datasets.preparation.columns import digests_of, to_hex
from mien.datasets.preparation.plan import Plan, RowIndex
from mien.datasets.records import INFO, PHOTO_GROUP, SPLITS, Rejection, digest
from mien.types import IntArray, OnProgress


def write_dataset(
    folder: Path,
    info: DatasetInfo,
    chunks: Sequence[Path],
    plan: Plan,
    rejected: Iterable[Rejection],
    *,
    shard_rows: int,
    on_progress: OnProgress,
) -> None:
    """Write all files of a data set.

    Args:
        folder: Where to; empty.
        info: What dataset.json says.
        chunks: The faces; see `mien.datasets.preparation.work`.
        plan: Which of them stay, and in which split.
        rejected: Everything that was left out.
        shard_rows: Faces per Parquet file.
        on_progress: Called with how many chunks are done.
    """
    (folder / DATA).mkdir()
    _write_shards(folder / DATA, info, chunks, plan, shard_rows, on_progress)
    _write_csv(folder / REJECTED, ("file", "reason"), ((r.origin, r.reason) for r in rejected))
    conflicts = (
        (conflict.cluster, origin, info.classes[label])
        for conflict in plan.conflicts
        for origin, label in zip(conflict.origins, conflict.labels, strict=True)
    )
    _write_csv(folder / CONFLICTS, ("cluster", "file", "label"), conflicts)
    text = msgspec.json.format(msgspec.json.encode(info), indent=2)
    (folder / INFO).write_bytes(text + b"\n")


def write_held_back(folder: Path, index: RowIndex, plan: Plan) -> None:
    """List which groups of each source the test holds, by digests that name nobody.

    So later data sets can leave the same people out of training.
    """
    rows = np.flatnonzero(plan.splits == SPLITS.index("test"))
    groups, origins = index.groups.of_rows(rows), index.origins.take(rows)
    names = pc.if_else(pc.equal(groups, ""), origins.cast(groups.type), groups)
    pairs = pa.table({"source": index.sources.of_rows(rows), "group": names})
    found = pairs.group_by(["source", "group"]).aggregate([]).to_pylist()
    listed = sorted({(row["source"], digest(row["group"])) for row in found})
    _write_csv(folder / HELD_BACK, ("source", "group"), listed)


def _write_shards(
    folder: Path,
    info: DatasetInfo,
    chunks: Sequence[Path],
    plan: Plan,
    shard_rows: int,
    on_progress: OnProgress,
) -> None:
    schema = face_schema(info.classes)
    totals = [sum(info.counts[split].values()) for split in SPLITS]
    writers = [
        SplitWriter(folder, split, schema, total, shard_rows)
        for split, total in zip(SPLITS, totals, strict=True)
    ]
    start = 0
    for done, chunk in enumerate(chunks, start=1):
        table = pq.read_table(chunk)
        rows = slice(start, start + table.num_rows)
        faces = _with_clusters(table, plan.clusters[rows])
        for number, writer in enumerate(writers):
            chosen = faces.filter(pa.array(plan.splits[rows] == number))
            writer.write(_with_split(chosen, SPLITS[number], schema))
        start = rows.stop
        on_progress("writing", done, len(chunks))
    for writer in writers:
        writer.close()


def _with_clusters(table: pa.Table, clusters: IntArray) -> pa.Table:
    """Add the clusters, and make them the groups of faces that have none.

    So what is sampled by groups keeps the pictures of one photo together.
    """
    numbers = pc.cast(pa.array(clusters), pa.string())
    own = pc.binary_join_element_wise(PHOTO_GROUP, numbers, "")
    groups = pc.if_else(pc.equal(table["group"], ""), own, table["group"])
    table = table.set_column(table.schema.get_field_index("group"), "group", groups)
    return table.append_column("cluster", pa.array(clusters))


def _with_split(table: pa.Table, split: str, schema: pa.Schema) -> pa.Table:
    names = pa.repeat(split, table.num_rows)
    hashes = to_hex(digests_of(table["sha256"]))
    table = table.set_column(table.schema.get_field_index("sha256"), "sha256", hashes)
    return table.append_column("split", names).select(schema.names).cast(schema)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
