"""Data sets of made pictures, as `mien prepare` writes them, of any size and number."""

from pathlib import Path

import cv2
import msgspec
import numpy as np
import pyarrow as pa

from benchmarks import faces
from mien import __version__
from mien.datasets.dataset import DATA, Dataset, DatasetInfo, load_dataset
from mien.datasets.parquet import ROW_GROUP, SplitWriter, face_schema
from mien.datasets.records import INFO

UNLIKE = 256  # pictures that differ; the others are these again
SHARD_ROWS = 20 * ROW_GROUP


def write_dataset(
    folder: Path, count: int, size: int, channels: int = 3, *, others: int = 64
) -> Dataset:
    """Write a data set of JPEG pictures.

    Args:
        folder: Where to.
        count: Faces to learn from.
        size: Of a picture in pixels.
        channels: 1 for gray, 3 for colour.
        others: Faces to judge by, and as many to test.
    """
    counts = {"train": count, "validation": others, "test": others}
    (folder / DATA).mkdir(parents=True)
    encoded = _encoded(min(UNLIKE, max(counts.values())), size, channels)
    for split, faces_ in counts.items():
        writer = SplitWriter(folder / DATA, split, face_schema(faces.CLASSES), faces_, SHARD_ROWS)
        for start in range(0, faces_, ROW_GROUP):
            rows = range(start, min(start + ROW_GROUP, faces_))
            writer.write(_table(split, rows, encoded))
        writer.close()
    kinds = len(faces.CLASSES)
    info = DatasetInfo(
        format=1,
        classes=faces.CLASSES,
        counts={
            split: {
                name: len(range(number, total, kinds)) for number, name in enumerate(faces.CLASSES)
            }
            for split, total in counts.items()
        },
        clusters=0,
        conflicts=0,
        rejected={},
        input={},
        settings={},
        seed=0,
        command="python -m benchmarks",
        versions={"mien": __version__},
    )
    (folder / INFO).write_bytes(msgspec.json.encode(info))
    return load_dataset(folder)


def _encoded(count: int, size: int, channels: int) -> list[bytes]:
    """Return JPEG pictures of the portrait, each a little otherwise."""
    found = []
    for face in faces.crops(count, size, channels):
        code = cv2.COLOR_GRAY2BGR if channels == 1 else cv2.COLOR_RGB2BGR
        picture = np.asarray(cv2.cvtColor(face, code), np.uint8)
        found.append(faces.to_jpeg(picture[..., 0] if channels == 1 else picture))
    return found


def _table(split: str, rows: range, encoded: list[bytes]) -> pa.Table:
    kinds = len(faces.CLASSES)
    labels = [row % kinds for row in rows]
    images = [{"bytes": encoded[row % len(encoded)], "path": f"{row}.jpg"} for row in rows]
    texts = [str(row) for row in rows]
    columns = {
        "image": images,
        "label": labels,
        "soft": np.eye(kinds, dtype=np.float32)[labels].tolist(),
        "cluster": list(rows),
        "split": [split] * len(rows),
        "source": [""] * len(rows),
        "group": texts,
        "sha256": texts,
        "origin": texts,
    }
    return pa.Table.from_pydict(columns, schema=face_schema(faces.CLASSES))
