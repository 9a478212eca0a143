"""`mien evaluate`: say how good a bundle is, on a data set or on a folder of labelled pictures."""

import argparse
import datetime
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mien.cli import console
from mien.cli.evaluate_options import add_arguments, check, command_line
from mien.cli.evaluate_show import show
from mien.errors import MissingExtraError
from mien.evaluation.inputs import InputSettings, is_dataset
from mien.evaluation.studies import asked
from mien.files.locks import alone_in
from mien.models.bundle import ModelInfo
from mien.models.classifier import OnnxClassifier
from mien.protocols import Detector
from mien.registry import DETECTORS, find_bundle, make_classifier, make_detector

if TYPE_CHECKING:
    from mien.evaluation.evaluate import Evaluated
    from mien.evaluation.features import FeatureCollector
    from mien.evaluation.predictions import Evaluation
    from mien.evaluation.study import Study

__all__ = ["add_arguments", "run"]


def run(args: argparse.Namespace) -> int:
    """Evaluate, print the figures, and write the report."""
    # Imported first: a missing extra must be told before the long work, not after it.
    import mien.evaluation.write  # noqa: F401

    check(args)
    studies = asked(vars(args))
    classifier, info = make_classifier(args.bundle)
    out = args.out or _default_folder(args, info)
    with alone_in(out):
        settings = InputSettings(
            args.crop_scale, args.group_pattern, args.split, args.name, args.ignore_unknown
        )
        features = _features(args, classifier, settings)
        found = _evaluate(args, classifier, info, settings, studies, features)
        show(found)
        _write(args, found, out)
        if features is not None:
            _write_features(args, features, found.summary.evaluation)
        if args.record:
            _record(args, found)
    return 0


def _evaluate(
    args: argparse.Namespace,
    classifier: OnnxClassifier,
    info: ModelInfo,
    settings: InputSettings,
    studies: "tuple[Study, ...]",
    features: "FeatureCollector | None",
) -> "Evaluated":
    from mien.evaluation.evaluate import evaluate

    with console.progress() as on_progress:
        return evaluate(
            classifier,
            info,
            args.data,
            detector=_detector(args),
            settings=settings,
            studies=studies,
            watchers=() if features is None else (features,),
            resamples=args.resamples,
            seed=args.seed,
            on_progress=on_progress,
        )


def _detector(args: argparse.Namespace) -> Detector | None:
    if args.whole_face or is_dataset(args.data):
        return None
    return make_detector(args.detector or DETECTORS[0], model=args.detector_model)


def _write(args: argparse.Namespace, found: "Evaluated", out: Path) -> None:
    from mien.evaluation.write import PAGE, write_report

    write_report(out, found, plots=args.plots, **_facts(args))
    console.out.print(f"Figures, plots and answers: {out}", markup=False)
    console.out.print(f"All on one page: {out / PAGE}", markup=False)


def _record(args: argparse.Namespace, found: "Evaluated") -> None:
    from mien.evaluation.record import record

    path = find_bundle(args.bundle)
    record(path, found, **_facts(args))
    console.out.print(f"Figures recorded in: {path}", markup=False)


def _facts(args: argparse.Namespace) -> dict[str, str]:
    return {"command": command_line(args), "date": datetime.date.today().isoformat()}


def _features(
    args: argparse.Namespace, classifier: OnnxClassifier, settings: InputSettings
) -> "FeatureCollector | None":
    if args.features is None:
        return None
    try:
        from mien.evaluation.features import FeatureCollector
    except ModuleNotFoundError as error:
        raise MissingExtraError("mien evaluate --features", "train") from error
    return FeatureCollector(classifier, settings.spec(classifier.spec))


def _write_features(
    args: argparse.Namespace, collector: "FeatureCollector", evaluation: "Evaluation"
) -> None:
    from mien.evaluation.features import write_features

    features, labels = collector.finish(args.features_faces, args.seed)
    dataset, split = evaluation.dataset, evaluation.split
    write_features(args.features, features, labels, evaluation.model, dataset=dataset, split=split)
    console.out.print(f"Features of {len(labels):,} faces: {args.features}", markup=False)


def _default_folder(args: argparse.Namespace, info: ModelInfo) -> Path:
    parts = [info.name, args.data.resolve().name]
    if args.split or is_dataset(args.data):
        parts.append(args.split or "test")
    return Path("-".join(re.sub(r"[^\w.-]+", "-", part) for part in [*parts, "evaluation"]))
