"""The whole import: Keras file → network → calibration → checked graph → bundle."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from mien.datasets.dataset import Dataset
from mien.errors import MienError, SettingsError, TrainingError, one_line
from mien.keras.card import Origin, write_card
from mien.keras.network import (
    ImportedNetwork,
    KerasModel,
    Scale,
    import_keras_on_torch,
    load_network,
    quietly,
)
from mien.keras.scale import (
    FoundScale,
    find_scale,
    refuse_one_answer,
    try_scales,
)
from mien.keras.source import KerasSource, read_source
from mien.keras.unlike import check_on_unlike
from mien.models.bundle import Bundle, write_bundle
from mien.models.info import FORMAT, InputInfo, ModelInfo
from mien.training.device import Compute
from mien.training.expression.calibrate import choose_threshold, fit_temperature
from mien.training.expression.export import TOLERANCE, export_graph, run_graph
from mien.training.expression.faces import open_store
from mien.training.expression.loop import predict_logits
from mien.training.expression.settings import ModelSettings
from mien.training.settings import Machine
from mien.types import SOMETHING_ELSE, InputSpec, OnProgress, ignore_progress

# Where nothing was fitted: the likeliest look must outweigh all others together.
UNFITTED_THRESHOLD = 0.5
UNKNOWN_DATA = "not known to mien"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import gives.

    Attributes:
        bundle: The bundle that was written.
        parity: Largest difference of a probability between Keras and the bundle's graph.
        calibrated_on: Number of validation faces it was calibrated on; 0 where it was not.
        scale: How pixels are scaled, and how that was found.
    """

    bundle: Bundle
    parity: float
    calibrated_on: int
    scale: FoundScale


@dataclass(frozen=True, slots=True)
class _Calibration:
    temperature: float
    not_sure_below: float
    faces: int


def import_keras(
    path: Path,
    labels: Sequence[str],
    out: Path,
    settings: ModelSettings,
    *,
    architecture: Path | None = None,
    other: bool = False,
    scale: Scale | None = None,
    validation: Dataset | None = None,
    on_progress: OnProgress = ignore_progress,
) -> ImportResult:
    """Make a bundle of a Keras model. No code of the file is run.

    Args:
        path: A `.keras` file, a whole model as `.h5`, or weights where `architecture` is given.
        labels: The classes, in the order of the model's outputs.
        out: Folder of the bundle; must not exist yet.
        settings: What goes into the bundle beside the weights.
        architecture: The architecture as JSON.
        other: Whether the model has one more output, the last: the probability that a face shows
            none of the labels.
        scale: How pixels were scaled when the model was trained; None to find it.
        validation: Its "validation" split fits the temperature and the threshold of "not sure",
            and tells the scale where the model's first layers do not.
        on_progress: Called with the progress of decoding.

    Raises:
        SettingsError: The labels, the crop scale, the data set or `out` do not fit, or nothing
            tells the scale.
        BundleError: The file is unsafe, damaged, no classifier of single faces, or gives one
            answer whatever it is shown.
        TrainingError: The graph cannot be exported, or differs from Keras.
        MissingExtraError: Keras is not installed.
    """
    _check_settings(labels, out, validation)
    source = read_source(path, architecture)
    loaded = load_network(source)
    _check_labels(loaded, labels, other, path)
    outputs = (*labels, SOMETHING_ELSE) if other else tuple(labels)
    spec = _spec(loaded, settings)
    # Keras would move what it is given to a GPU, where there is one.
    with import_keras_on_torch().device("cpu"):
        found, fitted = _fit(scale, loaded, spec, path, outputs, validation, settings, on_progress)
        network = ImportedNetwork(loaded, found.scale).eval()
        graph = _export(network, fitted.temperature, spec, path)
        parity = _check_against_keras(graph, network, loaded, fitted.temperature, spec)
    info = _info(labels, other, spec, fitted, settings)
    origin = _origin(source, loaded, found, parity, fitted, validation)
    bundle = write_bundle(out, info, graph, write_card(info, origin))
    return ImportResult(bundle, parity, fitted.faces, found)


def _check_settings(labels: Sequence[str], out: Path, validation: Dataset | None) -> None:
    if len(labels) < 2 or len(set(labels)) != len(labels) or not all(labels):
        raise SettingsError(f"--labels {','.join(labels)}: name at least two labels, each once")
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise SettingsError(f"--out {out}: exists already; name another folder")
    if validation is not None and set(validation.classes) != set(labels):
        raise SettingsError(
            f"--validation {validation.path}: its classes are {', '.join(validation.classes)}, but "
            f"the labels are {', '.join(labels)}"
        )


def _check_labels(loaded: KerasModel, labels: Sequence[str], other: bool, path: Path) -> None:
    given = loaded.model.outputs[0].shape[1]
    if given != len(labels) + other:
        counted = f"{len(labels)} labels{' and --other' if other else ''}"
        raise SettingsError(
            f"--labels {','.join(labels)}: {counted}, but {path} gives {given} values"
        )


def _spec(loaded: KerasModel, settings: ModelSettings) -> InputSpec:
    try:
        return InputSpec(loaded.size, loaded.channels, settings.crop_scale, settings.alignment)
    except ValueError as error:
        raise SettingsError(
            f"--crop-scale {settings.crop_scale:g}, faces of {loaded.size} px: {error}"
        ) from error


def _fit(
    scale: Scale | None,
    loaded: KerasModel,
    spec: InputSpec,
    path: Path,
    outputs: Sequence[str],
    validation: Dataset | None,
    settings: ModelSettings,
    on_progress: OnProgress,
) -> tuple[FoundScale, _Calibration]:
    """Find the scale of the pixels, the temperature and the threshold."""
    if validation is None:
        found = check_on_unlike(loaded, find_scale(scale, loaded, (), path), path)
        return found, _Calibration(1.0, UNFITTED_THRESHOLD, 0)
    compute = Compute.choose(Machine(device="cpu", precision="fp32"))
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(validation, "validation", spec, Path(folder), on_progress)
        columns = np.array([outputs.index(name) for name in validation.classes])
        wanted = columns[store.labels]
        trials, right = try_scales(loaded, store, wanted, compute)
        found = find_scale(scale, loaded, trials, path)
        refuse_one_answer(found.scale, trials, right, outputs, path)
        logits = predict_logits(ImportedNetwork(loaded, found.scale), store, compute)
        # A file that is still mapped cannot be deleted everywhere.
        del store
    temperature = fit_temperature(logits.numpy(), wanted)
    probabilities = np.asarray(torch.softmax(logits / temperature, dim=1))
    other = len(outputs) > len(validation.classes)
    threshold = choose_threshold(probabilities, wanted, settings.answer_accuracy, other=other)
    return found, _Calibration(temperature, threshold, len(wanted))


def _export(network: ImportedNetwork, temperature: float, spec: InputSpec, path: Path) -> bytes:
    try:
        return export_graph(network, temperature, spec)
    except MienError:
        raise
    except Exception as error:  # PyTorch's exporter raises many types without a common base
        reason = one_line(error)
        raise TrainingError(f"{path}: PyTorch cannot export this model ({reason})") from error


@torch.no_grad()
def _check_against_keras(
    graph: bytes,
    network: ImportedNetwork,
    loaded: KerasModel,
    temperature: float,
    spec: InputSpec,
) -> float:
    """Return the largest difference between Keras's own `predict` and onnxruntime.

    Raises:
        TrainingError: The difference is too large.
    """
    shape = (7, spec.size, spec.size, spec.channels)
    faces = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    pictures = torch.from_numpy(faces).permute(0, 3, 1, 2).float() / 255.0
    with quietly():
        given = np.asarray(loaded.model.predict(network.prepare(pictures).numpy(), verbose=0))
    with np.errstate(divide="ignore"):
        logits = np.log(given) if loaded.head == "softmax" else given
    wanted = torch.softmax(torch.from_numpy(logits) / temperature, dim=1).numpy()
    parity = float(np.abs(run_graph(graph, faces) - wanted).max())
    if not parity <= TOLERANCE:
        raise TrainingError(
            f"the exported graph differs from Keras by {parity:.2g} (at most {TOLERANCE:g}); "
            "no bundle was written, report this with `mien doctor`"
        )
    return parity


def _info(
    labels: Sequence[str],
    other: bool,
    spec: InputSpec,
    fitted: _Calibration,
    settings: ModelSettings,
) -> ModelInfo:
    return ModelInfo(
        format=FORMAT,
        name=settings.name,
        version=settings.version,
        labels=tuple(labels),
        other=other,
        input=InputInfo(spec.size, spec.channels, spec.crop_scale, spec.alignment),
        sha256="0" * 64,  # set by write_bundle
        temperature=fitted.temperature,
        not_sure_below=fitted.not_sure_below,
        terms=settings.terms(UNKNOWN_DATA),
        command=settings.command,
        seed=0,
    )


def _origin(
    source: KerasSource,
    loaded: KerasModel,
    found: FoundScale,
    parity: float,
    fitted: _Calibration,
    validation: Dataset | None,
) -> Origin:
    return Origin(
        file=source.path.name,
        sha256=source.sha256,
        parameters=loaded.model.count_params(),
        scale=found.scale,
        why=found.why,
        head=loaded.head,
        parity=parity,
        dataset=None if validation is None else validation.path.name,
        faces=fitted.faces,
    )
