"""Makes the outputs that a user asks for, each by the ending of its name."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

from mien.errors import SettingsError
from mien.protocols import Sink, Source
from mien.sinks import CsvSink, JsonlSink, ParquetSink, PictureSink, VideoSink
from mien.sinks.files import same_file
from mien.sinks.tables import STDOUT
from mien.sources.files import VIDEO_SUFFIXES
from mien.vision.images.formats import SUFFIXES


@dataclass(frozen=True, slots=True)
class Table:
    """What a table is made with.

    Attributes:
        path: The file.
        labels: The classes, in the order of the bundle.
        other: Whether the bundle tells something else apart.
        overwrite: Replace what is there.
        names: What is going to be read.
    """

    path: Path
    labels: Sequence[str]
    other: bool
    overwrite: bool
    names: Sequence[str] = ()


Kinds = Mapping[str, Callable[[Table], Sink]]


def _csv(table: Table) -> Sink:
    return CsvSink(table.path, table.labels, other=table.other, overwrite=table.overwrite)


def _jsonl(table: Table) -> Sink:
    return JsonlSink(table.path, other=table.other, overwrite=table.overwrite)


def _parquet(table: Table) -> Sink:
    return ParquetSink(table.path, table.labels, other=table.other, overwrite=table.overwrite)


# A new kind of table is its class and a row here.
TABLES: Kinds = {
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
    overwrite: bool = False,
    source: Source | None = None,
    more: Kinds = MappingProxyType({}),
) -> list[Sink]:
    """Make the outputs that a user asks for.

    Args:
        labels: The classes, for the columns of the table.
        other: Whether the bundle tells something else apart, for one more column.
        out: A .csv, .jsonl or .parquet file; "-" is CSV on standard output.
        annotate: A .mp4 file, or a folder for annotated pictures.
        overwrite: Replace what is there.
        source: What is going to be read, which is never overwritten.
        more: Further kinds of tables by their suffixes, of rooms above this one.

    Raises:
        SettingsError: The ending is of no known format, or a source would be overwritten.
        SinkError: It exists already, or cannot be written.
    """
    makers: list[Callable[[], Sink]] = []
    names = () if source is None else source.names
    if out is not None:
        makers.append(_table_maker(Table(out, labels, other, overwrite, names), {**TABLES, **more}))
    if annotate is not None:
        _refuse_source(annotate, names)
        makers.append(_picture_maker(annotate, names, overwrite))
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


def _table_maker(table: Table, kinds: Kinds) -> Callable[[], Sink]:
    make = _csv if str(table.path) == STDOUT else kinds.get(table.path.suffix.lower())
    if make is None:
        *most, last = kinds
        raise SettingsError(
            f"{table.path}: no format that mien writes; name a {', '.join(most)} or {last} file, "
            "-, or a folder, which ends with a slash"
        )
    return partial(make, table)


def _picture_maker(path: Path, sources: Sequence[str], overwrite: bool) -> Callable[[], Sink]:
    suffix = path.suffix.lower()
    if suffix == VIDEO:
        return partial(VideoSink, path, overwrite=overwrite)
    if suffix in SUFFIXES | VIDEO_SUFFIXES and not path.is_dir():
        raise SettingsError(
            f"{path}: annotated pictures go to a folder and annotated videos to a {VIDEO} file"
        )
    return partial(PictureSink, path, overwrite=overwrite, sources=sources)
