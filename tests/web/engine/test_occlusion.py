"""The engine in the browser covers parts of faces as Python does, to the same effect."""

from dataclasses import asdict

import cv2
import numpy as np
from tests.web.engine.twins import face_at, picture, scenery

from mien.models.occlusion import explain
from mien.types import InputSpec
from mien.vision.parts import PARTS, landmarks_of, part_regions

LABELS = ("a", "b", "c", "d")


class SeesLight:
    """Of bands of a face, from the top: the lighter one is, the more probable is its label."""

    labels, other = LABELS, True

    def __init__(self, spec):
        self.spec = spec
        self.given = np.empty(0)

    def __call__(self, crops):
        self.given = crops
        bands = crops.reshape(len(crops), len(LABELS), -1).sum(axis=2, dtype=np.float64)
        shares = 0.5 * bands / bands.sum(axis=1, keepdims=True)
        return np.column_stack([shares, np.full(len(crops), 0.5)]).astype(np.float32)


def polygons(rng):
    for number in range(120):
        inside = number % 4 > 0
        # Rectangles, as parts are, turned anyhow; also flat ones.
        middle, along = rng.uniform(40, 60, 2), rng.uniform(-25, 25, 2)
        across = np.array([-along[1], along[0]]) * rng.choice([0, 0.05, 0.3, 0.8])
        corners = (
            np.array([-along - across, along - across, along + across, across - along]) + middle
        )
        corners = np.round(corners if inside else 3 * corners - 100).astype(np.int32)
        inside = bool(((corners >= 0) & (corners < 100)).all())
        mask = np.zeros((100, 100), np.uint8)
        cv2.fillPoly(mask, [corners], 255)
        yield {"size": mask.shape, "corners": corners.tolist(), "inside": inside, "wanted": mask}


def painted(rng):
    for number in range(6):
        image = scenery(rng, 90, 70)
        mask = np.zeros(image.shape[:2], np.uint8)
        # The last two reach over the edges, the very last all around.
        middle = [(45, 35), (30, 20), (60, 40), (45, 30), (2, 3), (88, 66)][number]
        axes = [(20, 8), (12, 12), (25, 3), (1, 1), (20, 15), (20, 15)][number]
        cv2.ellipse(mask, middle, axes, float(rng.uniform(0, 90)), 0, 360, 255, -1)
        wanted = cv2.inpaint(image, mask, 3, cv2.INPAINT_TELEA)
        yield {
            "picture": picture(image),
            "mask": mask,
            "reach": 3,
            "wanted": cv2.cvtColor(wanted, cv2.COLOR_BGR2RGBA),
        }


def faces(rng):
    image = scenery(rng, 320, 240)
    places = [
        (150, 120, 60),
        (160, 130, 170),
        (10, 20, 80),
        (310, 200, 90),
        (100, 100, 3),
        (120, 90, 40),
    ]
    for number, place in enumerate(places):
        face = face_at(rng, *place, landmarks=number != 5)
        spec = InputSpec(32, 3, 1.2) if number == 1 else InputSpec(48, 1, 1.07)
        classifier = SeesLight(spec)
        effects = explain(image, face, classifier)
        yield {
            "picture": picture(image),
            "face": face,
            "spec": asdict(spec),
            "labels": LABELS,
            "crops": classifier.given,
            "points": landmarks_of(face),
            "regions": np.stack([part_regions(face)[part] for part in PARTS]),
            "effects": [
                {"part": one.part, "effect": one.effect, "region": one.region} for one in effects
            ],
        }


def test_parts_are_covered_as_in_python(answer):
    rng = np.random.default_rng(2004)
    vectors = {
        "polygons": list(polygons(rng)),
        "painted": list(painted(rng)),
        "faces": list(faces(rng)),
    }
    assert answer("occlusion", vectors) == ""
