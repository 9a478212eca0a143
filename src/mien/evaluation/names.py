"""What the figures of an evaluation are called, in the terminal, on the page and in the card."""

from typing import NamedTuple


class FigureName(NamedTuple):
    """A figure's names.

    Attributes:
        key: Its name in `Summary.figures` and in model.json.
        title: Its name in a table.
        meaning: What it says, in some words.
        is_share: Whether it is shown in percent.
    """

    key: str
    title: str
    meaning: str
    is_share: bool


FIGURES = tuple(
    FigureName(*entry)
    for entry in (
        ("accuracy", "accuracy", "faces read rightly", True),
        ("balanced_accuracy", "balanced accuracy", "mean recall: each class counts alike", True),
        ("macro_f1", "macro-F1", "mean F1 of the classes", False),
        ("ece", "ECE", "expected calibration error: how far confidence is from accuracy", False),
        ("nll", "NLL", "negative log likelihood: punishes being surely wrong", False),
        ("accuracy_at_80_coverage", "accuracy of the surest 80%", "risk against coverage", True),
        ("answered", "answered", "the answer is not “not sure”", True),
        ("accuracy_of_answered", "accuracy of these answers", "without the “not sure”", True),
        ("face_found", "face found", "pictures in which the detector finds a face", True),
        ("accuracy_all_pictures", "accuracy, all pictures", "no face found counts as wrong", True),
        ("balanced_accuracy_all_pictures", "balanced accuracy, all pictures", "likewise", True),
    )
)
IN_CARD = (
    *("accuracy", "balanced_accuracy", "macro_f1", "ece", "accuracy_at_80_coverage"),
    "accuracy_all_pictures",
)
