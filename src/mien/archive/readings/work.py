"""Reading one part: its files through the pipeline into its table, which appears whole."""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import msgspec

from mien.archive.inputs import ChangedError, Item, at_hand, digest_of_file, unchanged
from mien.archive.places import Place
from mien.archive.readings import manifest
from mien.archive.readings.manifest import Row, Status
from mien.archive.readings.naming import Part
from mien.archive.readings.recipe import Identity, Models, Recipe
from mien.errors import PictureError, SinkError, SourceError
from mien.pipeline.run import run
from mien.protocols import Source
from mien.sinks.files import as_written
from mien.sinks.open import make_sinks
from mien.sources.images import PictureSource
from mien.sources.limited import limited
from mien.sources.video import VideoSource
from mien.types import Analysis, Frame


@dataclass(frozen=True, slots=True)
class Task:
    """A part, with the rows of it that hold if its files are what they were.

    Attributes:
        part: The part.
        known: Its rows of a former run, of which nothing else has changed; empty where it is to be
            read in any case.
    """

    part: Part
    known: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a part.

    Attributes:
        rows: Of its files.
        read: Whether it was read, and not found as it was.
        seconds: How long that took, by the clock on the wall.
        fatal: Why nothing more can be written, so that the run should end; "" where it can.
    """

    rows: tuple[Row, ...]
    read: bool = True
    seconds: float = 0.0
    fatal: str = ""


@dataclass(frozen=True, slots=True)
class ReadParts:
    """A `Work` that reads parts.

    Attributes:
        recipe: With what.
        identity: What that was where the run was started.
        place: Where tables go.
        alone: Whether the process is the work's, so that it may bound OpenCV's threads.
    """

    recipe: Recipe
    identity: Identity
    place: Place
    alone: bool = True

    def start(self) -> Callable[[Task], Outcome]:
        """Load the models, and see that they are those of who started the run."""
        if self.alone:
            cv2.setNumThreads(1)
        models = self.recipe.load()
        self.identity.check(self.recipe.identify())
        return _Reader(self, models)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads parts, one after another."""

    work: ReadParts
    models: Models

    def __call__(self, task: Task) -> Outcome:
        begun = time.perf_counter()
        if task.known and all(map(_is_same, task.part.items, task.known)):
            return Outcome(task.known, read=False)
        source = _PartSource(task.part, self.work.recipe)
        fatal = problem = ""
        try:
            with contextlib.suppress(_NothingReadError):
                self._read(source)
        except ChangedError as error:
            problem = str(error)
        except SinkError as error:
            fatal = problem = str(error)
        rows = tuple(self._row(tally, task.part.table, problem) for tally in source.tallies)
        return Outcome(rows, seconds=time.perf_counter() - begun, fatal=fatal)

    def _read(self, source: "_PartSource") -> None:
        """Read a part into its table; raise `_NothingReadError` where there is nothing for one."""
        table, classifier = source.part.table, self.models.classifier
        with self.work.place.put(table) as path:
            try:
                sinks = make_sinks(
                    classifier.labels,
                    other=classifier.other,
                    out=path,
                    settings=self.work.recipe.tables,
                )
                # A table is cheap to write, and is thrown away where it does not become whole.
                run(source, self.models.analyzer(), sinks, on_frame=source.count, apart=False)
            except SinkError as error:
                name = f"{self.work.place.name}/{as_written(table)}"
                raise SinkError(str(error).replace(str(path), name)) from error
            if not path.exists():
                if any(tally.frames for tally in source.tallies):
                    raise ChangedError(f"{as_written(table)}: was removed while it was written")
                raise _NothingReadError

    def _row(self, tally: "_Tally", table: str, problem: str) -> Row:
        row = self.work.identity.sign(tally.row())
        if problem:
            error = tally.error if tally.failed and tally.error else problem
            return self.work.identity.sign(
                manifest.failed(tally.item.file, tally.item.stamp, error)
            )
        return msgspec.structs.replace(row, table=as_written(table)) if row.frames else row


class _NothingReadError(Exception):
    """No frame of a part could be read, so that there is nothing for a table."""


def _is_same(item: Item, row: Row) -> bool:
    if item.stamp:
        return item.stamp == row.stamp
    try:
        return digest_of_file(Path(item.name), item.name) == row.digest
    except SourceError:
        return False


@dataclass(slots=True)
class _Tally:
    """What was seen of one file."""

    item: Item
    digest: str = ""
    frames: int = 0
    faces: int = 0
    seconds: float = 0.0
    error: str = ""
    failed: bool = False

    def row(self) -> Row:
        if self.frames:
            status: Status = "partly" if self.error else "read"
        else:
            status = "failed" if self.failed else "unreadable"
        return Row(
            file=self.item.file,
            digest=self.digest,
            stamp=self.item.stamp,
            frames=self.frames,
            faces=self.faces,
            seconds=round(self.seconds, 6),
            status=status,
            error=self.error,
        )


class _PartSource(Source):
    """The files of a part, one after the other, each of which is fetched when its turn comes.

    Frames have the names of files as the archive knows them, and what cannot be read is noted.
    """

    live = False

    def __init__(self, part: Part, recipe: Recipe) -> None:
        self.name, self.part = as_written(part.table), part
        self.tallies = [_Tally(item) for item in part.items]
        self._seconds, self._start, self._end = recipe.seconds, recipe.start, recipe.end
        self._place, self._closed = 0, False

    def __iter__(self) -> Iterator[Frame]:
        for place, tally in enumerate(self.tallies):
            self._place = place
            if self._closed:
                return
            try:
                yield from self._frames(tally)
            except ChangedError:
                tally.failed = True
                raise
            except SourceError as error:
                tally.error = tally.error or str(error)

    def count(self, frame: Frame, analysis: Analysis) -> None:
        """Count a frame that was read, of the file whose turn it is."""
        tally = self.tallies[self._place]
        tally.frames += 1
        tally.faces += len(analysis.readings)
        tally.seconds = frame.timestamp

    def close(self) -> None:
        self._closed = True

    def _frames(self, tally: _Tally) -> Iterator[Frame]:
        item = tally.item
        # Until its content is known, what fails is not the content.
        tally.failed = True
        with at_hand(item) as path, unchanged(path, item.name):
            tally.digest = digest_of_file(path, item.name)
            tally.failed = False
            try:
                source = self._open(path, item)
                for frame in source:
                    if self._closed:
                        return
                    index = self._place if item.is_picture and not frame.moving else frame.index
                    frame = dataclasses.replace(frame, index=index, source=item.name)
                    yield frame
                    del frame
            except (SourceError, PictureError) as error:
                raise SourceError(_of_item(str(error), path, item)) from error
            if source.skipped:
                tally.error = _of_item(source.skipped[-1].reason, path, item)

    def _open(self, path: Path, item: Item) -> Source:
        source = PictureSource([path]) if item.is_picture else VideoSource(path, threads=1)
        return limited(source, seconds=self._seconds, start=self._start, end=self._end)


def _of_item(words: str, path: Path, item: Item) -> str:
    """Return what was said of a file without its name, which stands beside it in the manifest."""
    return words.removeprefix(f"{SourceError(str(path))}: ").replace(str(path), item.name)
