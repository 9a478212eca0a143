"""`mien live --out FILE`: what is read on this machine goes into a table, too."""

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mien.cli import lsl
from mien.cli.about import about
from mien.cli.console import print_error
from mien.errors import SettingsError
from mien.models.info import ModelInfo
from mien.settings import flag
from mien.sinks.layout import TableSettings
from mien.sinks.open import check_table, make_sinks, refuse_taken
from mien.sinks.tables import STDOUT
from mien.web.session.recorder import Recorder

if TYPE_CHECKING:
    from mien.cli.live import LiveOptions


def check(options: "LiveOptions", tables: TableSettings, typed: Mapping[str, Any]) -> None:
    """Refuse a table that cannot be, before a model is loaded.

    Args:
        options: Those of the command.
        tables: What the table holds.
        typed: Those of its settings that were typed.

    Raises:
        SettingsError: It cannot be, or there is none to which settings were typed.
        SinkError: It exists already.
    """
    if options.out is None:
        if typed or options.overwrite:
            option = flag(next(iter(typed), "overwrite"))
            raise SettingsError(f"{option} needs a table: name one as --out")
        return
    if options.in_browser:
        raise SettingsError("--in-browser reads nothing on this machine; leave out --out")
    if str(options.out) == STDOUT:
        raise SettingsError("--out -: standard output has the page's address; name a file")
    check_table(options.out, tables)
    refuse_taken(options.out, overwrite=options.overwrite)


def recorder(
    options: "LiveOptions", info: ModelInfo, tables: TableSettings, streams: lsl.LiveLsl
) -> Recorder:
    """Make what writes the table and sends streams, where there are to be any.

    Raises:
        SettingsError: Streams of that name are there already.
        SinkError: A file exists already, or cannot be written.
    """
    if options.out is None and not streams.lsl:
        return Recorder()
    model, settings = next(iter(options.model), None), (options, tables, *lsl.told_of(streams))
    told = about(options, model, info, options.source, settings)
    with contextlib.ExitStack() as made:
        sinks = make_sinks(
            info.labels,
            other=info.other,
            out=options.out,
            overwrite=options.overwrite,
            settings=tables,
            about=told,
            live=True,
        )
        for sink in sinks:
            made.callback(sink.close)
        markers = lsl.markers(options.out, streams, told, info, overwrite=options.overwrite)
        made.callback(markers.close)
        for sink in markers.sinks:
            made.callback(sink.close)
        lsl.wait(streams, markers.sinks)
        made.pop_all()
    return Recorder([*sinks, *markers.sinks], markers, streams=streams.lsl, on_failure=print_error)
