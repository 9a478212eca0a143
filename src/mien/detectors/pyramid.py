"""Pictures at other sizes: so that a small view of a large region is neither slow nor jagged."""

import cv2
import numpy as np
import numpy.typing as npt

from mien.types import PixelArray

# Networks are fed (pixel - 127.5) / 128, so this is what zero padding looks like in bytes.
GRAY = (128, 128, 128)


class Pyramid:
    """A picture and its halves; each view is taken from the half just larger than it needs.

    Halving averages exactly and costs little, whereas sampling a 24-pixel patch out of a
    300-pixel face skips most pixels, and averaging the full picture anew for each size is slow.
    """

    def __init__(self, image: PixelArray, *, smallest: int = 12) -> None:
        """Halve the picture until a half would have a side below `smallest` pixels.

        Args:
            image: uint8 [H,W,3]; not changed.
            smallest: No level is smaller than this.
        """
        self._levels = [image]
        while min(self._levels[-1].shape[:2]) >= 2 * smallest:
            height, width = self._levels[-1].shape[:2]
            half = cv2.resize(
                self._levels[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA
            )
            self._levels.append(np.asarray(half, dtype=np.uint8))

    def whole(self, scale: float) -> PixelArray:
        """Return the whole picture at `scale` times its size, uint8 [h,w,3], 0 < scale <= 1."""
        height, width = self._levels[0].shape[:2]
        size = max(1, round(width * scale)), max(1, round(height * scale))
        shrunk = cv2.resize(self._level(1 / scale), size, interpolation=cv2.INTER_AREA)
        return np.asarray(shrunk, dtype=np.uint8)

    def patches(self, boxes: npt.NDArray[np.floating], size: int) -> PixelArray:
        """Cut out boxes at a common size; what lies outside the picture is gray.

        Args:
            boxes: [N,4] as (x1, y1, x2, y2) in pixels of the picture, with width and height > 0.
            size: Side of a patch in pixels.

        Returns:
            uint8 [N,size,size,3].
        """
        result = np.empty((len(boxes), size, size, 3), dtype=np.uint8)
        for box, patch in zip(boxes, result, strict=True):
            self._cut(box, patch)
        return result

    def _cut(self, box: npt.NDArray[np.floating], patch: PixelArray) -> None:
        size = len(patch)
        level = self._level(float(max(box[2] - box[0], box[3] - box[1])) / size)
        ratio = np.array(level.shape[1::-1]) / np.array(self._levels[0].shape[1::-1])
        start, step = box[:2] * ratio, (box[2:] - box[:2]) * ratio / size
        # Pixel i covers i..i+1, so its middle is at i + 0.5 on both sides.
        shift = start + step / 2 - 0.5
        back = np.array([[step[0], 0, shift[0]], [0, step[1], shift[1]]])
        cv2.warpAffine(
            level,
            back,
            (size, size),
            dst=patch,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=GRAY,
        )

    def _level(self, shrink: float) -> PixelArray:
        """The smallest level that still has to be shrunk, not enlarged."""
        number = int(np.log2(max(shrink, 1.0)))
        return self._levels[min(number, len(self._levels) - 1)]


def fit_within(image: PixelArray, side: int) -> tuple[PixelArray, tuple[float, float]]:
    """Shrink a picture whose longer side is above `side`; leave a smaller one as it is.

    Args:
        image: uint8 [H,W,3]; not changed.
        side: Longest side that may come back, in pixels.

    Returns:
        The picture, and (width, height) of the given one over that of this one.
    """
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image, (1.0, 1.0)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    shrunk = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(shrunk, dtype=np.uint8), (width / size[0], height / size[1])
