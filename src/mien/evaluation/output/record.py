"""Writes figures into the bundle they are about: its model.json, and the table of its card."""

from pathlib import Path

import msgspec

from mien.errors import BundleError
from mien.evaluation.evaluate import Evaluated
from mien.evaluation.output.card import RECALL, with_table
from mien.files.locks import alone_in
from mien.files.writes import replace_files
from mien.models.bundle import CARD, INFO, encode_info, load_bundle
from mien.models.info import MetricsInfo, ModelInfo

WAIT_SECONDS = 10.0  # for another evaluation that records its figures, which takes a moment
WITH_INTERVAL = (
    *("accuracy", "balanced_accuracy", "macro_f1", "ece", "confidence_gap"),
    *(
        "accuracy_at_80_coverage",
        "accuracy_of_answered",
        "accuracy_all_pictures",
        "balanced_accuracy_all_pictures",
    ),
)


def record(path: Path, found: Evaluated, *, command: str, date: str) -> ModelInfo:
    """Add an evaluation's figures to a bundle; those of the same data set and split are replaced.

    The graph is not touched, so the bundle is whole at every moment.

    Args:
        path: The bundle.
        found: The figures; what the studies found is recorded, too, where they say so.
        command: The command line that gives them.
        date: The day they were measured, as 2025-01-31.

    Returns:
        What model.json says now.

    Raises:
        BundleError: The bundle is not the one that was evaluated, its card's markers are broken,
            or it cannot be written.
        InUseError: Another process writes into it, and does not end.
    """
    try:
        with alone_in(path, wait=WAIT_SECONDS):
            return _record(path, found, command, date)
    except OSError as error:
        raise BundleError(
            f"{path}: the figures cannot be written: {error.strerror}; copy the bundle to a "
            "folder that you may write to"
        ) from error


def _record(path: Path, found: Evaluated, command: str, date: str) -> ModelInfo:
    info = load_bundle(path).info
    if info.sha256 != found.summary.evaluation.model.sha256:
        raise BundleError(f"{path}: the bundle has changed since it was evaluated; evaluate again")
    entry = _entry(found, command, date)
    entries = {(known.dataset, known.split): known for known in (*info.metrics, entry)}
    info = msgspec.structs.replace(info, metrics=tuple(entries.values()))
    card = with_table(_read_card(path / CARD, info.name), info, path / CARD)
    replace_files(path, {INFO: encode_info(info), CARD: card.encode()})
    return info


def _entry(found: Evaluated, command: str, date: str) -> MetricsInfo:
    summary, evaluation = found.summary, found.summary.evaluation
    values = {"pictures": float(summary.pictures), "faces": float(summary.faces)}
    for name, estimate in summary.figures.items():
        # What the pictures cannot give is left out: JSON has no nan.
        known = estimate.named(name)
        with_interval = name in WITH_INTERVAL or name.startswith(RECALL)
        values |= known if with_interval else {key: known[key] for key in known if key == name}
    recorded = [finding.recorded() for finding in found.findings]
    for part in recorded:
        values |= part.values
    slices = tuple(entry for part in recorded for entry in part.slices)
    return MetricsInfo(evaluation.dataset, evaluation.split, date, values, command, slices)


def _read_card(path: Path, name: str) -> str:
    if not path.exists():
        return f"# {name}\n"
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text in UTF-8"
        raise BundleError(f"{path}: cannot be read: {reason}; mend or remove it") from error
