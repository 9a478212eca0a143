"""`mien pull`: a model from a hub → bundle."""

import argparse
from pathlib import Path
from typing import Annotated

import msgspec

from mien.cli.console import out, progress
from mien.cli.options import add_options, read
from mien.errors import printable
from mien.files.locks import alone_on
from mien.models.hub.address import parse_address
from mien.models.hub.client import Hub
from mien.models.hub.pull import pull
from mien.models.info import ModelInfo


class PullOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is fetched, and where to.

    Attributes:
        address: hf:USER/NAME, or hf:USER/NAME@REVISION for a branch, a tag or a commit.
        out: Folder of the bundle (default: NAME, in this folder).
    """

    address: Annotated[str, msgspec.Meta(extra={"positional": True, "metavar": "hf:USER/NAME"})]
    out: Annotated[Path | None, msgspec.Meta(extra={"metavar": "FOLDER"})] = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    add_options(parser, PullOptions)


def run(args: argparse.Namespace) -> int:
    """Fetch the model, and say what it is and on what terms."""
    options = read(args, PullOptions)
    address = parse_address(options.address)
    folder = options.out or Path(address.name)
    hub = Hub()
    with alone_on(folder), progress() as on_progress:
        pulled = pull(address, folder, hub, on_progress)
    info, size = pulled.info, sum(pulled.files.values()) / 1e6
    use = "--model" if isinstance(info, ModelInfo) else "--detector-model"
    for line in (
        f"{folder}: {info.name} {info.version}, {len(pulled.files)} files, {size:.1f} MB, of "
        f"commit {pulled.commit}",
        f"terms: {info.terms.told()}",
        f"use it: mien live {use} {folder}",
    ):
        out.print(printable(line), markup=False)
    return 0
