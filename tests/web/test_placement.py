"""The page places words as Python does: `live/placement.js` is the twin of `placement.py`."""

from dataclasses import asdict

import pytest
from tests.vision.spots import PICTURE, layouts

from mien.vision.placement import place

PLACED = """
async ([layouts, picture]) => {
  const { place } = await import("/static/live/placement.js");
  return layouts.map((spots) => place(spots, picture));
}
"""


def test_the_page_places_words_as_python_does(bare_page):
    given = layouts()
    found = bare_page.evaluate(PLACED, [[list(map(asdict, spots)) for spots in given], PICTURE])
    kinds = set()
    for spots, theirs in zip(given, found, strict=True):
        for mine, other in zip(place(spots, PICTURE), theirs, strict=True):
            kinds.add(mine and (mine.kind, mine.scale < 1))
            assert other == (mine and pytest.approx(asdict(mine)))
    assert kinds >= {None, ("word", False), ("sign", False), ("sign", True)}
