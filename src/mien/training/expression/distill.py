"""Learning from teachers: what larger models say of a face, beside what people said of it.

Knowledge distillation (Hinton et al. 2015). Ten votes are few: where three of ten people saw
sadness, a teacher that has seen many such faces says more than these ten. Teachers and learner see
the very same changed pictures, since a teacher that answers for a picture it did not see teaches
much less (Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and consistent"):
every face is changed a few times at random, and each of these views gets soft targets once. Some
views show two faces at once, as there, so that the learner sees more than the faces at hand.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from mien.datasets.arrays import AnyArray, map_array, new_array
from mien.errors import TrainingError
from mien.files.writes import digest_of
from mien.models.bundle import Bundle
from mien.models.classifier import OnnxClassifier
from mien.models.decision import split
from mien.training.device import Compute
from mien.training.expression import augment as augmentation
from mien.training.expression.augment import augment, mix
from mien.training.expression.faces import IMAGES, SOFT, FaceStore, code_of, made_once
from mien.training.expression.settings import TrainSettings
from mien.types import OnProgress

BATCH = 64
DEGRADED = 0.5  # of the pictures that training without a teacher degrades


def distillation_set(
    store: FaceStore,
    classes: Sequence[str],
    teachers: Sequence[Bundle],
    settings: TrainSettings,
    folder: Path,
    on_progress: OnProgress,
) -> list[FaceStore]:
    """Change every face several times, and have all teachers give each view its soft targets.

    Args:
        store: The faces to learn from.
        classes: The classes of the data set.
        teachers: Bundles that know the same classes and take the same faces.
        settings: `teacher_views`, `teacher_weight` and `seed` are used.
        folder: Where views and soft targets are kept, for this run and if it is resumed.
        on_progress: Called with how many views have their soft targets.

    Returns:
        One store per view, memory-mapped: changed pictures, and the teachers' mean soft targets
        blended with the shares that people gave.

    Raises:
        TrainingError: A teacher does not know a class or takes other faces, or the disk is full.
    """
    orders = [_order(teacher, classes, store.images.shape[1:]) for teacher in teachers]
    # All that the targets depend on is part of the name, so that no others are taken up.
    parts = [(teacher.info.sha256, teacher.info.labels) for teacher in teachers]
    chosen = (settings.teacher_views, settings.teacher_weight, settings.seed)
    made_by = (torch.__version__, onnxruntime.__version__)
    code = code_of(augmentation, sys.modules[__name__])
    digest = digest_of(store.digest, store.images.shape, parts, chosen, made_by, code)
    shapes = [(settings.teacher_views, *one.shape) for one in (store.images, store.soft)]
    images, soft = made_once(
        folder / f"distillation-{digest}",
        lambda new: _write(store, teachers, orders, settings, new, on_progress),
        lambda place: (
            map_array(place / IMAGES, np.uint8, shapes[0]),
            map_array(place / SOFT, np.float32, shapes[1]),
        ),
        on_progress,
    )
    return [
        replace(store, images=pictures, soft=shares, changed=True)
        for pictures, shares in zip(images, soft, strict=True)
    ]


def _write(
    store: FaceStore,
    teachers: Sequence[Bundle],
    orders: Sequence[list[int]],
    settings: TrainSettings,
    folder: Path,
    on_progress: OnProgress,
) -> None:
    views = settings.teacher_views
    with (
        new_array(folder / IMAGES, np.uint8, (views, *store.images.shape)) as write_images,
        new_array(folder / SOFT, np.float32, (views, *store.soft.shape)) as write_soft,
    ):
        _ask(store, teachers, orders, settings, (write_images, write_soft), on_progress)


def _ask(
    store: FaceStore,
    teachers: Sequence[Bundle],
    orders: Sequence[list[int]],
    settings: TrainSettings,
    write: tuple[Callable[[AnyArray], None], Callable[[AnyArray], None]],
    on_progress: OnProgress,
) -> None:
    """Change all views in order and make their soft targets, handing both on."""
    views, count, weight = settings.teacher_views, len(store), settings.teacher_weight
    classifiers = [OnnxClassifier(one, threads=torch.get_num_threads()) for one in teachers]
    compute = Compute(torch.device("cpu"), bf16=False)
    for view in range(views):
        generator = torch.Generator().manual_seed(settings.seed * 1000 + view)
        for start in range(0, count, BATCH):
            rows = slice(start, min(start + BATCH, count))
            partners = torch.randint(count, (rows.stop - start,), generator=generator).numpy()
            own, other = (compute.pictures(store.images[part]) for part in (rows, partners))
            mixed, share = mix(own, other, generator)
            pictures = augment(mixed, generator, DEGRADED)
            faces = (pictures.permute(0, 2, 3, 1) * 255).round().byte().contiguous().numpy()
            answers = [split(one(faces), other=one.other)[0] for one in classifiers]
            targets = [answer[:, order] for answer, order in zip(answers, orders, strict=True)]
            write[0](faces)
            part = share.numpy()[:, None]
            people = (1 - part) * store.soft[rows] + part * store.soft[partners]
            write[1]((1 - weight) * people + weight * np.mean(targets, axis=0))
            on_progress("asking the teachers", view * count + rows.stop, views * count)


def _order(teacher: Bundle, classes: Sequence[str], shape: Sequence[int]) -> list[int]:
    """Return where each class stands in what the teacher gives."""
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
