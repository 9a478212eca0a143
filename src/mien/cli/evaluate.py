"""`mien evaluate`: say how good a bundle is, on a data set or on a folder of labelled pictures."""

import argparse
import datetime
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien.cli import console
from mien.cli.evaluate_options import (
    EvaluateOptions,
    Output,
    add_arguments,
    check,
    check_folds,
    command_line,
)
from mien.cli.evaluate_show import show
from mien.cli.models import say_chosen
from mien.errors import MissingExtraError, printable
from mien.evaluation.pictures.inputs import is_cross_validation, is_dataset
from mien.evaluation.studies import asked
from mien.files.locks import alone_in
from mien.models.classifier import OnnxClassifier
from mien.models.devices import Asked, find_devices
from mien.models.info import ModelInfo
from mien.protocols import Detector
from mien.registry import find_bundle, make_classifier, make_detector
from mien.types import PlotKind

if TYPE_CHECKING:
    from mien.evaluation.evaluate import Evaluated
    from mien.evaluation.output.features import FeatureCollector
    from mien.evaluation.predictions import Evaluation
    from mien.evaluation.study import Study

__all__ = ["add_arguments", "run", "write"]


def run(args: argparse.Namespace) -> int:
    """Evaluate, print the figures, and write the report."""
    # Imported first: a missing extra must be told before the long work, not after it.
    import mien.evaluation.output.write  # noqa: F401

    options = EvaluateOptions.read(args)
    check(options)
    if is_cross_validation(options.place.data):
        return _run_folds(options)
    devices = find_devices(options.place.device)
    studies = asked(options.given)
    classifier, info = make_classifier(options.place.bundle, device=devices)
    detector = _detector(options, devices)
    say_chosen(devices)
    out = options.output.out or _default_folder(options, info)
    facts = {"command": command_line(options), "date": _today()}
    with alone_in(out):
        features = _features(options, classifier)
        found = _evaluate(options, (classifier, info, detector), studies, features)
        show(found)
        write(found, out, options.output.plots, facts["command"])
        if features is not None:
            _write_features(options.output, features, found.summary.evaluation)
        if options.output.record:
            _record(options, found, facts)
    return 0


def _run_folds(options: EvaluateOptions) -> int:
    """Read the answers of a cross-validation together."""
    from mien.evaluation.output.folds import evaluate_folds

    check_folds(options)
    data, output = options.place.data, options.output
    out = output.out or Path(f"{data.resolve().name}-evaluation")
    name, draws = options.inputs.name, {"resamples": output.resamples, "seed": output.seed}
    with alone_in(out):
        with console.progress() as on_progress:
            found = evaluate_folds(data, name=name, on_progress=on_progress, **draws)
        show(found)
        write(found, out, output.plots, command_line(options))
    return 0


def _evaluate(
    options: EvaluateOptions,
    models: tuple[OnnxClassifier, ModelInfo, Detector | None],
    studies: "tuple[Study[Any], ...]",
    features: "FeatureCollector | None",
) -> "Evaluated":
    from mien.evaluation.evaluate import evaluate

    classifier, info, detector = models
    with console.progress() as on_progress:
        return evaluate(
            classifier,
            info,
            options.place.data,
            detector=detector,
            settings=options.inputs,
            studies=studies,
            watchers=() if features is None else (features,),
            resamples=options.output.resamples,
            seed=options.output.seed,
            on_progress=on_progress,
        )


def _detector(options: EvaluateOptions, devices: Asked) -> Detector | None:
    finder = options.finder
    if finder.whole_face or is_dataset(options.place.data):
        return None
    return make_detector(finder.detector, model=finder.detector_model, device=devices)


def write(found: "Evaluated", out: Path, plots: PlotKind, command: str) -> None:
    """Write the report of today, and say where."""
    from mien.evaluation.output.write import PAGE, write_report

    write_report(out, found, plots=plots, command=command, date=_today())
    console.out.print(f"Figures, plots and answers: {printable(str(out))}", markup=False)
    console.out.print(f"All on one page: {printable(str(out / PAGE))}", markup=False)


def _today() -> str:
    return datetime.date.today().isoformat()


def _record(options: EvaluateOptions, found: "Evaluated", facts: dict[str, str]) -> None:
    from mien.evaluation.output.record import record

    path = find_bundle(options.place.bundle)
    record(path, found, **facts)
    console.out.print(f"Figures recorded in: {printable(str(path))}", markup=False)


def _features(options: EvaluateOptions, classifier: OnnxClassifier) -> "FeatureCollector | None":
    if options.output.features is None:
        return None
    try:
        from mien.evaluation.output.features import FeatureCollector
    except ModuleNotFoundError as error:
        raise MissingExtraError("mien evaluate --features", "train") from error
    return FeatureCollector(classifier, options.inputs.spec(classifier.spec))


def _write_features(
    output: Output, collector: "FeatureCollector", evaluation: "Evaluation"
) -> None:
    from mien.evaluation.output.features import write_features

    if output.features is None:
        return
    features, labels = collector.finish(output.features_faces, output.seed)
    data = {"dataset": evaluation.dataset, "split": evaluation.split}
    write_features(output.features, features, labels, evaluation.model, **data)
    where = printable(str(output.features))
    console.out.print(f"Features of {len(labels):,} faces: {where}", markup=False)


def _default_folder(options: EvaluateOptions, info: ModelInfo) -> Path:
    parts = [info.name, options.place.data.resolve().name]
    if options.inputs.split or is_dataset(options.place.data):
        parts.append(options.inputs.split or "test")
    return Path("-".join(re.sub(r"[^\w.-]+", "-", part) for part in [*parts, "evaluation"]))
