"""mien's own face detector: one network, one pass, faces of nearly all sizes."""

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from mien.detectors.postprocess import to_faces
from mien.errors import BundleError, one_line
from mien.models.bundle import GRAPH, DetectorBundle
from mien.models.devices import Device
from mien.models.onnx import giving_back, make_session
from mien.types import Face, FloatArray, PixelArray

INPUT, OUTPUTS = "picture", ["scores", "boxes", "landmarks"]
# Where a picture is shown at more than this many pixels, a face that fills it may be too large for
# the network: it is shown the whole once more, shrunk by this factor, which costs a ninth more.
LONGEST, AGAIN = 224, 3.0
# Down to this factor, pictures are shrunk linearly: as sharp as the scenes that were learnt from,
# and a sixth of the whole time less than by areas that end between pixels.
LINEAR = 0.6
# Pictures that would be shown at more than LARGE pixels (those of 17 megapixels) are shown in tiles
# of TILE pixels a side, and no memory is kept for the next one: whole, one of 64 megapixels would
# take a gigabyte. A tile overlaps the next by more than a face can have before the next view, which
# is AGAIN times smaller, shows it large enough.
LARGE, TILE, OVERLAP = 4_200_000, 1024, 192
MIN_FACE = 32.0  # side of the smallest face that is looked for, in pixels
# Most false boxes are small. A box below SURE times the smallest face loses a part of its score:
# DOUBT times what it lacks, as a share. Chosen on validation pictures, with the lowest score.
SURE, DOUBT = 1.5, 0.4
Ratio = npt.NDArray[np.float32]
Found = tuple[FloatArray, FloatArray, FloatArray]


class SingleShotDetector:
    """A `Detector`. Holds no state, so threads may share it."""

    name = "mien"
    face_side = 48.0

    def __init__(
        self,
        bundle: DetectorBundle,
        *,
        min_face: float = MIN_FACE,
        threads: int = 1,
        device: Device | None = None,
    ) -> None:
        """Load the network.

        Args:
            bundle: The model.
            min_face: Side of the smallest face that must be found, in pixels. Time falls with its
                square.
            threads: Threads for one call.
            device: Where the graph runs; the CPU where None.

        Raises:
            BundleError: onnxruntime cannot run the graph, or it takes and gives other things than
                model.json says.
            ValueError: `min_face` is not above zero.
        """
        if not min_face > 0:
            raise ValueError(f"min_face must be above 0, got {min_face}")
        self._info, self._file = bundle.info, str(bundle.path / GRAPH)
        self.sha256 = bundle.info.sha256
        self._session = make_session(bundle.graph, self._file, threads, device)
        self._scale = min(1.0, self._info.smallest / min_face)
        try:
            self._check_graph()
        except UnicodeDecodeError as error:
            raise BundleError(f"{self._file}: damaged, its names are no UTF-8") from error

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        """Find all faces; see `mien.protocols.Detector`.

        Args:
            image: BGR uint8 [H,W,3]; not changed.

        Returns:
            The faces with landmarks, the surest first.

        Raises:
            BundleError: The graph fails.
        """
        shown, scale = self._pixels(image), self._scale
        in_tiles = image.shape[0] * image.shape[1] * scale**2 > LARGE
        found = []
        while True:
            shown, ratio = _shrunk(shown, image.shape[1::-1], scale)
            scores, boxes, landmarks = self._in_tiles(shown) if in_tiles else self._look(shown)
            found.append((scores, boxes * np.tile(ratio, 2), landmarks * ratio))
            if max(shown.shape[:2]) <= LONGEST:
                break
            scale /= AGAIN
        scores, boxes, landmarks = map(np.concatenate, zip(*found, strict=True))
        overlap, inside = self._info.max_overlap, self._info.max_inside
        return to_faces(scores, boxes, landmarks, max_overlap=overlap, max_inside=inside)

    def _pixels(self, image: PixelArray) -> PixelArray:
        """Return the picture in as many channels as the network takes."""
        if self._info.channels == 3:
            return image
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.uint8)

    def _in_tiles(self, shown: PixelArray) -> Found:
        """Return what `_look` would, a part of the picture at a time."""
        starts = [(x, y) for y in _starts(shown.shape[0]) for x in _starts(shown.shape[1])]
        found = [self._look_at_tile(shown, x, y) for x, y in starts]
        scores, boxes, landmarks = map(np.concatenate, zip(*found, strict=True))
        return scores, boxes, landmarks

    def _look_at_tile(self, shown: PixelArray, x: int, y: int) -> Found:
        """Return what one tile holds, without the faces that its inner edges cut."""
        tile = shown[y : y + TILE, x : x + TILE]
        scores, boxes, landmarks = self._look(tile, giving_back())
        corner = np.array([x, y], np.float32)
        low, high = boxes[:, :2] + corner, boxes[:, 2:] + corner
        size = np.array(shown.shape[1::-1], np.float32)
        end = np.minimum(corner + TILE, size)
        cut = ((low <= corner) & (corner > 0)) | ((high >= end) & (end < size))
        whole = np.flatnonzero(~cut.any(axis=1))
        shift = np.tile(corner, 2)
        return scores[whole], (boxes + shift)[whole], (landmarks + corner)[whole]

    def _look(self, shown: PixelArray, options: ort.RunOptions | None = None) -> Found:
        """Run the network: scores [n], boxes [n,4] and landmarks [n,5,2] in pixels of `shown`."""
        height, width = shown.shape[:2]
        right, bottom = (-side % self._info.multiple for side in (width, height))
        canvas = cv2.copyMakeBorder(shown, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=0)
        given = canvas.reshape(1, *canvas.shape[:2], self._info.channels)
        try:
            scores, boxes, landmarks = self._session.run(OUTPUTS, {INPUT: given}, options)
        except Exception as error:  # onnxruntime raises many types without a common base
            raise BundleError(
                f"{self._file}: the graph fails ({one_line(error)}); get the detector again"
            ) from error
        # Doubt takes away only: of thousands of places few are left to be doubted.
        likely = np.flatnonzero(scores >= self._info.min_score)
        surer = scores[likely] - self._doubt(boxes[likely])
        sure = surer >= self._info.min_score
        likely = likely[sure]
        return surer[sure], boxes[likely], landmarks[likely]

    def _doubt(self, boxes: FloatArray) -> FloatArray:
        """Return what boxes [n,4], in pixels of what is shown, lose of their scores by size."""
        sides = np.sqrt(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1))
        lacking = np.maximum(1 - sides / np.float32(SURE * self._info.smallest), 0)
        return np.asarray(DOUBT * lacking, dtype=np.float32)

    def _check_graph(self) -> None:
        given, results = self._session.get_inputs(), self._session.get_outputs()
        channels = self._info.channels
        fits = [one.name for one in given] == [INPUT] and given[0].type == "tensor(uint8)"
        if not fits or len(given[0].shape) != 4 or given[0].shape[3] != channels:
            raise BundleError(
                f"{self._file}: the graph does not take '{INPUT}', uint8 [1,H,W,{channels}], as "
                "model.json says; get the bundle again"
            )
        if [one.name for one in results] != OUTPUTS:
            raise BundleError(
                f"{self._file}: the graph does not give {', '.join(OUTPUTS)}; get the bundle again"
            )


def _starts(length: int) -> list[int]:
    """Return where tiles begin along a side of the picture, the last one at its end."""
    if length <= TILE:
        return [0]
    count = -(-(length - OVERLAP) // (TILE - OVERLAP))
    return [(length - TILE) * number // (count - 1) for number in range(count)]


def _shrunk(shown: PixelArray, size: tuple[int, ...], scale: float) -> tuple[PixelArray, Ratio]:
    """Shrink what was shown to `scale` times the picture's size.

    Returns:
        uint8 [h,w] or [h,w,3], and (width, height) of one of its pixels in pixels of the picture.
    """
    smaller = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    if smaller != shown.shape[1::-1]:
        gentle = smaller[0] >= LINEAR * shown.shape[1]
        method = cv2.INTER_LINEAR if gentle else cv2.INTER_AREA
        shown = np.asarray(cv2.resize(shown, smaller, interpolation=method), np.uint8)
    return shown, np.divide(size, smaller, dtype=np.float32)
