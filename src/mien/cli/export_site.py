"""`mien export-site`: write the page as files that read faces without a server."""

import argparse
import gzip
import shlex
from pathlib import Path
from typing import Annotated

import msgspec

from mien.cli.console import out
from mien.cli.live_in_browser import bundles
from mien.cli.models import ModelNames
from mien.cli.options import add_options, read
from mien.errors import printable
from mien.web.site.export import export_site


class ExportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is written, and where.

    Attributes:
        folder: Where to write the site.
        model: A model of your own, or a shipped one by its name: fer4 (default), fer8, fer4-open.
            Several may be named, each after its own --model: the page begins with the first, and
            fetches another when its user chooses it in the settings.
        overwrite: Replace a site that was written there before.
    """

    folder: Annotated[Path, msgspec.Meta(extra={"positional": True, "metavar": "FOLDER"})]
    model: ModelNames = ()
    overwrite: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mien export-site`."""
    add_options(parser, ExportOptions)


def run(args: argparse.Namespace) -> int:
    """Write the site, and say what it weighs."""
    options = read(args, ExportOptions)
    site = export_site(options.folder, *bundles(options.model), overwrite=options.overwrite)
    size = sum(map(len, site.values())) / 1e6
    wire = sum(len(gzip.compress(data)) for data in site.values()) / 1e6
    shown = printable(str(options.folder))
    out.print(
        f"{shown}: {len(site)} files, {size:.1f} MB, {wire:.1f} MB compressed. Put them "
        f"on any https host; for a look: python -m http.server -d {shlex.quote(shown)}",
        markup=False,
    )
    return 0
