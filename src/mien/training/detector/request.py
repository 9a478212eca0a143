"""What material is asked for: pictures, and the detectors that say where the faces are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mien.datasets.dataset import Dataset
from mien.protocols import Detector
from mien.training.detector.teachers import Teacher


@dataclass(frozen=True, slots=True)
class Request:
    """What material is made of.

    Attributes:
        folders: Folders of pictures. One may hold `boxes.csv` (file, x1, y1, x2, y2: faces that
            people drew, perhaps not all) and `faceless.txt` (files in which people saw no face).
        faces: A data set of cropped faces, whose "train" split is used.
        group_pattern: Regular expression whose first group names the person in a file's name.
        teachers: Detectors to be asked, by a name that begins with their making.
        judge: One that is asked about doubtful faces only.
        channels: 1 to keep gray pictures, 3 for BGR.
        seed: Of the splits.
    """

    folders: Sequence[Path]
    faces: Dataset | None
    group_pattern: str
    teachers: Mapping[str, Teacher]
    judge: Detector | None
    channels: Literal[1, 3] = 1
    seed: int = 0
