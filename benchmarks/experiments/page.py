"""The page in a real browser, beside the server on the same machine: weight, first paint, lag.

    python -m benchmarks.experiments.page

The browser's camera is a clip of the portrait that comes with mien, at 640x480 and 30 frames per
second. The lag is what the page itself shows with `?stats`: from taking a picture to the frame of
the display on which its result is drawn.
"""

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
from rich.console import Console

from benchmarks.realtime import calm_scene
from benchmarks.report import GOAL_COLUMNS, Environment, Result, goal_row, goals_met, print_result
from mien.errors import MienError, SettingsError
from mien.web.page.page_files import STATIC

NAME = "page"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
)
VIEW = {"width": 1280, "height": 900}
# The paint is told of some time after it was.
LOADED = """
async () => {
  let paint;
  while (!(paint = performance.getEntriesByName("first-contentful-paint")[0])) {
    await new Promise(requestAnimationFrame);
  }
  const loaded = ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind));
  return [paint.startTime, loaded.reduce((sum, entry) => sum + entry.encodedBodySize, 0)];
}
"""


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long to measure: seconds of a clip and of the warm-up, looks at the figures, openings."""

    clip: float = 6.0
    warm: float = 8.0
    looks: int = 8
    opened: int = 9


QUICK = Lengths(clip=0.5, warm=1.0, looks=1, opened=1)
# The page keeps the figures of 120 results, which at 30 per second is this long.
BETWEEN = 4.0


def measure(lengths: Lengths | None = None) -> Result:
    """Measure everything with one server and one browser.

    Args:
        lengths: How long each takes.

    Raises:
        SettingsError: There is no browser, or Playwright is missing.
    """
    lengths = lengths or Lengths()
    files = sum(path.stat().st_size for path in STATIC.rglob("*.*"))
    rows: list[dict[str, str | float]] = [
        goal_row("the page's files as they are", files / 1e3, "KB")
    ]
    with tempfile.TemporaryDirectory() as folder, serving() as address:
        clip = Path(folder) / "camera.mjpeg"
        scene = calm_scene(2.0, 0.0, 0.05, lengths.clip)
        clip.write_bytes(b"".join(_jpeg(scene.frame(i)[0].image) for i in range(len(scene))))
        with browsing(clip) as browser:
            opened = [_opened(browser, address) for _ in range(lengths.opened)]
            paint, loaded = (statistics.median(column) for column in zip(*opened, strict=True))
            rows.append(goal_row("what a browser loads", loaded, "KB", 150))
            rows.append(goal_row("first paint", paint, "ms", 300))
            rows += _lag_rows(browser, address, lengths)
    title = "the page in a browser on this machine"
    return Result(NAME, title, GOAL_COLUMNS, tuple(rows), (goals_met(rows),))


def _lag_rows(browser: Any, address: str, lengths: Lengths) -> list[dict[str, str | float]]:
    page = browser.new_page(viewport=VIEW)
    page.goto(address + "?stats")
    page.get_by_role("button", name="Start camera").click()
    page.locator("#stats dt").first.wait_for()
    page.wait_for_timeout(lengths.warm * 1000)
    looks = []
    for _ in range(lengths.looks):
        page.wait_for_timeout(BETWEEN * 1000 if lengths.looks > 1 else 500)
        looks.append(_figures(page.locator("#stats").inner_text()))
    fps, p50, p95, server = (statistics.median(column) for column in zip(*looks, strict=True))
    page.close()
    return [
        goal_row("results", fps, "per second"),
        goal_row("grab to overlay, p50", p50, "ms"),
        goal_row("grab to overlay, p95", p95, "ms", 60),
        goal_row("of that, analysis by the server, p95", server, "ms"),
    ]


def _figures(text: str) -> tuple[float, float, float, float]:
    """Take apart what the page shows: results per second, lag (p50, p95), analysis (p95)."""
    found = re.search(
        r"second\s+([\d.]+).*overlay, ms\s+p50 (\d+), p95 (\d+).*analysis, ms\s+p50 \d+, p95 (\d+)",
        text,
        re.DOTALL,
    )
    if found is None:
        raise SettingsError(f"the page shows no figures, but {text!r}")
    fps, p50, p95, server = map(float, found.groups())
    return fps, p50, p95, server


def _opened(browser: Any, address: str) -> tuple[float, float]:
    """Open the page in a browser that has nothing stored.

    Returns:
        Milliseconds to its first content, and kilobytes that came over the line.
    """
    context = browser.new_context(viewport=VIEW)
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name="Start camera").wait_for()
    page.locator("#connection[data-state=connected]").wait_for()
    paint, size = page.evaluate(LOADED)
    context.close()
    return float(paint), size / 1e3


@contextmanager
def serving(*words: str) -> Iterator[str]:
    """Run `mien live`, with more words of the command line; yields where its page is."""
    command = [sys.executable, "-m", "mien", "live", "--no-browser", "--port", "0", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            found = re.search(r"http://\S+/", line)
            if found:
                yield found[0]
                return
        raise SettingsError("mien live ended before it said where the page is")
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@contextmanager
def browsing(clip: Path | None = None) -> Iterator[Any]:
    """Run a browser whose camera shows a clip; yields Playwright's."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise SettingsError(
            "the page is measured with playwright: pip install playwright"
        ) from error
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise SettingsError(f"needs a browser: none of {', '.join(BROWSERS)} is installed")
    camera = [] if clip is None else [f"--use-file-for-fake-video-capture={clip}"]
    flags = [*FLAGS, *camera]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=flags)
        try:
            yield browser
        finally:
            browser.close()


def _jpeg(image: Any) -> bytes:
    return bytes(cv2.imencode(".jpg", image)[1])


def main() -> int:
    """Measure and print; 1 where something is missing for it."""
    console = Console(highlight=False)
    console.print(Environment.look().describe(), markup=False)
    try:
        print_result(measure(), console)
    except MienError as error:
        print(f"benchmarks.experiments.page: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
