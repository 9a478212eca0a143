"""mien beside others in a browser: they read the same clip in the same run of Chromium.

    python -m benchmarks.peers.browser [--clip FILE]

All compute by WebAssembly on one thread: a browser without a graphics card has nothing else, and to
use more threads a host must send headers that few do. What the others have is fetched by npm into a
scratch folder, at the versions of packages.json here; their weights are in the packages.
"""

import argparse
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console

from benchmarks.browser import browsing, cpu_seconds
from benchmarks.hosting import Host, hosting
from benchmarks.peers import clip
from benchmarks.peers.__main__ import (
    COLUMNS,
    CORES,
    MIEN,
    SAMPLE,
    Run,
    RunError,
    Turn,
    measure,
)
from benchmarks.report import (
    Column,
    Environment,
    Result,
    print_result,
    replace_marked,
    split_marked,
    to_markdown,
)
from mien import __version__
from mien.errors import MienError
from mien.models.bundle import load_bundle, load_detector_bundle
from mien.registry import DETECTOR_BUNDLE, find_bundle
from mien.sources.open import open_source
from mien.web.page import runtime
from mien.web.page.page_files import STATIC
from mien.web.site.engine import engine_files

HERE = Path(__file__).parent
PACKAGES, READING = HERE / "packages.json", HERE / "reading.mjs"
NAME = "peers-browser"
# All frames of the sample, which follow each other as a camera's do: mien looks at parts of most.
FRAMES, ROUNDS = 240, 3
# So often is the first second read before: the browser compiles well only what has run for a while.
WARM = 30
WANTED = 3.0
QUALITY = 95
PAGE = b'<!doctype html><title>peers</title><script type="module" src="/reading.mjs"></script>'
TURNS = (
    Turn("human", "human {}, each frame", Path()),
    Turn("human-cached", "human {}, few frames read anew", Path()),
    Turn("face-api", "face-api {}, tiny detector", Path()),
)
OF = {"human": "@vladmandic/human", "human-cached": "@vladmandic/human"} | {
    "face-api": "@vladmandic/face-api"
}
WEIGHT = Column("weight", "MB to the first reading", ".2f")
# Rows that read each frame, as mien does.
CACHED = "few frames"


@dataclass
class Reader:
    """Lets systems read a clip in a browser, and keeps what they weigh.

    Attributes:
        browser: Playwright's.
        host: Has the clip, and all systems.
        versions: By package.
        weights: Megabytes until the first reading, by title.
    """

    browser: Any
    host: Host
    versions: Mapping[str, str]
    weights: dict[str, float]

    def run(self, turn: Turn, every: int) -> Run:
        """Let a system read every k-th frame in a page of its own.

        Raises:
            RunError: It did not.
        """
        from playwright.sync_api import Error

        version = __version__ if turn.system == MIEN.system else self.versions[OF[turn.system]]
        context = self.browser.new_context()
        try:
            page = context.new_page()
            page.goto(self.host.address)
            page.evaluate("every => take(every)", every)
            before = self.host.sent
            page.evaluate("name => open_(name)", turn.system)
            self.weights[turn.title.format(version)] = (self.host.sent - before) / 1e6
            page.evaluate("count => warm(count)", WARM)
            cpu = cpu_seconds(self.browser)
            found = page.evaluate("read()")
            cpu = cpu_seconds(self.browser) - cpu
        except Error as error:
            raise RunError(f"{turn.system}: {str(error).splitlines()[0]}") from error
        finally:
            context.close()
        labels = tuple(found["labels"])
        return Run(version, found["seconds"] / len(labels), cpu / len(labels), labels)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 where something stands against it."""
    args = _parse(arguments)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    # Inherited by the browser: as many cores for each.
    if sys.platform == "linux":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    try:
        _check(args)
        environment = Environment.look()
        packages = fetch(args.scratch)
        with tempfile.TemporaryDirectory(prefix="mien-peers-") as name:
            source_name = f"mien:{SAMPLE}" if args.clip is None else args.clip
            title = SAMPLE if args.clip is None else args.clip.name
            with closing(open_source(source_name)) as source:
                written = clip.write(source, Path(name), title)
            with hosting(files(written, packages)) as host, browsing() as browser:
                result = compare(written, browser, host, most=args.frames, rounds=args.rounds)
    except (MienError, RunError, ValueError) as error:
        print(f"benchmarks.peers.browser: {error}", file=sys.stderr)
        return 1
    console.print(environment.describe(), markup=False)
    print_result(result, console)
    if args.write:
        replace_marked(
            args.write, to_markdown([result], environment, _command(args)), name=_mark(args)
        )
    return 0


def compare(written: clip.Clip, browser: Any, host: Host, *, most: int, rounds: int) -> Result:
    """Let each system read the clip, mien before and after it.

    Args:
        written: The clip.
        browser: Playwright's.
        host: Has what `files` gives.
        most: Frames that are read, at most.
        rounds: How often each reads them.
    """
    reader = Reader(browser, host, json.loads(PACKAGES.read_text(encoding="utf-8")), {})
    result = measure(written, reader.run, TURNS, most=most, rounds=rounds)
    rows = tuple({**row, "weight": reader.weights[str(row["system"])]} for row in result.rows)
    others = [float(row["ratio"]) for row in rows[1:] if CACHED not in str(row["system"])]
    findings = list(result.findings)
    if others:
        least = min(others)
        said = "at least" if least >= WANTED else "not the"
        findings.append(
            f"mien reads {least:.1f} times the frames per second of the fastest of the others that "
            f"reads each frame: {said} {WANTED:g} times that were the goal."
        )
    title = f"in Chromium {browser.version}: {result.title}"
    return replace(
        result,
        name=NAME,
        title=title,
        columns=(*COLUMNS, WEIGHT),
        rows=rows,
        findings=tuple(findings),
    )


def fetch(scratch: Path) -> Path:
    """Fetch the packages by npm where that was not done yet; returns the folder that has them.

    Raises:
        RunError: It did not work.
    """
    wanted = json.loads(PACKAGES.read_text(encoding="utf-8"))
    folder = scratch / hashlib.sha256(PACKAGES.read_bytes()).hexdigest()[:12]
    if folder.is_dir():
        return folder
    if shutil.which("npm") is None:
        raise RunError("npm is missing, which fetches the others; install Node.js")
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as name:
        new = Path(name) / "packages"
        for package, version in wanted.items():
            command = ["npm", "pack", "--silent", f"{package}@{version}"]
            done = subprocess.run(command, cwd=name, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RunError(f"failed: {shlex.join(command)}: {done.stderr.strip()[-200:]}")
            with tarfile.open(Path(name) / done.stdout.split()[-1]) as packed:
                packed.extractall(new / package, filter="data")
        new.rename(folder)
    return folder


def files(written: clip.Clip, packages: Path) -> Callable[[str], bytes | None]:
    """Return what reads the files of the host: the clip, mien's engine, and the packages.

    Raises:
        SettingsError: onnxruntime-web is missing.
    """
    runtime.check()
    made = engine_files([load_bundle(find_bundle(None))], load_detector_bundle(DETECTOR_BUNDLE))
    shape = (len(written.times), written.size[1], written.size[0], 3)
    pixels = np.memmap(written.folder / clip.PIXELS, np.uint8, mode="r", shape=shape)
    fixed = {
        "index.html": PAGE,
        "reading.mjs": READING.read_bytes(),
        "frames/times.json": json.dumps(written.times).encode(),
        **{f"static/{name}": data for name, data in made.items()},
    }
    return partial(_read, fixed, pixels, packages)


def _read(fixed: Mapping[str, bytes], pixels: Any, packages: Path, name: str) -> bytes | None:
    if name in fixed:
        return fixed[name]
    first, _, rest = name.partition("/")
    if first == "frames":
        image = np.ascontiguousarray(pixels[int(rest.removesuffix(".jpg"))])
        return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1])
    if first == "npm":
        parts = rest.split("/")
        path = packages.joinpath(*parts[:2], "package", *parts[2:])
    else:
        path = STATIC / rest
    return path.read_bytes() if path.is_file() else None


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers.browser",
        description="mien beside others in a browser, on the same clip.",
    )
    add = parser.add_argument
    scratch = Path(tempfile.gettempdir()) / "mien-peers-npm"
    add("--clip", type=Path, metavar="FILE", help="a short video (default: mien's own sample)")
    add("--frames", type=int, default=FRAMES, help="at most, spread evenly (default %(default)s)")
    add("--rounds", type=int, default=ROUNDS, help="runs of each (default %(default)s)")
    add("--scratch", type=Path, default=scratch, help="folder for the others (%(default)s)")
    add("--write", type=Path, metavar="FILE", help="put Markdown between the marks of a file")
    return parser.parse_args(arguments)


def _check(args: argparse.Namespace) -> None:
    """Say what is wrong before minutes are spent on it."""
    if args.clip and not args.clip.is_file():
        raise ValueError(f"{args.clip}: no such file")
    if args.rounds < 1:
        raise ValueError(f"--rounds must be 1 or more, got {args.rounds}")
    if args.write:
        split_marked(args.write, name=_mark(args))


def _mark(args: argparse.Namespace) -> str:
    return "browser-sample" if args.clip is None else "browser-clip"


def _command(args: argparse.Namespace) -> str:
    """Return the command that measures this again; what it does with the figures is left out."""
    parts = ["python", "-m", "benchmarks.peers.browser"]
    parts += ["--clip", args.clip.name] if args.clip else []
    parts += ["--frames", str(args.frames)] if args.frames != FRAMES else []
    parts += ["--rounds", str(args.rounds)] if args.rounds != ROUNDS else []
    return shlex.join(parts)


if __name__ == "__main__":
    sys.exit(main())
