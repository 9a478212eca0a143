"""Which part of a face a reading rests on: its brows, eyes or mouth, each covered in turn.

Occlusion as in Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (ECCV
2014), with parts that people have words for in place of a square that slides over the picture.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from mien.protocols import Classifier
from mien.types import Box, Face, FloatArray, PixelArray
from mien.types.alike import ByValue
from mien.vision.crop import crop_faces, cut_square
from mien.vision.parts import PartName, landmarks_of, part_regions

# Faces are covered at this size: more detail than any classifier sees, at a cost that is bounded.
_LARGEST = 256
# What is looked at around a face, in sides of its box: as much as any crop takes in.
_ROOM = 2.0
# How far around a pixel is looked at to paint it, in pixels.
_REACH = 3


@dataclass(frozen=True, slots=True, eq=False)
class PartEffect(ByValue):
    """How much the reading of a face rests on one part of it.

    Attributes:
        part: Which.
        effect: How much less probable the label of the whole face is once the part is covered, -1
            to 1; below 0 where the part speaks for another label, or for something else.
        region: What is covered: float32 [4,2], the corners in pixels of the picture, in the order
            in which a line around it meets them.
    """

    part: PartName
    effect: float
    region: FloatArray


def explain(image: PixelArray, face: Face, classifier: Classifier) -> tuple[PartEffect, ...]:
    """Cover each part of a face and let the classifier read it again.

    Args:
        image: BGR uint8 [H,W,3]; not changed.
        face: A face in pixels of `image`; without landmarks its parts are where an average face
            has them.
        classifier: Reads the face whole and with each part covered, in one call.

    Returns:
        One effect per part, the greatest first.
    """
    room, face, scale, corner = _cut_out(image, face)
    regions = part_regions(face)
    pictures = [room, *(_cover(room, region) for region in regions.values())]
    crops = np.concatenate([crop_faces(picture, [face], classifier.spec) for picture in pictures])
    whole, *covered = classifier(crops)
    top = int(whole[: len(classifier.labels)].argmax())
    effects = (
        PartEffect(part, float(whole[top] - row[top]), (region / scale + corner).astype(np.float32))
        for (part, region), row in zip(regions.items(), covered, strict=True)
    )
    return tuple(sorted(effects, key=lambda effect: -effect.effect))


def _cut_out(image: PixelArray, face: Face) -> tuple[PixelArray, Face, float, FloatArray]:
    """Return the face with what is around it at a bounded size, its scale and its first pixel."""
    side = max(8, round(face.box.side * _ROOM))
    corner = np.round(np.array(face.box.center) - side / 2).astype(np.float32)
    room = cut_square(image, int(corner[0]), int(corner[1]), side)
    scale = min(1.0, _LARGEST / side)
    if scale < 1:
        size = (_LARGEST, _LARGEST)
        room = np.asarray(cv2.resize(room, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    points = landmarks_of(face)
    x1, y1, x2, y2 = face.box.to_tuple()
    ends = (np.array([[x1, y1], [x2, y2]]) - corner) * scale
    box = Box(*map(float, ends.ravel()))
    moved = replace(face, box=box, landmarks=(points - corner) * scale)
    # The crop is turned by the landmarks: where there are none, it must not be turned here either.
    return room, moved, scale, corner


def _cover(image: PixelArray, region: FloatArray) -> PixelArray:
    """Paint over a region from its edge inwards.

    By A. Telea, "An Image Inpainting Technique Based on the Fast Marching Method" (2004). One
    colour over the brows would look like a frown to the classifier, and so hide what it covers.
    """
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(region).astype(np.int32)], 255)
    return np.asarray(cv2.inpaint(image, mask, _REACH, cv2.INPAINT_TELEA), dtype=np.uint8)
