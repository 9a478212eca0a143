"""The engine in the browser keeps the same boxes as Python."""

import itertools

import numpy as np

from mien.types import Box, Face
from mien.vision.boxes import iou_matrix, main_face, non_maximum_suppression


def case(rng, count):
    """Return crowded boxes, some alike to the last bit, some empty."""
    middles = rng.uniform(0, 200, (count // 3 + 1, 2))[rng.integers(0, count // 3 + 1, count)]
    middles = middles + rng.normal(0, 8, (count, 2))
    halves = rng.uniform(5, 60, (count, 1)) * rng.uniform(0.8, 1.2, (count, 2)) / 2
    boxes = np.concatenate([middles - halves, middles + halves], axis=1)
    if rng.random() < 0.5:
        # Where overlaps are as large as the threshold to the last bit.
        boxes = np.round(boxes / 8) * 8
    scores = rng.uniform(0, 1, count).astype(np.float32)
    if count > 4:
        scores[1] = scores[0]
        boxes[3, 2:] = boxes[3, :2]
        boxes[4, 2:] = boxes[4, :2] - 1
    faces = [
        Face(Box(*map(float, box)), float(score))
        for box, score in zip(boxes, scores, strict=True)
        if (box[2:] > box[:2]).all()
    ]
    found = main_face(faces)
    return {
        "boxes": boxes,
        "single": boxes.astype(np.float32),
        "scores": scores,
        "faces": faces,
        "overlaps": iou_matrix(boxes, boxes),
        "main": -1 if found is None else faces.index(found),
        "suppressed": list(suppressed(boxes, scores)),
    }


def suppressed(boxes, scores):
    for threshold, minimum, inside in itertools.product((0.0, 0.4, 0.75), (False, True), (1, 0.7)):
        options = {"use_minimum": minimum, "max_inside": inside}
        single = boxes.astype(np.float32)
        yield {
            "threshold": threshold,
            "useMinimum": minimum,
            "maxInside": inside,
            "kept": non_maximum_suppression(boxes, scores, threshold, **options).tolist(),
            "keptSingle": non_maximum_suppression(single, scores, threshold, **options).tolist(),
        }


def test_boxes_are_compared_and_dropped_as_in_python(answer):
    rng = np.random.default_rng(4)
    vectors = [case(rng, count) for count in (0, 1, 2, *rng.integers(3, 50, 20))]
    assert answer("boxes", vectors) == ""
