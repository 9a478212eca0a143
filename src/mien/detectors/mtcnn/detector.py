"""MTCNN: a face detector whose weights come as a small Python package, and so work offline.

Zhang et al., "Joint Face Detection and Alignment using Multi-task Cascaded Convolutional
Networks", 2016, https://arxiv.org/abs/1604.02878. A tiny network looks at every place of the
picture at every size; a second and a third, each larger, look again at what the one before left.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mien.detectors.mtcnn.networks import OUTPUT, PROPOSAL, REFINEMENT, load_graph
from mien.detectors.pyramid import Pyramid
from mien.errors import SettingsError
from mien.models.devices import Device
from mien.models.onnx import make_session
from mien.types import Box, Face, FloatArray, PixelArray
from mien.vision.boxes import non_maximum_suppression

# The proposal network looks at cells of this side, one every two pixels.
CELL, STRIDE = PROPOSAL.side, 2
# Each size of the picture is this much smaller than the one before: half the area, as in the paper.
SCALE_STEP = 0.709
# Least face probability, and greatest overlap of two faces, after each network: the wheel's values.
PROPOSAL_SCORE, PROPOSAL_OVERLAP_IN_SCALE, PROPOSAL_OVERLAP = 0.6, 0.5, 0.7
REFINEMENT_SCORE, REFINEMENT_OVERLAP = 0.7, 0.7
OUTPUT_SCORE, OUTPUT_OVERLAP = 0.8, 0.7

Boxes = npt.NDArray[np.float64]


class MtcnnDetector:
    """A `Detector`. Holds no state, so threads may share it."""

    name = "mtcnn"
    face_side = 80.0

    def __init__(
        self, *, min_face: int = 40, threads: int = 1, device: Device | None = None
    ) -> None:
        """Load the three networks.

        Args:
            min_face: Side in pixels of the smallest face looked for; the time grows as its square
                shrinks.
            threads: Threads for one call of a network.
            device: Where the networks run; the CPU where None.

        Raises:
            BundleError: The `mtcnn` package is missing, or its weights are not the known ones.
            SettingsError: `min_face` is below 12.
        """
        if min_face < CELL:
            raise SettingsError(f"min_face is {min_face} pixels; choose {CELL} or more")
        self._min_face = min_face
        self._proposal, self._refinement, self._output = (
            make_session(load_graph(network), network.file, threads, device)
            for network in (PROPOSAL, REFINEMENT, OUTPUT)
        )

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        """Find all faces; see `mien.protocols.Detector`.

        Args:
            image: BGR uint8 [H,W,3]; not changed.

        Returns:
            The faces with landmarks, the surest first.
        """
        pyramid = Pyramid(image, smallest=CELL)
        proposed = self._propose(pyramid, image.shape[1], image.shape[0])
        refined = self._refine(pyramid, proposed)
        return self._finish(pyramid, refined)

    def _propose(self, pyramid: Pyramid, width: int, height: int) -> Boxes:
        """Look at every place at every size; return boxes [N,4]."""
        found = [(np.empty((0, 4)), np.empty(0, dtype=np.float32))]
        for scale in self._scales(min(width, height)):
            picture = pyramid.whole(scale)
            offsets, scores = self._proposal.run(None, {"pictures": picture[None]})
            ratio = width / picture.shape[1], height / picture.shape[0]
            found.append(_decode_proposals(offsets[0], scores[0, 1], ratio))
        boxes, scores = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return boxes[_best(boxes, scores, PROPOSAL_SCORE, PROPOSAL_OVERLAP)]

    def _scales(self, side: int) -> Iterator[float]:
        scale = CELL / self._min_face
        while side * scale >= CELL:
            yield scale
            scale *= SCALE_STEP

    def _refine(self, pyramid: Pyramid, boxes: Boxes) -> Boxes:
        """Look again at all proposals in one call; return the boxes [N,4] that remain, moved."""
        if not len(boxes):
            return boxes
        squares = _squares(boxes)
        patches = pyramid.patches(squares, REFINEMENT.side)
        offsets, scores = self._refinement.run(None, {"pictures": patches})
        moved = _move(squares, offsets)
        return moved[_best(moved, scores[:, 1], REFINEMENT_SCORE, REFINEMENT_OVERLAP)]

    def _finish(self, pyramid: Pyramid, boxes: Boxes) -> tuple[Face, ...]:
        """Look a last time, in one call, and place the landmarks."""
        if not len(boxes):
            return ()
        squares = _squares(boxes)
        patches = pyramid.patches(squares, OUTPUT.side)
        offsets, points, scores = self._output.run(None, {"pictures": patches})
        moved, landmarks, sure = _move(squares, offsets), _place(squares, points), scores[:, 1]
        kept = _best(moved, sure, OUTPUT_SCORE, OUTPUT_OVERLAP, use_minimum=True)
        return tuple(
            # In float32 a softmax may exceed one by a rounding error.
            Face(Box(*map(float, moved[n])), min(float(sure[n]), 1.0), landmarks[n])
            for n in kept
        )


def _decode_proposals(
    offsets: FloatArray, scores: FloatArray, ratio: tuple[float, float]
) -> tuple[Boxes, FloatArray]:
    """Turn the maps of one scale into boxes in pixels of the picture.

    Args:
        offsets: Of each cell's corners in units of the cell, [4,h,w].
        scores: Probability of a face in each cell, [h,w].
        ratio: (width, height) of the picture over that of the scaled one.

    Returns:
        Boxes [N,4] and scores [N], the surest first.
    """
    rows, columns = np.nonzero(scores > PROPOSAL_SCORE)
    corners = np.stack([columns, rows], axis=1) * float(STRIDE)
    cells = np.concatenate([corners, corners + CELL], axis=1)
    boxes: Boxes = (cells + offsets[:, rows, columns].T * CELL) * np.tile(ratio, 2)
    sure = scores[rows, columns]
    kept = _best(boxes, sure, PROPOSAL_SCORE, PROPOSAL_OVERLAP_IN_SCALE)
    return boxes[kept], sure[kept]


def _best(
    boxes: Boxes,
    scores: FloatArray,
    min_score: float,
    max_overlap: float,
    *,
    use_minimum: bool = False,
) -> npt.NDArray[np.intp]:
    """Indices of the sure ones that overlap no surer one and still are boxes, best first."""
    # An offset may turn a box inside out.
    solid = (boxes[:, 2:] - boxes[:, :2] >= 1).all(axis=1)
    sure = np.flatnonzero((scores > min_score) & solid)
    kept = non_maximum_suppression(boxes[sure], scores[sure], max_overlap, use_minimum=use_minimum)
    return np.asarray(sure[kept])


def _squares(boxes: Boxes) -> Boxes:
    """The squares around the same centres whose side is the longer one of each box."""
    sides = boxes[:, 2:] - boxes[:, :2]
    middle, half = boxes[:, :2] + sides / 2, sides.max(axis=1, keepdims=True) / 2
    return np.concatenate([middle - half, middle + half], axis=1)


def _move(boxes: Boxes, offsets: FloatArray) -> Boxes:
    """Move the corners by offsets [N,4] in units of the box."""
    sides = boxes[:, 2:] - boxes[:, :2]
    return boxes + offsets * np.tile(sides, 2)


def _place(boxes: Boxes, points: FloatArray) -> FloatArray:
    """Turn [N,10], five x then five y in units of the box, into [N,5,2] in pixels."""
    sides = boxes[:, 2:] - boxes[:, :2]
    unit = points.reshape(-1, 2, 5).transpose(0, 2, 1)
    return (boxes[:, None, :2] + unit * sides[:, None]).astype(np.float32)
