"""The work folder of an unfinished `prepare`: what is done is kept, and found again.

Every piece is a file whose name holds a hash of all it was made from, and which gets that name
only when it is whole. So an interrupted run goes on where it was, and other settings or changed
pictures give other names, never a mixture.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mien.archive.engines import Engine
from mien.archive.shards import WHOLE, Shard, share
from mien.datasets.preparation import duplicates
from mien.datasets.preparation.columns import DIGEST
from mien.datasets.preparation.parts import (
    VERSION,
    Failure,
    Slice,
    failing,
    run_parts,
    slices,
    tell_damaged,
)
from mien.datasets.records import FaceInput, LabelledFace, Rejection
from mien.files.writes import digest_of, new_file
from mien.types import OnProgress
from mien.vision.images.reading import encode_png

_REJECTED = b"rejected"
READING = "reading pictures"


@dataclass(frozen=True, slots=True)
class ReadChunks:
    """Reads, crops and encodes slices of an input; a `Work` for the engines of `mien.archive`.

    Attributes:
        source: The input; can be pickled where there is more than one job.
        alone: Whether others work beside it, so that it keeps to one thread.
    """

    source: FaceInput
    alone: bool = True

    def start(self) -> Callable[[Slice], Failure | None]:
        """Return what reads a slice and writes its chunk."""
        if not self.alone:
            cv2.setNumThreads(1)
        return self._write

    def _write(self, task: Slice) -> Failure | None:
        with failing() as failure:
            table = _read_chunk(self.source, task.start, task.stop)
            with new_file(task.path) as temporary:
                pq.write_table(table, temporary, write_page_checksum=True)
        return failure.found


def write_chunks(
    source: FaceInput,
    folder: Path,
    chunk_size: int,
    on_progress: OnProgress,
    engine: Engine | None = None,
    *,
    shard: Shard = WHOLE,
) -> list[Path]:
    """Read, crop and encode the faces of an input, a chunk of entries at a time.

    Args:
        source: The input.
        folder: The work folder.
        chunk_size: Entries per chunk.
        on_progress: Called with how many entries are done.
        engine: Hands out the chunks; this process makes them where None.
        shard: Whose chunks are made.

    Returns:
        All chunks in order, also those of other shards: Parquet files with one row per face.

    Raises:
        DatasetError: The input is wrong, or a chunk cannot be made.
        OSError: A chunk cannot be written.
    """
    parts = _parts(source, folder, chunk_size)
    paths = [part.path for part in parts]
    if shard == WHOLE:  # what is stale to one shard may be what another is at, by other settings
        for stale in set(folder.glob("chunk-*")) - set(paths):
            stale.unlink()
    work = ReadChunks(source, alone=engine is None)
    own = share(parts, shard)
    are_done = (_is_whole(part.path, on_progress) for part in own)
    run_parts(engine, work, own, are_done, READING, on_progress)
    return paths


def _parts(source: FaceInput, folder: Path, chunk_size: int) -> list[Slice]:
    return [
        Slice(folder / f"chunk-{_chunk_digest(source, start, stop)}.parquet", start, stop)
        for start, stop in slices(len(source), chunk_size)
    ]


def rejected_in(chunk: Path) -> list[Rejection]:
    """Return what a chunk left out."""
    try:
        listed = json.loads(pq.read_schema(chunk).metadata[_REJECTED])
        return [Rejection(*fields) for fields in listed]
    except (TypeError, KeyError, ValueError) as error:
        raise pa.ArrowInvalid(f"{chunk.name}: what it left out is not there") from error


def _chunk_digest(source: FaceInput, start: int, stop: int) -> str:
    return digest_of(VERSION, source.settings(), source.classes, source.fingerprint(start, stop))


def _is_whole(chunk: Path, on_progress: OnProgress) -> bool:
    """Whether a chunk is there and as it was written; what is damaged is told."""
    if not chunk.exists():
        return False
    try:
        pq.read_table(chunk, page_checksum_verification=True)
        rejected_in(chunk)
    except Exception:  # pyarrow raises what the damage happens to hit, also UnicodeDecodeError
        tell_damaged(chunk, on_progress)
        return False
    return True


def _read_chunk(source: FaceInput, start: int, stop: int) -> pa.Table:
    faces, rejected = [], []
    for result in source.read(start, stop):
        if isinstance(result, Rejection):
            rejected.append([result.origin, result.kind, result.detail])
        else:
            faces.append(_to_row(result))
    table = pa.Table.from_pylist(faces, schema=_chunk_schema(len(source.classes)))
    return table.replace_schema_metadata({_REJECTED: json.dumps(rejected)})


def _chunk_schema(classes: int) -> pa.Schema:
    return pa.schema(
        [
            pa.field("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
            pa.field("label", pa.int64()),
            pa.field("soft", pa.list_(pa.float32(), classes)),
            pa.field("group", pa.string()),
            pa.field("source", pa.string()),
            pa.field("held_out", pa.bool_()),
            pa.field("train_only", pa.bool_()),
            pa.field("validates", pa.bool_()),
            pa.field("sha256", pa.binary(DIGEST)),
            pa.field("origin", pa.string()),
            pa.field("thumbnail", pa.binary(duplicates.THUMB**2)),
        ]
    )


def _to_row(face: LabelledFace) -> dict[str, object]:
    shape = "x".join(map(str, face.pixels.shape))
    pixels = np.ascontiguousarray(face.pixels)
    return {
        "image": {"bytes": face.encoded or encode_png(pixels), "path": face.origin},
        "label": face.label,
        "soft": list(face.soft),
        "group": face.group,
        "source": face.source,
        "held_out": face.held_out,
        "train_only": face.train_only,
        "validates": face.validates,
        "sha256": hashlib.sha256(shape.encode() + pixels.tobytes()).digest(),
        "origin": face.origin,
        "thumbnail": duplicates.thumbnail(pixels).tobytes(),
    }
