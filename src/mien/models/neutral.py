"""What a model makes of neutral faces in general: what one person's are compared with.

A face at rest is read as "neutral" of most people, and of some as sad or angry, because their
brows, lids or the corners of their mouths lie so. Where the model's own mean is known, that of one
person can be taken off beside it; see `mien.pipeline.baseline`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mien.errors import SettingsError
from mien.models.info import ModelInfo
from mien.types import RealArray
from mien.vision.looks import name_of

NEUTRAL = "neutral"  # as the table of looks calls it
# Below this, probabilities are alike: the logarithm of a rounding error must not decide a mean.
LEAST = 1e-6


def logs(outcomes: npt.NDArray[np.floating[Any]]) -> RealArray:
    """Return the natural logarithms of probabilities, of `LEAST` where there is less, float64."""
    return np.asarray(np.log(np.maximum(outcomes.astype(np.float64), LEAST)))


def neutral_index(labels: Sequence[str]) -> int | None:
    """Return which label means neutral, by the table of looks; None where none does."""
    return next((at for at, label in enumerate(labels) if name_of(label) == NEUTRAL), None)


def mean_logs(
    outcomes: npt.NDArray[np.floating[Any]],
    truth: npt.NDArray[np.integer[Any]],
    labels: Sequence[str],
) -> tuple[float, ...] | None:
    """Return what model.json keeps as `neutral_logs`.

    Args:
        outcomes: [N,K], or [N,K+1] with something else last: what the model gives for faces.
        truth: Integers [N]; which label each of them has.
        labels: The model's.

    Returns:
        The mean over the neutral ones of the logarithms; None where no label means neutral, or no
        face is.
    """
    chosen = truth == neutral_index(labels)
    if not chosen.any():
        return None
    return tuple(round(float(value), 4) for value in logs(outcomes[chosen]).mean(axis=0))


def reference(info: ModelInfo) -> RealArray:
    """Return the mean logarithms of neutral faces in general, float64 [K] or [K+1].

    Raises:
        SettingsError: The model has no label that means neutral, or its bundle does not say.
    """
    if neutral_index(info.labels) is None:
        raise SettingsError(
            f"the model {info.name} cannot be shown a usual face: none of its labels means "
            f"neutral ({', '.join(info.labels)}); take one that has such a label"
        )
    if info.neutral_logs is None:
        raise SettingsError(
            f"the model {info.name} cannot be shown a usual face: its model.json has no "
            "neutral_logs; take a shipped model, or train it with this version of mien"
        )
    return np.array(info.neutral_logs)


def can_be_shown(info: ModelInfo) -> bool:
    """Whether a model can be shown somebody's usual face."""
    return info.neutral_logs is not None and neutral_index(info.labels) is not None
