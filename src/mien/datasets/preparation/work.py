"""The work folder of an unfinished `prepare`: what is done is kept, and found again.

Every piece is a file whose name holds a hash of all it was made from, and which gets that name
only when it is whole. So an interrupted run goes on where it was, and other settings or changed
pictures give other names, never a mixture.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from mien.datasets.arrays import AnyArray, DamagedError, map_array, new_array
from mien.datasets.preparation import duplicates
from mien.datasets.preparation.duplicates import PairArray, thumbnail
from mien.datasets.records import FaceInput, LabelledFace, Rejection
from mien.files.writes import digest_of, new_file
from mien.types import FloatArray, OnProgress, PixelArray
from mien.vision.images.reading import encode_png

# Raise when pieces are made otherwise than before.
_VERSION = 5
_REJECTED = b"rejected"


def write_chunks(
    source: FaceInput, folder: Path, chunk_size: int, on_progress: OnProgress
) -> list[Path]:
    """Read, crop and encode all faces of an input, a chunk of entries at a time.

    Args:
        source: The input.
        folder: The work folder.
        chunk_size: Entries per chunk.
        on_progress: Called with how many entries are done.

    Returns:
        The chunks in order: Parquet files with one row per face.
    """
    slices = [(i, min(i + chunk_size, len(source))) for i in range(0, len(source), chunk_size)]
    paths = [folder / f"chunk-{_chunk_digest(source, *part)}.parquet" for part in slices]
    for stale in set(folder.glob("chunk-*")) - set(paths):
        stale.unlink()
    for path, (start, stop) in zip(paths, slices, strict=True):
        if not _is_whole(path, on_progress):
            table = _read_chunk(source, start, stop)
            with new_file(path) as temporary:
                pq.write_table(table, temporary, write_page_checksum=True)
        on_progress("reading pictures", stop, len(source))
    return paths


def rejected_in(chunk: Path) -> list[Rejection]:
    """Return what a chunk left out."""
    try:
        listed = json.loads(pq.read_schema(chunk).metadata[_REJECTED])
        return [Rejection(*fields) for fields in listed]
    except (TypeError, KeyError, ValueError) as error:
        raise pa.ArrowInvalid(f"{chunk.name}: what it left out is not there") from error


def find_pairs(
    chunks: list[Path], folder: Path, threshold: float, on_progress: OnProgress
) -> tuple[PairArray, FloatArray]:
    """Find the pairs of pictures that resemble each other among all faces of the chunks.

    Args:
        chunks: What `write_chunks` returned.
        folder: The work folder.
        threshold: Similarity from which a pair is wanted.
        on_progress: Called with how many faces were compared with all others.

    Returns:
        int64 [P,2] of row numbers, counted through all chunks, and float32 [P], how similar the
        two are.
    """
    digest = digest_of(_VERSION, threshold, [path.name for path in chunks])
    thumbs = _thumbnails(chunks, folder / f"thumbnails-{digest}.npy", on_progress)
    found = []
    for start in range(0, len(thumbs), duplicates.BLOCK):
        stop = min(start + duplicates.BLOCK, len(thumbs))
        path = folder / f"pairs-{digest}-{start:09d}.npy"
        if (rows := _kept(path, np.float64, (None, 3), on_progress)) is None:
            pairs, values = duplicates.near_pairs(thumbs, start, stop, threshold)
            # One file: float64 holds every row number exactly.
            rows = np.column_stack([pairs, values]).astype(np.float64)
            with new_file(path) as temporary:
                np.save(temporary, rows, allow_pickle=False)
        found.append(np.asarray(rows))
        on_progress("finding duplicates", stop, len(thumbs))
    every = np.concatenate([np.empty((0, 3)), *found])
    return every[:, :2].astype(np.int64), every[:, 2].astype(np.float32)


def _chunk_digest(source: FaceInput, start: int, stop: int) -> str:
    return digest_of(_VERSION, source.settings(), source.classes, source.fingerprint(start, stop))


def _is_whole(chunk: Path, on_progress: OnProgress) -> bool:
    """Whether a chunk is there and as it was written; what is damaged is told."""
    if not chunk.exists():
        return False
    try:
        pq.read_table(chunk, page_checksum_verification=True)
        rejected_in(chunk)
    except Exception:  # pyarrow raises what the damage happens to hit, also UnicodeDecodeError
        _tell_damaged(chunk, on_progress)
        return False
    return True


def _tell_damaged(path: Path, on_progress: OnProgress) -> None:
    on_progress(f"{path.name} is damaged and made again", 1, 1)


def _kept(
    path: Path, dtype: npt.DTypeLike, shape: tuple[int | None, ...], on_progress: OnProgress
) -> AnyArray | None:
    """Return an array that was kept; None where there is none, or a damaged one, which is told."""
    if not path.exists():
        return None
    try:
        return map_array(path, dtype, shape)
    except DamagedError:
        _tell_damaged(path, on_progress)
        return None


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
            pa.field("sha256", pa.string()),
            pa.field("origin", pa.string()),
            pa.field("thumbnail", pa.binary(duplicates.THUMB**2)),
        ]
    )


def _to_row(face: LabelledFace) -> dict[str, object]:
    shape = "x".join(map(str, face.pixels.shape))
    pixels = np.ascontiguousarray(face.pixels)
    return {
        "image": {"bytes": encode_png(pixels), "path": face.origin},
        "label": face.label,
        "soft": list(face.soft),
        "group": face.group,
        "source": face.source,
        "held_out": face.held_out,
        "train_only": face.train_only,
        "validates": face.validates,
        "sha256": hashlib.sha256(shape.encode() + pixels.tobytes()).hexdigest(),
        "origin": face.origin,
        "thumbnail": thumbnail(pixels).tobytes(),
    }


def _thumbnails(chunks: list[Path], path: Path, on_progress: OnProgress) -> PixelArray:
    """Gather all thumbnails in one file that is mapped, not loaded: uint8 [N,THUMB,THUMB]."""
    side = duplicates.THUMB
    count = sum(pq.read_metadata(chunk).num_rows for chunk in chunks)
    if not count:
        return np.empty((0, side, side), dtype=np.uint8)
    shape = (count, side, side)
    if _kept(path, np.uint8, shape, on_progress) is None:
        with new_file(path) as temporary, new_array(temporary, np.uint8, shape) as write:
            for values in _chunk_thumbnails(chunks):
                write(values)
    return np.asarray(map_array(path, np.uint8, shape), dtype=np.uint8)


def _chunk_thumbnails(chunks: list[Path]) -> Iterator[PixelArray]:
    side = duplicates.THUMB
    for chunk in chunks:
        column = pq.read_table(chunk, columns=["thumbnail"])["thumbnail"]
        data = b"".join(column.to_pylist())
        yield np.frombuffer(data, dtype=np.uint8).reshape(-1, side, side)
