"""YuNet: a very fast face detector, from a file that the user names.

Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector", 2023,
https://doi.org/10.1007/s11633-023-1423-y. Decoded as OpenCV's FaceDetectorYN does, but run by
onnxruntime, which also loads the files with a dynamic size that OpenCV 4 refuses.
"""

import hashlib
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from mien.detectors.postprocess import to_faces
from mien.detectors.pyramid import fit_within
from mien.detectors.weights import read_known
from mien.models.devices import Device
from mien.models.onnx import make_session
from mien.types import Face, FloatArray, PixelArray

# sha256 → name. Files from elsewhere may want other scaling or have other outputs.
KNOWN_FILES = {
    "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4": (
        "face_detection_yunet_2023mar.onnx"
    ),
    "daede24002cc8590f457998cc5e6c9e8b82f45f6bd969506a8913cd4ed10a2d3": "yunet_s_dynamic.onnx",
    "104ee26c71d5c270ce79a6b3dced91c91013260d29a6bf18f9296c5b8c4c2b12": "yunet_n_dynamic.onnx",
}
STRIDES = (8, 16, 32)
HEADS = ("cls", "obj", "bbox", "kps")
MIN_SCORE, MAX_OVERLAP = 0.7, 0.3
# The networks were trained on faces of 10 to 300 pixels: in a larger picture faces are larger too,
# and would be missed as well as cost time.
MAX_SIDE = 1280
BLACK = (0, 0, 0)


class YunetDetector:
    """A `Detector`. Holds no state, so threads may share it."""

    name = "yunet"
    face_side = 64.0

    def __init__(self, model: Path, *, threads: int = 1, device: Device | None = None) -> None:
        """Load the network.

        Args:
            model: One of the files in `KNOWN_FILES`, by whatever name.
            threads: Threads for one call.
            device: Where the graph runs; the CPU where None.

        Raises:
            BundleError: The file cannot be read or is not one of the known ones.
        """
        graph, _ = read_known(model, KNOWN_FILES)
        self.sha256 = hashlib.sha256(graph).hexdigest()
        self._session = make_session(graph, str(model), threads, device)
        self._outputs = [f"{head}_{stride}" for stride in STRIDES for head in HEADS]
        given = self._session.get_inputs()[0]
        self._input = given.name
        side = given.shape[2]
        self._fixed_side = side if isinstance(side, int) else None

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        """Find all faces; see `mien.protocols.Detector`.

        Args:
            image: BGR uint8 [H,W,3]; not changed.

        Returns:
            The faces with landmarks, the surest first.
        """
        canvas, ratio = self._fit(image)
        pixels = canvas.astype(np.float32).transpose(2, 0, 1)[None]
        maps = self._session.run(self._outputs, {self._input: np.ascontiguousarray(pixels)})
        columns = [canvas.shape[1] // stride for stride in STRIDES]
        found = [
            _decode([array[0] for array in maps[4 * n : 4 * n + 4]], columns[n], stride)
            for n, stride in enumerate(STRIDES)
        ]
        scores, boxes, points = (np.concatenate(parts) for parts in zip(*found, strict=True))
        boxes, points = boxes * np.tile(ratio, 2), points * ratio
        return to_faces(scores, boxes, points, max_overlap=MAX_OVERLAP)

    def _fit(self, image: PixelArray) -> tuple[PixelArray, npt.NDArray[np.float32]]:
        """Shrink where it is too large and pad with black to a size that the network takes.

        Returns:
            The canvas, and (width, height) of the picture over that on the canvas.
        """
        shrunk, ratio = fit_within(image, self._fixed_side or MAX_SIDE)
        bottom, right = (self._padded(side) - side for side in shrunk.shape[:2])
        canvas = cv2.copyMakeBorder(shrunk, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=BLACK)
        return np.asarray(canvas, dtype=np.uint8), np.array(ratio, dtype=np.float32)

    def _padded(self, side: int) -> int:
        coarsest = STRIDES[-1]
        return self._fixed_side or -(-side // coarsest) * coarsest


def _decode(
    maps: list[FloatArray], columns: int, stride: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Decode one stride's maps: class and object score [N,1], box [N,4], points [N,10].

    Returns:
        Scores [n], boxes [n,4] and points [n,5,2] of those that are sure enough.
    """
    classes, objects, offsets, points = maps
    scores = np.sqrt(np.clip(classes[:, 0], 0, 1) * np.clip(objects[:, 0], 0, 1))
    cells = np.flatnonzero(scores >= MIN_SCORE)
    corners = np.stack([cells % columns, cells // columns], axis=1).astype(np.float32)
    middles = (corners + offsets[cells, :2]) * stride
    halves = np.exp(offsets[cells, 2:]) * (stride / 2)
    boxes = np.concatenate([middles - halves, middles + halves], axis=1)
    placed = (corners[:, None] + points[cells].reshape(-1, 5, 2)) * stride
    return scores[cells], boxes, placed
