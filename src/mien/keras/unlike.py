"""Where there are no labelled faces: whether a model's answers depend on the picture at all.

A network that is shown 0..1 but learnt from 0..255 sees nearly black pictures, and says nearly the
same of all. Bright and dark patches are no faces, so they cannot show that a scale is right; but a
scale at which nothing changes is wrong where another one makes differences.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mien.errors import BundleError
from mien.keras.network import SCALES, ImportedNetwork, KerasModel, Scale
from mien.keras.scale import FoundScale

PICTURES = 48
# Patches on a side: faces have large and small parts.
SIDES = (2, 3, 4, 6, 8, 12)
# On the demo's network a wrong scale moves probabilities by 0.006 to 0.07, the right one by 0.55;
# networks that learnt nothing answer one class at every scale.
STILL, MOVED, COMMON = 0.1, 0.4, 0.9


@dataclass(frozen=True, slots=True)
class _Answers:
    moved: float  # the largest change of a probability
    classes: int  # that were answered
    common: float  # share of the commonest


def check_on_unlike(loaded: KerasModel, found: FoundScale, path: Path) -> FoundScale:
    """Look whether a model's answers depend on the picture.

    Args:
        loaded: The model.
        found: The scale that it is to be given.
        path: The model's file, for messages.

    Returns:
        The scale, with a note where the answers hardly change.

    Raises:
        BundleError: They hardly change, but do at another scale.
    """
    pictures = unlike_pictures(loaded.size, loaded.channels)
    chosen = _answers(loaded, found.scale, pictures)
    if chosen.moved >= STILL:
        return found
    said = (
        f"with --scale={found.scale} its answers hardly change (by {chosen.moved:.1g}) over "
        f"{PICTURES} unlike test pictures"
    )
    for scale in SCALES:
        other = _answers(loaded, scale, pictures)
        several = min(3, loaded.model.outputs[0].shape[1])
        if other.moved > MOVED and other.common < COMMON and other.classes >= several:
            raise BundleError(
                f"{path}: {said}, with --scale={scale} they do; say --scale={scale}, or "
                "--validation DATASET, which judges by faces"
            )
    return replace(found, notes=(*found.notes, f"{said}; --validation DATASET judges by faces"))


def unlike_pictures(size: int, channels: int) -> Tensor:
    """Return patches of light and dark, always the same ones: float [48,C,S,S] in 0..1."""
    random = np.random.default_rng(0)
    made = []
    for number in range(PICTURES):
        side = SIDES[number % len(SIDES)]
        low, high = np.sort(random.random(2))
        patches = torch.from_numpy(random.uniform(low, max(high, low + 0.15), (1, 1, side, side)))
        mode = "bilinear" if number // len(SIDES) % 2 else "nearest"
        made.append(torch.nn.functional.interpolate(patches.float(), (size, size), mode=mode))
    return torch.cat(made).clamp(0, 1).expand(-1, channels, -1, -1)


@torch.no_grad()
def _answers(loaded: KerasModel, scale: Scale, pictures: Tensor) -> _Answers:
    logits = ImportedNetwork(loaded, scale).eval()(pictures)
    probabilities = torch.softmax(logits, dim=1).numpy()
    counts = np.bincount(probabilities.argmax(axis=1))
    return _Answers(
        moved=float(np.ptp(probabilities, axis=0).max()),
        classes=int((counts > 0).sum()),
        common=float(counts.max() / len(pictures)),
    )
