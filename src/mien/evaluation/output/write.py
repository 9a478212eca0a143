"""Writes an evaluation into a folder: the figures, every answer, the plots, a page of all."""

import csv
import io
import math
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import msgspec
import numpy as np

from mien.errors import SinkError
from mien.evaluation.evaluate import Evaluated
from mien.evaluation.figures.summary import Estimate, Summary
from mien.evaluation.predictions import Evaluation
from mien.evaluation.report import main_plots
from mien.evaluation.report.document import html_report
from mien.evaluation.report.parts import Picture
from mien.evaluation.studies import all_studies
from mien.files.writes import replace_files
from mien.models.info import ModelInfo
from mien.types import PlotKind
from mien.vision import figures

METRICS, PREDICTIONS, PAGE = "metrics.json", "predictions.csv", "report.html"
NO_FACE = "no face"
# Points of the risk-coverage curve in metrics.json; predictions.csv holds what all others need.
CURVE_POINTS = 20


def write_report(
    folder: Path, found: Evaluated, *, command: str, date: str, plots: PlotKind = "png"
) -> tuple[Path, ...]:
    """Write metrics.json, predictions.csv, tables and plots, and report.html, which holds them.

    Former ones are replaced all at once; see `mien.files.writes.replace_files`. Other files in
    the folder are left alone; but plots of what was not studied this time, or of another kind, are
    removed, because they would be taken for this evaluation's.

    Args:
        folder: Where to; made if it is not there.
        found: The figures, and what was found beside them.
        command: The command line that gives them.
        date: The day they were measured, as 2025-01-31.
        plots: How the plots beside the page are written; the page holds them as PNG.

    Returns:
        The files.

    Raises:
        SinkError: The folder cannot be written.
    """
    files, pictures = _drawn(found, plots)
    sections = (finding.section(found.summary) for finding in found.findings)
    page = html_report(
        found.summary,
        command=command,
        date=date,
        pictures=pictures,
        sections=[section for section in sections if section is not None],
    )
    tables = (finding.tables() for finding in found.findings)
    contents = {
        **files,
        **{name: data for several in tables for name, data in several.items()},
        PREDICTIONS: predictions_csv(found.summary).encode(),
        PAGE: page.encode(),
        METRICS: metrics_json(found, command=command, date=date),
    }
    try:
        replace_files(folder, contents, without=_all_files() - contents.keys())
    except OSError as error:
        raise SinkError(
            f"{folder}: the evaluation cannot be written: {error.strerror}; free some space or "
            "name another folder"
        ) from error
    return tuple(folder / name for name in contents)


def metrics_json(found: Evaluated, *, command: str, date: str) -> bytes:
    """Return all figures as JSON; those that the pictures cannot give are null."""
    summary = found.summary
    evaluation, model = summary.evaluation, summary.evaluation.model
    content: dict[str, Any] = {
        "mien": version("mien"),
        "bundle": {"name": model.name, "version": model.version, "sha256": model.sha256},
        "labels": list(model.labels),
        "other": model.other,
        "not_sure_below": model.not_sure_below,
        "dataset": evaluation.dataset,
        "split": evaluation.split,
        "detector": evaluation.detector,
        "crop_scale": evaluation.crop_scale,
        "date": date,
        "command": command,
        "pictures": summary.pictures,
        "faces": summary.faces,
        "intervals": {
            "level": 0.95,
            "groups": summary.groups,
            "resamples": summary.resamples,
            "seed": summary.seed,
        },
        "figures": {key: _estimate(value) for key, value in summary.figures.items()},
        "classes": {
            entry.label: {"faces": entry.faces, "without_face": entry.without_face}
            for entry in summary.classes
        },
        "absent_classes": list(summary.absent),
        "skipped_classes": dict(evaluation.skipped),
        "unreadable": [
            {"origin": entry.origin, "reason": entry.reason} for entry in evaluation.unreadable
        ],
        "confusion": summary.confusion.tolist(),
        "reliability": _reliability(summary),
        "risk_coverage": _curve(summary),
    }
    for finding in found.findings:
        content |= finding.figures()
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def predictions_csv(summary: Summary) -> str:
    """Return every answer as CSV; see `answers_csv`."""
    return answers_csv(summary.evaluation)


def columns_of(model: ModelInfo) -> list[str]:
    """Return the columns of a table of answers."""
    columns = ["origin", "group", "label", "predicted", "confidence"]
    return [*columns, *(f"p_{label}" for label in model.labels), *["p_other"] * model.other]


def answers_csv(evaluation: Evaluation, form: str = ".6f") -> str:
    """Return every answer as CSV; a picture without a face has no probabilities.

    `confidence` and the probabilities of the labels are those given that the face shows one of
    them; `p_other`, where the bundle tells that apart, is the probability that it shows none.

    Args:
        evaluation: The answers.
        form: How numbers are written; ".9g" keeps every bit of them.
    """
    answers, model = evaluation.answers, evaluation.model
    labels = model.labels
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns_of(model))
    for origin, group, truth, row, other, found in zip(
        answers.origins,
        answers.groups,
        answers.truth,
        answers.probabilities,
        answers.other,
        answers.found,
        strict=True,
    ):
        if found:
            values = [*row, other] if model.other else row
            answer = [
                labels[row.argmax()],
                f"{row.max():{form}}",
                *(f"{one:{form}}" for one in values),
            ]
        else:
            answer = [NO_FACE, *[""] * (1 + len(labels) + model.other)]
        writer.writerow([origin, group, labels[truth], *answer])
    return buffer.getvalue()


def _drawn(found: Evaluated, kind: PlotKind) -> tuple[dict[str, bytes], list[Picture]]:
    """Draw all plots: as files, and for the page."""
    summary = found.summary
    studied = (plot for finding in found.findings for plot in finding.plots(summary))
    files, pictures = {}, []
    for plot in (*main_plots.main_plots(summary), *studied):
        figure = plot.draw()
        png = figures.render(figure)
        files[f"{plot.name}.{kind}"] = png if kind == "png" else figures.render(figure, kind)
        pictures.append(Picture(plot.title, f"{plot.title}. {plot.text}", png))
    return files, pictures


def _all_files() -> set[str]:
    """Return the names of all files that a plot or table may have, of any study."""
    names = [*main_plots.NAMES, *(name for study in all_studies() for name in study.plots)]
    tables = {name for study in all_studies() for name in study.files}
    return tables | {f"{name}.{kind}" for name in names for kind in get_args(PlotKind)}


def _estimate(estimate: Estimate) -> dict[str, float | None]:
    return {
        "value": _plain(estimate.value),
        "low": _plain(estimate.low),
        "high": _plain(estimate.high),
    }


def _reliability(summary: Summary) -> list[dict[str, Any]]:
    data = summary.reliability
    return [
        {
            "from": float(data.edges[number]),
            "to": float(data.edges[number + 1]),
            "faces": int(data.counts[number]),
            "confidence": _plain(data.confidence[number]),
            "accuracy": _plain(data.accuracy[number]),
        }
        for number in range(data.counts.size)
    ]


def _curve(summary: Summary) -> list[dict[str, float | None]]:
    curve = summary.risk_coverage
    return [
        {"coverage": float(share), "accuracy": _plain(curve.accuracy_at(float(share)))}
        for share in np.linspace(1 / CURVE_POINTS, 1, CURVE_POINTS)
    ]


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
