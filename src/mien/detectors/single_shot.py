"""mien's own face detector: one network, one pass, all sizes."""

import cv2
import numpy as np
import numpy.typing as npt

from mien.detectors.results import to_faces
from mien.detectors.runtime import make_session
from mien.types import Face, PixelArray

INPUT, OUTPUTS = "picture", ["scores", "boxes", "landmarks"]
MULTIPLE = 32  # sides of the picture that the network takes
SURE_SIDE = 24.0  # side of the smallest face that the network finds reliably, in pixels
MIN_SCORE, MAX_OVERLAP = 0.5, 0.4


class SingleShotDetector:
    """A `Detector`. Holds no state, so threads may share it."""

    name = "mien"

    def __init__(self, graph: bytes, name: str, *, min_face: float = 48.0, threads: int = 1):
        """Load the network.

        Args:
            graph: What `export_detector` wrote.
            name: What to call it in errors.
            min_face: Side of the smallest face that must be found, in pixels. Time falls with its
                square.
            threads: Threads for one call.

        Raises:
            BundleError: onnxruntime cannot run the graph.
            ValueError: `min_face` is not above zero.
        """
        if not min_face > 0:
            raise ValueError(f"min_face must be above 0, got {min_face}")
        self._session = make_session(graph, name, threads)
        self._scale = min(1.0, SURE_SIDE / min_face)

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        """Find all faces; see `mien.protocols.Detector`.

        Args:
            image: BGR uint8 [H,W,3]; not changed.

        Returns:
            The faces with landmarks, the surest first.
        """
        canvas, ratio = self._fit(image)
        given = {INPUT: canvas[None, :, :, None]}
        scores, boxes, landmarks = self._session.run(OUTPUTS, given)
        likely = scores >= MIN_SCORE
        scores, boxes, landmarks = scores[likely], boxes[likely], landmarks[likely]
        return to_faces(scores, boxes, landmarks, max_overlap=MAX_OVERLAP, ratio=ratio)

    def _fit(self, image: PixelArray) -> tuple[PixelArray, npt.NDArray[np.float32]]:
        """Make it gray, shrink it, and pad it with black to a size that the network takes.

        Returns:
            uint8 [h,w], and (width, height) of a pixel of it in pixels of the image.
        """
        height, width = image.shape[:2]
        size = max(1, round(width * self._scale)), max(1, round(height * self._scale))
        gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        if size != (width, height):
            gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
        right, bottom = (-side % MULTIPLE for side in size)
        canvas = cv2.copyMakeBorder(gray, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=(0,))
        ratio = np.array([width / size[0], height / size[1]], dtype=np.float32)
        return np.asarray(canvas, dtype=np.uint8), ratio
