"""Learning from teachers: what larger models say of a face, beside what people said of it.

Knowledge distillation (Hinton et al. 2015). Ten votes are few: where three of ten people saw
sadness, a teacher that has seen many such faces says more than these ten. Teachers and learner see
the very same changed pictures, since a teacher that answers for a picture it did not see teaches
much less (Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and consistent"):
every face is changed a few times at random, and each of these views gets soft targets once. Some
views show two faces at once, as there, so that the learner sees more than the faces at hand.

A teacher may take faces of more pixels than the learner: both then see the same change of the same
face, each at its own size.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor

from mien.datasets.arrays import map_array, new_array
from mien.files.writes import digest_of
from mien.models.bundle import Bundle
from mien.training import randomness
from mien.training.device import Compute
from mien.training.expression import augment as augmentation
from mien.training.expression import teachers as asking
from mien.training.expression.augment import augment, mix
from mien.training.expression.faces import IMAGES, FaceStore, alone_decoding, code_of, made_once
from mien.training.expression.settings import TrainSettings
from mien.training.expression.teachers import Teacher, as_bytes, open_teachers, shrunk
from mien.training.randomness import Draws
from mien.types import FloatArray, OnProgress

BATCH = 256
SOFT = "soft.npy"
VIEW = 2  # a kind of randomness, beside those of `lesson`
# Of the pictures that training without a teacher degrades. Where it was half, networks read clear
# faces a little worse.
DEGRADED = 1 / 3


def distillation_set(
    store: FaceStore,
    seen: FaceStore,
    classes: Sequence[str],
    bundles: Sequence[Bundle],
    settings: TrainSettings,
    folder: Path,
    compute: Compute,
    on_progress: OnProgress,
) -> list[FaceStore]:
    """Change every face several times, and have all teachers give each view its soft targets.

    Args:
        store: The faces to learn from.
        seen: The same faces at the size of the teacher that takes the largest.
        classes: The classes of the data set.
        bundles: The teachers: they know the same classes.
        settings: `teacher_views`, `teacher_weight` and `seed` are used.
        folder: Where views and soft targets are kept, for this run and if it is resumed.
        compute: Where faces are changed and teachers asked.
        on_progress: Called with how many views have their soft targets.

    Returns:
        One store per view, memory-mapped: changed pictures, and the teachers' mean soft targets
        blended with the shares that people gave.

    Raises:
        TrainingError: A teacher does not know a class or takes other faces, or the disk is full.
    """
    size, channels = store.images.shape[2:]
    teachers = open_teachers(bundles, classes, size, channels, compute)
    # All that the targets depend on is part of the name, so that no others are taken up.
    parts = [(one.info.sha256, one.info.labels) for one in bundles]
    chosen = (settings.teacher_views, settings.teacher_weight, settings.seed, compute.device.type)
    made_by = (torch.__version__, onnxruntime.__version__)
    code = code_of(augmentation, randomness, asking, sys.modules[__name__])
    digest = digest_of(store.digest, store.images.shape, parts, chosen, made_by, code)
    shapes = [(settings.teacher_views, *one.shape) for one in (store.images, store.soft)]
    lesson = _Lesson(store, seen, teachers, settings, compute)
    with alone_decoding(folder):
        images, soft = made_once(
            folder / f"distillation-{digest}",
            lambda new: _write(lesson, shapes, new, on_progress),
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


@dataclass(frozen=True, slots=True)
class _Lesson:
    """Faces, and who says what their views show."""

    store: FaceStore
    seen: FaceStore
    teachers: Sequence[Teacher]
    settings: TrainSettings
    compute: Compute

    def view(self, rows: slice, view: int) -> tuple[Tensor, FloatArray]:
        """Change faces once: what the learner sees, float [N,C,S,S], and its soft targets [N,K]."""
        store, weight, device = self.store, self.settings.teacher_weight, self.compute.device
        numbers = np.arange(rows.start, rows.stop)
        draws = Draws(numbers, self.settings.seed, view, VIEW, device=device)
        partners = draws.whole(len(store))
        size = store.images.shape[2]
        own, other = (self.compute.pictures(self.seen.images[part]) for part in (rows, partners))
        mixed, share = mix(own, other, draws)
        pictures = augment(mixed, draws, DEGRADED, grain=size)
        said = torch.stack([teacher.ask(pictures) for teacher in self.teachers]).mean(0)
        part = share.cpu().numpy()[:, None]
        people = (1 - part) * store.soft[rows] + part * store.soft[partners]
        soft = (1 - weight) * people + weight * said.cpu().numpy()
        return shrunk(pictures, size), soft.astype(np.float32)


def _write(
    lesson: _Lesson, shapes: Sequence[tuple[int, ...]], folder: Path, on_progress: OnProgress
) -> None:
    """Change all views in order and make their soft targets."""
    views, count = shapes[0][:2]
    with (
        new_array(folder / IMAGES, np.uint8, shapes[0]) as write_images,
        new_array(folder / SOFT, np.float32, shapes[1]) as write_soft,
    ):
        for view in range(views):
            for start in range(0, count, BATCH):
                rows = slice(start, min(start + BATCH, count))
                pictures, soft = lesson.view(rows, view)
                write_images(as_bytes(pictures))
                write_soft(soft)
                on_progress("asking the teachers", view * count + rows.stop, views * count)
