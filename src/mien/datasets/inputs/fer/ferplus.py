"""FER+: ten votes for each row of FER2013, in `fer2013new.csv`.

Barsoum et al. 2016, "Training deep networks for facial expression recognition with crowd-sourced
label distribution".
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from mien.datasets.inputs.fer.csv_files import TRAINING, check_header, open_file, read_rows
from mien.datasets.records import Rejection
from mien.errors import DatasetError

# The columns of fer2013new.csv, under the names that FER2013's own labels have here.
FERPLUS_COLUMNS = {
    "neutral": "neutral",
    "happiness": "happy",
    "surprise": "surprise",
    "sadness": "sad",
    "anger": "angry",
    "disgust": "disgust",
    "fear": "fear",
    "contempt": "contempt",
    "unknown": "unknown",
    "NF": "not a face",
}
COLUMNS = tuple(FERPLUS_COLUMNS.values())
FERPLUS_CLASSES = COLUMNS[:8]
MOST_DIGITS = 4  # of a number of votes
# When a test row has a label: the most votes, or more than half of them by FER+'s own terms.
Majority = Literal["most", "half"]
MAJORITIES: tuple[Majority, ...] = get_args(Majority)


@dataclass(frozen=True, slots=True)
class Truth:
    """What the label files say of one row."""

    origin: str
    label: int
    soft: tuple[float, ...]
    clear: bool = True


class Votes:
    """The rows of fer2013new.csv.

    Args:
        path: The file.
        classes: The wanted classes, in the order of the labels.

    Raises:
        DatasetError: The file is missing, or has other columns or no votes.
    """

    def __init__(self, path: Path, classes: Sequence[str]) -> None:
        self._classes = tuple(classes)
        self._usages: list[str] = []
        self._names: list[str] = []
        votes = array("H")
        with open_file(path) as file:
            lines = (line.decode("utf-8-sig", "replace") for line in file)
            reader = read_rows(path, lines)
            check_header(path, next(reader, []), ("Usage", "Image name", *FERPLUS_COLUMNS))
            for number, fields in enumerate(reader, start=2):
                votes.extend(_vote_counts(path, number, fields))
                self._usages.append(fields[0])
                self._names.append(fields[1])
        self._votes = np.frombuffer(votes, dtype=np.uint16).reshape(-1, len(FERPLUS_COLUMNS))
        # Once, because the settings are asked for with every chunk.
        self.test_rows = {f"test_rows_by_{name}": self._count(name) for name in MAJORITIES}

    def __len__(self) -> int:
        return len(self._usages)

    def usage(self, row: int) -> str:
        """Return which part of FER2013 a row says that it belongs to."""
        return self._usages[row]

    def _count(self, majority: Majority) -> int:
        """Return the number of test rows that have a label by a majority."""
        rows = (row for row, usage in enumerate(self._usages) if usage != TRAINING)
        truths = ((row, self.truth(row, "")) for row in rows)
        return sum(
            isinstance(truth, Truth)
            and truth.clear
            and (majority == "most" or self.by_half(row) is None)
            for row, truth in truths
        )

    def by_half(self, row: int) -> Rejection | None:
        """Return why a row has no majority by FER+'s own terms; None where it has one.

        More than half of the votes that count, single ones not among them. So no row has a label
        by these terms and another one by the most votes.
        """
        votes = self._votes[row]
        left = np.where(votes > 1, votes, 0)
        most, total = int(left.max()), int(left.sum())
        if 2 * most > total:
            return None
        detail = f"({most} of {total}, single votes left out)"
        return Rejection(self._names[row], "no more than half of the votes", detail)

    def truth(self, row: int, place: str) -> Truth | Rejection:
        """Label one row by its votes; `place` names it where FER+ gives it no name."""
        name = self._names[row]
        if not name:
            return Rejection(place, "no picture named by FER+")
        votes = self._votes[row]
        if not votes.any():
            return Rejection(name, "no votes")
        winners = [COLUMNS[i] for i in np.flatnonzero(votes == votes.max())]
        known = [winner for winner in winners if winner in self._classes]
        if not known:
            return Rejection(name, "another class", f"({' or '.join(winners)})")
        wanted = votes[[FERPLUS_CLASSES.index(c) for c in self._classes]].astype(np.float64)
        soft = tuple((wanted / wanted.sum()).tolist())
        label = self._classes.index(known[0])
        return Truth(name, label, soft, clear=len(winners) == 1)


def _vote_counts(path: Path, number: int, fields: Sequence[str]) -> list[int]:
    counts = fields[2:]
    sound = all(text.isdecimal() and len(text) <= MOST_DIGITS for text in counts)
    if len(counts) != len(FERPLUS_COLUMNS) or not sound:
        raise DatasetError(
            f"{path}:{number}: expected a usage, a name and {len(FERPLUS_COLUMNS)} numbers of "
            f"votes, got {','.join(fields)[:80]!r}; get the file again"
        )
    return [int(text) for text in counts]
