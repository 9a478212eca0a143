"""`mien notice`: a card that tells people that their faces are read."""

import argparse
import errno
import os
from pathlib import Path
from typing import Annotated

import msgspec

from mien.cli.console import out
from mien.cli.options import add_options, read
from mien.errors import SettingsError, printable
from mien.files.writes import write_file
from mien.sinks.files import make_folder, open_mode, writing
from mien.web.page.notice import known, to_html, to_text


class NoticeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is printed, and where.

    Attributes:
        language: The language of the card, such as en or de; repeated for several. All that there
            are by default.
        out: A .html file, which prints a sheet of A4 for each language, or a .txt file.
        overwrite: Replace a file that exists.
    """

    language: Annotated[
        tuple[str, ...], msgspec.Meta(extra={"metavar": "CODE", "repeated": True})
    ] = ()
    out: Annotated[Path | None, msgspec.Meta(extra={"metavar": "FILE.html|FILE.txt"})] = None
    overwrite: bool = False


FORMATS = {".html": to_html, ".htm": to_html, ".txt": to_text}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mien notice`."""
    parser.epilog = f"Languages: {', '.join(known())}. A card is no legal advice."
    add_options(parser, NoticeOptions)


def run(args: argparse.Namespace) -> int:
    """Print the card, or write it."""
    options = read(args, NoticeOptions)
    if options.out is None:
        out.print(to_text(options.language), markup=False, end="")
        return 0
    make = FORMATS.get(options.out.suffix.lower())
    if make is None:
        raise SettingsError(f"{options.out}: name a .html or .txt file")
    data = make(options.language).encode()
    make_folder(options.out.parent)
    with writing(options.out):
        if open_mode(options.out, overwrite=options.overwrite) == "x" and os.path.lexists(
            options.out
        ):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(options.out))
        write_file(options.out, data)
    out.print(printable(str(options.out)), markup=False)
    return 0
