"""`python -m benchmarks.peers`: read one clip with mien and with others, in turns, and print."""

import argparse
import hashlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean, median

from rich.console import Console

from benchmarks.peers import clip, figures
from benchmarks.report import (
    Column,
    Environment,
    Result,
    print_result,
    replace_marked,
    split_marked,
    to_markdown,
    to_plain,
)
from mien.errors import MienError
from mien.sources.open import open_source

HERE = Path(__file__).parent
REQUIREMENTS, SYSTEMS = HERE / "requirements.txt", HERE / "systems.txt"
READING = HERE / "reading.py"
OWN = HERE / ".venv"
PYTHON = OWN / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
NAME = "peers"
CORES = 2
FRAMES, ROUNDS = 120, 3
SAMPLE = "sample"
# Processors only, and nothing on standard error but what went wrong.
SETTINGS = {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}
COLUMNS = (
    Column("system", "system"),
    Column("fps", "frames/s", ".1f"),
    Column("spread", "spread", ".0%"),
    Column("cpu_ms", "CPU ms per frame", ".2f"),
    Column("ratio", "time, mien = 1", ".1f"),
    Column("cpu_ratio", "CPU, mien = 1", ".1f"),
    Column("changes", "label changes per minute", ".1f"),
    Column("found", "frames with a face", ".0%"),
)


@dataclass(frozen=True, slots=True)
class Run:
    """What one process found.

    Attributes:
        version: Of the system.
        seconds: Wall time per frame.
        cpu_seconds: Processor time per frame, all threads.
        labels: Of the largest face of each frame; None where there was none.
    """

    version: str
    seconds: float
    cpu_seconds: float
    labels: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """One row of the table.

    Attributes:
        system: As `reading.py` calls it.
        title: What the row is called, with a place for the version.
        python: The interpreter that has it.
        every_frame: Read the whole clip; left out where all others do so too.
    """

    system: str
    title: str
    python: Path
    every_frame: bool = False


MIEN = Turn("mien", "mien {}", Path(sys.executable))
TURNS = (
    Turn("fer", "fer {}", PYTHON),
    Turn("fer-mtcnn", "fer {}, mtcnn=True", PYTHON),
    Turn("facial-emotion-recognition", "facial-emotion-recognition {}", PYTHON),
    Turn("mien-fer8", "mien {}, fer8 (eight classes)", Path(sys.executable)),
    Turn("mien", "mien {}, every frame", Path(sys.executable), every_frame=True),
)


class RunError(Exception):
    """A system did not read the clip."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 where something stands against it."""
    args = _parse(arguments)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    # Inherited by all that is started: as many cores for each, and each with its own threads.
    if sys.platform == "linux":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    try:
        _check(args)
        environment = Environment.look()
        make_environment(console)
        with tempfile.TemporaryDirectory(prefix="mien-peers-") as name:
            clip_or_sample = f"mien:{SAMPLE}" if args.clip is None else args.clip
            with closing(open_source(clip_or_sample)) as source:
                written = clip.write(source, Path(name), _title(args))
            with console.status("reading"):
                result = measure(
                    written, partial(start, written), TURNS, most=args.frames, rounds=args.rounds
                )
    except (MienError, RunError, ValueError) as error:
        print(f"benchmarks.peers: {error}", file=sys.stderr)
        return 1
    console.print(environment.describe(), markup=False)
    print_result(result, console)
    if args.json:
        text = json.dumps(to_plain([result], environment), indent=2)
        args.json.write_text(text + "\n", encoding="utf-8")
    if args.write:
        text = to_markdown([result], environment, _command(args))
        replace_marked(args.write, text, name=_mark(args))
    return 0


def make_environment(console: Console) -> None:
    """Install the others where that was not done yet, or for other versions.

    Raises:
        RunError: It did not work.
    """
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + SYSTEMS.read_bytes()).hexdigest()
    stamp = OWN / "installed"
    if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
        return
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    with console.status(f"installing in {OWN}, several GB (once)"):
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(OWN)],
            [*pip, "-r", str(REQUIREMENTS)],
            [*pip, "--no-deps", "--no-build-isolation", "-r", str(SYSTEMS)],
        ):
            if subprocess.run(command, check=False).returncode:
                raise RunError(f"failed: {shlex.join(command)}")
    stamp.write_text(wanted, encoding="ascii")


def measure(
    written: clip.Clip,
    run: Callable[[Turn, int], Run],
    turns: Sequence[Turn],
    *,
    most: int = FRAMES,
    rounds: int = ROUNDS,
) -> Result:
    """Let each system read the clip, mien before and after it; one that fails is left out.

    Args:
        written: The clip.
        run: Lets a system read every k-th frame of it.
        turns: The systems beside mien.
        most: Frames that are read, at most.
        rounds: How often each reads them.
    """
    chosen = figures.choose(len(written.times), most)
    seconds = figures.seconds_shown([written.times[index] for index in chosen])
    mine = [run(MIEN, chosen.step)]
    pairs: dict[Turn, list[tuple[Run, Sequence[Run]]]] = {
        turn: [] for turn in turns if chosen.step > 1 or not turn.every_frame
    }
    failures = []
    for _ in range(rounds):
        for turn in list(pairs):
            try:
                done = run(turn, 1 if turn.every_frame else chosen.step)
            except RunError as error:
                failures.append(str(error))
                del pairs[turn]
                continue
            mine.append(run(MIEN, chosen.step))
            pairs[turn].append((done, mine[-2:]))
    rows = [_row(MIEN, [(own, [own]) for own in mine], seconds)]
    rows += [_row(turn, runs, seconds) for turn, runs in pairs.items()]
    title = (
        f"{written.name}, {written.size[0]}x{written.size[1]}, {seconds:.1f} s, "
        f"{len(chosen)} of {len(written.times)} frames, {CORES} cores"
    )
    finding = (
        f"Medians of {rounds} runs, mien's of {len(mine)}; 'spread' is from the fastest to the "
        "slowest over the median: where it is large, other programs ran beside."
    )
    return Result(NAME, title, COLUMNS, tuple(rows), (finding, *failures))


def start(written: clip.Clip, turn: Turn, every: int) -> Run:
    """Let a system read the clip in a process of its own.

    Raises:
        RunError: It did not.
    """
    out = written.folder / "out.json"
    words = [turn.system, str(written.folder), str(out), "--every", str(every)]
    done = subprocess.run(
        [str(turn.python), str(READING), *words],
        env={**os.environ, **SETTINGS},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise RunError(f"{turn.system}: did not read the clip: {last or done.returncode}")
    found = json.loads(out.read_text(encoding="utf-8"))
    labels = tuple(found["labels"])
    return Run(found["version"], found["wall"] / len(labels), found["cpu"] / len(labels), labels)


def _row(
    turn: Turn, pairs: Sequence[tuple[Run, Sequence[Run]]], seconds: float
) -> dict[str, str | float]:
    """Return medians of runs, each beside mien's runs before and after it."""
    walls = [run.seconds for run, _ in pairs]
    first = pairs[0][0]
    return {
        "system": turn.title.format(first.version),
        "fps": 1 / median(walls),
        "spread": (max(walls) - min(walls)) / median(walls),
        "cpu_ms": median(run.cpu_seconds for run, _ in pairs) * 1000,
        "ratio": median(run.seconds / fmean(r.seconds for r in beside) for run, beside in pairs),
        "cpu_ratio": median(
            run.cpu_seconds / fmean(r.cpu_seconds for r in beside) for run, beside in pairs
        ),
        "changes": figures.changes(first.labels) / seconds * 60,
        "found": figures.found(first.labels),
    }


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers", description="mien beside others, on the same clip."
    )
    add = parser.add_argument
    add("--clip", type=Path, metavar="FILE", help="a short video (default: mien's own sample)")
    add("--frames", type=int, default=FRAMES, help="at most, spread evenly (default %(default)s)")
    add("--rounds", type=int, default=ROUNDS, help="runs of each (default %(default)s)")
    add("--json", type=Path, metavar="FILE", help="write all figures, unrounded")
    add("--write", type=Path, metavar="FILE", help="put Markdown between the marks of a file")
    return parser.parse_args(arguments)


def _check(args: argparse.Namespace) -> None:
    """Say what is wrong before minutes are spent on it."""
    if args.clip and not args.clip.is_file():
        raise ValueError(f"{args.clip}: no such file")
    if args.rounds < 1:
        raise ValueError(f"--rounds must be 1 or more, got {args.rounds}")
    if args.json and not args.json.parent.is_dir():
        raise ValueError(f"{args.json.parent}: no such folder; make it first")
    if args.write:
        split_marked(args.write, name=_mark(args))


def _title(args: argparse.Namespace) -> str:
    return SAMPLE if args.clip is None else str(args.clip.name)


def _mark(args: argparse.Namespace) -> str:
    return SAMPLE if args.clip is None else "clip"


def _command(args: argparse.Namespace) -> str:
    """Return the command that measures this again; what it does with the figures is left out."""
    parts = ["python", "-m", "benchmarks.peers"]
    parts += ["--clip", args.clip.name] if args.clip else []
    parts += ["--frames", str(args.frames)] if args.frames != FRAMES else []
    parts += ["--rounds", str(args.rounds)] if args.rounds != ROUNDS else []
    return shlex.join(parts)


if __name__ == "__main__":
    sys.exit(main())
