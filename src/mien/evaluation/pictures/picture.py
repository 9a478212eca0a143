"""One labelled picture as it goes by, and who looks at it."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mien.errors import SettingsError
from mien.evaluation.predictions import Unreadable
from mien.types import Face, InputSpec, OnProgress, PixelArray
from mien.vision.crop import crop_faces, whole_face


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One labelled picture.

    Attributes:
        image: BGR uint8 [H,W,3].
        face: Where the face is, the whole picture for a cropped face; None where none was found.
        cropped: Whether the picture is a cropped face, whose framing is its own.
        truth: Number of the bundle's label; `mien.evaluation.pictures.matching.UNKNOWN` where it
            has none.
        origin: Where it came from.
        group: What it shares with pictures that depend on it, as a person's name; "" for nothing.
        agreement: Share of the votes that the label has, 0 to 1; nan where nobody voted.
        source: What it is from, such as a collection; "" where that is not known.
        unknown: The class, where the bundle does not know it; else "".
    """

    image: PixelArray
    face: Face | None
    cropped: bool
    truth: int
    origin: str
    group: str
    agreement: float = float("nan")
    source: str = ""
    unknown: str = ""

    def crop(self, spec: InputSpec) -> PixelArray | None:
        """Return the face as a network wants it, uint8 [size,size,channels]; None without one."""
        if self.face is None:
            return None
        if self.cropped:
            return whole_face(self.image, spec)
        return np.asarray(crop_faces(self.image, [self.face], spec)[0])


class Watcher(Protocol):
    """Something that looks at every picture as it goes by."""

    def add(self, picture: Picture) -> None:
        """Look at one picture; it must not be kept."""
        ...


class Pictures(Protocol):
    """Labelled pictures from somewhere, which go by once; `str` says from where."""

    @property
    def name(self) -> str:
        """What to call them."""
        ...

    @property
    def split(self) -> str:
        """Which part they are, or for a folder what they are and which detector is used."""
        ...

    @property
    def detector(self) -> str | None:
        """Name of the detector that looks for the faces; None for cropped faces."""
        ...

    @property
    def skipped(self) -> Mapping[str, int]:
        """Pictures left out, by class; complete once all have gone by."""
        ...

    def read(self, on_progress: OnProgress) -> Iterator[Picture | Unreadable]:
        """Yield them, in a fixed order."""
        ...


def with_crop_scale(spec: InputSpec, crop_scale: float) -> InputSpec:
    """Return an input with another framing.

    Raises:
        SettingsError: The framing is out of range.
    """
    try:
        return dataclasses.replace(spec, crop_scale=crop_scale)
    except ValueError as error:
        raise SettingsError(f"crop scale {crop_scale:g}: {error}") from error
