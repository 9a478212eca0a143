"""Draw the faces of the sample, as the page's practice draws them: `src/mien/assets/drawn.webp`.

    make sample-faces

A row for each person, and in it a tile for the face at rest and for each look in three strengths.
"""

import io
from pathlib import Path
from typing import Any

from benchmarks.browser import browsing, serving
from PIL import Image

from mien.sources.drawn import LOOKS, PEOPLE, SHEET, SIDE, STRENGTHS

ASSETS = Path(__file__).parents[1] / "src" / "mien" / "assets"
# More than practice shows: all of the hair and the shoulders.
VIEW = "-190 30 380 380"
DRAW = """
async ([person, look, way, strength, side, view]) => {
  const { drawFace } = await import("/static/practice/drawn/face.js");
  const { PEOPLE } = await import("/static/practice/drawn/people.js");
  const { WAYS, unitsOf } = await import("/static/practice/drawn/looks.js");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", view);
  svg.setAttribute("width", side);
  svg.innerHTML = drawFace(PEOPLE[person], unitsOf(WAYS[look][way], strength), "face");
  document.documentElement.style.background = document.body.style.background = "transparent";
  document.body.style.cssText += "display: block; margin: 0; padding: 0; max-width: none";
  document.body.replaceChildren(svg);
}
"""


def main() -> None:
    """Draw all tiles and join them."""
    sheet = Image.new("RGBA", (SIDE * (1 + len(LOOKS) * STRENGTHS), SIDE * len(PEOPLE)))
    with serving() as server, browsing() as browser:
        page = browser.new_page(viewport={"width": SIDE, "height": SIDE})
        page.goto(server.address)
        for row, person in enumerate(PEOPLE):
            for column, (look, way, strength) in enumerate(_tiles()):
                tile = _tile(page, [person, look, way, strength, SIDE, VIEW])
                sheet.paste(tile, (column * SIDE, row * SIDE))
    sheet.save(ASSETS / SHEET, quality=68, method=6)


def _tiles() -> list[tuple[str, int, int]]:
    strong = [(look, way, k) for look, way in LOOKS for k in range(1, STRENGTHS + 1)]
    return [("neutral", 0, 1), *strong]


def _tile(page: Any, drawn: list[Any]) -> Image.Image:
    page.evaluate(DRAW, drawn)
    return Image.open(io.BytesIO(page.screenshot(omit_background=True)))


if __name__ == "__main__":
    main()
