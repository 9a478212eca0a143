"""The page in a real browser on this machine: how fast, how late, how costly, how soon, how heavy.

    python -m benchmarks.page [--engine browser|server|both] [--faces 1|4] [--slow 4]

The browser's camera shows 640x480 at 30 frames per second: one face, or four. The lag is from
taking a picture to the frame of the display on which its result is drawn, as the page itself shows
with `?stats`. Pictures get narrower where results are late (`live/shows/pace.js`): how wide they
were at last is said, too.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks.browser import Serving, Slow, browsing, cpu_seconds, serving
from benchmarks.films import CLIP, pictures, write_film
from benchmarks.memory import is_measurable
from benchmarks.openings import VIEW, Row, await_reading, opening_rows, watching
from benchmarks.report import (
    GOAL_COLUMNS,
    Environment,
    Result,
    goal_row,
    goals_met,
    print_result,
    replace_marked,
    split_marked,
    to_markdown,
)
from mien.errors import MienError, SettingsError

NAME = "page"
WORDS: Mapping[str, tuple[str, ...]] = {"browser": ("--in-browser",), "server": ()}
# Thirty, less what two clocks differ by.
ALL = 29.5
# The browser tells of tasks that are at least as long.
LONG = 50.0
LOOP = """
() => {
  const begun = performance.now();
  let sum = 0;
  for (let i = 0; i < 2e7; i += 1) sum = (sum * 31 + i) | 0;
  return performance.now() - begun + 0 * sum;
}
"""


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long to measure: seconds of each case, of its warm-up, and openings of the page.

    The browser compiles the networks' code in haste first, and well only while it runs: on a busy
    machine it takes a quarter of a minute until they are as quick as they get.
    """

    seconds: float = 10.0
    warm: float = 15.0
    opened: int = 3
    clip: float = 6.0


USUAL = Lengths()
QUICK = Lengths(seconds=1.0, warm=1.0, opened=1, clip=0.5)


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured at a time: who reads, how many faces, how many times slower."""

    engine: str
    faces: int
    slow: float = 1.0

    @property
    def name(self) -> str:
        """What its rows begin with."""
        faces = "1 face" if self.faces == 1 else f"{self.faces} faces"
        slowed = f", {self.slow:g} times slower" if self.slow > 1 else ""
        return f"{self.engine}, {faces}{slowed}"


def cases(engines: Sequence[str], faces: Sequence[int], slow: float) -> list[Case]:
    """Return what to measure; slowed is the engine in the browser alone, as on a phone."""
    found = [Case(engine, count) for engine in engines for count in faces]
    if slow > 1 and "browser" in engines:
        found += [Case("browser", count, slow) for count in faces]
    return found


def measure(
    engines: Sequence[str] = ("browser", "server"),
    faces: Sequence[int] = (1, 4),
    slow: float = 4.0,
    lengths: Lengths | None = None,
) -> Result:
    """Measure each case, one after another.

    Args:
        engines: Who reads: "browser", "server".
        faces: How many, 1 or 4.
        slow: How many times slower than this machine a phone is; 1 to leave that out.
        lengths: How long each takes.

    Raises:
        SettingsError: This is no Linux, there is no browser, or something is missing for it.
    """
    if not is_measurable():
        raise SettingsError("the page is measured on Linux only, which tells processor time")
    lengths = lengths or USUAL
    rows: list[Row] = []
    findings: list[str] = []
    asked = cases(engines, faces, slow)
    with tempfile.TemporaryDirectory(prefix="mien-page-") as name:
        films = {count: Path(name) / f"{count}.y4m" for count in faces}
        for count, path in films.items():
            write_film(pictures(count, lengths.clip), path)
        for engine in engines:
            rows += opening_rows(engine, WORDS[engine], films[faces[0]], lengths.opened)
            with serving(*WORDS[engine]) as server:
                for case in [case for case in asked if case.engine == engine]:
                    with browsing(films[case.faces]) as browser:
                        found, stages = _case_rows(browser, server, case, lengths)
                    rows += found
                    findings.append(stages)
    film = CLIP.name if CLIP.is_file() else "mien's portrait"
    title = f"the page in a browser on this machine, one face from {film}"
    return Result(NAME, title, GOAL_COLUMNS, tuple(rows), (*findings, goals_met(rows)))


def _case_rows(
    browser: Any, server: Serving, case: Case, lengths: Lengths
) -> tuple[list[Row], str]:
    """Return what one case gives, and in words how long each stage takes."""
    page = browser.new_page(viewport=VIEW)
    page.add_init_script(watching())
    page.goto(server.address)
    page.locator("#connection[data-state=connected]").wait_for()
    with Slow(browser) as slowed:
        factor = 1.0
        if case.slow > 1:
            worker = page.workers[0]
            factor = slowed.set(case.slow, lambda: float(worker.evaluate(LOOP)))
        page.locator("#start-camera").click()
        await_reading(page)
        page.wait_for_timeout(lengths.warm * 1000 * case.slow)
        begun = page.evaluate("performance.now()")
        before = cpu_seconds(browser) + server.cpu_seconds()
        page.wait_for_timeout(lengths.seconds * 1000)
        cpu = cpu_seconds(browser) + server.cpu_seconds() - before
        ended = page.evaluate("performance.now()")
        seen = page.evaluate("measured")
    page.close()
    shown = [one for one in seen["shown"] if begun <= one["at"] < ended]
    longest = max((length for start, length in seen["tasks"] if start >= begun), default=0.0)
    seconds = (ended - begun) / 1000
    rows = _figures(case, shown, seconds, cpu, longest)
    if case.slow > 1:
        rows.insert(0, goal_row(f"{case.name}: a fixed loop in the worker", factor, "times"))
    return rows, _stages(case, shown)


def _figures(
    case: Case, shown: Sequence[Mapping[str, Any]], seconds: float, cpu: float, longest: float
) -> list[Row]:
    lags = [one["at"] - one["taken"] for one in shown]
    own = [1000 * sum(one["timings"].values()) for one in shown]
    p50, p95 = np.percentile(lags, [50, 95])
    limits = GOALS.get((case.engine, case.faces, case.slow > 1), Limits())
    found = statistics.fmean(one["faces"] for one in shown)

    def row(
        what: str, value: float, unit: str, limit: float | None = None, *, at_least: bool = False
    ) -> Row:
        return goal_row(f"{case.name}: {what}", value, unit, limit, at_least=at_least)

    return [
        row("results", len(shown) / seconds, "per second", limits.results, at_least=True),
        row("grab to overlay, p50", float(p50), "ms"),
        row("grab to overlay, p95", float(p95), "ms", limits.late),
        row("of that, analysis, p95", float(np.percentile(own, 95)), "ms"),
        row("processor time per result", 1000 * cpu / len(shown), "ms"),
        row("longest task of the page, 0 where below 50", longest, "ms", limits.longest),
        row("faces in a result, mean", found, "faces"),
        row("pictures' width at last", shown[-1]["width"], "pixels"),
    ]


@dataclass(frozen=True, slots=True)
class Limits:
    """Goals of a case; None where there is none."""

    results: float | None = None
    late: float | None = None
    longest: float | None = None


GOALS = {
    ("browser", 1, False): Limits(results=ALL, late=40, longest=LONG),
    ("browser", 4, False): Limits(results=15, longest=LONG),
    ("browser", 1, True): Limits(results=12, longest=LONG),
    ("server", 1, False): Limits(late=60),
}


def _stages(case: Case, shown: Sequence[Mapping[str, Any]]) -> str:
    stages = {
        name: 1000 * statistics.fmean(one["timings"][name] for one in shown)
        for name in shown[-1]["timings"]
    }
    parts = ", ".join(f"{name} {value:.1f}" for name, value in stages.items())
    return f"{case.name}: mean milliseconds of each stage: {parts}."


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 where something is missing for it."""
    args = _parse(arguments)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    engines = tuple(WORDS) if args.engine == "both" else (args.engine,)
    faces = (args.faces,) if args.faces else (1, 4)
    try:
        if args.write:
            split_marked(args.write, name=NAME)
        environment = Environment.look()
        lengths = Lengths(seconds=args.seconds, opened=args.opened)
        result = measure(engines, faces, args.slow, lengths)
    except (MienError, ValueError) as error:
        print(f"benchmarks.page: {error}", file=sys.stderr)
        return 1
    console.print(environment.describe(), markup=False)
    print_result(result, console)
    if args.write:
        replace_marked(args.write, to_markdown([result], environment, _command(args)), name=NAME)
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.page", description="The page in a real browser."
    )
    add = parser.add_argument
    add("--engine", choices=[*WORDS, "both"], default="both", help="who reads (both)")
    add("--faces", type=int, choices=(1, 4), help="in the picture (one, then four)")
    add("--slow", type=float, default=4.0, metavar="TIMES", help="as a phone is (4); 1: leave out")
    add("--seconds", type=float, default=USUAL.seconds, help="of each case (%(default)g)")
    add("--opened", type=int, default=USUAL.opened, help="openings of the page (%(default)d)")
    add("--write", type=Path, metavar="FILE", help="put Markdown between the marks of a file")
    return parser.parse_args(arguments)


def _command(args: argparse.Namespace) -> str:
    parts = ["python -m benchmarks.page"]
    parts += [f"--engine {args.engine}"] if args.engine != "both" else []
    parts += [f"--faces {args.faces}"] if args.faces else []
    parts += [f"--slow {args.slow:g}"] if args.slow != 4 else []
    parts += [f"--seconds {args.seconds:g}"] if args.seconds != USUAL.seconds else []
    return " ".join(parts)


if __name__ == "__main__":
    sys.exit(main())
