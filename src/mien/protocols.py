"""The seams: what a detector, classifier, source and sink must offer, and no more."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from mien.types import Analysis, Face, Frame, InputSpec, PixelArray, ProbabilityArray


@runtime_checkable
class Detector(Protocol):
    """Finds faces in a picture.

    Attributes:
        name: What to call it.
        face_side: Side of a face, in pixels, that it surely finds and frames well: to that size
            faces that are followed are shrunk or enlarged.
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
    """Reads the expression of faces that have been cropped by `preprocess`."""

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
    """Frames in order. A live source drops frames that come while the consumer is busy."""

    name: str
    live: bool

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames until the end; raise `SourceError` where the source breaks off."""
        ...

    def close(self) -> None:
        """Release the device or file; may be called more than once, and from another thread."""
        ...


@runtime_checkable
class Sink(Protocol):
    """Somewhere that readings go: a table, annotated pictures, a video, a page."""

    def write(self, frame: Frame, analysis: Analysis) -> None:
        """Take one frame with what was read from it; raise `SinkError` where that fails."""
        ...

    def close(self) -> None:
        """Finish the output; may be called more than once."""
        ...
