"""An adapted model as a bundle: the graph with its new last layer, and all that lies beside it."""

import datetime
from pathlib import Path

import msgspec
import numpy as np

from mien.errors import BundleError, MissingExtraError
from mien.evaluation.figures.summary import Estimate
from mien.evaluation.output.card import with_table
from mien.models.bundle import (
    CARD,
    PLOT,
    AnyBundle,
    Bundle,
    load_bundle,
    make_bundle,
    write_files,
)
from mien.models.classifier import OnnxClassifier
from mien.models.info import DataTerms, MetricsInfo, ModelInfo, Terms
from mien.training.adapt.card import write_card
from mien.training.adapt.graph import replace_tail
from mien.training.adapt.run import ADAPTED_TO, Adapted, read
from mien.training.expression import known, stored
from mien.training.settings import NOT_STATED, AnyModelSettings

PROBES = 8
TOLERANCE = 1e-4


def write(out: Path, adapted: Adapted, model: AnyModelSettings, seed: int) -> Bundle:
    """Write the bundle, whole or not at all, and a plot in it where plots can be drawn.

    Args:
        out: Its folder.
        adapted: What came of it.
        model: What it is called, and on what terms its pictures are.
        seed: That it was made with.

    Raises:
        BundleError: It cannot be written, or the graph does not give what was fitted.
    """
    _, files = make(out, adapted, model, seed)
    write_files(out, files)
    _draw(out / PLOT, adapted, model.name)
    return load_bundle(out)


def make(
    path: Path, adapted: Adapted, model: AnyModelSettings, seed: int
) -> tuple[Bundle, dict[str, bytes]]:
    """Make the bundle in memory, as `write` does in a folder, but for the plot.

    Returns:
        The bundle, which has none of its files at `path`, by which errors call it; and these files.

    Raises:
        BundleError: The graph does not give what was fitted.
    """
    labels = len(adapted.classes.labels)
    graph = replace_tail(adapted.bundle.graph, adapted.head, labels, adapted.temperature)
    info = _info(adapted, model, seed)
    card = with_table(write_card(info, adapted), info, path / CARD)
    _check(AnyBundle(path, info, graph), adapted)
    kept = adapted.known
    return make_bundle(
        path,
        info,
        graph,
        card,
        recipe=model.recipe,
        weights=_weights(adapted),
        features=known.encode(kept) if len(kept.labels) else None,
    )


def _info(adapted: Adapted, model: AnyModelSettings, seed: int) -> ModelInfo:
    classes, before = adapted.classes, adapted.bundle.info
    stated = model.terms(_place(adapted))
    weights = before.terms.weights if model.weights_terms == NOT_STATED else model.weights_terms
    return msgspec.structs.replace(
        before,
        name=model.name,
        version=model.version,
        labels=classes.labels,
        other=len(classes.start) > len(classes.labels),
        temperature=adapted.temperature,
        not_sure_below=adapted.not_sure_below,
        neutral_logs=adapted.neutral_logs,
        terms=Terms(weights, (*before.terms.data, *map(_as_data, stated.data))),
        command=model.command,
        seed=seed,
        metrics=(_metrics(adapted, model.command),),
    )


def _place(adapted: Adapted) -> str:
    """Return the name of the folder of the pictures, without those above it."""
    return Path(adapted.faces.name).resolve().name


def _as_data(one: DataTerms) -> DataTerms:
    return DataTerms(ADAPTED_TO + one.source, one.terms)


def _metrics(adapted: Adapted, command: str) -> MetricsInfo:
    gain = adapted.gain
    values = {"faces": float(gain.faces)} | gain.after.named("balanced_accuracy")
    for one in gain.classes:
        values |= Estimate(one.after, float("nan"), float("nan")).named(f"recall_{one.label}")
    return MetricsInfo(
        dataset=f"{_place(adapted)}, its own pictures",
        split=f"left out in turn, {gain.groups:,} persons or photos",
        date=datetime.date.today().isoformat(),
        values=values,
        command=command,
    )


def _weights(adapted: Adapted) -> bytes | None:
    """Return the float weights with the new last layer, where there are any beside the old one."""
    if adapted.bundle.info.weights_sha256 is None:
        return None
    shape, tensors = stored.read_stored(adapted.bundle)
    width, old = adapted.head.weight.shape[1], len(shape.classes)
    names = [
        name.removesuffix(".weight")
        for name, value in tensors.items()
        if value.shape == (old, width) and name.endswith(".weight")
    ]
    if len(names) != 1:  # a network of another make: its weights are not the new model's
        return None
    tensors[f"{names[0]}.weight"] = adapted.head.weight.astype(np.float32)
    tensors[f"{names[0]}.bias"] = adapted.head.bias.astype(np.float32)
    classes = (*adapted.classes.labels, *adapted.classes.others)
    return stored.encode(tensors, msgspec.structs.replace(shape, classes=classes))


def _check(made: Bundle, adapted: Adapted) -> None:
    """Refuse a graph that does not give what was fitted and judged."""
    classifier = OnnxClassifier(made)
    spec = classifier.spec
    shape = (PROBES, spec.size, spec.size, spec.channels)
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    logits = adapted.head.logits(classifier.features(noise))
    wanted = read(logits, len(adapted.classes.labels), adapted.temperature)
    apart = float(np.abs(classifier(noise) - wanted).max())
    if not apart <= TOLERANCE:
        raise BundleError(
            f"{made.path}: the adapted graph differs by {apart:.2g} from what was learnt; report "
            "this with `mien doctor`"
        )


def _draw(path: Path, adapted: Adapted, name: str) -> None:
    try:
        from mien.training.adapt.plot import draw
    except (MissingExtraError, ModuleNotFoundError):
        return  # a bundle needs no plot
    try:
        draw(path, adapted, name)
    except OSError as error:
        raise BundleError(f"{path}: cannot be written: {error.strerror}") from error
