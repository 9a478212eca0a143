"""What several face detectors say of one picture, made into one answer.

No people labelled the pictures. What two detectors of different making see is taken for a face;
what one alone sees may be a face or not, so it counts for nothing in training.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien.geometry import iou_matrix, to_array
from mien.types import Box, Face

SAME = 0.35  # overlap (IoU) above which two detectors mean the same face: they frame it differently
SURE = 0.6  # the surest of those who see a face must be this sure


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known of the faces in a picture.

    Attributes:
        faces: Faces, with landmarks, framed as the first of the teachers frames them.
        unknown: Regions that may hold a face or not.
    """

    faces: tuple[Face, ...] = ()
    unknown: tuple[Box, ...] = ()


def agree(found: Mapping[str, Sequence[Face]], people: Sequence[Box] = ()) -> Labels:
    """Keep what two teachers agree on, and mark the rest as unknown.

    Args:
        found: What each teacher found. Boxes are those of the first teacher that sees a face, since
            each has its own framing; landmarks are the mean of all.
        people: Boxes that people drew, by a framing of their own: one that teachers do not see is
            unknown, one that a single teacher sees makes a face of it.

    Returns:
        The labels, the surest faces first.
    """
    faces: list[Face] = []
    unknown: list[Box] = []
    for group in _groups(found):
        sure = len(group) > 1 or _overlaps(group[0].box, people, SAME)
        if sure and max(face.score for face in group) >= SURE:
            faces.append(_mean(group))
        else:
            unknown.append(group[0].box)
    seen = [face.box for face in faces]
    unknown += [box for box in people if not _overlaps(box, seen, SAME / 2)]
    faces.sort(key=lambda face: -face.score)
    return Labels(tuple(faces), tuple(unknown))


def _groups(found: Mapping[str, Sequence[Face]]) -> list[list[Face]]:
    """Gather the faces that are the same, at most one of each teacher, in the teachers' order."""
    groups: list[list[Face]] = []
    for faces in found.values():
        overlaps = _iou([face.box for face in faces], [group[0].box for group in groups])
        for row, face in zip(overlaps, faces, strict=True):
            best = int(row.argmax()) if row.size else -1
            if best >= 0 and row[best] >= SAME:
                groups[best].append(face)
                overlaps[:, best] = 0  # a teacher sees each face once
            else:
                groups.append([face])
    return groups


def _mean(group: Sequence[Face]) -> Face:
    points = [face.landmarks for face in group if face.landmarks is not None]
    landmarks = np.stack(points).mean(axis=0) if points else None
    return Face(group[0].box, max(face.score for face in group), landmarks)


def _overlaps(box: Box, others: Sequence[Box], least: float) -> bool:
    return bool((_iou([box], others) >= least).any())


def _iou(first: Sequence[Box], second: Sequence[Box]) -> npt.NDArray[np.float64]:
    return iou_matrix(to_array(first), to_array(second))
