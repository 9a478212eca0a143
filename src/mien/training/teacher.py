"""Learning from teachers: what larger models say of a face, beside what people said of it.

Knowledge distillation (Hinton et al. 2015). Ten votes are few: where three of ten people saw
sadness, a teacher that has seen many such faces says more than these ten. Each teacher sees every
face once as it is and once mirrored; its answers are kept for all epochs, and as a file beside the
run, from which the same can be learnt again without the teacher.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from mien.bundle import Bundle, load_bundle
from mien.classifier import OnnxClassifier
from mien.data.dataset import Dataset
from mien.errors import TrainingError, one_line
from mien.training.store import FaceStore
from mien.types import FloatArray, OnProgress

BATCH = 64
ORIGIN = "origin"


@dataclass(frozen=True, slots=True, eq=False)
class Teacher:
    """Someone to learn from: a bundle that is asked, or the file of answers that one gave.

    Attributes:
        name: What to call it.
        sha256: Of its graph or of its file.
        source: The bundle, or the table of answers.
    """

    name: str
    sha256: str
    source: Bundle | pa.Table


def load_teacher(path: Path) -> Teacher:
    """Load a bundle's folder, or a Parquet file that `write_answers` wrote.

    Raises:
        BundleError: The folder is no bundle.
        TrainingError: The file cannot be read.
    """
    if path.suffix != ".parquet":
        bundle = load_bundle(path)
        return Teacher(bundle.info.name, bundle.info.sha256, bundle)
    try:
        data = path.read_bytes()
        table = pq.read_table(pa.BufferReader(data))
    except (OSError, pa.ArrowException) as error:
        reason = one_line(error)
        raise TrainingError(f"{path}: the answers cannot be read: {reason}") from error
    if ORIGIN not in table.column_names:
        raise TrainingError(f"{path}: no column {ORIGIN!r}; is this a file of answers?")
    return Teacher(path.name, hashlib.sha256(data).hexdigest(), table)


def taught(
    store: FaceStore,
    dataset: Dataset,
    teachers: Sequence[Teacher],
    weight: float,
    on_progress: OnProgress,
) -> tuple[FaceStore, pa.Table]:
    """Blend the shares that people gave with those that the teachers give.

    Args:
        store: The training faces of the data set.
        dataset: The data set.
        teachers: They know the same classes and the same faces.
        weight: Of the teachers, 0 to 1.
        on_progress: Told how many faces a teacher has read.

    Returns:
        The same faces with blended shares; and the teachers' mean answers, which teach the same.

    Raises:
        TrainingError: A teacher does not know a class or a face.
    """
    origins = [origin for rows in dataset.rows("train") for origin in rows.origins]
    given = [_answers(one, store, dataset.classes, origins, on_progress) for one in teachers]
    answers = np.stack(given).mean(axis=0, dtype=np.float32)
    columns = dict(zip(dataset.classes, answers.T, strict=True))
    soft = (1 - weight) * np.asarray(store.soft) + weight * answers
    table = pa.table({ORIGIN: origins, **columns})
    return replace(store, soft=soft.astype(np.float32)), table


def _answers(
    teacher: Teacher,
    store: FaceStore,
    classes: Sequence[str],
    origins: Sequence[str],
    on_progress: OnProgress,
) -> FloatArray:
    if isinstance(teacher.source, Bundle):
        return _asked(teacher.source, store, classes, on_progress)
    return _looked_up(teacher.name, teacher.source, classes, origins)


def _asked(
    teacher: Bundle, store: FaceStore, classes: Sequence[str], on_progress: OnProgress
) -> FloatArray:
    order = _order(teacher, classes, store.images.shape[1:])
    classifier = OnnxClassifier(teacher, threads=torch.get_num_threads())
    result = np.empty((len(store), len(classes)), dtype=np.float32)
    for start in range(0, len(store), BATCH):
        faces = np.array(store.images[start : start + BATCH])
        both = (classifier(faces) + classifier(np.ascontiguousarray(faces[:, :, ::-1]))) / 2
        result[start : start + len(faces)] = both[:, order]
        on_progress(f"asking {teacher.info.name}", start + len(faces), len(store))
    return result


def _looked_up(
    name: str, table: pa.Table, classes: Sequence[str], origins: Sequence[str]
) -> FloatArray:
    known = [column for column in table.column_names if column != ORIGIN]
    if set(known) != set(classes):
        raise TrainingError(
            f"{name}: these answers are of {', '.join(known)}, but the data set has "
            f"{', '.join(classes)}; they must be the same classes"
        )
    place = {origin: row for row, origin in enumerate(table[ORIGIN].to_pylist())}
    missing = [origin for origin in origins if origin not in place]
    if missing:
        raise TrainingError(
            f"{name}: no answer for {missing[0]} and {len(missing) - 1} other faces; the answers "
            "are of another data set"
        )
    values = np.stack([table[column].to_numpy() for column in classes], axis=1)
    return np.asarray(values[[place[origin] for origin in origins]], dtype=np.float32)


def _order(teacher: Bundle, classes: Sequence[str], shape: Sequence[int]) -> list[int]:
    """Return where each class stands in the teacher's answers."""
    info = teacher.info
    if set(info.labels) != set(classes):
        raise TrainingError(
            f"{teacher.path}: this teacher knows {', '.join(info.labels)}, but the data set has "
            f"{', '.join(classes)}; they must be the same classes"
        )
    wanted = (info.input.size, info.input.size, info.input.channels)
    if tuple(shape) != wanted:
        raise TrainingError(
            f"{teacher.path}: this teacher takes faces of {wanted}, but the run is set to "
            f"{tuple(shape)} (--size, --channels); they must be the same"
        )
    return [info.labels.index(name) for name in classes]
