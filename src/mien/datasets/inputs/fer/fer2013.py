"""FER2013 as its users have it: `fer2013.csv`, and the votes of FER+ in `fer2013new.csv`.

FER2013: Goodfellow et al. 2013, "Challenges in representation learning". Its labels agree with
those of ten later judges on two thirds of the rows only, so that the votes are the better truth.
"""

import csv
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mien.datasets.inputs.fer.csv_files import (
    TRAINING,
    USAGES,
    check_header,
    open_file,
    read_rows,
)
from mien.datasets.inputs.fer.ferplus import FERPLUS_CLASSES, Majority, Truth, Votes
from mien.datasets.records import LabelledFace, Rejection, Setting, one_hot
from mien.errors import DatasetError, SettingsError
from mien.types import PixelArray

SIDE = 48
FER_CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
DEFAULT_CLASSES = ("angry", "sad", "happy", "neutral")
CSV_COLUMNS = ("emotion", "pixels", "Usage")
LONGEST = 40  # of a field in an error


class Fer2013Input:
    """The rows of fer2013.csv, labelled by FER+'s votes where these are given.

    Rows of `Training` are for training and validation; all other rows are for the test. A row's
    label is the class with the most votes of all ten columns; its soft label is the votes for the
    wanted classes. Only the position of each row is held, not its pixels.

    FER+'s own terms ask more of a row that is judged by: a single vote counts as none, and one of
    the eight expressions must have more than half of what is left in all ten columns.

    Args:
        path: fer2013.csv.
        ferplus: fer2013new.csv, the same rows in the same order; None for FER2013's own labels.
        classes: The wanted classes, in the order of the labels; empty for the default.
        keep_unclear: Whether training rows without a majority stay, to learn from their votes.
        majority: What a test row needs: "most" votes, or more than "half" by FER+'s own terms.
            Training rows need the most in any case.

    Raises:
        DatasetError: A file is missing, has other columns, or the two do not belong together.
        SettingsError: A class is unknown, or half of the votes are asked for without votes.
    """

    splits_itself = True
    refused: tuple[Rejection, ...] = ()

    def __init__(
        self,
        path: Path,
        ferplus: Path | None = None,
        classes: Sequence[str] = (),
        *,
        keep_unclear: bool = False,
        majority: Majority = "most",
    ) -> None:
        if ferplus is None and majority == "half":
            raise SettingsError("--majority half is about FER+'s votes; name them with --ferplus")
        self._majority: Majority = majority
        self._path, self._ferplus, self._keep_unclear = path, ferplus, keep_unclear
        if ferplus is None:
            self.classes = _check_classes(classes or FER_CLASSES, FER_CLASSES)
        else:
            self.classes = _check_classes(classes or DEFAULT_CLASSES, FERPLUS_CLASSES)
        self._offsets = _line_offsets(path)
        self._votes = None if ferplus is None else Votes(ferplus, self.classes)
        if self._votes is not None and len(self._votes) != len(self):
            raise DatasetError(
                f"{ferplus}: {len(self._votes)} rows, but {path} has {len(self)}; "
                "take the two files that belong together"
            )

    @property
    def name(self) -> str:
        """The path of fer2013.csv."""
        return str(self._path)

    def __len__(self) -> int:
        return len(self._offsets)

    def settings(self) -> dict[str, Setting]:
        """All settings that change what is read, and how many test rows each majority leaves.

        The rows are counted before any of them is found to be broken or a duplicate.
        """
        settings: dict[str, Setting] = {
            "input": "fer2013",
            "file": self._path.name,
            "ferplus": None if self._ferplus is None else self._ferplus.name,
            "keep_unclear": self._keep_unclear,
        }
        if self._votes is None:
            return settings
        return {**settings, "majority": self._majority, **self._votes.test_rows}

    def notes(self) -> tuple[str, ...]:
        """Say nothing: what there is to know is counted."""
        return ()

    def fingerprint(self, start: int, stop: int) -> str:
        """Say which rows of which files these are."""
        stats = [path.stat() for path in (self._path, self._ferplus) if path is not None]
        files = [(stat.st_size, stat.st_mtime_ns) for stat in stats]
        return f"fer2013 {start} {stop} {files} {self.classes} {self._ferplus is not None}"

    def read(self, start: int, stop: int) -> Iterator[LabelledFace | Rejection]:
        """Read rows from `start` to `stop`.

        Raises:
            DatasetError: A row is not of the same picture in both files.
        """
        with open_file(self._path) as file:
            for row in range(start, stop):
                # Blank lines lie between some rows.
                file.seek(self._offsets[row])
                line = file.readline().decode("utf-8", "replace")
                try:
                    fields = next(csv.reader([line]))
                except csv.Error as error:
                    place = f"{self._path.name}:{row + 2}"
                    yield Rejection(place, "broken row", f"({error})")
                else:
                    yield self._face(row, fields)

    def _face(self, row: int, fields: list[str]) -> LabelledFace | Rejection:
        place = f"{self._path.name}:{row + 2}"
        if len(fields) != len(CSV_COLUMNS):
            return Rejection(place, "broken row", f"({len(fields)} columns, not 3)")
        emotion, text, usage = fields
        if usage not in USAGES:
            return Rejection(place, "broken row", f"(unknown Usage {usage[:LONGEST]!r})")
        truth = self._truth(row, place, emotion, usage)
        if isinstance(truth, Rejection):
            return truth
        pixels = _pixels(text)
        if isinstance(pixels, str):
            return Rejection(truth.origin, "broken row", f"({pixels})")
        held_out = usage != TRAINING
        if not truth.clear and (held_out or not self._keep_unclear):
            return Rejection(truth.origin, "no majority among the votes")
        return LabelledFace(
            pixels,
            truth.label,
            truth.soft,
            truth.origin,
            held_out=held_out,
            train_only=not truth.clear,
        )

    def _truth(self, row: int, place: str, emotion: str, usage: str) -> Truth | Rejection:
        if self._votes is not None:
            if self._votes.usage(row) != usage:
                raise DatasetError(
                    f"{self._ferplus}:{row + 2}: Usage is {self._votes.usage(row)!r}, but "
                    f"{place} says {usage!r}; take the two files that belong together"
                )
            truth = self._votes.truth(row, place)
            if usage == TRAINING or self._majority == "most" or isinstance(truth, Rejection):
                return truth
            return self._votes.by_half(row) or truth
        if emotion not in map(str, range(len(FER_CLASSES))):
            return Rejection(place, "broken row", f"(emotion is {emotion[:LONGEST]!r}, not 0 to 6)")
        name = FER_CLASSES[int(emotion)]
        if name not in self.classes:
            return Rejection(place, "another class", f"({name})")
        label = self.classes.index(name)
        return Truth(place, label, one_hot(label, len(self.classes)))


def _check_classes(classes: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    wanted = tuple(classes)
    strange = [name for name in wanted if name not in known]
    if strange:
        raise SettingsError(f"--classes: no class {strange[0]!r}; choose from {', '.join(known)}")
    if len(set(wanted)) != len(wanted) or len(wanted) < 2:
        raise SettingsError(f"--classes: name two or more that differ, got {', '.join(wanted)}")
    return wanted


def _line_offsets(path: Path) -> "array[int]":
    """Return where each row after the header starts; blank lines are no rows."""
    offsets = array("q")
    with open_file(path) as file:
        header = file.readline()
        fields = next(read_rows(path, [header.decode("utf-8-sig", "replace")]), [])
        check_header(path, fields, CSV_COLUMNS)
        start = len(header)
        for line in file:
            if line.strip():
                offsets.append(start)
            start += len(line)
    if not offsets:
        raise DatasetError(f"{path}: no rows after the header; get the file again")
    return offsets


def _pixels(text: str) -> PixelArray | str:
    """Return [48,48,1], or what is wrong with the text."""
    try:
        values = np.array(text.split(), dtype=np.int64)
    except (ValueError, OverflowError):
        return "pixels are not whole numbers"
    if values.size != SIDE * SIDE:
        return f"{values.size} pixels instead of {SIDE * SIDE}"
    if values.min() < 0 or values.max() > 255:
        return "a pixel is outside 0 to 255"
    return values.astype(np.uint8).reshape(SIDE, SIDE, 1)
