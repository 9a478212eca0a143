"""How pixels were scaled when a model was trained: said, read from its layers, or tried.

It is never guessed: a model that learnt from 0..255 and is shown 0..1 gives one answer for nearly
every face, and does so exactly as Keras would.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from mien.errors import BundleError, SettingsError
from mien.keras.network import SCALES, ImportedNetwork, KerasModel, Scale
from mien.training.device import Compute
from mien.training.expression.faces import FaceStore

# Layers that a scaling layer may stand behind, because they keep the range of the pixels.
KEEP_RANGE = frozenset({
    "InputLayer", "Identity", "Reshape", "Permute", "Concatenate", "ZeroPadding2D", "Cropping2D",
    "Resizing", "CenterCrop", "UpSampling2D",
})  # fmt: skip
# So many show a scale that is wrong, and larger networks take a second for each.
TRIED_FACES, BATCH = 512, 64
# With fewer faces, or with hardly any of other classes, one answer for all may be right.
ENOUGH_FACES, FEW_OTHERS = 10, 0.9
# A model that is shown another scale than it learnt from says otherwise of one face in a hundred.
ONE_ANSWER = 0.98
# A share of right answers that is worth a word.
NOTABLE = 0.05


@dataclass(frozen=True, slots=True)
class Trial:
    """What a model says of labelled faces at one scale.

    Attributes:
        scale: The scale.
        accuracy: Share of right answers.
        likelihood: Mean logarithm of the right class's probability, which tells equal ones apart.
        commonest: The class that it answered with most often.
        share: Share of the faces that were answered so.
    """

    scale: Scale
    accuracy: float
    likelihood: float
    commonest: int
    share: float


@dataclass(frozen=True, slots=True)
class FoundScale:
    """A scale, and how it was found.

    Attributes:
        scale: The scale.
        why: Words that go on "pixels are taken as …: ".
        notes: What the user should know beside it.
    """

    scale: Scale
    why: str
    notes: tuple[str, ...] = ()


def find_scale(
    given: Scale | None, loaded: KerasModel, trials: Sequence[Trial], path: Path
) -> FoundScale:
    """Choose a scale: the given one, what the first layers tell, or the best that was tried.

    Args:
        given: What the user says.
        loaded: The model.
        trials: Of all scales, where there are labelled faces; else none.
        path: The model's file, for messages.

    Raises:
        SettingsError: Nothing tells the scale.
    """
    told = told_by_layers(loaded.model)
    best = max(trials, key=lambda trial: (trial.accuracy, trial.likelihood), default=None)
    if given is not None:
        found = FoundScale(given, "as --scale says", _contradiction(given, told))
    elif told is not None:
        found = told
    elif best is not None:
        return FoundScale(best.scale, f"the best of {_listed(trials)}")
    else:
        raise SettingsError(
            f"--scale is needed: {path} does not say how pixels were scaled when it was trained; "
            "--scale=0..255 if they were left as they are, 0..1 if they were divided by 255, or "
            "-1..1, or standardised; or --validation DATASET, labelled faces that tell it"
        )
    return FoundScale(found.scale, found.why, found.notes + _better(found.scale, best, trials))


def told_by_layers(model: Any) -> FoundScale | None:
    """Return what the first layers tell of the scale of what they take; None where nothing."""
    for layer in _in_order(model):
        kind = type(layer).__name__
        if kind == "Rescaling":
            scale = _taken_by_rescaling(_mean(layer.scale), _mean(layer.offset))
        elif kind == "Normalization":
            scale = _taken_by_statistics(_mean(layer.mean), _mean(layer.variance))
        elif kind == "BatchNormalization":
            scale = _taken_by_statistics(_mean(layer.moving_mean), _mean(layer.moving_variance))
        elif kind in KEEP_RANGE or _is_idle(layer):
            continue
        else:
            return None
        if scale is not None:
            return FoundScale(scale, f"its first layers, {kind} {layer.name!r}, tell it")
        if kind != "Normalization":
            return None
    return None


@torch.no_grad()
def try_scales(
    loaded: KerasModel, store: FaceStore, wanted: npt.NDArray[np.int64], compute: Compute
) -> tuple[list[Trial], npt.NDArray[np.int64]]:
    """Show labelled faces to a model at every scale.

    Args:
        loaded: The model.
        store: The faces.
        wanted: The number of the right output for each, int64 [N].
        compute: Where to compute.

    Returns:
        What it says at each scale, and the right outputs of the faces that it was shown, [M].
    """
    chosen = np.linspace(0, len(wanted) - 1, min(TRIED_FACES, len(wanted))).astype(int)
    right = wanted[chosen]
    trials = []
    for scale in SCALES:
        network = ImportedNetwork(loaded, scale).eval()
        parts = [
            torch.softmax(network(compute.pictures(store.images[some])).float().cpu(), 1).numpy()
            for some in np.array_split(chosen, -(-len(chosen) // BATCH))
        ]
        trials.append(_trial(scale, np.concatenate(parts), right))
    return trials, right


def _trial(
    scale: Scale, probabilities: npt.NDArray[np.float32], right: npt.NDArray[np.int64]
) -> Trial:
    answers = probabilities.argmax(axis=1)
    likely = np.maximum(probabilities[np.arange(len(right)), right], 1e-7)
    counts = np.bincount(answers)
    return Trial(
        scale,
        accuracy=float((answers == right).mean()),
        likelihood=float(np.log(likely).mean()),
        commonest=int(counts.argmax()),
        share=float(counts.max() / len(right)),
    )


def refuse_one_answer(
    scale: Scale,
    trials: Sequence[Trial],
    right: npt.NDArray[np.int64],
    labels: Sequence[str],
    path: Path,
) -> None:
    """Refuse a model that answers one class for (nearly) all faces of several classes.

    Args:
        scale: The one that was chosen.
        trials: Of all scales.
        right: The right outputs of the faces, [M].
        labels: The classes, in the order of the outputs.
        path: The model's file, for messages.

    Raises:
        BundleError: It does.
    """
    chosen = next(trial for trial in trials if trial.scale == scale)
    of_one_class = np.bincount(right).max() / len(right)
    if chosen.share < ONE_ANSWER or of_one_class > FEW_OTHERS or len(right) < ENOUGH_FACES:
        return
    others = [trial for trial in trials if trial.share < ONE_ANSWER]
    advice = "its weights, --labels or the framing of the faces cannot be right"
    if others:
        best = max(others, key=lambda trial: trial.accuracy)
        advice = f"with --scale={best.scale} it is right on {best.accuracy:.0%}"
    raise BundleError(
        f"{path}: with --scale={scale} it answers {labels[chosen.commonest]!r} for "
        f"{chosen.share:.0%} of {len(right):,} validation faces, whatever they show; {advice}"
    )


def _in_order(model: Any) -> Iterator[Any]:
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _in_order(layer)
        else:
            yield layer


def _is_idle(layer: Any) -> bool:
    return getattr(getattr(layer, "activation", None), "__name__", None) == "linear" and not (
        layer.weights
    )


def _mean(values: Any) -> float:
    """Return the mean of a number, list or tensor."""
    from keras import ops

    return float(np.mean(ops.convert_to_numpy(values)))


def _taken_by_rescaling(scale: float, offset: float) -> Scale | None:
    """Tell the range that x * scale + offset maps to one that networks are made for."""
    # 0..255 comes to a width of about 1 or 2; of up to 5 where it is divided by a deviation, too.
    if 0.5 / 255 <= scale <= 6 / 255:
        return "0..255"
    if scale < 0.5:
        return None
    # -1..1 becomes 0..1 or 0..255; 0..1 becomes -1..1 or 0..255.
    return "-1..1" if abs(offset - scale) < 0.05 * scale else "0..1"


def _taken_by_statistics(mean: float, variance: float) -> Scale | None:
    """Tell the range of pixels that have this mean and variance, where only one can be meant."""
    deviation = max(variance, 0.0) ** 0.5
    if 20 < mean < 235 and 10 < deviation < 150:
        return "0..255"
    if 0.15 < mean < 0.85 and 0.05 < deviation < 0.5:
        return "0..1"
    return None


def _contradiction(given: Scale, told: FoundScale | None) -> tuple[str, ...]:
    if told is None or told.scale == given:
        return ()
    return (
        f"--scale={given} is not what the model seems to take: {told.why} ({told.scale}); "
        "leave --scale out unless it was trained so",
    )


def _better(scale: Scale, best: Trial | None, trials: Sequence[Trial]) -> tuple[str, ...]:
    chosen = next((trial for trial in trials if trial.scale == scale), None)
    if best is None or chosen is None or best.accuracy - chosen.accuracy < NOTABLE:
        return ()
    return (
        f"with --scale={best.scale} it would be right on {best.accuracy:.0%} of the validation "
        f"faces, with {scale} on {chosen.accuracy:.0%}",
    )


def _listed(trials: Sequence[Trial]) -> str:
    inorder = sorted(trials, key=lambda trial: list(SCALES).index(trial.scale))
    return ", ".join(f"{trial.scale} ({trial.accuracy:.0%} right)" for trial in inorder)
