"""What the engine in the browser makes of a face is what Python makes of it."""

from dataclasses import asdict

import cv2
import numpy as np
import pytest
from tests.web.engine.twins import (
    face_at,
    faces_anywhere,
    noise,
    of_opencv_5,
    picture,
    scenery,
)

from mien.sources.sample import SampleSource
from mien.tracking.appearance import GRID, SCOPE, describe, similarity
from mien.tracking.portrait import has_colour, portray, resemblance
from mien.types import Box, Face, InputSpec
from mien.vision.crop import crop_faces, cut_square
from mien.vision.quality import QualitySettings, assess

# Many cases of one part; `test_analyzer` has some of all parts together.
pytestmark = pytest.mark.heavy

# The shipped one's, and others that a bundle may ask for.
SPECS = [
    InputSpec(64, 1, 1.07),
    InputSpec(48, 1, 1.2, "eyes"),
    InputSpec(32, 3, 0.7, "eyes"),
    InputSpec(57, 3, 1.5),
]


def is_flat(image, face):
    """Whether a descriptor is of one colour all over: its light is then what rounding leaves."""
    side = max(GRID, round(SCOPE * face.box.side))
    x, y = face.box.center
    square = cut_square(image, round(x - side / 2), round(y - side / 2), side)
    return not np.ptp(square, axis=(0, 1)).any()


def scene(image, faces, specs):
    seen = [n for n, face in enumerate(faces) if not is_flat(image, face)]
    descriptors = describe(image, [faces[n] for n in seen])
    portraits = [portray(image, face) for face in faces]
    known = np.array([portrait for portrait in portraits if portrait is not None])
    return {
        "picture": picture(image),
        "faces": faces,
        "crops": [
            {"spec": asdict(spec), "crops": crop_faces(image, faces, spec)} for spec in specs
        ],
        "seen": seen,
        "descriptors": descriptors,
        "similarities": similarity(descriptors, descriptors),
        "qualities": [asdict(assess(image, face, QualitySettings())) for face in faces],
        "portraits": portraits,
        "coloured": [has_colour(portrait) for portrait in known],
        "resemblances": resemblance(known, known) if len(known) else [],
    }


def odd_faces(rng):
    """Return boxes that are a line, at whole and half pixels, far outside, or in profile."""
    yield Face(Box(100.5, 80.5, 164.5, 144.5), 0.9)
    yield Face(Box(10, 10, 10.25, 200), 0.9)
    yield Face(Box(-900, -700, -800, -600), 0.9)
    yield Face(Box(3000, 50, 3100, 170), 0.9)
    yield Face(Box(-50, -60, 800, 700), 0.9)
    for turned in ([2, 1, 2, 3, 4], [0, 0, 2, 3, 4], [1, 0, 2, 4, 3]):
        face = face_at(rng, 200, 150, 90)
        yield Face(face.box, 0.8, face.landmarks[turned])


def turning():
    """Return one face from one profile to the other."""
    points = np.array([[160, 100], [200, 104], [180, 120], [164, 140], [196, 142]], np.float32)
    for across in np.linspace(-1, 1, 41):
        points[2, 0] = 180 + 20 * across
        yield Face(Box(140, 70, 220, 160), 0.9, points)


def of_exact_size(sizes):
    for n, size in enumerate(sizes):
        yield Face(Box(20 + n, 30, 20 + n + size, 30 + size), 0.9)


def scenes():
    rng = np.random.default_rng(1818)
    sides = np.geomspace(8, 600, 54)
    yield scenery(rng, 640, 480), faces_anywhere(rng, (640, 480), sides), SPECS
    yield (
        scenery(rng, 333, 251),
        [*odd_faces(rng), *faces_anywhere(rng, (333, 251), sides[:50:4])],
        SPECS,
    )
    exact = [61, 64, 96, 128, 192, 48, 32, 57, 114, 12, 8, 16]
    yield (
        noise(rng, 241, 227),
        [*of_exact_size(exact), *faces_anywhere(rng, (241, 227), sides[:50:3])],
        SPECS,
    )
    dark = scenery(rng, 320, 240) // 12
    gray = cv2.cvtColor(scenery(rng, 317, 243), cv2.COLOR_BGR2GRAY)
    for image in (dark, np.repeat(gray[..., None], 3, axis=2)):
        yield image, faces_anywhere(rng, (320, 240), sides[10::4]), SPECS[:1]
    yield scenery(rng, 320, 240), list(turning()), SPECS[:1]
    frame = next(iter(SampleSource())).image
    points = np.array([[294, 188], [358, 189], [326, 223], [298, 250], [353, 251]], np.float32)
    # So near that pixels are averaged before the face is aligned.
    found = [Face(Box(260, 126, 392, 294), 0.9, points + shift) for shift in (0, 1.5, -4)]
    yield frame, found, SPECS
    yield cv2.GaussianBlur(frame, (0, 0), 9), found, SPECS[:1]
    yield noise(rng, 1, 1), faces_anywhere(rng, (1, 1), (0.5, 40)), SPECS


@of_opencv_5
def test_faces_are_cropped_described_and_judged_as_in_python(answer):
    vectors = [scene(*given) for given in scenes()]
    assert {
        issue for one in vectors for quality in one["qualities"] for issue in quality["issues"]
    } == {
        "too small",
        "dark",
        "blurred",
        "turned away",
    }
    assert sum(one is not None for each in vectors for one in each["portraits"]) > 50
    assert answer("faces", vectors) == ""
