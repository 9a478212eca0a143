"""`mien report`: a page and figures of a study."""

import argparse
import shlex
import sys
from pathlib import Path
from typing import Annotated

import msgspec

from mien.cli.console import count, err, print_some
from mien.cli.options import add_options, own_fields, read
from mien.errors import printable
from mien.recordings.people import People, read_people
from mien.recordings.report.write import Reported, ReportSettings, write_report
from mien.settings import made_of


class ReportOptions(ReportSettings, frozen=True, kw_only=True):
    """What is read, and where it goes.

    Attributes:
        table: A table of readings, or a folder of them, such as one that was --out.
        out: The page to write, a .html file; summary.csv and, with events and codes by hand,
            latencies.csv and agreement.csv are written beside it.
        people: A people.csv, which says who is who.
        video: The video, or the folder that holds the videos, to be played beside the strips.
    """

    table: Annotated[Path, msgspec.Meta(extra={"positional": True, "metavar": "TABLE|FOLDER"})]
    out: Annotated[Path, msgspec.Meta(extra={"metavar": "report.html"})] = Path("report.html")
    people: Annotated[Path, msgspec.Meta(extra={"metavar": "people.csv"})] | None = None
    video: Annotated[Path, msgspec.Meta(extra={"metavar": "FILE|FOLDER"})] | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mien report`."""
    own = own_fields(ReportOptions)
    add_options(parser, ReportOptions, only=own)
    add_options(parser, ReportOptions, only={*ReportOptions.__struct_fields__} - {*own})


def run(args: argparse.Namespace) -> int:
    """Write the report; 1 where something that a list names, or a video, is not there."""
    options = read(args, ReportOptions)
    done = write_report(
        options.table,
        options.out,
        made_of(ReportSettings, msgspec.structs.asdict(options)),
        people=People() if options.people is None else read_people(options.people),
        video=options.video,
        command=shlex.join(["mien", *sys.argv[1:]]),
    )
    _report(done)
    return 1 if done.missed or done.without_video else 0


def _report(done: Reported) -> None:
    files = ", ".join(printable(str(one)) for one in reversed(done.files))
    err.print(
        f"{files}: {count(done.recordings, 'recording')}, "
        f"{done.people:,} {'person' if done.people == 1 else 'people'}",
        markup=False,
    )
    print_some([f"{printable(name)}: one moment only, no intervals" for name in done.timeless])
    print_some(
        [
            f"{one}: a code by hand that the tables do not know; it is a class, too"
            for one in done.strange
        ]
    )
    print_some(done.elsewhere)
    print_some(
        [
            f"{name}: its video was not found; name its folder with --video"
            for name in done.without_video
        ],
        failed=True,
    )
    print_some(done.missed, failed=True)
