"""What the engine in the browser does to pixels is what OpenCV does."""

import cv2
import numpy as np
import pytest
from tests.web.engine.twins import noise, of_opencv_5, picture, scenery

from mien.vision.crop import cut_square

# Many cases of one part; `test_analyzer` has some of all parts together.
pytestmark = pytest.mark.heavy

SIZES = [(400, 300), (333, 251), (97, 131), (31, 17), (1, 1), (2, 3)]
# Both ways, by whole numbers and by others, along one side only, and by nearly nothing.
WANTED = [
    (0, [(300, 225), (100, 75), (200, 150), (133, 100), (101, 77), (399, 299), (64, 64)]),
    (1, [(111, 251), (64, 64), (332, 250), (48, 48), (333, 251), (166, 125), (400, 300)]),
    (2, [(64, 64), (12, 12), (96, 130), (97, 131), (194, 262), (113, 64)]),
    (3, [(64, 64), (8, 8), (30, 17), (31, 1), (1, 1)]),
    (4, [(1, 1), (64, 64)]),
    (5, [(64, 64), (1, 1), (2, 1)]),
]
METHODS = {"linear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA}


def resized(images):
    for number, sizes in WANTED:
        image = images[number]
        gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        for size in sizes:
            for name, method in METHODS.items():
                # Areas are only for shrinking.
                if name == "linear" or (size[0] <= image.shape[1] and size[1] <= image.shape[0]):
                    colours = cv2.resize(image, size, interpolation=method)[..., ::-1]
                    yield {
                        "picture": number,
                        "size": size,
                        "method": name,
                        "gray": cv2.resize(gray, size, interpolation=method),
                        "colours": colours,
                    }


def warped(images, rng):
    for number in (0, 1, 2, 2, 3):
        height, width = images[number].shape[:2]
        left, top = int(rng.integers(0, width // 2)), int(rng.integers(0, height // 2))
        part = images[number][top:, left:]
        angle, scale = float(rng.uniform(-60, 60)), float(rng.uniform(0.3, 2))
        matrix = cv2.getRotationMatrix2D((width / 3, height / 3), angle, scale)
        size = (int(rng.integers(8, 140)), int(rng.integers(8, 140)))
        yield {
            "picture": number,
            "part": {"left": left, "top": top, "width": width - left, "height": height - top},
            "matrix": matrix.ravel().tolist(),
            "size": size,
            "wanted": cv2.warpAffine(part, matrix, size, borderMode=cv2.BORDER_REPLICATE)[
                ..., ::-1
            ],
        }


def squares(images):
    for number in (2, 3, 4):
        height, width = images[number].shape[:2]
        for side in (1, 9, 40):
            for left in (
                -side - 20,
                -side,
                1 - side,
                -3,
                0,
                width - side,
                width - 3,
                width,
                width + 9,
            ):
                for top in (-side - 9, -2, height // 2, height - 1, height + 3):
                    edge = cut_square(images[number], left, top, side)
                    black = cut_square(images[number], left, top, side, cv2.BORDER_CONSTANT)
                    place = {"picture": number, "left": left, "top": top, "side": side}
                    yield place | {"edge": edge[..., ::-1], "black": black[..., ::-1]}


def blurred(rng):
    for side in (64, 12):
        gray = cv2.cvtColor(noise(rng, side, side), cv2.COLOR_BGR2GRAY)
        yield {
            "side": side,
            "gray": gray,
            "wanted": cv2.GaussianBlur(gray, (0, 0), 1.0),
            "brightness": gray.mean(),
            "sharpness": cv2.Laplacian(gray, cv2.CV_32F).var(),
        }


@of_opencv_5
def test_pixels_are_treated_as_opencv_treats_them(answer):
    rng = np.random.default_rng(18)
    images = [scenery(rng, *SIZES[0]), *(noise(rng, *size) for size in SIZES[1:])]
    numbers = [*np.arange(-4, 4, 0.5), *rng.normal(0, 100, 50)]
    grays = [cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) for image in images]
    vectors = {
        "rounded": {
            "given": [float(n) for n in numbers],
            "wanted": [round(float(n)) for n in numbers],
        },
        "pictures": [
            {"picture": picture(image), "gray": gray}
            for image, gray in zip(images, grays, strict=True)
        ],
        "resized": list(resized(images)),
        "warped": list(warped(images, rng)),
        "squares": list(squares(images)),
        "blurred": list(blurred(rng)),
    }
    assert answer("pixels", vectors) == ""
