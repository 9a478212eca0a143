"""A detector that can be sent to another process, which makes it anew: its networks cannot be."""

from collections.abc import Callable

from mien.protocols import Detector
from mien.types import Face, PixelArray


class MovableDetector:
    """A `Detector` that is pickled as what makes it.

    Args:
        make: Makes the detector, here and wherever it is sent; can be pickled itself, as a
            `functools.partial` of a function of a module.
    """

    def __init__(self, make: Callable[[], Detector]) -> None:
        self._make, self._detector = make, make()
        self.name, self.face_side = self._detector.name, self._detector.face_side
        self.sha256: str = getattr(self._detector, "sha256", "")

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        """Find all faces; see `Detector`."""
        return self._detector(image)

    def __reduce__(self) -> tuple[type["MovableDetector"], tuple[Callable[[], Detector]]]:
        return MovableDetector, (self._make,)
