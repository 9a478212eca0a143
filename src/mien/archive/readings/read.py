"""Reads an archive: lists its files, hands out what is missing or has changed, keeps the books."""

import contextlib
import dataclasses
import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mien.archive.engines import Done, HereEngine, closing, make_engine
from mien.archive.inputs import list_items
from mien.archive.places import LocalPlace, Place, is_remote, open_place
from mien.archive.readings import manifest
from mien.archive.readings.ledger import Ledger
from mien.archive.readings.manifest import STANDS, Row
from mien.archive.readings.naming import Part, parts_of
from mien.archive.readings.recipe import Identity, Recipe
from mien.archive.readings.settings import ArchiveSettings, table_suffix
from mien.archive.readings.work import Outcome, ReadParts, Task
from mien.archive.shards import WHOLE, parse_shard, share
from mien.errors import ArchiveError, SinkError
from mien.sinks.files import as_written
from mien.sinks.open import check_table
from mien.sources.files import at_home
from mien.sources.limited import check_times
from mien.types import OnProgress, Skipped

LOG = logging.getLogger(__name__)
# Rows that need not be read again while nothing changes.
SETTLED = STANDS | {"unreadable", "absent"}


@dataclass(slots=True)
class ArchiveSummary:
    """What a run over an archive did.

    Attributes:
        files: Pictures and videos that were found, in this shard.
        good: Those of them whose readings are there now, to their end or as far as they go.
        unchanged: Those that a former run has looked at, and that are what they were.
        frames: Frames of the files that were read now.
        faces: Faces in all of them together.
        seconds: Seconds of stream of all of them.
        wall: Seconds that it took, by the clock on the wall.
        problems: Rows of this shard that are not "read".
        skipped: What was found and is no file that is read here.
        missed: Whether something that was asked for by name could not be read.
        whole: Whether manifest.csv speaks of the whole: no other shard has anything to read.
    """

    files: int = 0
    good: int = 0
    unchanged: int = 0
    frames: int = 0
    faces: int = 0
    seconds: float = 0.0
    wall: float = 0.0
    problems: list[Row] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    missed: bool = False
    whole: bool = False


def read_archive(
    sources: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    recipe: Recipe | None = None,
    settings: ArchiveSettings | None = None,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> ArchiveSummary:
    """Read files into a folder: a table for each video and each folder of pictures.

    What a former run has read is not read again while neither the file nor the recipe has changed.
    A file that cannot be read costs its own readings only, and `manifest.csv` says why. Tables of
    files that are no longer there stay, and their rows say "absent".

    Args:
        sources: Pictures, videos, folders and patterns, or addresses of such for fsspec.
        out: A folder, or its address.
        recipe: What reads; as `mien.load()` unless given. Its suffix is that of the format.
        settings: Jobs, shard, engine, format.
        overwrite: Read everything anew.
        on_progress: Called with "files" and "faces", how many are done, and of how many.

    Raises:
        SettingsError: A setting cannot be, or a source is a camera, a stream or the sample.
        SourceError: There is nothing like one of the sources.
        ArchiveError: The folder lies inside of one, or holds a damaged manifest.
        InUseError: Another process reads this shard into this folder.
        SinkError: Nothing can be written.
        BundleError: The model is missing or damaged.
        EngineError: No worker can be started.
        MissingExtraError: Packages are not installed that the format, engine or address needs.
    """
    settings = settings or ArchiveSettings()
    specs = [sources] if isinstance(sources, str | Path) else list(sources)
    run = _Run([str(spec) for spec in specs], open_place(str(out)), recipe or Recipe(), settings)
    return run.read(overwrite=overwrite, on_progress=on_progress or (lambda *_: None))


class _Run:
    """One run over an archive."""

    def __init__(
        self, specs: list[str], place: Place, recipe: Recipe, settings: ArchiveSettings
    ) -> None:
        suffix = table_suffix(settings.format)
        self._specs, self._place = specs, place
        self._recipe = dataclasses.replace(recipe, suffix=suffix)
        self._shard = parse_shard(settings.shard)
        self._engine = make_engine(settings.engine, jobs=settings.jobs)
        _refuse_inside(specs, place)
        check_times(recipe.start, recipe.end)
        check_table(Path(f"tables{suffix}"), self._recipe.tables)
        self._identity = self._recipe.identify()
        self.summary = ArchiveSummary()

    def read(self, *, overwrite: bool, on_progress: OnProgress) -> ArchiveSummary:
        begun = time.perf_counter()
        items = list_items(self._specs, self.summary.skipped)
        with self._place.alone(manifest.shard_name(self._shard)):
            known = manifest.rows_of(self._place)
            everything = parts_of(items, self._recipe.suffix, known)
            parts = share(everything, self._shard)
            tasks = list(_tasks(parts, {} if overwrite else known, self._identity, self._place))
            ledger = Ledger(self._place, self._shard, known, everything)
            ledger.add(_first_rows(tasks))
            ledger.save()
            # The same from every shard and engine.
            notes = self._recipe.about().text(self._recipe.layout(), "")
            self._place.write(manifest.NOTES, notes)
            self.summary.files = sum(len(task.part.items) for task in tasks)
            with ledger.kept(), self._tidy(tasks):
                self._hand_out(tasks, ledger, on_progress)
            self.summary.whole = ledger.merge(self._identity)
            if self.summary.whole and self._shard != WHOLE:
                self._place.clean(_folders(part.table for part in everything))
        self._sum_up(parts, ledger)
        self.summary.wall = time.perf_counter() - begun
        return self.summary

    @contextlib.contextmanager
    def _tidy(self, tasks: Sequence[Task]) -> Iterator[None]:
        """Remove what was left unfinished by former runs, and by workers that are killed now.

        Of several shards the last one does: on a disk whose locks hold on one machine only, what
        another machine is at looks like what was left.
        """
        folders = _folders(task.part.table for task in tasks) if self._shard == WHOLE else set()
        self._place.clean(folders)
        try:
            yield
        finally:
            self._place.clean(folders)

    def _hand_out(self, tasks: list[Task], ledger: Ledger, on_progress: OnProgress) -> None:
        here = isinstance(self._engine, HereEngine)
        work = ReadParts(self._recipe, self._identity, self._place, alone=not here)
        files = 0
        on_progress("files", 0, self.summary.files)
        with closing(self._engine.run(work, tasks)) as results:
            for done in results:
                outcome = self._outcome(done)
                self._count(done.task, outcome)
                ledger.add(outcome.rows)
                files += len(outcome.rows)
                on_progress("files", files, self.summary.files)
                on_progress("faces", self.summary.faces, None)
                if outcome.fatal:
                    raise SinkError(outcome.fatal)

    def _outcome(self, done: Done[Task, Outcome]) -> Outcome:
        if done.result is not None:
            return done.result
        rows = (
            manifest.failed(item.file, item.stamp, done.error or "")
            for item in done.task.part.items
        )
        return Outcome(tuple(map(self._identity.sign, rows)))

    def _count(self, task: Task, outcome: Outcome) -> None:
        if not outcome.read:
            self.summary.unchanged += len(outcome.rows)
            return
        frames = sum(row.frames for row in outcome.rows)
        self.summary.frames += frames
        self.summary.faces += sum(row.faces for row in outcome.rows)
        self.summary.seconds += sum(row.seconds for row in outcome.rows)
        LOG.info(
            "%s: %d files, %d frames, %.2f s",
            as_written(task.part.table),
            len(outcome.rows),
            frames,
            outcome.seconds,
        )

    def _sum_up(self, parts: Sequence[Part], ledger: Ledger) -> None:
        items = [item for part in parts for item in part.items]
        named = {item.file for item in items if item.named}
        rows = sorted((ledger[item.file] for item in items), key=lambda row: row.file)
        self.summary.good = sum(row.status in STANDS for row in rows)
        self.summary.problems = [row for row in rows if row.status != "read"]
        self.summary.missed = any(
            row.status == "failed" or row.file in named for row in self.summary.problems
        ) or any(one.named for one in self.summary.skipped)


def _folders(tables: Iterable[str]) -> set[str]:
    return {table.rpartition("/")[0] for table in tables}


def _refuse_inside(specs: Sequence[str], place: Place) -> None:
    """Raise `ArchiveError` where results would lie in a folder that is read."""
    if not isinstance(place, LocalPlace):
        return
    for spec in specs:
        if not is_remote(spec) and at_home(Path(spec)).is_dir():
            folder = at_home(Path(spec)).resolve()
            if place.folder.resolve().is_relative_to(folder):
                raise ArchiveError(
                    f"{place.name}: lies inside {spec}, which is read; name a folder beside it"
                )
    if place.folder.exists() and not place.folder.is_dir():
        raise ArchiveError(f"{place.name}: is a file; name a folder for the tables")


def _tasks(
    parts: Sequence[Part], known: Mapping[str, Row], identity: Identity, place: Place
) -> Iterator[Task]:
    tables: dict[str, set[str]] = {}
    for row in known.values():
        tables.setdefault(row.table, set()).add(row.file)
    for part in parts:
        table, files = as_written(part.table), [item.file for item in part.items]
        rows = [known[file] for file in files if file in known]
        settled = len(rows) == len(files) and all(_holds(row, table, identity) for row in rows)
        # A picture that is gone leaves its rows in the table of its folder.
        same = settled and tables.get(table, set()) <= {*files}
        written = not any(row.table for row in rows) or (same and place.has(part.table))
        yield Task(part, tuple(map(_found_again, rows)) if same and written else ())


def _holds(row: Row, table: str, identity: Identity) -> bool:
    return identity.made(row) and row.status in SETTLED and row.table in ("", table)


def _found_again(row: Row) -> Row:
    if row.status != "absent":
        return row
    return manifest.with_status(row, "partly" if row.error else "read")


def _first_rows(tasks: Iterable[Task]) -> Iterator[Row]:
    for task in tasks:
        yield from task.known or (Row(file=item.file) for item in task.part.items)
