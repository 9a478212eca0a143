"""Covers faces so that nobody can tell whose they are: what stays is a few patches of light."""

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from mien.types import Box, PixelArray

Style = Literal["blur", "block"]
# Beyond each side of the face, in widths and heights of it: hair, ears and chin tell who it is.
MARGIN = 0.4
# Patches along the longer side of a cover, by how often a detector still found a face in it: at
# first two or three across a face. People know whom they know by seven (Sinha et al., "Face
# recognition by humans", Proc. IEEE 2006), and more than five a detector may take for a face.
PATCHES = (4, 2)
BLOCK = (72, 72, 72)
# Of the shorter side; the corners of a cover lie far from the head.
RADIUS = 0.25


def covered(box: Box, size: tuple[int, int], *, margin: float = MARGIN) -> tuple[int, ...] | None:
    """Return what a cover takes of a picture, as whole pixels (left, top, right, bottom).

    Args:
        box: The face.
        size: Width and height of the picture.
        margin: Beyond each side of the face, in widths and heights of it.

    Returns:
        The rectangle inside the picture; None where the face is outside.
    """
    across, down = margin * box.width, margin * box.height
    left, top = max(0, int(box.x1 - across)), max(0, int(box.y1 - down))
    right, bottom = min(size[0], int(box.x2 + across) + 1), min(size[1], int(box.y2 + down) + 1)
    return (left, top, right, bottom) if left < right and top < bottom else None


def cover(image: PixelArray, boxes: Sequence[Box], style: Style, *, again: int = 0) -> PixelArray:
    """Cover faces and what is around them.

    Args:
        image: BGR uint8 [H,W,3]; not changed.
        boxes: The faces, in its pixels.
        style: "blur" leaves some patches of colour that run into each other, "block" nothing.
        again: How often a face was found in it nevertheless; then less is left.

    Returns:
        A new picture of the same shape.
    """
    result = np.array(image, dtype=np.uint8)
    for box in boxes:
        place = covered(box, (image.shape[1], image.shape[0]), margin=MARGIN * (1 + again / 2))
        if place is not None:
            left, top, right, bottom = place
            region = result[top:bottom, left:right]
            hidden = (
                _block(region)
                if style == "block" or again >= len(PATCHES)
                else _blur(region, PATCHES[again])
            )
            inside = _rounded(region.shape[0], region.shape[1])
            region[inside] = hidden[inside]
    return result


def _block(region: PixelArray) -> PixelArray:
    return np.broadcast_to(np.array(BLOCK, np.uint8), region.shape)


def _blur(region: PixelArray, patches: int) -> PixelArray:
    """Average over patches, and let these run into each other: the patches alone look worse."""
    height, width = region.shape[:2]
    longest = max(height, width)
    small = tuple(max(1, round(patches * side / longest)) for side in (width, height))
    averages = cv2.resize(region, small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(averages, (width, height)), np.uint8)


def _rounded(height: int, width: int) -> npt.NDArray[np.bool_]:
    """Return which pixels lie within a rectangle with round corners, bool [height,width]."""
    radius = RADIUS * min(height, width)
    y, x = (np.abs(np.arange(side) - (side - 1) / 2) for side in (height, width))
    over_y = np.maximum(y - (height / 2 - radius), 0)
    over_x = np.maximum(x - (width / 2 - radius), 0)
    return np.asarray(np.hypot(over_y[:, None], over_x[None]) <= radius)
