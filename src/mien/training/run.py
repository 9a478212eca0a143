"""A whole run: data set → run folder → bundle.

A run folder holds settings.json, checkpoint.safetensors, history.csv, curves.png and, at the end,
bundle/. Killed at any moment, it can be resumed and ends with the same weights.
"""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from torch import nn

from mien.bundle import Bundle, InputInfo, ModelInfo, write_bundle
from mien.data.dataset import Dataset
from mien.errors import TrainingError
from mien.training.calibrate import choose_threshold, fit_temperature
from mien.training.card import write_card
from mien.training.checkpoint import Checkpoint
from mien.training.compute import Compute
from mien.training.curves import draw_curves, write_history
from mien.training.export import export_graph, shrink
from mien.training.loop import Row, fit, predict_logits, start
from mien.training.network import ARCHITECTURES
from mien.training.settings import Machine, ModelSettings, TrainSettings
from mien.training.store import FaceStore, open_store
from mien.types import InputSpec, OnProgress, ignore_progress

SETTINGS, CHECKPOINT = "settings.json", "checkpoint.safetensors"
HISTORY, CURVES, BUNDLE, DECODED = "history.csv", "curves.png", "bundle", "decoded"


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What a run gives.

    Attributes:
        bundle: The bundle that was written.
        history: One row of figures per epoch.
        best: The row of the epoch whose weights were kept.
    """

    bundle: Bundle
    history: list[Row]
    best: Row


def train(
    dataset: Dataset,
    out: Path,
    settings: TrainSettings,
    model: ModelSettings,
    machine: Machine,
    *,
    resume: bool = False,
    on_epoch: Callable[[Row], None] | None = None,
    on_progress: OnProgress = ignore_progress,
) -> TrainResult:
    """Train a model on a data set and write its bundle.

    Args:
        dataset: Its "train" and "validation" splits are used, never its "test".
        out: The run folder.
        settings: What decides the weights.
        model: What goes into the bundle beside them.
        machine: Device, precision and threads.
        resume: Go on where a run in `out` was stopped.
        on_epoch: Told of each finished epoch.
        on_progress: Told of each step.

    Raises:
        TrainingError: The folder is taken, the settings differ, or the export is not exact.
    """
    compute = Compute.choose(machine)
    try:
        spec = InputSpec(settings.size, settings.channels, model.crop_scale, model.alignment)
        checkpoint = start(settings, len(dataset.classes), compute)
    except ValueError as error:
        given = f"--size {settings.size}, --crop-scale {model.crop_scale:g}"
        raise TrainingError(f"{given}: {error}") from error
    record = _record(dataset, settings)
    _open_folder(out, record, checkpoint, resume=resume)
    stores = {
        split: open_store(dataset, split, spec, out / DECODED, on_progress)
        for split in ("train", "validation")
    }

    def finished(row: Row) -> None:
        checkpoint.save(out / CHECKPOINT, record)
        write_history(out / HISTORY, checkpoint.history)
        draw_curves(out / CURVES, checkpoint.history, f"{model.name}: {settings.arch}")
        if on_epoch:
            on_epoch(row)

    fit(
        checkpoint,
        stores["train"],
        stores["validation"],
        settings,
        compute,
        on_epoch=finished,
        on_progress=on_progress,
    )
    bundle = _write(dataset, out, settings, model, spec, checkpoint, stores["validation"], compute)
    shutil.rmtree(out / DECODED, ignore_errors=True)
    best = min(checkpoint.history, key=lambda row: row["validation_loss"])
    return TrainResult(bundle, checkpoint.history, best)


def _record(dataset: Dataset, settings: TrainSettings) -> dict[str, Any]:
    """What must be the same for a run to be resumed: the settings and the very data set."""
    digest = hashlib.sha256((dataset.path / "dataset.json").read_bytes()).hexdigest()
    return {"dataset_sha256": digest, **msgspec.to_builtins(settings)}


def _open_folder(
    out: Path, record: dict[str, Any], checkpoint: Checkpoint, *, resume: bool
) -> None:
    if resume:
        if not (out / CHECKPOINT).is_file():
            raise TrainingError(f"{out}: no run to resume here; leave out --resume to start one")
        checkpoint.load(out / CHECKPOINT, record)
        return
    if (out / CHECKPOINT).exists():
        raise TrainingError(
            f"{out}: a run is here already; --resume goes on, or name another --out"
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / SETTINGS).write_bytes(msgspec.json.format(msgspec.json.encode(record)) + b"\n")
    except OSError as error:
        raise TrainingError(f"{out}: cannot be written: {error.strerror}") from error


def _write(
    dataset: Dataset,
    out: Path,
    settings: TrainSettings,
    model: ModelSettings,
    spec: InputSpec,
    checkpoint: Checkpoint,
    validation: FaceStore,
    compute: Compute,
) -> Bundle:
    network = shrink(_best_network(dataset, settings, checkpoint)).to(compute.device)
    logits = predict_logits(network, validation, compute)
    temperature = fit_temperature(logits, validation.labels)
    probabilities = np.asarray(torch.softmax(logits / temperature, dim=1))
    info = ModelInfo(
        format=1,
        name=model.name,
        version=model.version,
        labels=dataset.classes,
        input=InputInfo(spec.size, spec.channels, spec.crop_scale, spec.alignment),
        sha256="0" * 64,  # set by write_bundle
        temperature=temperature,
        not_sure_below=choose_threshold(probabilities, validation.labels, model.answer_accuracy),
        training_data=model.training_data or (dataset.path.name,),
        licence=model.licence,
        command=model.command,
        seed=settings.seed,
    )
    graph = export_graph(network, temperature, spec)
    return write_bundle(out / BUNDLE, info, graph, write_card(info, settings, dataset, checkpoint))


def _best_network(dataset: Dataset, settings: TrainSettings, checkpoint: Checkpoint) -> nn.Module:
    network = ARCHITECTURES[settings.arch](len(dataset.classes), settings.channels, settings.size)
    network.load_state_dict(checkpoint.best)
    return network
