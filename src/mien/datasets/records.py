"""What an input hands to `prepare`, and the few words that all modules of this package share."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from mien.errors import DatasetError
from mien.protocols import Detector
from mien.types import PixelArray

Setting = str | int | float | bool | None
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
# What says that a folder is a prepared data set, and which.
INFO = "dataset.json"
# What the groups of faces begin with of which nothing is known but the photo that they show.
PHOTO_GROUP = "photo "


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFace:
    """One face of an input, decoded and cropped.

    Attributes:
        pixels: uint8 [H,W,1] gray or [H,W,3] RGB.
        label: Index of its class.
        soft: One probability per class; sums to one.
        origin: The file or row that it came from.
        group: What must stay together in one split, such as a person; "" where nothing is said.
        held_out: Whether the input itself sets this face aside for the test.
        train_only: Whether its label is too unclear to judge by: it may only be learnt from, by
            `soft`.
        source: Which of several inputs it came from; "" where there is one.
        validates: Whether the input itself sets this face aside for validation.
        encoded: A picture of exactly these pixels that is stored as it is; None where they are
            encoded anew, without loss.
    """

    pixels: PixelArray
    label: int
    soft: tuple[float, ...]
    origin: str
    group: str = ""
    held_out: bool = False
    train_only: bool = False
    source: str = ""
    validates: bool = False
    encoded: bytes | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """One file or row that is left out.

    Attributes:
        origin: The file or row.
        kind: Why, in words that many share, so that they can be counted.
        detail: What is particular to this one.
    """

    origin: str
    kind: str
    detail: str = ""

    @property
    def reason(self) -> str:
        """Why, in full."""
        return f"{self.kind} {self.detail}".strip()


class FaceInput(Protocol):
    """Somewhere that labelled faces come from: entries in a fixed order, read in slices."""

    @property
    def name(self) -> str:
        """What to call the input in errors: its folder or file."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, in the order of the labels."""
        ...

    @property
    def refused(self) -> tuple[Rejection, ...]:
        """What was left out before anything was read, such as links."""
        ...

    @property
    def splits_itself(self) -> bool:
        """Whether the input says which of its faces are for the test."""
        ...

    def __len__(self) -> int:
        """Number of entries."""
        ...

    def settings(self) -> dict[str, Setting]:
        """All settings that change what is read; kept in dataset.json."""
        ...

    def notes(self) -> tuple[str, ...]:
        """Say what the user should know of the input, each in one sentence."""
        ...

    def fingerprint(self, start: int, stop: int) -> str:
        """Say in one string what the entries of a slice are: other text means other faces."""
        ...

    def read(self, start: int, stop: int) -> Iterator[LabelledFace | Rejection]:
        """Read the entries from `start` to `stop`, one result each, in order."""
        ...


def identity(detector: Detector | None) -> list[str]:
    """Return what tells a detector from others: its name, and its weights where it says which."""
    return [] if detector is None else [detector.name, getattr(detector, "sha256", "")]


def digest(name: str) -> str:
    """Return what stands for a name in a list that names nobody: 16 hexadecimal digits."""
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def one_hot(label: int, classes: int) -> tuple[float, ...]:
    """Return the soft label of a face whose class is certain."""
    return tuple(float(k == label) for k in range(classes))


def check_classes(labels: npt.NDArray[np.int64], classes: Sequence[str], name: str) -> None:
    """Refuse classes that are too small to be split.

    Raises:
        DatasetError: A class has fewer than two faces.
    """
    counts = np.bincount(labels, minlength=len(classes))
    small = [f"{c!r} ({n})" for c, n in zip(classes, counts.tolist(), strict=True) if n < 2]
    if small:
        raise DatasetError(
            f"{name}: a class needs two usable pictures at least, but there are too few of "
            f"{', '.join(small)}; add pictures or take the class away"
        )
