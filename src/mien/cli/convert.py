"""`mien convert`: what tables of readings say, for programs that read intervals."""

import argparse
from pathlib import Path
from typing import Annotated

import msgspec

from mien.cli.console import count, err, print_some
from mien.cli.options import add_options, own_fields, read
from mien.errors import printable
from mien.recordings.convert import Converted, ConvertSettings
from mien.recordings.convert import convert as convert_tables
from mien.recordings.people import People, read_people
from mien.settings import made_of


class ConvertOptions(ConvertSettings, frozen=True, kw_only=True):
    """What is read, and where it goes.

    Attributes:
        table: A table of readings, or a folder of them, such as one that was --out.
        out: A .vtt, .srt, .eaf or .tsv file of one recording, or a folder for a file of each; BORIS
            takes all recordings in one .tsv, BIDS always a folder.
        people: A people.csv, which says who is who.
        video: The video, or the folder that holds the videos, for formats that link to them.
    """

    table: Annotated[Path, msgspec.Meta(extra={"positional": True, "metavar": "TABLE|FOLDER"})]
    out: Annotated[str, msgspec.Meta(extra={"metavar": "FILE|FOLDER/"})]
    people: Annotated[Path, msgspec.Meta(extra={"metavar": "people.csv"})] | None = None
    video: Annotated[Path, msgspec.Meta(extra={"metavar": "FILE|FOLDER"})] | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mien convert`."""
    own = own_fields(ConvertOptions)
    add_options(parser, ConvertOptions, only=own)
    add_options(parser, ConvertOptions, only={*ConvertOptions.__struct_fields__} - {*own})


def run(args: argparse.Namespace) -> int:
    """Convert; 1 where people.csv names somebody of these recordings who is not there."""
    options = read(args, ConvertOptions)
    people = People() if options.people is None else read_people(options.people)
    done = convert_tables(
        options.table,
        options.out,
        made_of(ConvertSettings, msgspec.structs.asdict(options)),
        people=people,
        video=options.video,
    )
    _report(done)
    return 1 if done.missed else 0


def _report(done: Converted) -> None:
    what = f"{count(done.recordings, 'recording')}, {count(len(done.files), 'file')} written"
    err.print(what, markup=False)
    print_some([f"{printable(name)}: one moment only, no intervals" for name in done.timeless])
    print_some(done.elsewhere)
    print_some(done.missed, failed=True)
