"""dlib's two face detectors: the fast HOG one, and the CNN that the original demo used.

King, "Max-Margin Object Detection", 2015, https://arxiv.org/abs/1502.00046. They need the extra
`[dlib]`. Neither gives landmarks: dlib's 5-point predictor has no mouth, and its 68-point one was
trained on pictures that may not be used commercially.
"""

import math
import threading
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from mien.detectors.pyramid import fit_within
from mien.detectors.weights import package_folder, read_known
from mien.errors import BundleError, MissingExtraError, one_line
from mien.types import Box, Face, PixelArray

PACKAGE = "face_recognition_models"
CNN_FILE = "mmod_human_face_detector.dat"
KNOWN_FILES = {"4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6": CNN_FILE}
# The CNN's window; where a side is shorter there is no face for it, and dlib raises.
CNN_WINDOW = 40
# The CNN takes seconds and gigabytes for the picture of a camera at full size.
CNN_MAX_SIDE = 1280


class DlibHogDetector:
    """A `Detector` for frontal faces of 80 pixels and more. Threads may share it: it locks."""

    name = "dlib-hog"
    face_side = 120.0

    def __init__(self) -> None:
        """Make the detector, whose weights are part of dlib.

        Raises:
            MissingExtraError: dlib is not installed.
        """
        self._detector: Any = _import_dlib("dlib-hog").get_frontal_face_detector()
        self._lock = threading.Lock()

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        """Find all faces; see `mien.protocols.Detector`.

        Args:
            image: BGR uint8 [H,W,3]; not changed.

        Returns:
            The faces without landmarks, the surest first.
        """
        with self._lock:
            found, margins, _ = self._detector.run(_to_rgb(image), 0, 0.0)
        return _to_faces(zip(found, margins, strict=True), (1.0, 1.0))


class DlibCnnDetector:
    """A `Detector` for faces of about 80 pixels and more. Threads may share it: it locks."""

    name = "dlib-cnn"
    face_side = 120.0

    def __init__(self, model: Path | None = None) -> None:
        """Load the network.

        Args:
            model: mmod_human_face_detector.dat; without it, that of `face_recognition_models`.

        Raises:
            MissingExtraError: dlib, or the package with the weights, is not installed.
            BundleError: The file cannot be read or is not the known one.
        """
        dlib = _import_dlib(self.name)
        path = _installed_weights() if model is None else model
        read_known(path, KNOWN_FILES)
        try:
            self._detector: Any = dlib.cnn_face_detection_model_v1(str(path))
        except RuntimeError as error:
            reason = one_line(error)
            raise BundleError(f"{path}: not a network that this dlib reads ({reason})") from error
        self._lock = threading.Lock()

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        """Find all faces; see `mien.protocols.Detector`.

        Args:
            image: BGR uint8 [H,W,3]; not changed.

        Returns:
            The faces without landmarks, the surest first.
        """
        shrunk, ratio = fit_within(image, CNN_MAX_SIDE)
        if min(shrunk.shape[:2]) < CNN_WINDOW:
            return ()
        with self._lock:
            found = list(self._detector(_to_rgb(shrunk), 0))
        return _to_faces(((face.rect, face.confidence) for face in found), ratio)


def _import_dlib(feature: str) -> ModuleType:
    try:
        import dlib
    except ImportError as error:
        raise MissingExtraError(f"the detector {feature}", "dlib") from error
    module: ModuleType = dlib
    return module


def _installed_weights() -> Path:
    folder = package_folder(PACKAGE)
    if folder is None:
        raise MissingExtraError("the detector dlib-cnn", "dlib")
    return folder / "models" / CNN_FILE


def _to_rgb(image: PixelArray) -> PixelArray:
    return np.ascontiguousarray(image[..., ::-1])


def _to_faces(found: Iterable[tuple[Any, float]], ratio: tuple[float, float]) -> tuple[Face, ...]:
    """Convert dlib's rectangles, whose right and bottom are inside, with their margins."""
    width, height = ratio
    faces = [
        Face(
            Box(
                rectangle.left() * width,
                rectangle.top() * height,
                (rectangle.right() + 1) * width,
                (rectangle.bottom() + 1) * height,
            ),
            _squash(margin),
        )
        for rectangle, margin in found
    ]
    return tuple(sorted(faces, key=lambda face: -face.score))


def _squash(margin: float) -> float:
    """Bring a margin, which is positive for a face, into 0..1: order is kept, no probability."""
    return 1 / (1 + math.exp(-margin))
