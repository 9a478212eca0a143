"""Whether pictures that are said to be faces are uncropped portraits: then most is background."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from mien.errors import PictureError
from mien.protocols import Detector
from mien.vision.images.reading import read_picture

# Pictures that are looked at: evenly drawn, because a folder is sorted by class and person.
SAMPLE = 16
# Shorter sides of smaller pictures: faces that somebody has cropped.
LARGE = 160
# Side of the face's box over the picture's shorter side, below which it is no crop of a face: crops
# of FER2013's and RAF-DB's kind have 0.77 and more, head and shoulders 0.4 to 0.7.
SMALL_PART = 0.7


def portrait_note(paths: Sequence[Path], make_detector: Callable[[], Detector]) -> str:
    """Say that pictures show more than faces, by a sample; "" where they do not.

    Args:
        paths: All pictures.
        make_detector: Makes what finds the faces; not called where no picture is large.
    """
    detector: Detector | None = None
    parts = []
    for path in paths[:: max(1, len(paths) // SAMPLE)][:SAMPLE]:
        try:
            image = read_picture(path)
        except PictureError:
            continue
        if min(image.shape[:2]) < LARGE:
            continue
        detector = detector or make_detector()
        sides = [face.box.side for face in detector(image)]
        if sides:
            parts.append(max(sides) / min(image.shape[:2]))
    small = sum(part < SMALL_PART for part in parts)
    if small < 2 or 2 * small < len(parts):
        return ""
    return (
        f"the pictures are no cropped faces: in {small} of {len(parts)} that were looked at the "
        f"face takes {np.median(parts):.0%} of the side or so; add --crop detector, which finds "
        "and cuts out the face as it is done when mien reads"
    )
