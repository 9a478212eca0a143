"""Pictures that are kept as they came: a JPEG that is encoded anew loses, or grows manyfold."""

import numpy as np

from mien.errors import PictureError
from mien.types import PixelArray
from mien.vision.images import jpeg
from mien.vision.images.formats import HEAD, is_jpeg
from mien.vision.images.reading import decode_picture


def stored_as(data: bytes, image: PixelArray, name: str) -> bytes | None:
    """Return the coded picture itself, where every program makes the same pixels of it.

    What is noted beside it is left out: the place, the owner, a thumbnail; see `jpeg.bare`.

    Args:
        data: An encoded picture.
        image: What was decoded from it, BGR uint8 [H,W,3].
        name: What to call it.

    Returns:
        A JPEG that is decoded to exactly these pixels. None where the picture is no JPEG, stands
        upright only by what is noted beside it, or is of a kind that few programs read.
    """
    if not is_jpeg(data[:HEAD]):
        return None
    kept = jpeg.bare(data)
    if kept is None or not jpeg.look(kept).plain:
        return None
    try:
        # Not by what the notes say, which may be damaged.
        return kept if np.array_equal(decode_picture(kept, name), image) else None
    except PictureError:
        return None
