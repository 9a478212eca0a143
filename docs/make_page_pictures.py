"""Make the pictures of docs/page.md: the real page in a real browser, on the sample.

make page-pictures
"""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.browser import browsing, serving
from PIL import Image

FOLDER = Path(__file__).parent
PORTRAIT = FOLDER.parent / "src" / "mien" / "assets" / "collins.jpg"
WIDE = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
# The sample's drawn people have their first looks from its fifth second on.
SEVERAL_LOOKS = 6000


def main() -> None:
    """Take all pictures with one server and one browser."""
    shots: tuple[tuple[str, dict[str, Any], Callable[[Any], None]], ...] = (
        ("page-live", {"viewport": WIDE}, _live),
        ("page-phone", {"viewport": PHONE, "color_scheme": "dark", "has_touch": True}, _live),
        ("page-minutes", {"viewport": WIDE, "color_scheme": "dark"}, _minutes),
        ("page-drawn", {"viewport": WIDE}, _drawn),
        ("page-practice", {"viewport": WIDE}, _practice),
        ("page-settings", {"viewport": WIDE}, _settings),
    )
    with serving() as server, browsing() as browser:
        for name, options, show in shots:
            page = browser.new_page(**options)
            page.goto(server.address)
            page.locator("#connection[data-state=connected]").wait_for()
            show(page)
            _keep(page.screenshot(), FOLDER / f"{name}.webp")
            page.close()


def _live(page: Any) -> None:
    page.get_by_role("button", name="Show the sample").click()
    page.locator("#faces .look").first.wait_for()
    page.wait_for_timeout(SEVERAL_LOOKS)


def _minutes(page: Any) -> None:
    page.get_by_role("button", name="Show the sample").click()
    page.get_by_role("button", name="Keep the last minutes").click()
    page.wait_for_timeout(16_000)
    page.locator("#history").scroll_into_view_if_needed()


def _drawn(page: Any) -> None:
    # The order is then neutral, happy, sad, angry.
    page.evaluate("Math.random = () => 0.999999")
    page.get_by_role("button", name="Practice").click()
    for place in range(4):
        if place:
            page.get_by_role("button", name="Next").click()
        page.get_by_role("button", name="angry").click()
    page.get_by_role("button", name="Brows").click()
    page.wait_for_timeout(1000)


def _practice(page: Any) -> None:
    page.get_by_role("button", name="Practice").click()
    page.locator("#practice-files").set_input_files(PORTRAIT)
    page.get_by_role("button", name="happy").click()
    page.locator("#practice-part").wait_for()
    page.wait_for_timeout(500)


def _settings(page: Any) -> None:
    page.get_by_role("button", name="Settings").click()


def _keep(png: bytes, path: Path) -> None:
    Image.open(io.BytesIO(png)).save(path, quality=80, method=6)
    print(f"{path.name}: {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
