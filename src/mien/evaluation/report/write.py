"""Writes an evaluation into a folder: the figures, every answer, the plots, a page of all."""

import csv
import io
import math
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from mien.errors import SinkError
from mien.evaluation.report import plots
from mien.evaluation.report.document import html_report
from mien.evaluation.studies.ask import Studies
from mien.evaluation.studies.corruptions import confidence_trends
from mien.evaluation.summary import Estimate, Summary
from mien.files.writes import replace_files

METRICS, PREDICTIONS, PAGE = "metrics.json", "predictions.csv", "report.html"
CONFUSION, RELIABILITY, RISK_COVERAGE = "confusion.png", "reliability.png", "risk_coverage.png"
CORRUPTIONS, CROP_SCALES = "corruptions.png", "crop_scales.png"
# Plot → its title on the page.
TITLES = {
    CONFUSION: "Confusion matrix",
    RELIABILITY: "Reliability",
    RISK_COVERAGE: "Risk and coverage",
    CORRUPTIONS: "As pictures get worse",
    CROP_SCALES: "Accuracy over crop scale",
}
NO_FACE = "no face"
# Points of the risk-coverage curve in metrics.json; predictions.csv holds what all others need.
CURVE_POINTS = 20


def write_report(
    folder: Path, summary: Summary, *, command: str, date: str, studies: Studies | None = None
) -> tuple[Path, ...]:
    """Write metrics.json, predictions.csv, the plots, and report.html, which holds them.

    Former ones are replaced all at once; see `mien.files.writes.replace_files`. Other files in
    the folder are left alone; but plots of what was not studied this time are removed, because they
    would be taken for this evaluation's.

    Args:
        folder: Where to; made if it is not there.
        summary: The figures.
        command: The command line that gives them.
        date: The day they were measured, as 2025-01-31.
        studies: What was found beside the figures.

    Returns:
        The files.

    Raises:
        SinkError: The folder cannot be written.
    """
    studies = studies or Studies()
    pictures = _plots(summary, studies)
    page = html_report(
        summary,
        command=command,
        date=date,
        plots={TITLES[name]: data for name, data in pictures.items()},
        slices=studies.slices,
        persons=studies.persons,
        corruptions=studies.corruptions,
        comparison=studies.comparison,
        crop_scales=studies.crop_scales,
        others=studies.others,
    )
    contents = {
        **pictures,
        PREDICTIONS: predictions_csv(summary).encode(),
        PAGE: page.encode(),
        METRICS: metrics_json(summary, command=command, date=date, studies=studies),
    }
    try:
        replace_files(folder, contents, without=TITLES.keys() - contents.keys())
    except OSError as error:
        raise SinkError(
            f"{folder}: the evaluation cannot be written: {error.strerror}; free some space or "
            "name another folder"
        ) from error
    return tuple(folder / name for name in contents)


def metrics_json(
    summary: Summary, *, command: str, date: str, studies: Studies | None = None
) -> bytes:
    """Return all figures as JSON; those that the pictures cannot give are null."""
    evaluation, model = summary.evaluation, summary.evaluation.model
    content = {
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
        **_studies(studies or Studies()),
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def predictions_csv(summary: Summary) -> str:
    """Return every answer as CSV; a picture without a face has no probabilities.

    `confidence` and the probabilities of the labels are those given that the face shows one of
    them; `p_other`, where the bundle tells that apart, is the probability that it shows none.
    """
    answers, model = summary.evaluation.answers, summary.evaluation.model
    labels = model.labels
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    columns = ["origin", "group", "label", "predicted", "confidence"]
    others = ["p_other"] * model.other
    writer.writerow([*columns, *(f"p_{label}" for label in labels), *others])
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
            answer = [labels[row.argmax()], f"{row.max():.6f}", *(f"{one:.6f}" for one in values)]
        else:
            answer = [NO_FACE, *[""] * (1 + len(labels) + model.other)]
        writer.writerow([origin, group, labels[truth], *answer])
    return buffer.getvalue()


def _plots(summary: Summary, studies: Studies) -> dict[str, bytes]:
    figures = {
        CONFUSION: plots.confusion_plot(summary),
        RELIABILITY: plots.reliability_plot(summary),
        RISK_COVERAGE: plots.risk_coverage_plot(summary),
    }
    if studies.corruptions:
        figures[CORRUPTIONS] = plots.corruption_plot(summary, studies.corruptions)
    if studies.crop_scales:
        figures[CROP_SCALES] = plots.crop_scale_plot(summary, studies.crop_scales)
    return {name: plots.to_png(figure) for name, figure in figures.items()}


def _studies(studies: Studies) -> dict[str, Any]:
    """Return what was asked beside the figures; what was not is left out."""
    # As they are: msgspec writes dataclasses, and nan as null.
    content: dict[str, Any] = {"slices": studies.slices}
    if studies.persons is not None:
        content["persons"] = studies.persons
    if studies.corruptions:
        content["corruptions"] = studies.corruptions
        content["confidence_trends"] = confidence_trends(studies.corruptions)
    if studies.comparison is not None:
        content["comparison"] = studies.comparison
    if studies.crop_scales:
        content["crop_scales"] = studies.crop_scales
    if studies.others is not None:
        content["others"] = studies.others
    return content


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
