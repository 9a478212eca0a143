"""`mien export-keras`: a bundle → a Keras 3 model."""

import argparse
from pathlib import Path
from typing import Annotated

import msgspec

from mien.cli.console import err, out
from mien.cli.options import add_options, read
from mien.errors import MissingExtraError, printable
from mien.files.locks import alone_on
from mien.models.info import ModelInfo
from mien.registry import find_bundle
from mien.types import SOMETHING_ELSE


class KerasExportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is exported, and where to.

    Attributes:
        bundle: A model of your own that `mien train` or `mien adapt` made, or a shipped one by its
            name.
        out: The file, which ends in .keras.
        overwrite: Replace a file that is there.
    """

    bundle: Annotated[Path, msgspec.Meta(extra={"positional": True, "metavar": "BUNDLE"})]
    out: Annotated[Path, msgspec.Meta(extra={"positional": True, "metavar": "FILE"})]
    overwrite: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    add_options(parser, KerasExportOptions)


def run(args: argparse.Namespace) -> int:
    """Write the model, and say what it takes and gives."""
    try:
        from mien.keras.export.run import export_keras
    except ModuleNotFoundError as error:
        raise MissingExtraError("mien export-keras", "keras") from error
    options = read(args, KerasExportOptions)
    with alone_on(options.out):
        result = export_keras(find_bundle(options.bundle), options.out, overwrite=options.overwrite)
    for line in (
        f"{options.out}: {result.parameters:,} weights",
        f"takes {_takes(result.info)}",
        f"gives, in this order: {', '.join(_gives(result.info))}",
        f"on the same pixels, it differs from the network by at most {result.parity:.1g}",
        f"terms: {result.info.terms.told()}",
    ):
        out.print(printable(line), markup=False)
    if not result.as_bundle:
        err.print("the bundle itself computes in 8 bits, so its answers differ a little from these")
    return 0


def _takes(info: ModelInfo) -> str:
    spec = info.spec()
    colours = "gray" if spec.channels == 1 else "RGB"
    return (
        f"{colours} faces of {spec.size} x {spec.size} px in 0..255, uint8 or floats, cropped to "
        f"{spec.crop_scale:g} of the detector's box"
    )


def _gives(info: ModelInfo) -> tuple[str, ...]:
    return (*info.labels, SOMETHING_ELSE) if info.other else info.labels
