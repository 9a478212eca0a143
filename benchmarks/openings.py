"""How soon and how heavy the page is when it is opened: as `mien live` serves it, and as a site."""

import json
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.browser import serving, visiting
from benchmarks.hosting import Host, hosting
from benchmarks.report import goal_row
from mien.errors import SettingsError
from mien.models.bundle import load_bundle, load_detector_bundle
from mien.registry import DETECTOR_BUNDLE, find_bundle

VIEW = {"width": 1280, "height": 900}
STATS = "/static/live/stats.js"
# Keeps, of each result, when it was drawn and what it says; and each long task.
WATCH = """
if (location.protocol !== "about:") {
  window.measured = { shown: [], tasks: [] };
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) measured.tasks.push([task.startTime, task.duration]);
  }).observe({ type: "longtask", buffered: true });
  import("STATS").then(({ Stats }) => {
    const { add } = Stats.prototype;
    Stats.prototype.add = function (analysis, taken) {
      requestAnimationFrame(() => {
        const { timings, faces, size } = analysis;
        const at = performance.now();
        measured.shown.push({ at, taken, timings, faces: faces.length, width: size[0] });
      });
      return add.call(this, analysis, taken);
    };
  });
}
"""
# Asks for the camera as soon as there is a button for it.
AT_ONCE = """
if (location.protocol !== "about:") {
  const look = setInterval(() => {
    const button = document.getElementById("start-camera");
    if (measured.asked && !button?.offsetParent) clearInterval(look);
    else if (button?.offsetParent) {
      measured.asked = true;
      button.click();
    }
  }, 5);
}
"""
FIRST = "() => window.measured?.shown.find(({ faces }) => faces)?.at"
# The paint is told of some time after it was.
PAINT = """
async () => {
  let paint;
  while (!(paint = performance.getEntriesByName("first-contentful-paint")[0])) {
    await new Promise(requestAnimationFrame);
  }
  return paint.startTime;
}
"""
PAINT_GOAL = {"first paint": 300.0}
GOALS = {"browser": PAINT_GOAL, "server": {**PAINT_GOAL, "over the line": 0.15}}
# As a site on any host, which compresses all; `mien live` sends onnxruntime-web as it is.
SITE_GOALS = {
    **PAINT_GOAL,
    "first reading": 3000.0,
    "first reading, from the cache": 1500.0,
    "over the line": 6.5,
}
# Of Playwright: a slowed page takes long.
WAIT_MS = 120_000
# Of a first visit: by then the browser has kept what it loaded and compiled.
STAY_MS = 15_000
Row = dict[str, str | float]


def watching(stats: str = STATS) -> str:
    """Return the script that has a page keep its results; `stats` is where the module is."""
    return WATCH.replace("STATS", stats)


def opening_rows(engine: str, words: Sequence[str], film: Path, times: int) -> list[Row]:
    """Return how soon and how heavy the page is; that of the browser's engine also as a site.

    Args:
        engine: What rows begin with.
        words: Of the command line of `mien live`.
        film: What the camera shows.
        times: How often the page is opened.

    Raises:
        SettingsError: There is no browser, or something is missing for it.
    """
    with serving(*words) as server:
        rows = [
            goal_row(f"{engine}: {what}", value, unit, GOALS[engine].get(what))
            for what, value, unit in _openings(film, server.address, STATS, times)
        ]
    if engine != "browser":
        return rows
    with site() as (host, stats):
        return rows + [
            goal_row(f"site: {what}", value, unit, SITE_GOALS[what])
            for what, value, unit in _openings(film, host.address, stats, times)
        ]


def _openings(film: Path, address: str, stats: str, times: int) -> Iterator[tuple[str, float, str]]:
    """Open a page again and again by a browser that has nothing stored, and each once more."""
    found = [_opening(film, address, stats) for _ in range(times)]
    paint, first, again, size = (statistics.median(column) for column in zip(*found, strict=True))
    yield "first paint", paint, "ms"
    yield "first reading", first, "ms"
    yield "first reading, from the cache", again, "ms"
    yield "over the line", size, "MB"


def _opening(film: Path, address: str, stats: str) -> tuple[float, float, float, float]:
    """Return ms to the first paint, to the first reading, and to that once more; and megabytes."""
    with visiting(film, viewport=VIEW) as context:
        page = context.new_page()
        page.add_init_script(watching(stats) + AT_ONCE)
        loaded: list[Any] = []
        page.on("requestfinished", lambda request: loaded.append(request))
        first = _first_reading(page, address)
        size = sum(request.sizes()["responseBodySize"] for request in list(loaded))
        paint = float(page.evaluate(PAINT))
        page.wait_for_timeout(STAY_MS)
        page.goto("about:blank")
        return paint, first, _first_reading(page, address), size / 1e6


def _first_reading(page: Any, address: str) -> float:
    """Go to a page that asks for the camera at once; return when the first face was drawn, ms."""
    page.goto(address)
    return await_reading(page)


def await_reading(page: Any) -> float:
    """Wait for the first face that a page draws; return when that was, in ms.

    Raises:
        SettingsError: None came.
    """
    from playwright.sync_api import TimeoutError as LateError

    try:
        return float(page.wait_for_function(FIRST, polling=20, timeout=WAIT_MS).json_value())
    except LateError as error:
        said = page.locator("#message").inner_text().strip()
        raise SettingsError(
            f"the page read no face within {WAIT_MS // 1000} s; it says {said!r}: open it in a "
            "browser, and see its console"
        ) from error


@contextmanager
def site() -> Iterator[tuple[Host, str]]:
    """Host what `mien export-site` writes; yields the host, and where its figures' module is."""
    from mien.web.site.export import NOTE, site_files

    files = site_files([load_bundle(find_bundle(None))], load_detector_bundle(DETECTOR_BUNDLE))
    (stats,) = (name for name in files if name.startswith("static/live/stats"))
    headers = json.loads(files[NOTE])["headers"]
    starts = {path.removesuffix("*"): values for path, values in headers.items()}
    with hosting(files.get, starts) as host:
        yield host, f"/{stats}"
