"""Runs commands of mien in processes that have all imports done already, and ends them.

Each is forked from a server that has imported everything and done nothing, so that hundreds of runs
take minutes.
"""

import contextlib
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from torture import discs

PRELOAD = ("torch", "torch.onnx", "onnxruntime", "pyarrow.parquet", "matplotlib.figure")
PRELOAD += ("mien.training.expression.run", "mien.datasets.preparation.prepare")
PRELOAD += ("mien.evaluation.output.write", "mien.cli.predict")
# What a process does to names on the disk, one step each.
STEPS = ("rename", "replace", "unlink", "rmdir", "mkdir", "link")
LONGEST = 300.0


@dataclass(frozen=True)
class Ending:
    """How a run is ended.

    Attributes:
        step: Killed before this step on the disk, from 0; None for no such kill.
        seconds: Killed after so many seconds; None for no such kill.
        bytes: No file may grow beyond this, as on a full disk; None for no limit.
    """

    step: int | None = None
    seconds: float | None = None
    bytes: int | None = None


@dataclass(frozen=True)
class Ended:
    """What became of a run: its exit status (-9: killed), what it said, and how long it took."""

    status: int
    errors: str
    seconds: float


def context() -> multiprocessing.context.ForkServerContext:
    """Return what starts processes; the first start imports everything."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(list(PRELOAD))
    return made


def run(words: Sequence[str], folder: Path, ending: Ending | None = None) -> Ended:
    """Run `mien` in a folder until it ends or is ended."""
    log = folder.parent / "errors.txt"
    process = context().Process(target=_work, args=(list(words), folder, log, ending or Ending()))
    begun = time.monotonic()
    process.start()
    process.join(LONGEST if ending is None or ending.seconds is None else ending.seconds)
    if process.is_alive():
        process.kill()
        process.join()
    status = process.exitcode if process.exitcode is not None else -1
    return Ended(status, log.read_text(errors="replace"), time.monotonic() - begun)


def _work(words: list[str], folder: Path, log: Path, ending: Ending) -> None:
    os.chdir(folder)
    with log.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    if ending.bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (ending.bytes, resource.RLIM_INFINITY))
    if ending.step is not None:
        _die_at(ending.step)
    sys.argv = ["mien", *words]
    from mien.cli import main

    if words[0] == "train-detector":
        discs.stand_in()

    status = 1
    with contextlib.suppress(SystemExit):
        status = main(words)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _die_at(step: int) -> None:
    """Have this process killed before its n-th step on the disk."""
    left = step

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def do(*args: object, **options: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **options)

        return do

    from mien.files import writes

    # What rmtree may do is asked once, by the functions themselves.
    safe = shutil.rmtree.avoids_symlink_attacks
    for name in STEPS:
        setattr(os, name, counted(getattr(os, name)))
    writes.exchange = counted(writes.exchange)  # type: ignore[assignment]
    assert shutil.rmtree.avoids_symlink_attacks == safe
