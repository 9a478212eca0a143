"""The page places words as Python does, and so that they bury nobody."""

import dataclasses
from dataclasses import asdict

import numpy as np
import pytest
from tests.vision.spots import PICTURE, layouts

from mien.types import Analysis, Box, Face, Frame, Prediction, Quality, Reading
from mien.vision.parts import part_regions
from mien.vision.placement import place

LABELS = ("angry", "sad", "happy", "neutral")
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
PLACED = """
async ([layouts, picture]) => {
  const { place } = await import("/static/live/placement.js");
  return layouts.map((spots) => place(spots, picture));
}
"""
PARTS = """
async (faces) => {
  const { partRegions } = await import("/static/engine/vision/parts.js");
  return faces.map(partRegions);
}
"""
# How many pixels of the overlay are painted in a part of the picture, in shares of it.
PAINTED = """
([x1, y1, x2, y2]) => {
  const canvas = document.getElementById("overlay");
  const [width, height] = [canvas.width, canvas.height];
  const shares = [x1 * width, y1 * height, (x2 - x1) * width, (y2 - y1) * height];
  const { data } = canvas.getContext("2d").getImageData(...shares.map(Math.round));
  return data.filter((value, index) => index % 4 === 3 && value > 0).length;
}
"""
ALL = [0, 0, 1, 1]


def test_the_page_places_words_as_python_does(bare_page):
    given = layouts()
    found = bare_page.evaluate(PLACED, [[list(map(asdict, spots)) for spots in given], PICTURE])
    kinds = set()
    for spots, theirs in zip(given, found, strict=True):
        for mine, other in zip(place(spots, PICTURE), theirs, strict=True):
            kinds.add(mine and (mine.kind, mine.scale < 1))
            assert other == (mine and pytest.approx(asdict(mine)))
    assert kinds >= {None, ("word", False), ("sign", False), ("sign", True)}


@pytest.mark.parametrize(
    "landmarks",
    [
        None,
        [[40, 50], [80, 46], [60, 70], [45, 90], [78, 88]],
        [[60, 50], [61, 50], [50, 70], [55, 90], [60, 88]],  # in profile
        [[60, 50], [60, 50], [50, 70], [55, 90], [60, 88]],
    ],
    ids=["none", "turned", "profile", "in one place"],
)
def test_the_page_finds_the_parts_of_a_face_where_python_does(bare_page, landmarks):
    box = Box(20, 10, 110, 130)
    face = Face(box, 0.9, landmarks and np.array(landmarks, np.float32))
    (found,) = bare_page.evaluate(PARTS, [{"box": box.to_tuple(), "landmarks": landmarks}])
    regions = part_regions(face)
    assert found.keys() == regions.keys()
    for part, corners in found.items():
        np.testing.assert_allclose(corners, regions[part], atol=1e-3)


def showing(services, boxes):
    """Return services that see faces in these boxes, as shares of any picture."""

    def analyze(frame: Frame) -> Analysis:
        scale = np.array([*frame.size, *frame.size], float)
        prediction = Prediction(LABELS, (0.1, 0.1, 0.7, 0.1))
        readings = tuple(
            Reading(
                *(number, Face(Box(*(scale * box).tolist()), 0.9), prediction, prediction, "happy"),
                Quality(100, 50, 120),
            )
            for number, box in enumerate(boxes, 1)
        )
        return Analysis(frame.index, frame.timestamp, frame.source, frame.size, readings, {})

    return dataclasses.replace(services, make_analyzer=lambda: analyze)


def settled(page, expect, count):
    """Wait until so many faces are drawn, and drawn no more."""
    expect(page.locator("#faces li")).to_have_count(count)
    page.wait_for_function(
        f"() => {{ const now = ({PAINTED})([0, 0, 1, 1]), same = now > 0 && now === window.before;"
        " window.before = now; return same; }",
        polling=300,
    )
    return page.evaluate(PAINTED, ALL)


def test_no_word_lies_on_the_mouth_of_a_face_that_fills_a_phone(services, open_page, expect):
    box = (0.05, -0.05, 0.95, 1.1)
    page = open_page(services=showing(services, [box]), **PHONE)
    page.locator("#start-sample").click()
    assert settled(page, expect, 1) > 0
    for part, points in part_regions(Face(Box(*box), 0.9)).items():
        region = [*points.min(axis=0).tolist(), *points.max(axis=0).tolist()]
        painted = page.evaluate(PAINTED, region)
        assert painted == 0 or part == "brows"


def test_words_come_forward_for_the_face_that_is_pointed_at_or_focused(services, open_page, expect):
    boxes = [(x / 10, 0.4, x / 10 + 0.12, 0.65) for x in (0.5, 2.5, 4.5, 6.5, 8.2)]
    page = open_page(services=showing(services, boxes))
    page.locator("#start-sample").click()
    signs = settled(page, expect, len(boxes))
    overlay = page.locator("#overlay")
    size = overlay.bounding_box()
    overlay.hover(position={"x": 0.5 * size["width"], "y": 0.5 * size["height"]})
    pointed = settled(page, expect, len(boxes))
    assert pointed > 1.05 * signs
    page.mouse.move(0, 0)
    assert settled(page, expect, len(boxes)) == signs
    page.locator("#faces li").nth(2).focus()
    assert settled(page, expect, len(boxes)) == pointed
