"""What is compared of a picture: few pixels, without its shading and contrast."""

import cv2
import numpy as np

from mien.types import FloatArray, PixelArray

THUMB = 32
# Shading slower than this many pixels of the thumbnail is taken away. The first comparison tries
# shifts of two pixels, so that it must not look at finer details than that.
FINE_SIGMA, COARSE_SIGMA = 3.0, 6.0
NOISE_VARIANCE = 25.0


def thumbnail(pixels: PixelArray) -> PixelArray:
    """Shrink a face to what is compared.

    Args:
        pixels: uint8 [H,W,1] gray or [H,W,3] RGB.

    Returns:
        uint8 [THUMB,THUMB], gray.
    """
    gray = pixels[..., 0] if pixels.shape[2] == 1 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    method = cv2.INTER_AREA if min(gray.shape) >= THUMB else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(gray, (THUMB, THUMB), interpolation=method), dtype=np.uint8)


def normalise_contrast(thumbs: PixelArray, sigma: float) -> FloatArray:
    """Take away slow shading and make contrast even, so that details alone are compared.

    Without this a face lit from one side resembles every other face lit from that side.

    Args:
        thumbs: uint8 [N,THUMB,THUMB].
        sigma: Shading slower than this many pixels goes.

    Returns:
        float32 [N,THUMB,THUMB].
    """
    blur = _blur_weights(sigma)
    values = np.asarray(thumbs, dtype=np.float32)
    details = values - blur @ values @ blur.T
    variance = blur @ (details * details) @ blur.T
    return np.asarray(details / np.sqrt(variance + NOISE_VARIANCE), dtype=np.float32)


def _blur_weights(sigma: float) -> FloatArray:
    """Gaussian weights [THUMB,THUMB]: applied from both sides they blur a picture."""
    place = np.arange(THUMB, dtype=np.float32)
    weights = np.exp(-((place[:, None] - place[None]) ** 2) / (2 * sigma**2))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)
