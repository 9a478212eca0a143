"""`mien predict`: read pictures, videos, cameras and streams into a table, or onto the screen.

Where `--out` is a folder, `mien.cli.predict_folder` goes on.
"""

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec

from mien.archive.readings.settings import ArchiveSettings
from mien.cli import lsl, predict_folder, predict_hidden
from mien.cli.about import about
from mien.cli.baseline import learn_baseline
from mien.cli.console import count, counted, err, out, print_notice, print_some
from mien.cli.models import ModelOptions, add_all, make_models
from mien.cli.options import add_options, read, typed
from mien.errors import SettingsError, printable
from mien.pipeline.analyzer import Analyzer
from mien.pipeline.meter import Meter, RunSummary
from mien.pipeline.run import OnFrame
from mien.pipeline.run import run as run_pipeline
from mien.protocols import Sink, Source
from mien.recordings.sink import SINKS
from mien.registry import make_analyzer
from mien.settings import flag
from mien.sinks.layout import TableSettings
from mien.sinks.lsl.library import LslSettings
from mien.sinks.open import check_table, make_sinks, refuse_taken
from mien.sources.limited import check_times, is_still, limited, parse_part
from mien.sources.open import ACCEPTED, open_sources, refuse_unreachable
from mien.types import SOMETHING_ELSE, Analysis, Frame, Reading
from mien.vision.cover import Style
from mien.vision.looks import verdict

STDOUT = Path("-")


class PredictOptions(ModelOptions, frozen=True, kw_only=True):
    """What is read, and where it goes.

    Attributes:
        sources: What is read.
        out: A .csv, .jsonl, .parquet or .xlsx file, one row per face, and beside it notes on what
            it was made with (.json); - for CSV on standard output, which is the default where that
            is no terminal. Of one video also .vtt, .srt (subtitles), .eaf (ELAN) or .tsv (BORIS),
            one entry per look and person. A folder, such as readings/, gets a table for each video
            and each folder of pictures, and goes on where it was ended.
        annotate: Draw what was read: pictures into a folder, or a video.
        sound: An annotated video keeps the sound of the video; --no-sound leaves it out.
        hide: Cover all faces in what --annotate writes, before it is shared: "blur" leaves patches
            of light, "block" nothing. Files only, which are read twice.
        hide_except: Leave one person of a video as they are, by the number that a run without
            --hide gives them.
        words: What was read is written over covered faces; --no-words leaves it out.
        overwrite: Replace files that exist.
        frames: End after so many pictures.
        seconds: End each video, camera or stream after so many seconds of its own.
        start: Begin each video at this time of its own, in seconds or as hh:mm:ss.
        end: End each video, camera or stream at this time of its own.
        any_angle: Also find heads that lie on their side or are upside down: four searches for one.
        baseline: Seconds (or hh:mm:ss) of each video from and until which everybody's face is at
            rest: they are read beside it. For one camera and one light.
        baseline_picture: A picture of the face at rest of who comes first, and alone: they are read
            beside it. For the same camera and light; several may be named, each after its own.
        stats: Say at the end how fast it was.
    """

    sources: Annotated[
        tuple[str, ...],
        msgspec.Meta(extra={"positional": True, "metavar": "SOURCE", "also": "--source"}),
    ] = ()
    out: Annotated[str | None, msgspec.Meta(extra={"metavar": "FILE|FOLDER/"})] = None
    annotate: Annotated[Path | None, msgspec.Meta(extra={"metavar": "FOLDER|FILE.mp4"})] = None
    sound: bool = True
    hide: Style | None = None
    hide_except: Annotated[int, msgspec.Meta(ge=1)] | None = None
    words: bool = True
    overwrite: Annotated[bool, msgspec.Meta(extra={"old": ("--force",)})] = False
    frames: int | None = None
    seconds: float | None = None
    start: Annotated[str | None, msgspec.Meta(extra={"metavar": "TIME"})] = None
    end: Annotated[str | None, msgspec.Meta(extra={"metavar": "TIME"})] = None
    any_angle: bool = False
    baseline: Annotated[
        tuple[str, str] | None, msgspec.Meta(extra={"metavar": ("START", "END")})
    ] = None
    baseline_picture: Annotated[
        tuple[Path, ...], msgspec.Meta(extra={"metavar": "FILE", "repeated": True})
    ] = ()
    stats: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mien predict`."""
    parser.epilog = "Write ./ before a name that begins with a dash."
    add_all(parser, PredictOptions, {"sources": ACCEPTED})
    add_options(parser.add_argument_group("what the table holds"), TableSettings)
    add_options(parser.add_argument_group("into a folder"), ArchiveSettings)
    lsl.add_options_to(parser, LslSettings)


def run(args: argparse.Namespace) -> int:
    """Read the sources; 1 where nothing could be read, or not all that was named."""
    options, archive = read(args, PredictOptions), typed(args, ArchiveSettings)
    predict_hidden.check(options)
    streams = read(args, LslSettings)
    folder = predict_folder.is_meant(options.out, archive)
    lsl.check(streams, typed(args, LslSettings), folder=folder)
    if folder:
        return predict_folder.run(options, read(args, ArchiveSettings), read(args, TableSettings))
    tables = read(args, TableSettings)
    table = _table(options, tables, typed(args, TableSettings))
    check_times(*_times(options))
    if options.seconds is None:
        refuse_unreachable(options.sources)
    opened = open_sources(options.sources, on_notice=print_notice)
    with contextlib.closing(opened) as source:
        refuse_taken(table, options.annotate, overwrite=options.overwrite, source=source)
        predict_hidden.check_source(options, source)
        models = make_models(options, options.model, any_angle=options.any_angle)
        make = partial(make_analyzer, *models)
        baseline = learn_baseline(options, make, models[2])
        make = partial(make, baseline=baseline)
        part, meter = part_of(source, options), Meter()
        settings = (options, tables, *lsl.told_of(streams))
        told = about(options, options.model, models[2], options.sources, settings, baseline)
        with contextlib.ExitStack() as made:
            sinks = lsl.sinks(streams, told, models[2])
            for sink in sinks:
                made.callback(sink.close)
            sinks += make_sinks(
                models[1].labels,
                other=models[1].other,
                out=table,
                annotate=options.annotate,
                sound=options.sound,
                overwrite=options.overwrite,
                source=source,
                settings=tables,
                more=SINKS,
                about=told,
            )
            made.pop_all()
        with _reported(part, meter, stats=options.stats):
            _read(options, part, make, sinks, meter, streams)
    return 1 if _missed(part) or not meter.summary().frames else 0


def _read(
    options: PredictOptions,
    part: Source,
    make: Callable[[], Analyzer],
    sinks: list[Sink],
    meter: Meter,
    streams: LslSettings,
) -> None:
    with contextlib.ExitStack() as stack:
        for sink in sinks:
            stack.callback(sink.close)
        lsl.wait(streams, sinks)
        search = predict_hidden.make_search(options)
        first = [*sinks[:-1], search] if search else sinks
        with _shown(options, part) as on_frame:
            run_pipeline(part, make(), first, on_frame=on_frame, meter=meter)
        if search:
            predict_hidden.write(options, search, sinks[-1], make(), meter.summary().frames)


def _missed(source: Source) -> bool:
    """Whether something was left out that was asked for by name."""
    return any(item.named for item in source.skipped)


def part_of(source: Source, options: PredictOptions) -> Source:
    """Return as much of a source as is wanted."""
    start, end = _times(options)
    return limited(source, frames=options.frames, seconds=options.seconds, start=start, end=end)


def _times(options: PredictOptions) -> tuple[float | None, float | None]:
    return parse_part(options.start, options.end)


def _table(
    options: PredictOptions, tables: TableSettings, typed_of_tables: Mapping[str, Any]
) -> Path | None:
    """Return where the table goes, if anywhere, once it is known that it can be."""
    table = None if options.out is None else Path(options.out)
    if table is None and not _on_terminal():
        table = STDOUT
    if table is not None:
        check_table(table, tables, SINKS)
    elif typed_of_tables:
        raise SettingsError(f"{flag(next(iter(typed_of_tables)))} needs a table: name one as --out")
    return table


def _on_terminal() -> bool:
    # There is none at all where a shell was told to close it.
    return sys.stdout is not None and sys.stdout.isatty()


@contextlib.contextmanager
def _shown(options: PredictOptions, source: Source) -> Iterator[OnFrame]:
    """Show lines of words where a person reads along, and a progress bar elsewhere."""
    if options.out is None and _on_terminal():
        yield Listing().write
        return
    with counted("reading", source.frames) as count_frame:
        yield count_frame


class Listing:
    """Prints what was read as words: each picture, and of a video each change."""

    def __init__(self) -> None:
        """Start with nothing printed."""
        self._last: tuple[Any, ...] | None = None

    def write(self, frame: Frame, analysis: Analysis) -> None:
        """Print one line where this frame says something new."""
        looks = tuple(
            (reading.track_id, reading.label, reading.reason == SOMETHING_ELSE)
            for reading in analysis.readings
        )
        if (frame.source, looks) == self._last:
            return
        self._last = frame.source, looks
        words = ", ".join(map(_words, analysis.readings)) or "no face"
        out.print(printable(f"{_place(frame)}  {words}"), markup=False)


def _place(frame: Frame) -> str:
    if is_still(frame):
        return frame.source
    return f"{frame.source} {frame.timestamp:7.2f} s"


def _words(reading: Reading) -> str:
    reasons = ", ".join(reading.remarks)
    if reading.label is None:
        looks = f"{verdict(None)} ({reasons})" if reasons else verdict(None)
    else:
        share = reading.smoothed.to_dict()[reading.label] * (1 - reading.smoothed.other)
        looks = f"{verdict(reading.label)} ({share:.0%})"
    return f"{reading.track_id}: {looks}"


@contextlib.contextmanager
def _reported(source: Source, meter: Meter, *, stats: bool) -> Iterator[None]:
    """Say at the end what was read and what was left out, also after Ctrl-C or an error."""
    try:
        yield
    finally:
        summary = meter.summary()
        skipped = source.skipped
        left_out = f", {len(skipped):,} skipped" if skipped else ""
        err.print(
            f"{count(summary.frames, 'picture')} read, {count(summary.faces, 'face')}, "
            f"{summary.faceless_frames:,} without a face{left_out}",
            markup=False,
        )
        failed = _missed(source) or not summary.frames
        print_some([f"{item.path}: {item.reason}" for item in skipped], failed=failed)
        if stats and summary.frames:
            _print_speed(summary)


def _print_speed(summary: RunSummary) -> None:
    err.print(
        f"{summary.seconds:.1f} s, {summary.fps:.1f} pictures per second, latency "
        f"p50 {summary.p50_ms:.0f} ms, p95 {summary.p95_ms:.0f} ms",
        markup=False,
    )
