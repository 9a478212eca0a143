"""Adapts a model to a few pictures: what is learnt, how good that is, and when it is sure."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mien.datasets.preparation.linking import clusters, pairs_of_same, pairs_with
from mien.errors import BundleError, DatasetError
from mien.evaluation.figures.intervals import group_numbers
from mien.models.bundle import Bundle
from mien.models.classifier import OnnxClassifier
from mien.models.neutral import mean_logs
from mien.training.adapt.classes import Classes, match, refuse_without_features, targets_of
from mien.training.adapt.crossval import STRENGTHS, Judged, Learner, Own, Rehearsed, judge
from mien.training.adapt.figures import Comparison, compare
from mien.training.adapt.gather import Gathered
from mien.training.adapt.graph import read_tail
from mien.training.adapt.head import Basis, Head, softmax
from mien.training.adapt.settings import AdaptSettings
from mien.training.expression.calibrate import (
    NOT_READ,
    Validated,
    choose_threshold,
    fit_temperature,
    validate,
)
from mien.training.expression.known import KnownFaces, read_features
from mien.types import IntArray, OnProgress, ProbabilityArray, RealArray, ignore_progress

# What the terms of an adapted model call its pictures.
ADAPTED_TO = "pictures that it was adapted to: "
# Faces by which confidence is fitted: where there are fewer, those beside the model fill them up,
# since a temperature of ten faces is chance.
ENOUGH_TO_CALIBRATE = 200
# Below this share of right answers a class is not to be trusted.
HALF = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Adapted:
    """What came of it.

    Attributes:
        bundle: What it started from.
        faces: What it learnt from.
        classes: What it reads.
        head: The new last layer, whose logits have no temperature in them.
        strength: How strongly it was pulled towards the former one.
        temperature: What its logits are divided by.
        not_sure_below: Probability below which there is no word.
        validated: What it says of the faces by which these two were fitted.
        gain: It beside the model that it started from, on faces that it did not learn from.
        forgotten: The same on faces that the model knew; None where none are kept beside it.
        known: Those of these faces that stay beside it.
        neutral_logs: What model.json says of its neutral faces, read by what did not learn from
            them; None where nobody knows.
        notes: What the user should know, in sentences that name no file: the card has them, too.
    """

    bundle: Bundle
    faces: Gathered
    classes: Classes
    head: Head
    strength: float
    temperature: float
    not_sure_below: float
    validated: Validated
    gain: Comparison
    forgotten: Comparison | None
    known: KnownFaces
    neutral_logs: tuple[float, ...] | None
    notes: tuple[str, ...]


def adapt(
    bundle: Bundle,
    classifier: OnnxClassifier,
    faces: Gathered,
    settings: AdaptSettings,
    on_progress: OnProgress = ignore_progress,
) -> Adapted:
    """Learn a new last layer, and judge it by faces that it did not learn from.

    Args:
        bundle: What to start from.
        classifier: Made of it.
        faces: What to learn from.
        settings: How.
        on_progress: Called with the folds done.

    Raises:
        BundleError: The graph gives no features, or has another last layer than mien's.
        DatasetError: All pictures of a class show one photo, or classes do not fit.
    """
    if not classifier.has_features:
        raise refuse_without_features(bundle)
    classes = match(bundle, read_tail(bundle, classifier), faces.classes)
    known, targets = _known(bundle, classes)
    units, notes = units_of(faces)
    own = Own(faces.features, classes.columns[faces.labels], units)
    learner = Learner(
        start=classes.start,
        known=Rehearsed(known.features, targets, settings.rehearsal),
        basis=Basis.of(known.features if len(known.labels) else faces.features),
        strengths=STRENGTHS if settings.strength is None else (settings.strength,),
        seed=settings.seed,
        new=classes.new,
    )
    judged = judge(learner, own, settings.folds, on_progress)
    strength = learner.choose(own, settings.folds)
    temperature, below, validated = _calibrate(classes, own, known, targets, judged, settings)
    gain = _gain(classes, own, judged, settings)
    forgotten = _forgotten(classes, known, judged, settings)
    return Adapted(
        bundle=bundle,
        faces=faces,
        classes=classes,
        head=learner.fit(own, [strength])[0].rounded(),
        strength=strength,
        temperature=temperature,
        not_sure_below=below,
        validated=validated,
        gain=gain,
        forgotten=forgotten,
        known=known,
        neutral_logs=mean_logs(
            read(judged.known, len(classes.labels), temperature), known.labels, classes.labels
        ),
        notes=(
            *classes.told,
            *notes,
            *_doubts(bundle, classes, gain),
            *_remarks(classes, forgotten, settings),
        ),
    )


def units_of(faces: Gathered) -> tuple[IntArray, tuple[str, ...]]:
    """Say which faces stay in one fold, int64 [N], and what the user should know of that.

    They are those of a person, and those of one photo. Where a class is of one person only, each
    photo of it stands for itself: nothing else could be learnt from while it is judged.

    Raises:
        DatasetError: All pictures of a class show one photo.
    """
    named = np.array([bool(group) for group in faces.groups])
    codes = np.where(named, group_numbers(faces.groups), -1)
    together = [pairs_with(faces.photos), pairs_of_same(codes)]
    persons = clusters(np.concatenate(together), len(faces))
    units, lone = persons.copy(), []
    for number, name in enumerate(faces.classes):
        rows = np.flatnonzero(faces.labels == number)
        if len(np.unique(faces.photos[rows])) < 2:
            raise DatasetError(
                f"{faces.name}: all pictures of {name!r} show one photo, so that nothing is left "
                "to judge by; add others"
            )
        if len(np.unique(persons[rows])) < 2:
            units[rows] = faces.photos[rows] + len(faces)
            lone.append(name)
    return np.unique(units, return_inverse=True)[1], tuple(_unit_notes(faces, lone))


def _unit_notes(faces: Gathered, lone: list[str]) -> Iterator[str]:
    if not faces.persons:
        yield (
            "nobody is named (metadata.csv, --group-pattern): judged by other pictures, which may "
            "be of the same people"
        )
    elif faces.persons == 1:
        yield (
            "all pictures are of one person: judged by other pictures of that person, which says "
            "nothing of other people"
        )
    elif lone:
        yield (
            f"of one person only, and so judged by other pictures of the same one: "
            f"{', '.join(lone)}"
        )


def _known(bundle: Bundle, classes: Classes) -> tuple[KnownFaces, RealArray]:
    width, count = classes.start.weight.shape[1], len(classes.start)
    if bundle.info.features_sha256 is None:
        nobody = KnownFaces(np.empty((0, width), np.float32), np.empty(0, np.int64))
        return nobody, np.empty((0, count))
    known = read_features(bundle)
    if known.features.shape[1] != width:
        raise BundleError(
            f"{bundle.path}: {known.features.shape[1]} features of each face are kept beside it, "
            f"but its graph gives {width}; get the bundle again"
        )
    return targets_of(classes, known)


def _gain(classes: Classes, own: Own, judged: Judged, settings: AdaptSettings) -> Comparison:
    labels = len(classes.labels)
    return compare(
        own.truth,
        classes.start.logits(own.features)[:, : classes.known].argmax(axis=1),
        judged.logits[:, :labels].argmax(axis=1),
        own.units,
        classes.labels,
        read_before=classes.known,
        seed=settings.seed,
    )


def _forgotten(
    classes: Classes, known: KnownFaces, judged: Judged, settings: AdaptSettings
) -> Comparison | None:
    rows = np.flatnonzero(known.labels < classes.known)
    if not len(rows):
        return None
    before = classes.start.logits(known.features[rows])[:, : classes.known]
    return compare(
        known.labels[rows],
        before.argmax(axis=1),
        judged.known[rows, : len(classes.labels)].argmax(axis=1),
        np.arange(len(rows)),
        classes.labels,
        read_before=classes.known,
        seed=settings.seed,
    )


def _doubts(bundle: Bundle, classes: Classes, gain: Comparison) -> Iterator[str]:
    """Say in what way a difference of the two models says less than it seems to."""
    name = bundle.info.name
    if any(one.source.startswith(ADAPTED_TO) for one in bundle.info.terms.data):
        yield (
            f"{name} was adapted to pictures before: where these are among them, it has seen them, "
            "and all figures are too good; start from the model that it came from"
        )
    if len(classes.labels) > classes.known:
        added = ", ".join(map(repr, classes.labels[classes.known :]))
        yield (
            f"{name} never says {added}, which counts as what guessing among all words would read "
            f"({gain.chance:.0%})"
        )
    weak = [one.label for one in gain.classes if one.after < HALF]
    if weak:
        yield (
            f"fewer than half of the faces of {', '.join(map(repr, weak))} are read rightly: do "
            "not trust that yet; add pictures"
        )


def _remarks(
    classes: Classes, forgotten: Comparison | None, settings: AdaptSettings
) -> Iterator[str]:
    if forgotten is None:
        yield (
            "no features of faces that the model knew lie beside it, so that nothing guards what "
            "it read before"
        )
    elif -forgotten.gain.value > settings.forget:
        yield (
            f"it reads the faces that the model knew by {-forgotten.gain.value:.1%} worse than "
            f"before (more than --forget, {settings.forget:.1%}): more --rehearsal or --strength "
            f"keeps more{', but each new class costs some' * (len(classes.labels) > classes.known)}"
        )


def _calibrate(
    classes: Classes,
    own: Own,
    known: KnownFaces,
    targets: RealArray,
    judged: Judged,
    settings: AdaptSettings,
) -> tuple[float, float, Validated]:
    """Fit temperature and threshold on faces that were read by what did not learn from them."""
    labels, other = len(classes.labels), len(classes.start) > len(classes.labels)
    missing = min(max(0, ENOUGH_TO_CALIBRATE - len(own)), len(known.labels))
    rows = np.linspace(0, len(known.labels) - 1, missing).astype(int)
    logits = np.concatenate([judged.logits, judged.known[rows]])
    rows_of = np.concatenate([own.truth, targets[rows].argmax(axis=1)])
    temperature = fit_temperature(logits.astype(np.float32), rows_of)
    outcomes = read(logits, labels, temperature)
    truth = np.where(rows_of < labels, rows_of, NOT_READ)
    below = choose_threshold(outcomes, truth, settings.answer_accuracy, other=other)
    return temperature, below, validate(outcomes, truth, other=other, not_sure_below=below)


def read(logits: RealArray, labels: int, temperature: float) -> ProbabilityArray:
    """Return what the graph gives for logits [N,C]: float32 [N,K], or [N,K+1] with all others."""
    probabilities = softmax(logits.astype(np.float64) / temperature)
    columns = [probabilities[:, :labels]]
    if probabilities.shape[1] > labels:
        columns.append(probabilities[:, labels:].sum(axis=1, keepdims=True))
    return np.concatenate(columns, axis=1).astype(np.float32)
