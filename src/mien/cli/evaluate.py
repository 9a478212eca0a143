"""`mien evaluate`: say how good a bundle is, on a data set or on a folder of labelled pictures."""

import argparse
import datetime
import math
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.markup import escape
from rich.table import Table

from mien.assembly import DEFAULT_BUNDLE, DETECTORS, make_classifier, make_detector
from mien.bundle import ModelInfo
from mien.classifier import OnnxClassifier
from mien.cli import console
from mien.errors import MissingExtraError, SettingsError
from mien.types import OnProgress

if TYPE_CHECKING:
    from mien.data.dataset import Dataset
    from mien.evaluation.results import Evaluation
    from mien.evaluation.summary import Estimate, Summary

DEFAULT = "default"
DATASET_FILE = "dataset.json"
# Options that have no meaning for a data set, whose faces are cropped and grouped already.
FOLDER_OPTIONS = ("detector", "detector_model", "whole_face", "crop_scale", "group_pattern")
# Figures in the order of the table; shares are shown in percent.
TITLES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy (mean recall)",
    "macro_f1": "macro-F1",
    "ece": "expected calibration error",
    "nll": "negative log likelihood",
    "accuracy_at_80_coverage": "accuracy of the surest 80%",
    "answered": 'answered (not "not sure")',
    "accuracy_of_answered": "accuracy of these answers",
    "face_found": "pictures with a face found",
    "accuracy_all_pictures": "accuracy, no face counted as wrong",
    "balanced_accuracy_all_pictures": "balanced accuracy, likewise",
}
NO_SHARES = frozenset({"macro_f1", "ece", "nll"})
SHOWN_UNREADABLE = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "bundle", metavar="BUNDLE", help=f"folder of the model, or {DEFAULT!r} for the shipped one"
    )
    parser.add_argument(
        "data",
        metavar="DATASET|FOLDER",
        type=Path,
        help="a prepared data set, or a folder with one subfolder of pictures per class",
    )
    parser.add_argument("--split", help="split of a data set (default: test)")
    parser.add_argument(
        "--ignore-unknown",
        action="store_true",
        help="leave out, and count, classes that the model does not know",
    )
    _add_folder_arguments(parser.add_argument_group("folders of pictures"))
    output = parser.add_argument_group("output")
    output.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="where figures, plots and answers go (default: a folder named after model and data)",
    )
    output.add_argument("--name", help="what to call the data (default: the name of its folder)")
    output.add_argument(
        "--record",
        action="store_true",
        help="write the figures into the model's model.json and the table of its CARD.md, too",
    )
    output.add_argument(
        "--resamples",
        type=int,
        default=1000,
        metavar="N",
        help="draws for the 95%% intervals; 0 for no intervals (default: 1000)",
    )
    output.add_argument("--seed", type=int, default=0, help="seed of these draws (default: 0)")


def run(args: argparse.Namespace) -> int:
    """Evaluate, print the figures, and write the report."""
    # Imported first: a missing extra must be told before the long work, not after it.
    from mien.evaluation.record import record
    from mien.evaluation.report import write_report
    from mien.evaluation.summary import summarise

    _check(args)
    bundle = None if args.bundle == DEFAULT else Path(args.bundle)
    classifier, info = make_classifier(bundle)
    with console.progress() as on_progress:
        evaluation = _evaluate(args, classifier, info, on_progress)
        summary = summarise(
            evaluation, resamples=args.resamples, seed=args.seed, on_progress=on_progress
        )
    _print(summary)
    facts = {"command": command_line(args), "date": datetime.date.today().isoformat()}
    out = args.out or _default_folder(args, info)
    write_report(out, summary, **facts)
    console.out.print(f"Figures, plots and answers: {out}", markup=False)
    if args.record:
        path = bundle or DEFAULT_BUNDLE
        record(path, summary, **facts)
        console.out.print(f"Figures recorded in: {path}", markup=False)
    return 0


def command_line(args: argparse.Namespace) -> str:
    """Return the command that gives the same figures, without the folders of this machine."""
    words = ["mien", "evaluate", _portable(args.bundle), _portable(args.data)]
    for name in ("split", "detector", "detector_model", "crop_scale", "group_pattern", "name"):
        value = getattr(args, name)
        if value is not None:
            words += [_option(name), _portable(value) if name == "detector_model" else f"{value}"]
    words += [_option(name) for name in ("whole_face", "ignore_unknown") if getattr(args, name)]
    for name, default in (("resamples", 1000), ("seed", 0)):
        if getattr(args, name) != default:
            words += [_option(name), str(getattr(args, name))]
    return shlex.join(words)


def _add_folder_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--detector", choices=DETECTORS, help=f"what finds the faces (default: {DETECTORS[0]})"
    )
    group.add_argument(
        "--detector-model", type=Path, metavar="FILE", help="weights of the detector"
    )
    group.add_argument(
        "--whole-face", action="store_true", help="the pictures are cropped faces already"
    )
    group.add_argument(
        "--crop-scale",
        type=float,
        metavar="X",
        help="frame faces otherwise than the model asks for, to study framing",
    )
    group.add_argument(
        "--group-pattern",
        metavar="REGEX",
        help="what pictures of one person share in their file names, in parentheses, as in "
        "'(.+)_[0-9]+': the intervals are then drawn over persons",
    )


def _check(args: argparse.Namespace) -> None:
    is_dataset = (args.data / DATASET_FILE).is_file()
    given = [name for name in FOLDER_OPTIONS if getattr(args, name) not in (None, False)]
    if is_dataset and given:
        raise SettingsError(
            f"{_option(given[0])} is for folders of pictures, but {args.data} is a data set"
        )
    if not is_dataset and args.split is not None:
        raise SettingsError(
            f"--split is for data sets, but {args.data} holds no {DATASET_FILE}; leave it out"
        )
    if args.whole_face and (args.detector or args.detector_model):
        raise SettingsError("--whole-face needs no detector; leave out one of the two")
    if args.record and args.crop_scale is not None:
        raise SettingsError(
            "--record with --crop-scale: a model's figures are those of its own framing; "
            "leave out one of the two"
        )
    if args.out is not None and args.out.exists() and not args.out.is_dir():
        raise SettingsError(f"--out: {args.out} is a file; name a folder")
    if args.resamples < 0 or args.seed < 0:
        raise SettingsError("--resamples and --seed must be 0 or more")


def _evaluate(
    args: argparse.Namespace, classifier: OnnxClassifier, info: ModelInfo, on_progress: OnProgress
) -> "Evaluation":
    from mien.evaluation.evaluate import FolderSettings, evaluate_dataset, evaluate_folder

    if (args.data / DATASET_FILE).is_file():
        return evaluate_dataset(
            classifier,
            info,
            _load_dataset(args.data),
            args.split or "test",
            name=args.name,
            ignore_unknown=args.ignore_unknown,
            on_progress=on_progress,
        )
    settings = FolderSettings(args.crop_scale, args.group_pattern)
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
        on_progress=on_progress,
    )


def _load_dataset(path: Path) -> "Dataset":
    try:
        from mien.data.dataset import load_dataset
    except ModuleNotFoundError as error:
        raise MissingExtraError("evaluating a data set", "train") from error
    return load_dataset(path)


def _default_folder(args: argparse.Namespace, info: ModelInfo) -> Path:
    parts = [info.name, args.data.resolve().name]
    if (args.data / DATASET_FILE).is_file():
        parts.append(args.split or "test")
    return Path("-".join(re.sub(r"[^\w.-]+", "-", part) for part in [*parts, "evaluation"]))


def _portable(path: str | Path) -> str:
    # Figures are published with their command: a home folder is not.
    return Path(path).name if Path(path).is_absolute() else str(path)


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _print(summary: "Summary") -> None:
    evaluation = summary.evaluation
    model = f"{evaluation.model.name} {evaluation.model.version}"
    groups = f" (groups: {summary.groups:,})" if summary.groups < summary.pictures else ""
    console.out.print(
        f"{model} on {evaluation.dataset} ({evaluation.split}): {summary.faces:,} faces in "
        f"{summary.pictures:,} pictures{groups}",
        style="bold",
        markup=False,
    )
    console.out.print(_figures_table(summary))
    console.out.print(_classes_table(summary))
    for line in _notes(summary):
        console.out.print(line, markup=False)


def _figures_table(summary: "Summary") -> Table:
    table = Table("figure", box=box.SIMPLE_HEAD)
    table.add_column("value", justify="right")
    table.add_column("95% interval", justify="right")
    for name, title in TITLES.items():
        if name in summary.figures:
            table.add_row(title, *_cells(summary.figures[name], share=name not in NO_SHARES))
    return table


def _classes_table(summary: "Summary") -> Table:
    full = summary.evaluation.detector is not None
    table = Table("class", box=box.SIMPLE_HEAD)
    missed = ["no face"] if full else []
    for title in ("faces", *missed, "recall", "95% interval", "precision", "95% interval"):
        table.add_column(title, justify="right")
    for entry in summary.classes:
        missed = [f"{entry.without_face:,}"] if full else []
        figures = (*_cells(entry.recall, share=True), *_cells(entry.precision, share=True))
        table.add_row(escape(entry.label), f"{entry.faces:,}", *missed, *figures)
    return table


def _cells(estimate: "Estimate", *, share: bool) -> tuple[str, str]:
    value, low, high = (
        f"{100 * part:.1f}" if share else f"{part:.3f}"
        for part in (estimate.value, estimate.low, estimate.high)
    )
    unit = "%" if share else ""
    return (
        "–" if math.isnan(estimate.value) else value + unit,
        "–" if math.isnan(estimate.low) else f"{low}–{high}{unit}",
    )


def _notes(summary: "Summary") -> list[str]:
    evaluation = summary.evaluation
    lines = []
    if summary.absent:
        absent = ", ".join(summary.absent)
        lines.append(f"No face of: {absent}; the means over classes are without.")
    if evaluation.skipped:
        counts = ", ".join(f"{name} {count:,}" for name, count in evaluation.skipped.items())
        lines.append(f"Left out, classes that the model does not know: {counts}.")
    if evaluation.unreadable:
        lines.append(f"Unreadable pictures, in no figure: {len(evaluation.unreadable):,}")
        shown = evaluation.unreadable[:SHOWN_UNREADABLE]
        lines += [f"  {entry.origin}: {entry.reason}" for entry in shown]
        if len(evaluation.unreadable) > len(shown):
            lines.append("  … all are in metrics.json")
    return lines
