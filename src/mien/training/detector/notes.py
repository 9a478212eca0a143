"""What people said of the pictures of a folder: `boxes.csv` and `faceless.txt` in it."""

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mien.errors import TrainingError, one_line
from mien.types import Box

BOXES, FACELESS = "boxes.csv", "faceless.txt"


@dataclass(frozen=True, slots=True)
class Notes:
    """What is known of a folder's pictures, by name.

    Attributes:
        boxes: Faces that people drew, perhaps not all.
        faceless: Pictures in which people saw no face.
    """

    boxes: Mapping[str, list[Box]]
    faceless: frozenset[str]

    @classmethod
    def read(cls, folder: Path) -> "Notes":
        """Read both files, either of which may be absent.

        Raises:
            TrainingError: One cannot be read, or a row is wrong.
        """
        return cls(_read_boxes(folder / BOXES), _read_faceless(folder / FACELESS))


def _read_boxes(path: Path) -> dict[str, list[Box]]:
    boxes: dict[str, list[Box]] = defaultdict(list)
    if not path.is_file():
        return boxes
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                corners = [float(row[name]) for name in ("x1", "y1", "x2", "y2")]
                boxes[row["file"]].append(Box(*corners))
    except (KeyError, ValueError, TypeError, csv.Error) as error:
        raise TrainingError(
            f"{path}: {one_line(error)}; its columns are file, x1, y1, x2, y2, in pixels"
        ) from error
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read: {error.strerror}") from error
    return boxes


def _read_faceless(path: Path) -> frozenset[str]:
    if not path.is_file():
        return frozenset()
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise TrainingError(f"{path}: not a text in UTF-8 ({error}); save it as one") from error
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read: {error.strerror}") from error
    return frozenset(line.strip() for line in lines)
