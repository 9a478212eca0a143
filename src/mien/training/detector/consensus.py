"""What several face detectors say of one picture, made into one answer.

No people labelled most of the pictures. What two detectors of different making see is taken for a
face; what one alone sees may be a face or not, so it counts for nothing in training. Two of the
same making share their errors, so that both have to be surer.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mien.evaluation.detection import Labels
from mien.types import Box, Face
from mien.vision.boxes import iou_matrix, to_array

SAME = 0.35  # overlap (IoU) above which two detectors mean the same face: they frame it differently
SURE = 0.6  # the surest of those who see a face must be this sure
# Two detectors of one making must both be as sure as this. By eye, on 80 faces that only the two
# YuNets saw: below it a sixth were animals and things, above it one was a drawing.
ALIKE_SURE = 0.8


def agree(found: Mapping[str, Sequence[Face]], people: Sequence[Box] = ()) -> Labels:
    """Keep what two teachers agree on, and mark the rest as unknown.

    Args:
        found: What each teacher found, by a name that begins with its making up to a hyphen. Boxes
            are those of the first teacher that sees a face, since each has its own framing;
            landmarks are the mean of all.
        people: Boxes that people drew, by a framing of their own: one that teachers do not see is
            unknown, one that a single teacher sees makes a face of it.

    Returns:
        The labels, the surest faces first.
    """
    faces: list[Face] = []
    unknown: list[Box] = []
    for group in _groups(found):
        box = next(iter(group.values())).box
        if _trusted(group) or (_overlaps(box, people, SAME) and _best(group) >= SURE):
            faces.append(_mean(list(group.values())))
        else:
            unknown.append(box)
    seen = [face.box for face in faces]
    unknown += [box for box in people if not _overlaps(box, seen, SAME / 2)]
    faces.sort(key=lambda face: -face.score)
    return Labels(tuple(faces), tuple(unknown))


def _groups(found: Mapping[str, Sequence[Face]]) -> list[dict[str, Face]]:
    """Gather the faces that are the same, at most one of each teacher, in the teachers' order."""
    groups: list[dict[str, Face]] = []
    for name, faces in found.items():
        middles = [next(iter(group.values())).box for group in groups]
        overlaps = _iou([face.box for face in faces], middles)
        for row, face in zip(overlaps, faces, strict=True):
            best = int(row.argmax()) if row.size else -1
            if best >= 0 and row[best] >= SAME:
                groups[best][name] = face
                overlaps[:, best] = 0  # a teacher sees each face once
            else:
                groups.append({name: face})
    return groups


def _trusted(group: Mapping[str, Face]) -> bool:
    """Whether what these teachers see, each its face, is a face."""
    makings = {name.partition("-")[0] for name in group}
    if len(makings) > 1:
        return _best(group) >= SURE
    return len(group) > 1 and min(face.score for face in group.values()) >= ALIKE_SURE


def _best(group: Mapping[str, Face]) -> float:
    return max(face.score for face in group.values())


def _mean(group: Sequence[Face]) -> Face:
    points = [face.landmarks for face in group if face.landmarks is not None]
    landmarks = np.stack(points).mean(axis=0) if points else None
    return Face(group[0].box, max(face.score for face in group), landmarks)


def _overlaps(box: Box, others: Sequence[Box], least: float) -> bool:
    return bool((_iou([box], others) >= least).any())


def _iou(first: Sequence[Box], second: Sequence[Box]) -> npt.NDArray[np.float64]:
    return iou_matrix(to_array(first), to_array(second))
