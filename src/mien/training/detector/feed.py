"""Batches of scenes, made by other processes while the network learns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from mien.errors import TrainingError
from mien.training.detector.annotated import Annotated
from mien.training.detector.loss import Targets
from mien.training.detector.material import Material, Picture
from mien.training.detector.scenes import Pieces, Scenes

SIDE, LARGE_SIDE = 256, 384
LARGE = 0.2  # share of batches whose scenes are of the larger side, and fewer
# Faces of masked people are many, of turned heads few; both are hard to find.
TURNED = 6.0
TRICKY = 4  # how often what detectors took for a face is shown, for once of other pictures
RARELY = {"maskwear": 0.8, "mask853": 0.8}
VALIDATION_SCENES = 640
TRAIN, VALIDATE = 0, 1  # kinds of randomness


@dataclass(frozen=True, slots=True)
class Batch:
    """Scenes and what is in them.

    Attributes:
        pictures: uint8 [N,C,S,S].
        targets: Their faces.
    """

    pictures: Tensor
    targets: Targets

    @classmethod
    def of(cls, scenes: Sequence[Annotated]) -> "Batch":
        """Stack scenes of one size."""
        stacked = np.stack([scene.image for scene in scenes])
        shaped = stacked[:, None] if stacked.ndim == 3 else stacked.transpose(0, 3, 1, 2)
        return cls(torch.from_numpy(np.ascontiguousarray(shaped)), Targets.of(scenes))


def pieces(material: Material, split: str) -> Pieces:
    """Return what a split's scenes are made of.

    Raises:
        TrainingError: The split has no picture with a face.
    """
    known: list[tuple[Picture, Annotated]] = [
        (picture, annotated)
        for picture, annotated in zip(material.info.pictures, material.open(), strict=True)
        if picture.split == split
    ]
    whole = [pair for pair in known if not pair[0].cropped]
    faces = [pair for pair in whole if len(pair[1].boxes)]
    if not faces:
        raise TrainingError(
            f"{material.folder}: no picture with a face is for {split}; give more pictures, of "
            "more people"
        )
    return Pieces(
        pictures=[annotated for _, annotated in faces],
        weights=[_weight(picture, annotated) for picture, annotated in faces],
        faceless=[
            annotated
            for picture, annotated in whole
            if not len(annotated.boxes) and not len(annotated.unknown)
            for _ in range(TRICKY if picture.tricky else 1)
        ],
        crops=[a for picture, a in known if picture.cropped and len(a.boxes) == 1],
    )


def batches(
    material: Material, batch_size: int, seed: int, steps: range, workers: int = 1
) -> Iterator[Batch]:
    """Yield the batches of some steps; each depends on the seed and its step alone.

    Args:
        material: What scenes are made of.
        batch_size: Scenes of `SIDE` pixels per batch.
        seed: Of all randomness.
        steps: Numbers of the steps.
        workers: Processes that make scenes.
    """
    loader: DataLoader[Batch] = DataLoader(
        _Steps(material, batch_size, seed, steps),
        batch_size=None,
        num_workers=workers,
        prefetch_factor=8 if workers else None,
        worker_init_fn=_calm if workers else None,
        # A forked process would wait for ever for threads of OpenCV that it does not have.
        multiprocessing_context="spawn" if workers else None,
    )
    yield from loader


def validation_batches(material: Material, seed: int, batch_size: int) -> list[Batch]:
    """Return scenes to judge by, made of the pictures for validation: always the same."""
    maker = Scenes(pieces(material, "validation"))
    rng = np.random.default_rng((seed, VALIDATE))
    scenes = [maker.make(SIDE, rng) for _ in range(VALIDATION_SCENES)]
    return [
        Batch.of(scenes[start : start + batch_size]) for start in range(0, len(scenes), batch_size)
    ]


class _Steps(Dataset[Batch]):
    """Batches by number. Holds no pixels until it is used, in the process that uses it."""

    def __init__(self, material: Material, batch_size: int, seed: int, steps: range) -> None:
        self._material, self._batch_size = material, batch_size
        self._seed, self._steps = seed, steps
        self._scenes: Scenes | None = None

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, index: int) -> Batch:
        if index >= len(self._steps):
            raise IndexError(index)
        if self._scenes is None:
            self._scenes = Scenes(pieces(self._material, "train"))
        rng = np.random.default_rng((self._seed, TRAIN, self._steps[index]))
        side = LARGE_SIDE if rng.random() < LARGE else SIDE
        count = max(2, round(self._batch_size * SIDE**2 / side**2))
        return Batch.of([self._scenes.make(side, rng) for _ in range(count)])


def _calm(_: int) -> None:
    """Keep a worker to one core: the network has the others."""
    cv2.setNumThreads(1)


def _weight(picture: Picture, annotated: Annotated) -> float:
    """How often a picture is used: more, the further heads are turned in it."""
    eyes = annotated.landmarks[:, 1] - annotated.landmarks[:, 0]
    noses = annotated.landmarks[:, 2] - annotated.landmarks[:, :2].mean(axis=1)
    distances = np.maximum(np.linalg.norm(eyes, axis=1), 1e-6)
    turned = np.abs((noses * eyes).sum(axis=1)) / distances**2
    most = float(np.clip((turned - 0.15) / 0.35, 0, 1).max())
    return RARELY.get(picture.source, 1.0) * (1 + TURNED * most)
