"""How much depends on the framing: accuracy over crop scale."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mien.evaluation import metrics
from mien.evaluation.intervals import RESAMPLES, group_numbers
from mien.evaluation.predictions import Answers
from mien.evaluation.summary import Estimate
from mien.evaluation.tables import cells, estimate_tables
from mien.types import OnProgress, ignore_progress

STAGE = "intervals of crop scales"


@dataclass(frozen=True, slots=True)
class CropScalePoint:
    """How faces are read with one framing.

    Attributes:
        crop_scale: Side of the crop over the side of the detector's box.
        faces: Number of faces.
        accuracy: Share of right answers.
        balanced_accuracy: Mean recall over the classes.
        ece: Expected calibration error.
    """

    crop_scale: float
    faces: int
    accuracy: Estimate
    balanced_accuracy: Estimate
    ece: float


def crop_scale_points(
    answers: Mapping[float, Answers],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    on_progress: OnProgress = ignore_progress,
) -> tuple[CropScalePoint, ...]:
    """Make the figures of every framing.

    Args:
        answers: Crop scale → the answers to the same pictures, in which the same faces were found;
            at least one.
        resamples: Draws for the intervals, over groups and the same for all; 0 for none.
        seed: Seed of the draws.
        on_progress: Told of the draws done.

    Returns:
        One point per crop scale, in rising order.
    """
    scales = sorted(answers)
    faces = [answers[scale].of_faces() for scale in scales]
    truth = faces[0].truth
    tables = estimate_tables(
        np.stack([cells(truth, part.probabilities) for part in faces]),
        faces[0].probabilities.shape[1],
        group_numbers(faces[0].groups),
        resamples=resamples,
        seed=seed,
        stage=STAGE,
        on_progress=on_progress,
    )
    points = []
    for scale, part, table in zip(scales, faces, tables, strict=True):
        correct = part.probabilities.argmax(axis=1) == truth
        ece = metrics.reliability(correct, part.probabilities.max(axis=1)).expected_error
        points.append(
            CropScalePoint(scale, truth.size, table.accuracy, table.balanced_accuracy, ece)
        )
    return tuple(points)
