"""Says an evaluation's figures in plain words, for readers who do not live with such figures.

Each function gives whole sentences. What the pictures cannot give is left out, never guessed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.evaluation.figures.summary import COVERAGE, Estimate, Summary

# A share of fewer faces says little: such classes come last among the confusions, such parts are
# not compared with the whole.
FEW_FACES = 20
# The title of a section to which several studies add.
WHO_IS_READ_WORSE = "Who is read worse"


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often one class is taken for another.

    Attributes:
        truth: The true class.
        answer: What it is taken for.
        times: How often.
        faces: Faces of the true class.
    """

    truth: str
    answer: str
    times: int
    faces: int

    @property
    def of_hundred(self) -> str:
        """The share of the faces of the true class, as "25 of 100"."""
        return _of_hundred(self.times, self.faces)


def hundred(estimate: Estimate, thing: str) -> str:
    """Say a share as a number of 100 and its interval, as "85 of 100 (83 to 87)".

    In whole numbers, unless these would hide that the interval has a width, or that a share is
    neither all nor nothing.

    Args:
        estimate: The share, in 0..1.
        thing: What follows the number, as "of 100".
    """
    parts = [100 * part for part in (estimate.value, estimate.low, estimate.high)]
    known = [part for part in parts if not math.isnan(part)]
    decimals = next((number for number in range(3) if _is_honest(known, number)), 3)
    value, low, high = (f"{part:.{decimals}f}" for part in parts)
    return f"{value} {thing}" + (f" ({low} to {high})" if len(known) == len(parts) else "")


def main_points(summary: Summary) -> list[str]:
    """Say how far the model can be trusted, in a few sentences."""
    figures = summary.figures
    lines = []
    if is_known(figures["accuracy"]):
        lines.append(f"Of 100 faces it reads {hundred(figures['accuracy'], 'rightly')}.")
    if is_known(best := figures["accuracy_at_80_coverage"]):
        lines.append(
            f"Among the {100 * COVERAGE:.0f} of 100 faces that it is surest of, "
            f"{hundred(best, 'of 100 answers are right')}."
        )
    lines += _not_sure(summary)
    if worst := confusions(summary)[:1]:
        truth, answer = worst[0].truth, worst[0].answer
        lines.append(
            f"It most often takes {truth} for {answer}: {worst[0].of_hundred} {truth} faces."
        )
    return lines


def further_points(summary: Summary) -> list[str]:
    """Say what helps to judge the main points: the classes, the confidence, blind guessing."""
    lines = [*_best_and_worst(summary), *calibration(summary), *_blind_guess(summary)]
    if "face_found" in summary.figures:
        found, right = summary.figures["face_found"], summary.figures["accuracy_all_pictures"]
        lines.append(
            f"A face is found in {hundred(found, 'of 100 pictures')}; where a picture without a "
            f"found face counts as misread, {hundred(right, 'of 100 are read rightly')}."
        )
    return lines


def calibration(summary: Summary) -> list[str]:
    """Say how far the confidence can be taken at its word."""
    error, gap = summary.figures["ece"].value, summary.figures["confidence_gap"].value
    if math.isnan(error):
        return []
    text = (
        f"How sure it says it is differs by {100 * error:.1f} points of 100 on average from how "
        "often it is right"
    )
    # The error is the mean size of the gaps: where they point one way, their mean is as large.
    if abs(gap) <= error / 2:
        return [f"{text}."]
    return [f"{text}; it is mostly {'too sure' if gap > 0 else 'not sure enough'}."]


def confusions(summary: Summary) -> list[Confusion]:
    """List what is taken for what, the largest share of a class first."""
    labels = summary.evaluation.model.labels
    found = [
        Confusion(labels[row], labels[column], int(times), int(summary.confusion[row].sum()))
        for (row, column), times in np.ndenumerate(summary.confusion)
        if row != column and times
    ]
    return sorted(found, key=lambda one: (one.faces < FEW_FACES, -one.times / one.faces))


def count(number: int, thing: str) -> str:
    """Say how many things: "1 face", "2,000 faces"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def capital(text: str) -> str:
    """Write the first letter large, and leave the others as they are."""
    return text[:1].upper() + text[1:]


def is_known(estimate: Estimate) -> bool:
    """Tell whether the pictures give this figure."""
    return not math.isnan(estimate.value)


def _is_honest(parts: Sequence[float], decimals: int) -> bool:
    rounded = [round(part, decimals) for part in parts]
    shows_width = len(parts) < 3 or rounded[1] != rounded[2] or parts[1] == parts[2]
    pairs = zip(parts, rounded, strict=True)
    return shows_width and all(short not in (0, 100) or short == part for part, short in pairs)


def _of_hundred(part: int, whole: int) -> str:
    return hundred(Estimate(part / whole, math.nan, math.nan), "of 100")


def _not_sure(summary: Summary) -> list[str]:
    share, right = summary.figures["answered"], summary.figures["accuracy_of_answered"]
    if not is_known(share):
        return []
    unsure = Estimate(1 - share.value, 1 - share.high, 1 - share.low)
    text = f"It says “not sure” for {hundred(unsure, 'of 100')}"
    if not is_known(right):
        return [f"{text}."]
    return [f"{text}; of the answers that it does give, {hundred(right, 'of 100 are right')}."]


def _best_and_worst(summary: Summary) -> list[str]:
    known = [entry for entry in summary.classes if is_known(entry.recall)]
    if len(known) < 2:
        return []
    ordered = sorted(known, key=lambda entry: entry.recall.value)
    worst, best = ordered[0], ordered[-1]
    return [
        f"It reads {best.label} best, {hundred(best.recall, 'of 100 rightly')}, and "
        f"{worst.label} worst, {hundred(worst.recall, 'of 100')}."
    ]


def _blind_guess(summary: Summary) -> list[str]:
    most = max(summary.classes, key=lambda entry: entry.faces)
    if not most.faces:
        return []
    share = _of_hundred(most.faces, summary.faces)
    return [f"Always answering {most.label}, without looking, would be right for {share}."]
