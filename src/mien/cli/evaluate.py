"""`mien evaluate`: say how good a bundle is, on a data set or on a folder of labelled pictures."""

import argparse
import datetime
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mien.cli import console
from mien.cli.evaluate_options import (
    CORRUPTION_FACES,
    DEFAULT,
    add_arguments,
    check,
    command_line,
    names_dataset,
    slice_patterns,
)
from mien.cli.evaluate_show import show
from mien.errors import MissingExtraError
from mien.files.locks import alone_in
from mien.models.bundle import ModelInfo
from mien.models.classifier import OnnxClassifier
from mien.registry import DETECTORS, find_bundle, make_classifier, make_detector
from mien.types import InputSpec, OnProgress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.datasets.dataset import Dataset
    from mien.evaluation.features import FeatureCollector
    from mien.evaluation.inputs import Watcher
    from mien.evaluation.predictions import Evaluation
    from mien.evaluation.studies.ask import Study

__all__ = ["add_arguments", "run"]


def run(args: argparse.Namespace) -> int:
    """Evaluate, print the figures, and write the report."""
    # Imported first: a missing extra must be told before the long work, not after it.
    import mien.evaluation.report.write  # noqa: F401

    check(args)
    bundle = _bundle(args.bundle)
    classifier, info = make_classifier(bundle)
    out = args.out or _default_folder(args, info)
    with alone_in(out):
        return _run(args, bundle, classifier, info, out)


def _run(
    args: argparse.Namespace,
    bundle: Path | None,
    classifier: OnnxClassifier,
    info: ModelInfo,
    out: Path,
) -> int:
    from mien.evaluation.report.record import record
    from mien.evaluation.report.write import PAGE, write_report
    from mien.evaluation.summary import summarise

    study = _study(args, classifier, info)
    features = _features(args, classifier)
    watchers = (*study.watchers, *([] if features is None else [features]))
    with console.progress() as on_progress:
        evaluation = _evaluate(args, classifier, info, watchers, study.others, on_progress)
        summary = summarise(
            evaluation, resamples=args.resamples, seed=args.seed, on_progress=on_progress
        )
        studies = study.finish(evaluation, on_progress)
    asked = [pattern.name for pattern in slice_patterns(args)]
    show(summary, studies, slices=args.slices, asked=asked)
    facts = {"command": command_line(args), "date": datetime.date.today().isoformat()}
    write_report(out, summary, studies=studies, **facts)
    console.out.print(f"Figures, plots and answers: {out}", markup=False)
    console.out.print(f"All on one page: {out / PAGE}", markup=False)
    if features is not None:
        _write_features(args, features, evaluation)
    if args.record:
        path = find_bundle(bundle)
        record(path, summary, studies=studies, **facts)
        console.out.print(f"Figures recorded in: {path}", markup=False)
    return 0


def _study(args: argparse.Namespace, classifier: OnnxClassifier, info: ModelInfo) -> "Study":
    from mien.evaluation.studies.ask import Study, StudySettings

    faces = (args.corruption_faces or CORRUPTION_FACES) if args.corruptions else 0
    settings = StudySettings(
        faces,
        args.crop_scales or (),
        args.others,
        args.resamples,
        args.seed,
        slice_patterns(args),
    )
    return Study(
        classifier,
        info,
        settings,
        spec=_spec(args, classifier),
        other=None if args.against is None else make_classifier(_bundle(args.against)),
    )


def _spec(args: argparse.Namespace, classifier: OnnxClassifier) -> InputSpec:
    from mien.evaluation.inputs import FolderSettings

    return FolderSettings(args.crop_scale).spec(classifier.spec)


def _features(args: argparse.Namespace, classifier: OnnxClassifier) -> "FeatureCollector | None":
    if args.features is None:
        return None
    try:
        from mien.evaluation.features import FeatureCollector
    except ModuleNotFoundError as error:
        raise MissingExtraError("mien evaluate --features", "train") from error
    return FeatureCollector(classifier, _spec(args, classifier))


def _write_features(
    args: argparse.Namespace, collector: "FeatureCollector", evaluation: "Evaluation"
) -> None:
    from mien.evaluation.features import write_features

    features, labels = collector.finish(args.features_faces, args.seed)
    dataset, split = evaluation.dataset, evaluation.split
    write_features(args.features, features, labels, evaluation.model, dataset=dataset, split=split)
    console.out.print(f"Features of {len(labels):,} faces: {args.features}", markup=False)


def _evaluate(
    args: argparse.Namespace,
    classifier: OnnxClassifier,
    info: ModelInfo,
    watchers: "Sequence[Watcher]",
    others: "Watcher | None",
    on_progress: OnProgress,
) -> "Evaluation":
    from mien.evaluation.evaluate import evaluate_dataset, evaluate_folder
    from mien.evaluation.inputs import FolderSettings

    if names_dataset(args):
        return evaluate_dataset(
            classifier,
            info,
            _load_dataset(args.data),
            args.split or "test",
            name=args.name,
            ignore_unknown=args.ignore_unknown,
            watchers=watchers,
            others=others,
            on_progress=on_progress,
        )
    settings = FolderSettings(args.crop_scale, args.group_pattern, args.split)
    detector = None
    if not args.whole_face:
        detector = make_detector(args.detector or DETECTORS[0], model=args.detector_model)
    return evaluate_folder(
        classifier,
        info,
        detector,
        args.data,
        settings=settings,
        name=args.name,
        watchers=watchers,
        others=others,
        on_progress=on_progress,
    )


def _load_dataset(path: Path) -> "Dataset":
    try:
        from mien.datasets.dataset import load_dataset
    except ModuleNotFoundError as error:
        raise MissingExtraError("evaluating a data set", "train") from error
    return load_dataset(path)


def _bundle(name: str) -> Path | None:
    return None if name == DEFAULT else Path(name)


def _default_folder(args: argparse.Namespace, info: ModelInfo) -> Path:
    parts = [info.name, args.data.resolve().name]
    if names_dataset(args) or args.split:
        parts.append(args.split or "test")
    return Path("-".join(re.sub(r"[^\w.-]+", "-", part) for part in [*parts, "evaluation"]))
