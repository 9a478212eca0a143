"""The pictures that a detector learns from, with what its teachers say of them.

A folder that holds `material.json` (what is in each picture, and its split) and `pixels.bin`: all
pictures and their halves one after the other, mapped when used, not loaded.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from mien.errors import TrainingError, one_line
from mien.evaluation.detection import Labels
from mien.parsing import decode_json
from mien.training.detector.annotated import Annotated
from mien.types import Box, Face, PixelArray

INFO, PIXELS = "material.json", "pixels.bin"
FRACTIONS = {"train": 0.75, "validation": 0.1, "test": 0.15}
LEVELS, SMALLEST_HALVED = 4, 32  # sizes that are kept of a picture, and the side that is not halved
Split = Literal["train", "validation", "test"]
Corners = tuple[float, float, float, float]


class KnownFace(msgspec.Struct, frozen=True):
    """A face: its box, the surest teacher's score, and ten numbers for its landmarks."""

    box: Corners
    score: float
    landmarks: tuple[float, ...] | None


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a picture.

    Attributes:
        origin: Its file, or the row of a data set that it is from.
        sha256: Of the file.
        source: The folder that it is from, as a name.
        group: What it shares with pictures of the same person; "" for nothing.
        split: What it is for; a cropped face in another than "train" is used for nothing.
        size: Width and height in pixels.
        cropped: Whether it is a cropped face, to be pasted into other pictures.
        tricky: Whether people had to say that there is no face in it.
        faces: The faces in it.
        unknown: Regions that may hold a face or not.
    """

    origin: str
    sha256: str
    source: str
    group: str
    split: Split = "train"
    size: tuple[int, int]
    cropped: bool = False
    tricky: bool = False
    faces: tuple[KnownFace, ...] = ()
    unknown: tuple[Corners, ...] = ()

    @property
    def labels(self) -> Labels:
        """The same as the teachers' types."""
        faces = tuple(_face(face) for face in self.faces)
        return Labels(faces, tuple(Box(*corners) for corners in self.unknown))


class MaterialInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of material.json.

    Attributes:
        format: Version of this layout.
        teachers: Names of the detectors that were asked.
        judge: The one that was asked about doubtful faces.
        seed: Of the splits.
        channels: 1 for gray, 3 for BGR.
        pictures: What is in each picture.
        made_from: Digests of all else that the answers came from, by name; empty in material that
            earlier versions made.
    """

    format: Literal[1] = 1
    teachers: tuple[str, ...]
    judge: str | None
    seed: int
    channels: Literal[1, 3]
    pictures: tuple[Picture, ...]
    made_from: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Material:
    """Pictures and what is known of them, ready to be learnt from."""

    folder: Path
    info: MaterialInfo

    def open(self) -> list[Annotated]:
        """Return all pictures, in the order of `info.pictures`, their pixels mapped from the file.

        Raises:
            TrainingError: The file is missing or damaged.
        """
        path = self.folder / PIXELS
        try:
            return self._cut(np.memmap(path, np.uint8, "r"))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "damaged"
            raise TrainingError(
                f"{path}: {reason}; remove {self.folder} to make it anew"
            ) from error

    def _cut(self, pixels: PixelArray) -> list[Annotated]:
        """Cut the file into pictures; ValueError where it does not hold what was said."""
        result, at, channels = [], 0, self.info.channels
        for picture in self.info.pictures:
            levels = []
            for width, height in level_sizes(picture.size):
                shape = (height, width, channels)[: 2 if channels == 1 else 3]
                count = width * height * channels
                levels.append(np.asarray(pixels[at : at + count]).reshape(shape))
                at += count
            result.append(Annotated.of(levels[0], picture.labels, tuple(levels[1:])))
        return result


def load_material(folder: Path) -> Material:
    """Load what `make_material` wrote.

    Raises:
        TrainingError: It is missing or damaged.
    """
    try:
        info = decode_json((folder / INFO).read_bytes(), MaterialInfo)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or one_line(error)
        raise TrainingError(
            f"{folder / INFO}: {reason}; remove {folder} to make it anew"
        ) from error
    sizes = [size for picture in info.pictures for size in level_sizes(picture.size)]
    count = info.channels * sum(width * height for width, height in sizes)
    path = folder / PIXELS
    if not path.is_file() or path.stat().st_size != count:
        raise TrainingError(f"{path}: cut short or damaged; remove {folder} to make it anew")
    return Material(folder, info)


def level_sizes(size: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the sizes at which a picture is kept, its own first."""
    sizes = [size]
    while len(sizes) < LEVELS and min(sizes[-1]) >= SMALLEST_HALVED:
        sizes.append((sizes[-1][0] // 2, sizes[-1][1] // 2))
    return sizes


def _face(face: KnownFace) -> Face:
    points = face.landmarks
    shaped = None if points is None else np.array(points, np.float32).reshape(5, 2)
    return Face(Box(*face.box), face.score, shaped)
