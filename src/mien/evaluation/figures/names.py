"""What the figures of an evaluation are called, in the terminal, on the page and in the card."""

import math
from typing import NamedTuple


class FigureName(NamedTuple):
    """A figure's names.

    Attributes:
        key: Its name in `Summary.figures` and in model.json.
        title: Its name in a table.
        meaning: What it says, in some words.
        is_share: Whether it is shown in percent.
        is_signed: Whether it may be below 0, and is shown with its sign.
    """

    key: str
    title: str
    meaning: str
    is_share: bool
    is_signed: bool = False


FIGURES = tuple(
    FigureName(*entry)
    for entry in (
        ("accuracy", "accuracy", "share of faces that are classified correctly", True),
        ("balanced_accuracy", "balanced accuracy", "mean recall: each class counts alike", True),
        ("macro_f1", "macro-F1", "mean F1 of the classes", False),
        ("ece", "ECE", "expected calibration error: how far confidence is from accuracy", False),
        (
            *("confidence_gap", "confidence − accuracy"),
            *("mean confidence minus accuracy: above 0 too sure, below 0 not sure enough", False),
            True,
        ),
        ("nll", "NLL", "negative log likelihood: punishes being surely wrong", False),
        (
            *("accuracy_at_80_coverage", "selective accuracy at 80% coverage"),
            *("accuracy over the 80% of most certainty", True),
        ),
        ("answered", "coverage", "the answer is not “not sure”", True),
        ("accuracy_of_answered", "selective accuracy", "without the “not sure”", True),
        ("face_found", "face found", "pictures in which the detector finds a face", True),
        ("accuracy_all_pictures", "accuracy, all pictures", "no face found counts as wrong", True),
        ("balanced_accuracy_all_pictures", "balanced accuracy, all pictures", "likewise", True),
    )
)


def write_figure(
    value: float, low: float, high: float, *, share: bool, signed: bool = False
) -> tuple[str, str]:
    """Write a figure and its interval, each "" where it is nan.

    Args:
        value: The figure.
        low: Lower end of its interval.
        high: Upper end.
        share: In percent; otherwise with three decimals.
        signed: With their signs.
    """
    factor, form = (100, ".1f") if share else (1, ".3f")
    sign, to, unit = "+" * signed, " to " if signed else "–", "%" * share
    one, *ends = (f"{factor * part:{sign}{form}}" for part in (value, low, high))
    known = not math.isnan(low) and not math.isnan(high)
    return "" if math.isnan(value) else one + unit, to.join(ends) if known else ""


IN_CARD = (
    *("accuracy", "balanced_accuracy", "macro_f1", "ece", "confidence_gap"),
    *("accuracy_at_80_coverage", "accuracy_all_pictures"),
)
