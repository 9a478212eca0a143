"""What all commands print with: one console for results, one for progress and errors."""

import contextlib
import logging
import os
import shlex
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from mien.errors import printable

if TYPE_CHECKING:  # it needs numpy, and `mien doctor` must be able to say that numpy is missing
    from mien.sources.reconnect import Notice
    from mien.types import OnProgress


MOST_REMARKS = 20


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to `main`; rich would end the program with 1."""
        raise BrokenPipeError


# Without emoji, because a file's name may well hold ":smile:".
out = _Console(highlight=False, soft_wrap=True, emoji=False)
err = _Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


@contextlib.contextmanager
def output_set(*, quiet: bool, verbose: int, level: str | None) -> Iterator[None]:
    """Say as much on standard error as was asked for, and afterwards as before.

    Errors are always said. It ends with the command, because a program may run several by `main`.

    Args:
        quiet: Neither progress nor remarks.
        verbose: 1 prints mien's log from "info" on, 2 from "debug" on.
        level: From which level on the log is printed, whatever else is said.
    """
    root, ours = logging.getLogger(), logging.getLogger("mien")
    before = err.quiet, root.level, ours.level, root.handlers[:]
    err.quiet = quiet
    chosen = level or (("warning", "info", "debug")[min(verbose, 2)])
    # Not by `basicConfig(force=True)`, which closes the handlers that are to come back.
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    root.handlers[:] = [handler]
    ours.setLevel(chosen.upper())
    if verbose > 1 or level == "debug":
        root.setLevel(logging.INFO)
    try:
        yield
    finally:
        err.quiet = before[0]
        root.setLevel(before[1])
        ours.setLevel(before[2])
        root.handlers[:] = before[3]


def print_error(message: str) -> None:
    """Print one line that says what went wrong."""
    err.quiet = False
    err.print("mien: " + printable(message), style="bold red", markup=False)


def print_notice(notice: "Notice") -> None:
    """Print the line of a source that has broken off and is waited for, or is back."""
    err.print(printable(notice.message), markup=False)


def print_live(bundle: Path) -> None:
    """Print the command that shows what a model makes of a camera."""
    name = printable(str(bundle))
    typed = subprocess.list2cmdline([name]) if os.name == "nt" else shlex.quote(name)
    out.print(f"see it live: mien live --model {typed}", markup=False)


def print_some(lines: Sequence[str], *, failed: bool = False) -> None:
    """Print the first of many remarks, and how many more there are.

    Args:
        lines: The remarks.
        failed: Whether the program ends with a status for them: then they are always said.
    """
    before, err.quiet = err.quiet, err.quiet and not failed
    for line in lines[:MOST_REMARKS]:
        err.print(printable(f"  {line}"), markup=False)
    if len(lines) > MOST_REMARKS:
        err.print(f"  and {len(lines) - MOST_REMARKS:,} more")
    err.quiet = before


def count(number: int, noun: str) -> str:
    """Return so many of something in words."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


class _Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


@contextlib.contextmanager
def progress() -> Iterator["OnProgress"]:
    """Show a bar for each stage of long work, with speed and time left.

    Yields:
        A function to call with the stage, how much is done, and of how much where that is known.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Speed(),
        TimeRemainingColumn(),
    )
    bars = Progress(*columns, console=err)
    tasks = {}

    def update(stage: str, done: int, total: int | None) -> None:
        if stage not in tasks:
            # Not before there is something to show: it prints an empty line where there is none.
            bars.start()
            tasks[stage] = bars.add_task(stage, total=total)
        bars.update(tasks[stage], completed=done, total=total)

    try:
        yield update
    finally:
        if tasks:
            bars.stop()


@contextlib.contextmanager
def counted(stage: str, total: int | None) -> Iterator[Callable[..., None]]:
    """Show a bar that moves by one with each call.

    Args:
        stage: What is done.
        total: How often, where that is known.

    Yields:
        What to call, with whatever there is: as it is told of each frame.
    """
    done = 0
    with progress() as update:

        def count_one(*_: object) -> None:
            nonlocal done
            done += 1
            # An animation among pictures has more frames than one.
            update(stage, done, total and max(total, done))

        yield count_one
