"""`mien predict FOLDER --out OUT/`: an archive into a folder, which goes on where it was ended."""

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien.archive.places import is_remote
from mien.archive.readings.settings import ArchiveSettings
from mien.archive.shards import parse_shard
from mien.cli.console import count, err, print_some, progress
from mien.errors import SettingsError
from mien.sinks.layout import TableSettings
from mien.sources.limited import parse_part

if TYPE_CHECKING:
    from mien.archive.readings.read import ArchiveSummary
    from mien.cli.predict import PredictOptions

HOUR = 3600.0


def is_meant(out: str | None, archive: Mapping[str, Any]) -> bool:
    """Whether the table is to be many tables in a folder.

    It is where the name is that of a folder or ends with a slash, where it is an address, and
    where the format of the tables is named.

    Args:
        out: What was given as --out.
        archive: Those of the options of `ArchiveSettings` that were typed.

    Raises:
        SettingsError: Options were typed that only a folder has, and it is none.
    """
    if out is not None and (_is_folder(out) or "format" in archive):
        return True
    if archive:
        option = "--" + next(iter(archive))
        raise SettingsError(f"{option} needs a folder as --out, such as --out readings/")
    return False


def _is_folder(out: str) -> bool:
    ends = out.endswith(("/", os.sep))
    return ends or is_remote(out) or Path(out).is_dir()


def run(options: "PredictOptions", archive: ArchiveSettings, tables: TableSettings) -> int:
    """Read the files; 1 where nothing could be read, or not all that was named."""
    from mien.archive.readings.read import read_archive
    from mien.archive.readings.recipe import Recipe

    _refuse_others(options)
    if options.seconds is not None and not 0 < options.seconds < math.inf:
        raise SettingsError(f"--seconds must be more than 0 and finite, got {options.seconds}")
    start, end = parse_part(options.start, options.end)
    recipe = Recipe(
        bundle=options.model,
        detector=options.detector,
        detector_model=options.detector_model,
        any_angle=options.any_angle,
        seconds=options.seconds,
        start=start,
        end=end,
        tables=tables,
        threads=options.threads,
        device=options.device,
    )
    with progress() as update:
        summary = read_archive(
            options.sources,
            options.out or "",
            recipe=recipe,
            settings=archive,
            overwrite=options.overwrite,
            on_progress=update,
        )
    # A shard may have nothing to read, or only damaged files: that is no failure to try again.
    nothing = not summary.good and parse_shard(archive.shard)[1] == 1
    failed = summary.missed or nothing
    _report(summary, stats=options.stats, failed=failed)
    return 1 if failed else 0


def _refuse_others(options: "PredictOptions") -> None:
    for name, value in (
        ("--annotate", options.annotate),
        ("--frames", options.frames),
        ("--baseline", options.baseline),
        ("--baseline-picture", options.baseline_picture or None),
    ):
        if value is not None:
            raise SettingsError(f"{name} cannot be had with a folder as --out; name a table")


def _report(summary: "ArchiveSummary", *, stats: bool, failed: bool) -> None:
    bad = summary.files - summary.good
    parts = (
        f"{summary.unchanged:,} unchanged" if summary.unchanged else "",
        f"{count(summary.frames, 'picture')} read",
        count(summary.faces, "face"),
        f"{bad:,} could not be read" if bad else "",
        f"{len(summary.skipped):,} skipped" if summary.skipped else "",
    )
    err.print(f"{count(summary.files, 'file')}: {', '.join(filter(None, parts))}", markup=False)
    for told in (
        [f"{row.file}: {row.error}" for row in summary.problems],
        [f"{item.path}: {item.reason}" for item in summary.skipped],
    ):
        print_some(told, failed=failed)
    if not summary.whole:
        err.print("manifest.csv follows with the last of the shards", markup=False)
    if stats and summary.wall:
        err.print(
            f"{summary.wall:.1f} s, {summary.frames / summary.wall:.1f} pictures per second, "
            f"{summary.seconds / HOUR:.2f} hours of stream",
            markup=False,
        )
