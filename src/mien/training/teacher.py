"""Learning from teachers: what larger models say of a face, beside what people said of it.

Knowledge distillation (Hinton et al. 2015). Ten votes are few: where three of ten people saw
sadness, a teacher that has seen many such faces says more than these ten. Each teacher sees every
face once as it is and once mirrored; its answers are kept for all epochs.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from mien.bundle import Bundle
from mien.classifier import OnnxClassifier
from mien.errors import TrainingError
from mien.training.store import FaceStore
from mien.types import FloatArray, OnProgress

BATCH = 64


def taught(
    store: FaceStore,
    classes: Sequence[str],
    teachers: Sequence[Bundle],
    weight: float,
    folder: Path,
    on_progress: OnProgress,
) -> FaceStore:
    """Blend the shares that people gave with those that the teachers give.

    Args:
        store: The faces to learn from.
        classes: The classes of the data set.
        teachers: Bundles that know the same classes and take the same faces.
        weight: Of the teachers, 0 to 1.
        folder: Where the teachers' answers are kept for a resumed run.
        on_progress: Told how many faces the teachers have read.

    Returns:
        The same faces with blended shares.

    Raises:
        TrainingError: A teacher does not know a class, or takes other faces.
    """
    answers = np.mean(
        [_answers(store, classes, teacher, folder, on_progress) for teacher in teachers], axis=0
    )
    soft = (1 - weight) * np.asarray(store.soft) + weight * answers
    return replace(store, soft=soft.astype(np.float32))


def _answers(
    store: FaceStore,
    classes: Sequence[str],
    teacher: Bundle,
    folder: Path,
    on_progress: OnProgress,
) -> FloatArray:
    order = _order(teacher, classes, store.images.shape[1:])
    # All that the answers depend on is part of the name, so that no others are taken up.
    parts = (teacher.info.sha256, teacher.info.labels, store.images.shape, tuple(classes))
    key = hashlib.sha256(str(parts).encode())
    path = folder / f"teacher-{key.hexdigest()[:24]}.npy"
    if path.exists():
        return np.asarray(np.load(path, allow_pickle=False))
    classifier = OnnxClassifier(teacher, threads=torch.get_num_threads())
    result = np.empty((len(store), len(classes)), dtype=np.float32)
    for start in range(0, len(store), BATCH):
        faces = np.array(store.images[start : start + BATCH])
        both = (classifier(faces) + classifier(np.ascontiguousarray(faces[:, :, ::-1]))) / 2
        result[start : start + len(faces)] = both[:, order]
        on_progress(f"asking {teacher.info.name}", start + len(faces), len(store))
    temporary = path.with_suffix(".partial.npy")
    np.save(temporary, result)
    temporary.rename(path)
    return result


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
