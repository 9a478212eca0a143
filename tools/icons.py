"""Draw the icon of the page in the sizes that phones want for a home screen.

    python -m tools.icons

They are drawn by Chromium from icon.svg: as it is, and on a ground without corners, in the middle
four fifths, for phones that cut an icon to a shape of their own.
"""

from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from tests.web.conftest import BROWSERS, find_browser

from mien.web.page.page_files import STATIC
from mien.web.site.export import APPLE, COLOUR, ICONS, MASKABLE

SIZES = {name: int(sizes.split("x")[0]) for name, sizes in ICONS.items()}


def main() -> None:
    """Write the icons."""
    with sync_playwright() as playwright:
        path = find_browser(BROWSERS)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        for name, size in SIZES.items():
            draw(page, STATIC / name, size, "transparent", 1)
        draw(page, STATIC / MASKABLE, 512, COLOUR, 0.8)
        draw(page, STATIC / APPLE, 180, COLOUR, 0.9)
        browser.close()


def draw(page: Page, path: Path, side: int, ground: str, share: float) -> None:
    """Draw one icon, `share` of whose side the drawing takes."""
    page.set_viewport_size({"width": side, "height": side})
    drawing = (STATIC / "icon.svg").read_text(encoding="utf-8")
    inner = share * side
    style = f"margin:{(side - inner) / 2}px;width:{inner}px;height:{inner}px"
    page.set_content(
        f"<style>body{{margin:0;background:{ground};overflow:hidden}}svg{{display:block;{style}}}"
        f"</style>{drawing}"
    )
    page.screenshot(path=path, omit_background=True)


if __name__ == "__main__":
    main()
