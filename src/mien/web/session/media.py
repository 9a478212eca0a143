"""Pictures on their way from and to the page. They live in memory only."""

import cv2

from mien.errors import PictureError
from mien.types import PixelArray
from mien.vision.images.reading import decode_picture
from mien.web.protocol import INVALID_DATA, ProtocolError

# What the page sends is smaller; 4 megapixels bound what a forged message costs.
MAX_PIXELS = 4_000_000
MAX_SHOWN_WIDTH = 960
JPEG_QUALITY = 80


def decode_page_picture(jpeg: bytes) -> PixelArray:
    """Decode a picture that the page has sent into BGR uint8 [H,W,3].

    Raises:
        ProtocolError: It is broken or larger than 4 megapixels.
    """
    try:
        return decode_picture(jpeg, "picture", max_pixels=MAX_PIXELS)
    except PictureError as error:
        raise ProtocolError(INVALID_DATA, f"malformed message: {error}") from error


def encode_for_page(image: PixelArray) -> bytes:
    """Encode BGR uint8 [H,W,3] as a JPEG no wider than the page shows it."""
    height, width = image.shape[:2]
    if width > MAX_SHOWN_WIDTH:
        size = (MAX_SHOWN_WIDTH, max(1, round(height * MAX_SHOWN_WIDTH / width)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype("uint8", copy=False)
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return bytes(data)
