"""The hand-checked faces that detectors are tested on: pictures by hash, boxes, tags.

`truth.json` holds no picture, only what was seen in those that training never used. Boxes
and landmarks are what the teachers agreed on; people looked at each picture, took out what is no
face, put in what was missed, and said what makes a face hard. Faces below 40 pixels were not
looked at, and count for nothing.
"""

import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from mien.evaluation.detection import Labels
from mien.training.detector.material import load_material
from mien.types import Box, Face, PixelArray
from mien.vision.images.reading import SUFFIXES, decode_picture, read_picture

FILE = Path(__file__).parent / "truth.json"
HASH = 16  # characters of the sha256 of a picture's file


class CheckedFace(msgspec.Struct, frozen=True):
    """A face: its box, ten numbers for its landmarks, and what makes it hard."""

    box: tuple[float, float, float, float]
    landmarks: tuple[float, ...] | None
    tags: tuple[str, ...] = ()


class CheckedPicture(msgspec.Struct, frozen=True):
    """What is in one picture.

    Attributes:
        sha256: The first characters of its file's hash.
        source: The folder that it is from, as a name.
        faces: The faces in it.
        unknown: Regions that were left open, and faces too small to look at.
    """

    sha256: str
    source: str
    faces: tuple[CheckedFace, ...]
    unknown: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture with what is in it.

    Attributes:
        image: BGR uint8 [H,W,3].
        truth: What is there.
        tags: What makes each face hard.
        origin: Name of the file.
    """

    image: PixelArray
    truth: Labels
    tags: tuple[tuple[str, ...], ...]
    origin: str


def load(path: Path = FILE) -> dict[str, CheckedPicture]:
    """Return the checked pictures by hash."""
    pictures = msgspec.json.decode(path.read_bytes(), type=list[CheckedPicture])
    return {picture.sha256: picture for picture in pictures}


def find(places: Sequence[Path], checked: dict[str, CheckedPicture]) -> Iterator[Shown]:
    """Yield the checked pictures that are in folders and zip files, in the order of their names."""
    for name, data, picture in _checked_files(places, checked):
        yield _shown(picture, data, name)


def validation(folder: Path) -> Iterator[Shown]:
    """Yield the validation pictures of a detector's material, with what its teachers said."""
    for picture in load_material(folder).info.pictures:
        if picture.split == "validation" and not picture.cropped:
            image, tags = read_picture(Path(picture.origin)), ((),) * len(picture.faces)
            yield Shown(image, picture.labels, tags, picture.origin)


def copy(places: Sequence[Path], checked: dict[str, CheckedPicture], folder: Path) -> None:
    """Copy the checked pictures of zip files into a folder, under the names they have there."""
    for name, data, _ in _checked_files(places, checked):
        path = folder / Path(name).relative_to(Path(name).anchor)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _checked_files(
    places: Sequence[Path], checked: dict[str, CheckedPicture]
) -> Iterator[tuple[str, bytes, CheckedPicture]]:
    for place in places:
        for name, data in files(place):
            picture = checked.get(hashlib.sha256(data).hexdigest()[:HASH])
            if picture is not None:
                yield name, data, picture


def files(place: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name and bytes of each picture in a folder or zip file, in the order of names."""
    if place.suffix == ".zip":
        with zipfile.ZipFile(place) as archive:
            for name in sorted(archive.namelist()):
                if Path(name).suffix.lower() in SUFFIXES:
                    yield name, archive.read(name)
        return
    for path in sorted(place.rglob("*")):
        if path.suffix.lower() in SUFFIXES:
            yield str(path), path.read_bytes()


def _shown(picture: CheckedPicture, data: bytes, name: str) -> Shown:
    faces = tuple(Face(Box(*face.box), 1.0, _points(face.landmarks)) for face in picture.faces)
    unknown = tuple(Box(*corners) for corners in picture.unknown)
    tags = tuple(face.tags for face in picture.faces)
    return Shown(decode_picture(data, name), Labels(faces, unknown), tags, name)


def _points(numbers: tuple[float, ...] | None) -> np.ndarray | None:  # type: ignore[type-arg]
    return None if numbers is None else np.array(numbers, np.float32).reshape(5, 2)
