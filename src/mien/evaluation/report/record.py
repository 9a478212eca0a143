"""Writes figures into the bundle they are about: its model.json, and the table of its card.

The card's table is made from model.json alone, so that it holds no figure that was not measured.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from mien.errors import BundleError
from mien.evaluation.names import FIGURES, IN_CARD
from mien.evaluation.report.for_whom import for_whom, person_values, slice_infos
from mien.evaluation.report.markdown import figure, head, row
from mien.evaluation.studies.ask import Studies
from mien.evaluation.studies.others import Others
from mien.evaluation.summary import Summary
from mien.files.locks import alone_in
from mien.files.writes import replace_files
from mien.models.bundle import CARD, INFO, MetricsInfo, ModelInfo, encode_info, load_bundle

START, END = "<!-- metrics -->", "<!-- /metrics -->"
HEADING = "## Figures"
RECALL = "recall_"
WAIT_SECONDS = 10.0  # for another evaluation that records its figures, which takes a moment
# How many faces of a class that the bundle does not know get a word, and of all these together.
NAMED, OTHERS = "named_", "others_"
WITH_INTERVAL = (
    *("accuracy", "balanced_accuracy", "macro_f1", "ece", "confidence_gap"),
    *(
        "accuracy_at_80_coverage",
        "accuracy_of_answered",
        "accuracy_all_pictures",
        "balanced_accuracy_all_pictures",
    ),
)


def record(
    path: Path, summary: Summary, *, command: str, date: str, studies: Studies | None = None
) -> ModelInfo:
    """Add an evaluation's figures to a bundle; those of the same data set and split are replaced.

    The graph is not touched, so the bundle is whole at every moment.

    Args:
        path: The bundle.
        summary: The figures.
        command: The command line that gives them.
        date: The day they were measured, as 2025-01-31.
        studies: What was found beside them; for whom the model reads well is recorded, too.

    Returns:
        What model.json says now.

    Raises:
        BundleError: The bundle is not the one that was evaluated, its card's markers are broken,
            or it cannot be written.
        InUseError: Another process writes into it, and does not end.
    """
    try:
        with alone_in(path, wait=WAIT_SECONDS):
            return _record(path, summary, studies or Studies(), command, date)
    except OSError as error:
        raise BundleError(
            f"{path}: the figures cannot be written: {error.strerror}; copy the bundle to a "
            "folder that you may write to"
        ) from error


def _record(path: Path, summary: Summary, studies: Studies, command: str, date: str) -> ModelInfo:
    info = load_bundle(path).info
    if info.sha256 != summary.evaluation.model.sha256:
        raise BundleError(f"{path}: the bundle has changed since it was evaluated; evaluate again")
    entry = _entry(summary, studies, command, date)
    entries = {(known.dataset, known.split): known for known in (*info.metrics, entry)}
    info = msgspec.structs.replace(info, metrics=tuple(entries.values()))
    card = with_table(_read_card(path / CARD, info.name), info, path / CARD)
    replace_files(path, {INFO: encode_info(info), CARD: card.encode()})
    return info


def with_table(card: str, info: ModelInfo, path: Path) -> str:
    """Return the card with its table made anew, between the markers or under a heading at its end.

    Args:
        card: The card's text.
        info: Where the figures are.
        path: The card's file, for the error.

    Raises:
        BundleError: Only one marker is there, or there are several, or they are in the wrong order.
    """
    table = f"{START}\n{metrics_table(info.metrics)}\n{END}"
    if START not in card and END not in card:
        return f"{card.rstrip()}\n\n{HEADING}\n\n{table}\n"
    before, _, rest = card.partition(START)
    _, end, after = rest.partition(END)
    if not end or END in before or START in rest or END in after:
        raise BundleError(f"{path}: needs one {START} and after it one {END}; put them right")
    return before + table + after


def metrics_table(metrics: Sequence[MetricsInfo]) -> str:
    """Return figures as Markdown: the table, each class's recall, for whom, the commands."""
    columns = [
        name
        for name in FIGURES
        if name.key in IN_CARD and any(name.key in info.values for info in metrics)
    ]
    lines = head(["data set", "split", "faces", *(name.title for name in columns), "measured"])
    for info in metrics:
        cells = [
            figure(info.values, name.key, share=name.is_share, signed=name.is_signed)
            for name in columns
        ]
        faces = f"{info.values.get('faces', 0):,.0f}"
        lines.append(row([info.dataset, info.split, faces, *cells, info.date]))
    lines += ["", "In brackets: 95% intervals (bootstrap). Recall of each class:", ""]
    labels = list(dict.fromkeys(label for info in metrics for label in _names(info, RECALL)))
    lines += head(["data set", "split", *labels])
    for info in metrics:
        cells = [figure(info.values, RECALL + label, share=True) for label in labels]
        lines.append(row([info.dataset, info.split, *cells]))
    lines += _others_table(metrics)
    lines += [
        "",
        *for_whom(metrics),
        "Measured by:",
        "",
        "```",
        *(info.command for info in metrics),
        "```",
    ]
    return "\n".join(lines)


def _others_table(metrics: Sequence[MetricsInfo]) -> list[str]:
    asked = [info for info in metrics if f"{OTHERS}faces" in info.values]
    if not asked:
        return []
    classes = list(dict.fromkeys(name for info in asked for name in _names(info, NAMED)))
    titles = ["data set", "split", "faces", "all", *classes, "AUROC", "of its own classes"]
    lines = [
        "",
        "Faces of classes that it does not know: share that gets a word, which is wrong, instead "
        'of "not sure". AUROC: how well certainty tells them from those of its own classes.',
        "",
        *head(titles),
    ]
    for info in asked:
        shares = [f"{OTHERS}named", *(NAMED + name for name in classes)]
        cells = [figure(info.values, share, share=True) for share in shares]
        cells += [
            figure(info.values, f"{OTHERS}auroc", share=False),
            figure(info.values, "answered", share=True),
        ]
        faces = f"{info.values[f'{OTHERS}faces']:,.0f}"
        lines.append(row([info.dataset, info.split, faces, *cells]))
    return lines


def _entry(summary: Summary, studies: Studies, command: str, date: str) -> MetricsInfo:
    evaluation = summary.evaluation
    values = {"pictures": float(summary.pictures), "faces": float(summary.faces)}
    for name, estimate in summary.figures.items():
        # What the pictures cannot give is left out: JSON has no nan.
        known = estimate.named(name)
        with_interval = name in WITH_INTERVAL or name.startswith(RECALL)
        values |= known if with_interval else {key: known[key] for key in known if key == name}
    if studies.others is not None:
        values |= _others_values(studies.others)
    values |= person_values(studies.persons)
    slices = slice_infos(studies)
    return MetricsInfo(evaluation.dataset, evaluation.split, date, values, command, slices)


def _others_values(others: Others) -> dict[str, float]:
    figures = {f"{OTHERS}named": others.named, f"{OTHERS}auroc": others.auroc}
    figures |= {f"{NAMED}{one.name}": one.named for one in others.classes}
    values = {f"{OTHERS}faces": float(others.faces)}
    for name, estimate in figures.items():
        values |= estimate.named(name)
    return values


def _read_card(path: Path, name: str) -> str:
    if not path.exists():
        return f"# {name}\n"
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(f"{path}: cannot be read: {error}") from error


def _names(info: MetricsInfo, start: str) -> list[str]:
    """Return the classes of which there is a figure whose name begins so."""
    ends = {f"{key}{end}" for key in info.values for end in ("_low", "_high")}
    return [key[len(start) :] for key in info.values if key.startswith(start) and key not in ends]
