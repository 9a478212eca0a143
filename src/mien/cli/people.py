"""`mien people`: a first people.csv, which a person then edits."""

import argparse
from pathlib import Path
from typing import Annotated

import msgspec

from mien.cli.console import count, err, print_some
from mien.cli.options import add_options, read
from mien.errors import printable
from mien.recordings.roster import Roster, write_roster


class PeopleOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is read, and where it goes.

    Attributes:
        table: A table of readings, or a folder of them, such as one that was --out.
        out: The file to write, to edit, and to give to mien convert as --people.
        thumbnails: A folder for a picture of each; none is made unless it is named.
        video: The video, or the folder that holds the videos, where they have been moved.
        overwrite: Replace files that exist.
    """

    table: Annotated[Path, msgspec.Meta(extra={"positional": True, "metavar": "TABLE|FOLDER"})]
    out: Annotated[Path, msgspec.Meta(extra={"metavar": "people.csv"})] = Path("people.csv")
    thumbnails: Annotated[Path, msgspec.Meta(extra={"metavar": "FOLDER"})] | None = None
    video: Annotated[Path, msgspec.Meta(extra={"metavar": "FILE|FOLDER"})] | None = None
    overwrite: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mien people`."""
    add_options(parser, PeopleOptions)


def run(args: argparse.Namespace) -> int:
    """Write the file; 1 where a video was not found whose faces were asked for."""
    options = read(args, PeopleOptions)
    done = write_roster(
        options.table,
        options.out,
        overwrite=options.overwrite,
        thumbnails=options.thumbnails,
        video=options.video,
    )
    _report(done, options.out)
    return 1 if done.without_video else 0


def _report(done: Roster, out: Path) -> None:
    told = f"{count(done.people, 'track')} in {count(done.recordings, 'recording')}"
    err.print(
        f"{printable(str(out))}: {told}; one name twice is one person, and - drops", markup=False
    )
    print_some(
        [
            f"{name}: its video was not found; name its folder with --video"
            for name in done.without_video
        ],
        failed=True,
    )
