"""What a person must know of a run when it ends: the model is no good, or there is a better one.

Judged on the validation faces, which chose the epoch: a model that looks bad here is bad.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mien.datasets.arrays import Pictures
from mien.models.bundle import load_bundle
from mien.models.classifier import OnnxClassifier
from mien.protocols import Classifier
from mien.training.expression.calibrate import NOT_READ
from mien.types import InputSpec

FEW = 3  # faces of a class, below which it says nothing that none of them was correct
BATCH = 64
ADVICE = "more pictures help"
ADVICE_FROM = ", and so does starting from what a shipped model has learnt (--from fer8)"
Labels = npt.NDArray[np.int64]


def verdict(
    classes: Sequence[str],
    truth: Labels,
    said: Labels,
    rivals: Sequence[Path],
    faces: Callable[[InputSpec], Pictures],
    *,
    begun: bool,
) -> tuple[str, ...]:
    """Say what a person must know of a model, a sentence each.

    Args:
        classes: What it reads.
        truth: int64 [N], the classes of the validation faces; `NOT_READ` for others.
        said: int64 [N], the most probable class of each.
        rivals: Bundles of which one is held against it: that with the most classes in common, the
            first of several.
        faces: Gives the N faces as a classifier takes them, uint8 [N,S,S,C].
        begun: Whether it went on from another model.
    """
    read = np.flatnonzero(truth != NOT_READ)
    truth, said = truth[read], said[read]
    found = remarks(truth, said, classes, begun=begun)
    loaded = [load_bundle(path) for path in rivals]
    best = max(loaded, key=lambda one: len(set(one.info.labels) & set(classes)), default=None)
    if best is not None:
        rival = OnnxClassifier(best)
        better = rival_remark(
            classes, truth, said, best.info.name, rival, lambda spec: faces(spec)[read]
        )
        found += [better] if better else []
    return tuple(found)


def remarks(truth: Labels, said: Labels, classes: Sequence[str], *, begun: bool) -> list[str]:
    """Say what is wrong with a model, a sentence each.

    Args:
        truth: int64 [N], the faces' classes.
        said: int64 [N], the most probable class of each.
        classes: Their names.
        begun: Whether it went on from another model, so that nobody need be told that this helps.
    """
    found = []
    if no_better_than_chance(truth, said, len(classes)):
        right = float((truth == said).mean())
        found.append(
            f"no better than chance: {right:.1%} of the {len(truth)} validation faces of "
            f"{len(classes)} classes; {ADVICE if begun else ADVICE + ADVICE_FROM}"
        )
    for number, name in enumerate(classes):
        faces = int((truth == number).sum())
        if faces >= FEW and not (said == number).any():
            found.append(f"never answers {name}, which {faces} of the validation faces show")
    return found


def no_better_than_chance(truth: Labels, said: Labels, classes: int) -> bool:
    """Whether answers that have nothing to do with the faces would do as well.

    Such answers reach a balanced accuracy of one in the number of classes, more or less by chance:
    within two standard deviations.
    """
    present = [number for number in range(classes) if (truth == number).any()]
    if not present:
        return False
    recalls, variance = [], 0.0
    for number in present:
        own = truth == number
        often = float((said == number).mean())
        recalls.append(float((said[own] == number).mean()))
        variance += often * (1 - often) / own.sum()
    expected = float(np.mean([(said == number).mean() for number in present]))
    return bool(np.mean(recalls) <= expected + 2 * np.sqrt(variance) / len(present))


def rival_remark(
    classes: Sequence[str],
    truth: Labels,
    said: Labels,
    name: str,
    rival: Classifier,
    faces: Callable[[InputSpec], Pictures],
) -> str | None:
    """Say so where another model reads the faces better, of the classes that both know.

    Args:
        classes: The model's.
        truth: int64 [N], the faces' classes.
        said: int64 [N], what the model takes them for.
        name: The other model's.
        rival: The other model.
        faces: Gives the N faces as a classifier takes them, uint8 [N,S,S,C].

    Returns:
        A sentence, or None where it does not, or has fewer than two classes in common.
    """
    places = {
        number: rival.labels.index(c) for number, c in enumerate(classes) if c in rival.labels
    }
    chosen = np.flatnonzero(np.isin(truth, list(places)))
    if len(places) < 2 or not len(chosen):
        return None
    pictures = faces(rival.spec)
    wanted = np.array([places[number] for number in truth[chosen].tolist()])
    answers = np.concatenate(
        [
            rival(np.array(pictures[chosen[start : start + BATCH]]))[:, : len(rival.labels)]
            for start in range(0, len(chosen), BATCH)
        ]
    )
    theirs, ours = answers.argmax(axis=1) == wanted, said[chosen] == truth[chosen]
    only_theirs, only_ours = (theirs & ~ours).sum(), (ours & ~theirs).sum()
    # Of two that read alike, one is ahead by chance by about the root of those that differ.
    if only_theirs - only_ours <= np.sqrt(only_theirs + only_ours):
        return None
    shared = "these faces" if len(places) == len(classes) else f"the {len(places)} classes it knows"
    return (
        f"{name} as shipped reads {shared} better: {theirs.mean():.1%} against {ours.mean():.1%} "
        f"of {len(chosen)} (unless it has learnt from them)"
    )
