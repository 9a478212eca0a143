"""Learning from teachers: what larger models say of a face, beside what people said of it.

Knowledge distillation (Hinton et al. 2015). Ten votes are few: where three of ten people saw
sadness, a teacher that has seen many such faces says more than these ten. Teachers and learner see
the very same changed pictures, since a teacher that answers for a picture it did not see teaches
much less (Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and consistent"):
every face is changed a few times at random, and each of these views is answered once.
"""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from mien.bundle import Bundle
from mien.classifier import OnnxClassifier
from mien.errors import TrainingError
from mien.training.augment import augment
from mien.training.compute import Compute
from mien.training.settings import TrainSettings
from mien.training.store import IMAGES, FaceStore
from mien.types import OnProgress

ANSWERS = "answers.npy"
BATCH = 64
SPOILT = 0.5  # of the pictures that training without a teacher makes worse


def lessons(
    store: FaceStore,
    classes: Sequence[str],
    teachers: Sequence[Bundle],
    settings: TrainSettings,
    folder: Path,
    on_progress: OnProgress,
) -> list[FaceStore]:
    """Change every face several times, and have each view answered by all teachers.

    Args:
        store: The faces to learn from.
        classes: The classes of the data set.
        teachers: Bundles that know the same classes and take the same faces.
        settings: `teacher_views`, `teacher_weight` and `seed` are used.
        folder: Where views and answers are kept, for this run and if it is resumed.
        on_progress: Told how many views have been answered.

    Returns:
        One store per view: changed pictures, memory-mapped, and the teachers' mean answers blended
        with the shares that people gave.

    Raises:
        TrainingError: A teacher does not know a class or takes other faces, or the disk is full.
    """
    orders = [_order(teacher, classes, store.images.shape[1:]) for teacher in teachers]
    # All that the answers depend on is part of the name, so that no others are taken up.
    parts = [(teacher.info.sha256, teacher.info.labels) for teacher in teachers]
    facts = (parts, store.images.shape, settings.teacher_views, settings.seed, SPOILT)
    place = folder / f"lessons-{hashlib.sha256(str(facts).encode()).hexdigest()[:24]}"
    if not place.is_dir():
        temporary = place.with_suffix(".partial")
        shutil.rmtree(temporary, ignore_errors=True)
        try:
            temporary.mkdir(parents=True)
            _write(store, teachers, orders, settings, temporary, on_progress)
            temporary.rename(place)
        except OSError as error:
            raise TrainingError(f"{place}: cannot be written: {error.strerror}") from error
    images, answers = (np.load(place / name, mmap_mode="r") for name in (IMAGES, ANSWERS))
    weight = settings.teacher_weight
    soft = (1 - weight) * np.asarray(store.soft)
    return [
        FaceStore(pictures, (soft + weight * said).astype(np.float32), store.labels, changed=True)
        for pictures, said in zip(images, answers, strict=True)
    ]


def _write(
    store: FaceStore,
    teachers: Sequence[Bundle],
    orders: Sequence[list[int]],
    settings: TrainSettings,
    folder: Path,
    on_progress: OnProgress,
) -> None:
    views, count, classes = settings.teacher_views, len(store), store.soft.shape[1]
    shape = (views, *store.images.shape)
    images = np.lib.format.open_memmap(folder / IMAGES, "w+", np.uint8, shape)
    answers = np.lib.format.open_memmap(folder / ANSWERS, "w+", np.float32, (views, count, classes))
    classifiers = [OnnxClassifier(one, threads=torch.get_num_threads()) for one in teachers]
    compute = Compute(torch.device("cpu"), bf16=False)
    for view in range(views):
        generator = torch.Generator().manual_seed(settings.seed * 1000 + view)
        for start in range(0, count, BATCH):
            rows = slice(start, min(start + BATCH, count))
            pictures = augment(compute.pictures(store.images[rows]), generator, SPOILT)
            faces = (pictures.permute(0, 2, 3, 1) * 255).round().byte().contiguous().numpy()
            said = [one(faces)[:, order] for one, order in zip(classifiers, orders, strict=True)]
            images[view, rows], answers[view, rows] = faces, np.mean(said, axis=0)
            on_progress("asking the teachers", view * count + rows.stop, views * count)
    images.flush()
    answers.flush()


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
