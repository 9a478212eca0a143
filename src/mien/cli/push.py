"""`mien push`: a bundle → a repository on a hub."""

import argparse
from pathlib import Path
from typing import Annotated

import msgspec

from mien.cli.console import out
from mien.cli.options import add_options, read
from mien.errors import printable
from mien.models.hub.address import parse_address
from mien.models.hub.client import Hub
from mien.models.hub.push import Publication, look_up, prepare, push
from mien.registry import find_bundle


class PushOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is published, and where.

    Attributes:
        bundle: Folder of the bundle.
        address: hf:USER/NAME; made where it is not there.
        public: Let everybody see it; without, a new repository is private.
        dry_run: Only say what would be published; asks no hub.
    """

    bundle: Annotated[Path, msgspec.Meta(extra={"positional": True, "metavar": "BUNDLE"})]
    address: Annotated[str, msgspec.Meta(extra={"positional": True, "metavar": "hf:USER/NAME"})]
    public: bool = False
    dry_run: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    add_options(parser, PushOptions)


def run(args: argparse.Namespace) -> int:
    """Say what is published, and publish it."""
    options = read(args, PushOptions)
    address, hub = parse_address(options.address), Hub()
    publication = prepare(find_bundle(options.bundle), address, hub)
    _say_files(publication)
    if options.dry_run:
        seen = "public" if options.public else "private"
        _say(f"dry run: nothing was sent; a new {address} would be {seen}")
        return 0
    to = look_up(publication, hub, public=options.public)
    seen = f"{'new' if to.new else 'there already'}, {'private' if to.private else 'public'}"
    _say(f"to {hub.endpoint}/{address.repo} ({seen})")
    for name in to.without:
        _say(f"  {name} is removed there: this model has none")
    _say(f"published: {push(publication, to, hub)}")
    return 0


def _say_files(publication: Publication) -> None:
    info = publication.info
    _say(f"{info.name} {info.version}")
    for name, data in publication.files.items():
        _say(f"  {name}  {len(data):,} bytes")
    _say(f"terms: {info.terms.told()}")


def _say(line: str) -> None:
    out.print(printable(line), markup=False)
