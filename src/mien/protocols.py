"""The seams: what a detector, classifier, source and sink must offer, and no more."""

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from mien.types import (
    Analysis,
    Face,
    Frame,
    InputSpec,
    PixelArray,
    ProbabilityArray,
    Skipped,
)


@runtime_checkable
class Detector(Protocol):
    """Finds faces in a picture.

    Attributes:
        name: What to call it.
        face_side: Side of a face, in pixels, that it surely finds and frames well: to that size
            faces that are tracked are shrunk or enlarged.
    """

    name: str
    face_side: float

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        """Find all faces.

        Args:
            image: BGR uint8 [H,W,3]; not changed.

        Returns:
            The faces, the surest first; empty where there is none. Boxes are in pixels of `image`
            and may reach beyond its edges.
        """
        ...


@runtime_checkable
class Classifier(Protocol):
    """Reads the expression of faces that have been cropped by `mien.vision.crop`."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of the columns of the result."""
        ...

    @property
    def other(self) -> bool:
        """Whether one more column says how probable it is that a face shows none of them."""
        ...

    @property
    def spec(self) -> InputSpec:
        """How faces must be cropped."""
        ...

    def __call__(self, faces: PixelArray) -> ProbabilityArray:
        """Read all faces in one call.

        Args:
            faces: uint8 [N,H,W,C] as `spec` says; N may be 0.

        Returns:
            Calibrated probabilities, float32 [N,K], or [N,K+1] where `other` is true: of `labels`,
            then of something else. Rows sum to one; `mien.models.decision.split` parts the two.
        """
        ...


@runtime_checkable
class Source(Protocol):
    """Frames in order. A live source drops frames that come while the consumer is busy.

    A source that inherits from this needs a name and its frames; what it does not say of itself is
    as here.

    Attributes:
        name: What to call it in errors and readings.
        live: Whether frames come at their own pace, from now.
    """

    name: str
    live: bool = False

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames until the end; raise `SourceError` where the source breaks off."""
        ...

    def close(self) -> None:
        """Release the device or file; may be called more than once, and from another thread."""

    @property
    def names(self) -> Sequence[str]:
        """The names of all that is read: files, of which none may be overwritten, or devices."""
        return (self.name,)

    @property
    def skipped(self) -> Sequence[Skipped]:
        """What was left out so far, so that the rest could be read."""
        return ()

    @property
    def frames(self) -> int | None:
        """How many there are, perhaps by an estimate; None where nobody knows."""
        return None

    @property
    def recorded(self) -> bool:
        """Whether nothing grows old while the consumer is busy: files are, live streams are not."""
        return not self.live


@runtime_checkable
class Sink(Protocol):
    """Somewhere that readings go: a table, annotated pictures, a video, a page."""

    def write(self, frame: Frame, analysis: Analysis) -> None:
        """Take one frame with what was read from it; raise `SinkError` where that fails."""
        ...

    def close(self) -> None:
        """Finish the output; may be called more than once."""
        ...
