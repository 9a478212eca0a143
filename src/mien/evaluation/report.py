"""Writes an evaluation into a folder: the figures, every answer, and the plots."""

import csv
import io
import math
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from mien.errors import SinkError
from mien.evaluation import plots
from mien.evaluation.files import replace_files
from mien.evaluation.summary import Estimate, Summary

METRICS, PREDICTIONS = "metrics.json", "predictions.csv"
CONFUSION, RELIABILITY, RISK_COVERAGE = "confusion.png", "reliability.png", "risk_coverage.png"
NO_FACE = "no face"
# Points of the risk-coverage curve in metrics.json; predictions.csv holds what all others need.
CURVE_POINTS = 20


def write_report(folder: Path, summary: Summary, *, command: str, date: str) -> tuple[Path, ...]:
    """Write metrics.json, predictions.csv and three plots.

    All files are made and written in full before the first former one is replaced, and other files
    in the folder are left alone.

    Args:
        folder: Where to; made if it is not there.
        summary: The figures.
        command: The command line that gives them.
        date: The day they were measured, as 2025-01-31.

    Returns:
        The files.

    Raises:
        SinkError: The folder cannot be written.
    """
    contents = {
        CONFUSION: plots.to_png(plots.confusion_plot(summary)),
        RELIABILITY: plots.to_png(plots.reliability_plot(summary)),
        RISK_COVERAGE: plots.to_png(plots.risk_coverage_plot(summary)),
        PREDICTIONS: predictions_csv(summary).encode(),
        METRICS: metrics_json(summary, command=command, date=date),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_files(folder, contents)
    except OSError as error:
        raise SinkError(
            f"{folder}: the evaluation cannot be written: {error.strerror}; free some space or "
            "name another folder"
        ) from error
    return tuple(folder / name for name in contents)


def metrics_json(summary: Summary, *, command: str, date: str) -> bytes:
    """Return all figures as JSON; those that the pictures cannot give are null."""
    evaluation, model = summary.evaluation, summary.evaluation.model
    content = {
        "mien": version("mien"),
        "bundle": {"name": model.name, "version": model.version, "sha256": model.sha256},
        "labels": list(model.labels),
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
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def predictions_csv(summary: Summary) -> str:
    """Return every answer as CSV; a picture without a face has no probabilities."""
    answers, labels = summary.evaluation.answers, summary.evaluation.model.labels
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    columns = ["origin", "group", "label", "predicted", "confidence"]
    writer.writerow([*columns, *(f"p_{label}" for label in labels)])
    for origin, group, truth, row, found in zip(
        answers.origins,
        answers.groups,
        answers.truth,
        answers.probabilities,
        answers.found,
        strict=True,
    ):
        if found:
            answer = [labels[row.argmax()], f"{row.max():.6f}", *(f"{value:.6f}" for value in row)]
        else:
            answer = [NO_FACE, *[""] * (1 + len(labels))]
        writer.writerow([origin, group, labels[truth], *answer])
    return buffer.getvalue()


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
