"""Which class of a folder is which of a model: known, learnt but not read, or new."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.datasets.inputs.class_names import pair_classes, spelling
from mien.errors import BundleError, DatasetError
from mien.models.bundle import Bundle
from mien.training.adapt.graph import Tail
from mien.training.adapt.head import Head, softmax
from mien.training.expression.known import KnownFaces
from mien.training.expression.stored import read_stored
from mien.types import IntArray, RealArray
from mien.vision.looks import name_of

# What classes are called of which a bundle without weights says no name.
UNNAMED = "something else"


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """What an adapted model reads, and where it begins.

    Attributes:
        labels: What it reads: first what the model read, then what is new.
        others: What it learnt besides, so as not to take it for a label.
        start: The head to begin with, labels first; its logits have the temperature in them.
        known: How many labels the model read before.
        columns: int64, for each class of the folder its label's number.
        promoted: Numbers of the labels that the model had learnt, but did not read.
        told: What the user should know, in sentences.
    """

    labels: tuple[str, ...]
    others: tuple[str, ...]
    start: Head
    known: int
    columns: IntArray
    promoted: tuple[int, ...]
    told: tuple[str, ...]

    @property
    def new(self) -> range:
        """Numbers of the labels of which nothing was known."""
        return range(self.known + len(self.promoted), len(self.labels))


def match(bundle: Bundle, tail: Tail, names: Sequence[str]) -> Classes:
    """Match the classes of a folder with those of a model.

    Args:
        bundle: The model.
        tail: Its last layer.
        names: The folder's classes.

    Raises:
        DatasetError: A new class has the name of one that the model knows, as of two that mean one.
    """
    model, labels = bundle.info.name, bundle.info.labels
    learnt = _learnt(bundle, tail)
    rest = [row for row in range(len(learnt)) if row not in tail.reads.tolist()]
    known = pair_classes(names, labels)
    left = [number for number in range(len(names)) if number not in known]
    found = pair_classes([names[number] for number in left], [learnt[row] for row in rest])
    promoted = {left[place]: rest[row] for place, row in found.items()}
    new = [number for number in left if number not in promoted]
    rows = [*tail.reads.tolist(), *promoted.values()]
    others = [row for row in rest if row not in promoted.values()]
    head = tail.head.divided(bundle.info.temperature)
    start = head.rows(np.array([*rows, *others])).with_new(len(new))
    # What is new comes after the labels, and before what is not read.
    order = [*range(len(rows)), *range(len(learnt), len(start)), *range(len(rows), len(learnt))]
    called = [*labels, *(learnt[row] for row in promoted.values()), *(names[n] for n in new)]
    _check_names(bundle, called, len(labels))
    places = dict(known)
    places |= {number: len(labels) + place for place, number in enumerate([*promoted, *new])}
    return Classes(
        labels=tuple(called),
        others=tuple(learnt[row] for row in others),
        start=start.rows(np.array(order)),
        known=len(labels),
        columns=np.array([places[number] for number in range(len(names))], np.int64),
        promoted=tuple(range(len(labels), len(rows))),
        told=tuple(_told(model, names, labels, known, promoted, learnt, new)),
    )


def targets_of(classes: Classes, faces: KnownFaces) -> tuple[KnownFaces, RealArray]:
    """Return which of the faces that a model knew are rehearsed, and what each shows.

    Of a face that showed something else, nobody knows what: it gets the model's own answer among
    what it learnt besides. Where that is most probably a class that is read from now on, nobody
    knows whether it is one, and it is left out.

    Args:
        classes: What is read from now on.
        faces: What lies beside the model.

    Returns:
        Those of the faces that are kept, their labels as the new model has them, and float64
        [M,C].
    """
    count, labels = len(classes.start), len(classes.labels)
    said = softmax(classes.start.logits(faces.features))
    other = faces.labels >= classes.known
    beside = np.array([*classes.promoted, *range(labels, count)], np.int64)
    targets = np.eye(count)[np.where(other, 0, faces.labels)]
    keep = ~other
    if len(beside):
        among = np.zeros_like(said)
        among[:, beside] = said[:, beside]
        targets[other] = among[other] / among[other].sum(axis=1, keepdims=True)
        keep |= beside[said[:, beside].argmax(axis=1)] >= labels
    kept = KnownFaces(faces.features[keep], np.where(other, labels, faces.labels)[keep])
    return kept, targets[keep]


def _learnt(bundle: Bundle, tail: Tail) -> list[str]:
    """Return the names of all rows of the last layer, as far as they are known."""
    names = [UNNAMED] * len(tail.head)
    if bundle.info.weights_sha256 is not None:
        classes = read_stored(bundle)[0].classes
        same = len(classes) == len(names) and all(
            classes[row] == label
            for row, label in zip(tail.reads.tolist(), bundle.info.labels, strict=True)
        )
        names = list(classes) if same else names
    for row, label in zip(tail.reads.tolist(), bundle.info.labels, strict=True):
        names[row] = label
    return names


def _check_names(bundle: Bundle, labels: Sequence[str], known: int) -> None:
    """Refuse a new class that means what another one does: both would have one sign."""
    for number in range(known, len(labels)):
        for other in labels[:number]:
            if _meaning(other) == _meaning(labels[number]):
                raise DatasetError(
                    f"{labels[number]!r} means what {other!r} does, which {bundle.info.name} reads "
                    "or another folder holds; put the pictures of both into one folder"
                )


def _meaning(name: str) -> str:
    return name_of(spelling(name)) or spelling(name)


def _told(
    model: str,
    names: Sequence[str],
    labels: Sequence[str],
    known: dict[int, int],
    promoted: dict[int, int],
    learnt: Sequence[str],
    new: Sequence[int],
) -> list[str]:
    """Say what was taken for what."""
    told = [
        f"{names[number]!r} is what {model} calls {labels[label]!r}"
        for number, label in known.items()
        if names[number] != labels[label]
    ]
    for number, row in promoted.items():
        called = "" if learnt[row] == names[number] else f", and calls {learnt[row]!r}"
        told.append(
            f"{names[number]!r} is what {model} learnt but does not read{called}: it begins from "
            "what it knows of it"
        )
    if new:
        told.append(
            f"new to {model}: {', '.join(names[number] for number in new)} (where one is a word of "
            "another language for what it reads, call the folder as it does)"
        )
    missing = [label for number, label in enumerate(labels) if number not in known.values()]
    if missing:
        told.append(f"without a picture, and read as before: {', '.join(missing)}")
    return told


def refuse_without_features(bundle: Bundle) -> BundleError:
    """Return the error of a bundle whose graph gives no features."""
    return BundleError(
        f"{bundle.path}: its graph gives no features to learn from; take a bundle that this "
        "version of `mien train` wrote, such as fer4"
    )
