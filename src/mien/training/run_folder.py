"""The folder of a run: what it holds, one run at a time, each epoch kept whole.

It holds settings.json, checkpoint.safetensors, history.csv, the curves and, at the end, bundle/.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import msgspec

from mien.errors import TrainingError
from mien.files.locks import alone_in
from mien.files.writes import write_file
from mien.models.bundle import FOLDER
from mien.training.checkpoint import Checkpoint
from mien.training.curves import draw_curves, write_history
from mien.training.fit import OnEpoch, Row
from mien.types import PlotKind

SETTINGS, CHECKPOINT = "settings.json", "checkpoint.safetensors"
HISTORY, BUNDLE, DECODED = "history.csv", FOLDER, "decoded"
UNCHECKED = "bundle.unchecked"  # a bundle whose graph differs from PyTorch
# Seconds. To draw takes a third of one, which is longer than an epoch on few faces.
DRAWN_EVERY = 10.0
# Seconds of an epoch that are lost at most where a run is killed.
KEPT_EVERY = 180.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What keeps a run, as it goes on.

    Attributes:
        finished: To be called with the row of each finished epoch: it keeps what the checkpoint
            holds now, and the history.
        midway: To be called after each step: it keeps what the checkpoint holds now, if that was
            last done `KEPT_EVERY` seconds ago. Its argument is called before, to bring the
            checkpoint up to date.
    """

    finished: OnEpoch
    midway: Callable[[Callable[[], None]], None]


@contextlib.contextmanager
def opened_run(
    out: Path,
    record: dict[str, Any],
    checkpoint: Checkpoint,
    *,
    title: str,
    measure: str = "accuracy",
    plots: PlotKind = "png",
    resume: bool,
    on_epoch: OnEpoch | None = None,
) -> Iterator[Kept]:
    """Start a run folder, or load the checkpoint of the one that is there, for this process alone.

    Args:
        out: The folder.
        record: What must be the same for a run to be resumed.
        checkpoint: What is loaded into, and kept.
        title: Shown above the curves.
        measure: What is drawn beside the loss; see `draw_curves`.
        plots: How the curves are written.
        resume: Go on where a run was stopped.
        on_epoch: Called with each finished epoch once it is kept.

    Yields:
        What keeps the run. Curves are drawn at the end, however it comes, and every `DRAWN_EVERY`
        seconds until then.

    Raises:
        TrainingError: There is no run to resume, another one, or one already; or the folder cannot
            be written.
        InUseError: Another process trains into it.
    """
    curves = _Curves(out / curves_file(plots), checkpoint, title, measure)
    kept = time.monotonic()

    def keep() -> None:
        nonlocal kept
        checkpoint.save(out / CHECKPOINT, record)
        kept = time.monotonic()

    def midway(update: Callable[[], None]) -> None:
        if time.monotonic() - kept >= KEPT_EVERY:
            update()
            keep()

    def finished(row: Row) -> None:
        keep()
        with writing(out):
            write_history(out / HISTORY, checkpoint.history)
        curves.draw_when_due()
        if on_epoch:
            on_epoch(row)

    with contextlib.ExitStack() as stack:
        with writing(out):
            stack.enter_context(alone_in(out))
        if _is_resumed(out, resume=resume):
            checkpoint.load(out / CHECKPOINT, record)
            # A run that was killed may have kept the checkpoint of an epoch, but not yet its row.
            if checkpoint.history:
                with writing(out):
                    write_history(out / HISTORY, checkpoint.history)
        else:
            with writing(out):
                write_file(out / SETTINGS, msgspec.json.format(msgspec.json.encode(record)) + b"\n")
        try:
            yield Kept(finished, midway)
        finally:
            curves.draw_the_rest()


def curves_file(plots: PlotKind) -> str:
    """Return the name of the curves' file."""
    return f"curves.{plots}"


def _is_resumed(out: Path, *, resume: bool) -> bool:
    there = (out / CHECKPOINT).is_file()
    if resume and not there:
        raise TrainingError(f"{out}: no run to resume here; leave out --resume to start one")
    if there and not resume:
        raise TrainingError(
            f"{out}: a run is here already; --resume goes on, or name another --out"
        )
    return there


class _Curves:
    """The picture of a history that grows: drawn now and then, and at the end."""

    def __init__(self, path: Path, checkpoint: Checkpoint, title: str, measure: str) -> None:
        self._path, self._checkpoint, self._title, self._measure = path, checkpoint, title, measure
        self._epochs, self._when = 0, time.monotonic()

    def draw_when_due(self) -> None:
        """Draw, unless that was done a moment ago."""
        if time.monotonic() - self._when >= DRAWN_EVERY:
            self.draw_the_rest()

    def draw_the_rest(self) -> None:
        """Draw, unless it would be the same picture."""
        history = self._checkpoint.history
        if len(history) != self._epochs and history:
            with writing(self._path.parent):
                draw_curves(self._path, history, self._title, self._measure)
                self._remove_others()
            self._epochs, self._when = len(history), time.monotonic()

    def _remove_others(self) -> None:
        """Remove those of another kind, which a run before it was resumed may have drawn."""
        for kind in get_args(PlotKind):
            if (other := self._path.with_name(curves_file(kind))) != self._path:
                other.unlink(missing_ok=True)


@contextlib.contextmanager
def writing(out: Path) -> Iterator[None]:
    """Tell what the disk refuses as a `TrainingError`."""
    try:
        yield
    except OSError as error:
        raise TrainingError(f"{out}: cannot be written: {error.strerror}") from error
