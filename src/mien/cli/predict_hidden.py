"""`mien predict VIDEO --hide blur --annotate FILE.mp4`: faces are covered before it is shared."""

import contextlib
import errno
from pathlib import Path
from typing import TYPE_CHECKING

from mien.cli.console import count, counted, err, print_some
from mien.errors import SettingsError, printable
from mien.files.writes import write_file
from mien.pipeline.analyzer import Analyzer
from mien.pipeline.hiding import FaceSearch, HidingSink, to_csv
from mien.pipeline.meter import Meter
from mien.pipeline.run import run as run_pipeline
from mien.protocols import Sink, Source
from mien.registry import make_detector
from mien.sinks.files import ADVICE, writing
from mien.sinks.open import VIDEO
from mien.sources.media.sound import Sound
from mien.sources.open import open_sources

if TYPE_CHECKING:
    from mien.cli.predict import PredictOptions


def check(options: "PredictOptions") -> None:
    """Raise `SettingsError` where options do not go together."""
    if options.hide is None:
        for given, name in (
            (options.hide_except is not None, "--hide-except"),
            (not options.words, "--no-words"),
        ):
            if given:
                raise SettingsError(f"{name} goes with --hide blur or --hide block")
    elif options.annotate is None:
        raise SettingsError("--hide needs --annotate FILE.mp4, or a folder for pictures")


def check_source(options: "PredictOptions", source: Source) -> None:
    """Raise `SettingsError` where a source cannot be read twice, or has no one person."""
    if options.hide is None:
        return
    if not all(Path(name).is_file() for name in source.names):
        raise SettingsError(
            f"{source.name}: --hide reads twice, and so needs files; record it first"
        )
    listed = _listed(options.annotate or Path())
    if listed.exists() and not options.overwrite:
        raise SettingsError(f"{listed}: {ADVICE[errno.EEXIST]}")
    if options.hide_except is not None and len(source.names) > 1:
        raise SettingsError(
            f"--hide-except {options.hide_except}: numbers are those of one video or picture, and "
            f"{len(source.names):,} are named"
        )


def _is_video(target: Path) -> bool:
    return target.suffix.lower() == VIDEO and not target.is_dir()


def _listed(target: Path) -> Path:
    """Return where the list goes of what somebody has to look at."""
    return target.with_suffix(".check.csv") if _is_video(target) else target / "check.csv"


def make_search(options: "PredictOptions") -> FaceSearch | None:
    """Return what the first pass needs beside its tables, if faces are hidden."""
    if options.hide is None:
        return None
    # Of its own: it runs beside the analyzer's, and not every detector can be shared.
    detector = make_detector(
        options.detector,
        model=options.detector_model,
        threads=options.threads,
        any_angle=options.any_angle,
        device=options.device,
    )
    return FaceSearch(detector, shown=options.hide_except)


def write(
    options: "PredictOptions",
    search: FaceSearch,
    sink: Sink,
    analyzer: Analyzer,
    total: int | None,
) -> None:
    """Read everything again and write it with covered faces; say where somebody has to look."""
    from mien.cli.predict import part_of

    hiding = HidingSink(sink, search, options.hide or "block", words=options.words)
    meter = Meter()
    with (
        contextlib.closing(open_sources(options.sources)) as source,
        counted("hiding", total) as count_frame,
    ):
        part = part_of(source, options)
        run_pipeline(part, analyzer, [hiding], on_frame=count_frame, meter=meter)
    if options.hide_except is not None and not search.met:
        err.print(
            f"--hide-except {options.hide_except}: nobody has that number, so all are covered; a "
            "run without --hide shows the numbers",
            markup=False,
        )
    if meter.summary().frames:  # else there is nothing to look at
        _report(options, hiding)


def _report(options: "PredictOptions", hiding: HidingSink) -> None:
    doubts, target = hiding.doubts(), options.annotate or Path()
    listed = _listed(target)
    with writing(listed):
        write_file(listed, to_csv(doubts))
    shown, places = printable(str(target)), count(len(doubts), "place")
    err.print(
        f"look at {shown} before you share it: a face that no detector finds is not covered",
        markup=False,
    )
    if doubts:
        where = printable(str(listed))
        err.print(f"{places} to look at first, listed in {where}:", markup=False)
        print_some([str(doubt) for doubt in doubts])
    sound = Sound.open(str(target)) if target.is_file() else None
    if sound is not None:
        sound.close()
        err.print("voices tell who speaks: --no-sound leaves them out", markup=False)
