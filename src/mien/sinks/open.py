"""Makes the outputs that a user asks for, each by the ending of its name."""

import contextlib
import errno
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

from mien import plugins
from mien.errors import SettingsError
from mien.protocols import Sink, Source
from mien.sinks import CsvSink, JsonlSink, ParquetSink, PictureSink, VideoSink, XlsxSink
from mien.sinks.files import refuse_existing, same_file, writing
from mien.sinks.layout import Layout, TableSettings, Thinned
from mien.sinks.notes import About, Noted, notes_path, refuse_foreign
from mien.sinks.plugin import PluginSink
from mien.sinks.tables import STDOUT
from mien.sources.files import VIDEO_SUFFIXES
from mien.vision.images.formats import SUFFIXES


@dataclass(frozen=True, slots=True)
class Table:
    """What a table is made with.

    Attributes:
        path: The file.
        layout: Its columns, and which rows it has.
        settings: How it is written.
        overwrite: Replace what is there.
        labels: The classes, in the order of the bundle.
        names: What is going to be read.
    """

    path: Path
    layout: Layout
    settings: TableSettings
    overwrite: bool
    labels: Sequence[str] = ()
    names: Sequence[str] = ()


Kinds = Mapping[str, Callable[[Table], Sink]]


def _csv(table: Table) -> Sink:
    settings = table.settings
    return CsvSink(
        table.path,
        table.layout,
        overwrite=table.overwrite,
        decimal=settings.decimal,
        bom=settings.bom,
    )


def _jsonl(table: Table) -> Sink:
    return JsonlSink(table.path, table.layout, overwrite=table.overwrite)


def _parquet(table: Table) -> Sink:
    return ParquetSink(table.path, table.layout, overwrite=table.overwrite)


def _xlsx(table: Table) -> Sink:
    return XlsxSink(table.path, table.layout, overwrite=table.overwrite)


# A new kind of table is its class and a row here.
TABLES: Kinds = {
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".parquet": _parquet,
    ".xlsx": _xlsx,
}
CSV = ".csv"
NO_MORE: Kinds = MappingProxyType({})
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
    settings: TableSettings | None = None,
    about: About | None = None,
    more: Kinds = NO_MORE,
    live: bool = False,
) -> list[Sink]:
    """Make the outputs that a user asks for.

    Args:
        labels: The classes, for the columns of the table.
        other: Whether the bundle tells something else apart, for one more column.
        out: A .csv, .jsonl, .parquet or .xlsx file; "-" is CSV on standard output.
        annotate: A .mp4 file, or a folder for annotated pictures.
        sound: Whether an annotated video keeps the sound of video files.
        overwrite: Replace what is there.
        source: What is going to be read, which is never overwritten.
        settings: What the table holds, and how it is written.
        live: Whether what is read is live, though no source is given.
        about: What notes beside the table say of where it came from; None for no notes.
        more: Further kinds of files by their suffixes, of rooms above this one.

    Raises:
        SettingsError: The ending is of no known format, it has no such column, or a source would be
            overwritten.
        SinkError: It exists already, or cannot be written.
    """
    makers: list[Callable[[], Sink]] = []
    names = () if source is None else source.names
    if out is not None:
        settings = settings or TableSettings()
        live = live or (source is not None and source.live)
        layout = settings.layout(labels, other=other, live=live)
        table = Table(out, layout, settings, overwrite, labels, names)
        makers.append(_table_maker(table, about, more))
    if annotate is not None:
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
    if str(path) == STDOUT:
        raise SettingsError(
            f"--annotate {STDOUT}: pictures cannot go to standard output; name a folder, or a "
            f"{VIDEO} file"
        )
    if path.is_file() and any(same_file(path, Path(name)) for name in names):
        raise SettingsError(f"{path}: is to be read, and would be overwritten; choose another name")


def check_table(out: Path, settings: TableSettings, more: Kinds = NO_MORE) -> None:
    """Refuse a table that cannot be, before anything is loaded or made.

    Raises:
        SettingsError: The ending is of no known format, a setting is not of it, or there is no such
            column.
    """
    settings.check()
    kinds = _kinds(out, more)
    kind = _kind(out, kinds)
    for name, is_set in (("--decimal", settings.decimal != "."), ("--bom", settings.bom)):
        if is_set and kind != CSV:
            raise SettingsError(f"{name} is of CSV only, and {out} is none; leave it out")
    if settings.columns and kind in more:
        raise SettingsError(f"--columns is of tables only, and {out} is none; leave it out")


def refuse_taken(
    out: Path | None,
    annotate: Path | None = None,
    *,
    overwrite: bool,
    source: Source | None = None,
) -> None:
    """Refuse outputs that are there already before models are loaded and usual faces learnt.

    Who makes them looks again.

    Args:
        out: As that of `make_sinks`, once `check_table` has taken it.
        annotate: As that of `make_sinks`.
        overwrite: Replace what is there.
        source: What is going to be read, which is never overwritten.

    Raises:
        SettingsError: A source would be overwritten, or pictures go to standard output.
        SinkError: It exists already, or is a folder.
    """
    if annotate is not None:
        _refuse_source(annotate, () if source is None else source.names)
    if out is not None and str(out) != STDOUT and out.suffix.lower() in TABLES:
        refuse_foreign(notes_path(out), overwrite=overwrite)
    video = annotate if annotate is not None and annotate.suffix.lower() == VIDEO else None
    for path in (out, video):
        if path is None or str(path) == STDOUT:
            continue
        with writing(path):
            refuse_existing(path, overwrite=overwrite)
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))


def _kinds(path: Path, more: Kinds) -> Kinds:
    """Return what can be written; what other packages add is looked for where it is needed."""
    own = {**TABLES, **more}
    if str(path) == STDOUT or path.suffix.lower() in own:
        return own
    taken = [suffix.removeprefix(".") for suffix in own]
    found = plugins.plugins(plugins.SINKS, taken)
    return own | {
        f".{one.name}": partial(_of_plugin, one) for one in found if one.name not in taken
    }


def _of_plugin(plugin: plugins.Plugin, table: Table) -> Sink:
    return PluginSink(
        plugin,
        table.path,
        lambda factory, place: factory(replace(table, path=place)),
        overwrite=table.overwrite,
        names=tuple(table.names),
    )


def _kind(path: Path, kinds: Kinds) -> str:
    """Return the suffix by which a file is made; raise `SettingsError` where there is none."""
    kind = CSV if str(path) == STDOUT else path.suffix.lower()
    if kind not in kinds:
        *most, last = kinds
        raise SettingsError(
            f"{path}: no format that mien writes; name a {', '.join(most)} or {last} file, "
            "-, or a folder, which ends with a slash"
        )
    return kind


def _table_maker(table: Table, about: About | None, more: Kinds) -> Callable[[], Sink]:
    check_table(table.path, table.settings, more)
    kinds = _kinds(table.path, more)
    kind = _kind(table.path, kinds)
    # Notes tell of columns.
    return partial(_make_table, table, None if kind in more else about, kinds[kind])


def _make_table(table: Table, about: About | None, make: Callable[[Table], Sink]) -> Sink:
    has_notes = about is not None and str(table.path) != STDOUT
    notes = notes_path(table.path) if has_notes else None
    if notes is not None:
        refuse_foreign(notes, overwrite=table.overwrite)
    sink = make(table)
    if about is not None and notes is not None:
        sink = Noted(sink, table.path, about.text(table.layout, table.path.name))
    return sink if table.settings.every is None else Thinned(sink, table.settings.every)


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
