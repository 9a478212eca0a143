"""Makes the outputs that a user asks for, each by the ending of its name."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mien.errors import SettingsError
from mien.protocols import Sink, Source
from mien.sinks import CsvSink, JsonlSink, ParquetSink, PictureSink, VideoSink
from mien.sinks.files import same_file
from mien.sinks.tables import STDOUT
from mien.sources.files import VIDEO_SUFFIXES
from mien.vision.images.formats import SUFFIXES


@dataclass(frozen=True, slots=True)
class _Table:
    """What a table is made with."""

    path: Path
    labels: Sequence[str]
    other: bool
    overwrite: bool


def _csv(table: _Table) -> Sink:
    return CsvSink(table.path, table.labels, other=table.other, overwrite=table.overwrite)


def _jsonl(table: _Table) -> Sink:
    return JsonlSink(table.path, other=table.other, overwrite=table.overwrite)


def _parquet(table: _Table) -> Sink:
    return ParquetSink(table.path, table.labels, other=table.other, overwrite=table.overwrite)


# A new kind of table is its class and a row here.
TABLES: Mapping[str, Callable[[_Table], Sink]] = {
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".parquet": _parquet,
}
VIDEO = ".mp4"


def make_sinks(
    labels: Sequence[str],
    *,
    other: bool = False,
    out: Path | None = None,
    annotate: Path | None = None,
    sound: bool = True,
    overwrite: bool = False,
    source: Source | None = None,
) -> list[Sink]:
    """Make the outputs that a user asks for.

    Args:
        labels: The classes, for the columns of the table.
        other: Whether the bundle tells something else apart, for one more column.
        out: A .csv, .jsonl or .parquet file; "-" is CSV on standard output.
        annotate: A .mp4 file, or a folder for annotated pictures.
        sound: Whether an annotated video keeps the sound of video files.
        overwrite: Replace what is there.
        source: What is going to be read, which is never overwritten.

    Raises:
        SettingsError: The ending is of no known format, or a source would be overwritten.
        SinkError: It exists already, or cannot be written.
    """
    makers: list[Callable[[], Sink]] = []
    if out is not None:
        makers.append(_table_maker(_Table(out, labels, other, overwrite)))
    if annotate is not None:
        names = () if source is None else source.names
        _refuse_source(annotate, names)
        makers.append(_picture_maker(annotate, names, overwrite, sound=sound))
    # All names are judged before the first file is made, and none stays open if a later one fails.
    with contextlib.ExitStack() as made:
        sinks = []
        for maker in makers:
            sinks.append(maker())
            made.callback(sinks[-1].close)
        made.pop_all()
    return sinks


def _refuse_source(path: Path, names: Sequence[str]) -> None:
    if path.is_file() and any(same_file(path, Path(name)) for name in names):
        raise SettingsError(f"{path}: is to be read, and would be overwritten; choose another name")


def _table_maker(table: _Table) -> Callable[[], Sink]:
    make = _csv if str(table.path) == STDOUT else TABLES.get(table.path.suffix.lower())
    if make is None:
        *most, last = TABLES
        raise SettingsError(
            f"{table.path}: no format that mien writes; name a {', '.join(most)} or {last} file, "
            "-, or a folder, which ends with a slash"
        )
    return partial(make, table)


def _picture_maker(
    path: Path, sources: Sequence[str], overwrite: bool, *, sound: bool
) -> Callable[[], Sink]:
    suffix = path.suffix.lower()
    if suffix == VIDEO:
        return partial(VideoSink, path, overwrite=overwrite, sources=sources, sound=sound)
    if suffix in SUFFIXES | VIDEO_SUFFIXES and not path.is_dir():
        raise SettingsError(
            f"{path}: annotated pictures go to a folder and annotated videos to a {VIDEO} file"
        )
    return partial(PictureSink, path, overwrite=overwrite, sources=sources)
