"""From what a run has learnt to its bundle: shrunk, calibrated, exported, judged, described."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mien.datasets.arrays import Pictures
from mien.datasets.dataset import Dataset
from mien.errors import TrainingError
from mien.models.bundle import Bundle, write_bundle
from mien.models.info import FORMAT, InputInfo, ModelInfo
from mien.models.neutral import mean_logs
from mien.training.checkpoint import Checkpoint
from mien.training.device import Compute
from mien.training.expression.calibrate import (
    Validated,
    as_read,
    choose_threshold,
    fit_temperature,
    validate,
)
from mien.training.expression.card import write_card
from mien.training.expression.export import ParityError, export_graph, run_graph
from mien.training.expression.face_network import FaceNetwork
from mien.training.expression.faces import FaceStore
from mien.training.expression.features import pack_features
from mien.training.expression.loop import predict_logits
from mien.training.expression.network import ARCHITECTURES
from mien.training.expression.prior import prefer
from mien.training.expression.settings import ModelSettings, TrainSettings
from mien.training.expression.weights import pack_weights
from mien.training.onnx_export import shrink
from mien.training.run_folder import UNCHECKED
from mien.types import InputSpec


@dataclass(frozen=True, slots=True)
class Made:
    """What a bundle was made from and how, as it is written into it."""

    dataset: Dataset
    settings: TrainSettings
    model: ModelSettings
    reads: Sequence[int]
    spec: InputSpec
    checkpoint: Checkpoint
    teachers: Sequence[str]

    def network(self) -> FaceNetwork:
        """Return the network of the best epoch."""
        settings = self.settings
        build = ARCHITECTURES[settings.arch]
        network = build(len(self.dataset.classes), settings.channels, settings.size)
        network.load_state_dict(self.checkpoint.best)
        return network

    @property
    def other(self) -> bool:
        """Whether it learnt classes that are not read."""
        return len(self.reads) < len(self.dataset.classes)

    def truth(self, stores: dict[str, FaceStore]) -> npt.NDArray[np.int64]:
        """Return which of the classes that are read each validation face shows, or `NOT_READ`."""
        return as_read(stores["validation"].labels, self.reads)


def write(
    place: Path, made: Made, stores: dict[str, FaceStore], compute: Compute
) -> tuple[Bundle, Validated, npt.NDArray[np.int64]]:
    """Write the bundle; return it, how it does, and what it takes the validation faces for, [N]."""
    network = shrink(made.network()).to(compute.device)
    prefer(network, stores["train"].shares(), made.model.class_prior)
    validation, model, spec = stores["validation"], made.model, made.spec
    # Over all classes that were learnt: what those that are not read have is part of the decision.
    logits = predict_logits(network, validation, compute).cpu().numpy()
    temperature = fit_temperature(logits, validation.labels)
    sample = stores["train"].images if model.weights == "int8" else None
    graph, problem = _export(network, temperature, spec, sample, validation.images, made.reads)
    outcomes = run_graph(graph, validation.images)
    truth = made.truth(stores)
    threshold = choose_threshold(outcomes, truth, model.answer_accuracy, other=made.other)
    labels = tuple(made.dataset.classes[index] for index in made.reads)
    info = ModelInfo(
        format=FORMAT,
        name=model.name,
        version=model.version,
        labels=labels,
        other=made.other,
        input=InputInfo(spec.size, spec.channels, spec.crop_scale, spec.alignment),
        sha256="0" * 64,  # set by write_bundle
        temperature=temperature,
        not_sure_below=threshold,
        neutral_logs=mean_logs(outcomes, truth, labels),
        terms=model.terms(made.dataset.path.name),
        command=model.command,
        seed=made.settings.seed,
    )
    validated = validate(outcomes, truth, other=made.other, not_sure_below=threshold)
    card = write_card(
        info,
        made.settings,
        made.dataset,
        made.checkpoint,
        validated=validated,
        machine=compute.describe(),
        teachers=made.teachers,
    )
    weights = pack_weights(network, made.settings, made.dataset.classes)
    if problem is not None:
        place = place.with_name(UNCHECKED)
    bundle = write_bundle(
        place,
        info,
        graph,
        card,
        recipe=model.recipe,
        weights=weights,
        features=pack_features(graph, validation, truth, len(info.labels), model.features_of),
    )
    if problem is not None:
        raise TrainingError(f"{problem}; the bundle is kept as {place}") from problem
    said = outcomes[:, : len(info.labels)].argmax(axis=1)
    return bundle, validated, said


def _export(
    network: FaceNetwork,
    temperature: float,
    spec: InputSpec,
    sample: Pictures | None,
    faces: Pictures,
    reads: Sequence[int],
) -> tuple[bytes, ParityError | None]:
    """Return the graph, and what is wrong with it: hours of training are not thrown away for it."""
    try:
        return export_graph(network, temperature, spec, sample, faces, reads), None
    except ParityError as error:
        return error.graph, error
