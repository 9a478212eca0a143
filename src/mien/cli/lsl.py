"""`--lsl` and `--markers`: streams of the Lab Streaming Layer go out, and markers come in."""

import argparse
import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import msgspec

from mien.cli.console import err
from mien.cli.options import add_options
from mien.errors import SettingsError, printable
from mien.models.info import ModelInfo
from mien.protocols import Sink
from mien.settings import check_number, flag
from mien.sinks.lsl.inlet import MarkerInlet
from mien.sinks.lsl.library import MACHINE, LslSettings, Scope, check_name, configure, load
from mien.sinks.lsl.outlets import LslSink, Maker
from mien.sinks.markers import Markers, markers_path
from mien.sinks.notes import About

if TYPE_CHECKING:
    from mien.cli.live import LiveOptions

LONGEST_WAIT = 3600.0


class LiveLsl(LslSettings, frozen=True, kw_only=True):
    """Streams of a live run.

    Attributes:
        markers: Write the markers of the stream of this name, which another program sends by the
            Lab Streaming Layer, beside the table, into NAME.markers.csv.
    """

    markers: Annotated[str | None, msgspec.Meta(extra={"metavar": "STREAM"})] = None


class LiveMarkers(Markers):
    """Markers of a live run, and the streams that go with them.

    Attributes:
        sinks: What sends the streams, where they were asked for.
    """

    def __init__(
        self, path: Path | None, sinks: list[Sink], *, overwrite: bool, forward: Any
    ) -> None:
        """Take the sinks; else as `Markers`."""
        super().__init__(path, overwrite=overwrite, forward=forward)
        self.sinks = sinks
        self._inlet: MarkerInlet | None = None

    def listen(self, inlet: MarkerInlet) -> None:
        """End with an inlet at the end."""
        self._inlet = inlet

    def close(self) -> None:
        """Listen no more, and close the file."""
        if self._inlet is not None:
            self._inlet.close()
        super().close()


def add_options_to(parser: argparse.ArgumentParser, kind: type[LslSettings]) -> None:
    """Add the options, as a group of their own."""
    add_options(parser.add_argument_group("streams for other programs (LSL)"), kind)


def check(settings: LslSettings, typed: Mapping[str, Any], *, folder: bool = False) -> None:
    """Refuse streams that cannot be, before a model is loaded; say who can see them.

    Args:
        settings: What was set.
        typed: What of it was typed.
        folder: Whether many files are read into a folder.

    Raises:
        SettingsError: They cannot be.
        MissingExtraError: pylsl is missing.
    """
    if not settings.lsl:
        if typed:
            raise SettingsError(f"{flag(next(iter(typed)))} is of no use without --lsl")
        return
    if folder:
        raise SettingsError(
            "--lsl sends one run's frames in order, and a folder is read in parts: leave out "
            "--lsl, or name a file as --out"
        )
    check_name("--lsl-name", settings.lsl_name)
    check_number("--lsl-wait", settings.lsl_wait, 0.0, LONGEST_WAIT)
    reach = configure(load("--lsl"), settings.lsl_scope)
    _say(f'streams "{settings.lsl_name} …" go out by the Lab Streaming Layer. {_who_sees(reach)}')


def check_live(options: "LiveOptions", settings: LiveLsl, typed: Mapping[str, Any]) -> None:
    """Do as `check`, and see whether markers have somewhere to go.

    Raises:
        SettingsError: They have not, or streams cannot be.
        MissingExtraError: pylsl is missing.
    """
    if options.in_browser and (settings.lsl or settings.markers):
        option = "--lsl" if settings.lsl else "--markers"
        raise SettingsError(f"--in-browser reads nothing on this machine; leave out {option}")
    if settings.markers is not None:
        if options.out is None:
            raise SettingsError("--markers are written beside a table: name one as --out")
        check_name("--markers", settings.markers)
    if settings.lsl or settings.markers is None:
        check(settings, typed)
        return
    rest = {name for name in typed if name not in ("markers", "lsl_scope")}
    if rest:
        raise SettingsError(f"{flag(min(rest))} is of no use without --lsl")
    reach = configure(load("--markers"), settings.lsl_scope)
    where = "this machine only (--lsl-scope site looks on your network, too)"
    place = where if reach == MACHINE else reach
    _say(f"markers are looked for by the Lab Streaming Layer; scope: {place}")


def told_of(settings: LslSettings) -> tuple[LslSettings, ...]:
    """Return what notes beside a table tell of streams: nothing where there are none."""
    return (settings,) if settings.lsl or getattr(settings, "markers", None) else ()


def sinks(settings: LslSettings, about: About, info: ModelInfo) -> list[Sink]:
    """Return what sends the streams, where they were asked for.

    Raises:
        SettingsError: Streams of that name are there already.
        SinkError: They cannot be made.
    """
    if not settings.lsl:
        return []
    maker = Maker(about.version, info.labels, info.other, about.model)
    return [LslSink(load("--lsl"), settings, maker, _say)]


def wait(settings: LslSettings, made: Sequence[Sink]) -> None:
    """Wait until somebody listens to the streams among some sinks, or `--lsl-wait` is over."""
    for sink in made:
        if isinstance(sink, LslSink) and settings.lsl_wait:
            _say("waiting for a program that records the streams")
            if not sink.wait(settings.lsl_wait):
                _say("no program listens to the streams; reading begins all the same")


def markers(
    table: Path | None, settings: LiveLsl, about: About, info: ModelInfo, *, overwrite: bool
) -> LiveMarkers:
    """Make what takes the markers of a live run, and its streams.

    Args:
        table: Beside which they are written; None for nowhere.
        settings: What was set.
        about: Of the run.
        info: The model's description.
        overwrite: Replace a file of markers that exists.

    Raises:
        SettingsError: Streams of that name are there already.
        SinkError: The file exists already, or streams cannot be made.
    """
    with contextlib.ExitStack() as made:
        sent = sinks(settings, about, info)
        for sink in sent:
            made.callback(sink.close)
        forward: Callable[[str, float], None] | None = None
        if sent and isinstance(sent[0], LslSink):
            forward = sent[0].mark
        path = None if table is None else markers_path(table)
        found = LiveMarkers(path, sent, overwrite=overwrite, forward=forward)
        made.pop_all()
    if settings.markers is not None:
        found.listen(MarkerInlet(load("--markers"), settings.markers, found.add, _say))
    return found


def _who_sees(reach: str) -> str:
    if reach == MACHINE:
        return (
            "They are announced on this machine only (--lsl-scope site tells your network). Their "
            "ports, from 16572 on, are open all the same to who asks this machine by its address, "
            "unless a firewall closes them"
        )
    if reach in get_args(Scope):
        return f"They are announced on your network ({reach}): everyone there can read them"
    return f"They are announced as far as {reach} says (ResolveScope); who is there can read them"


def _say(line: str) -> None:
    err.print(printable(f"mien: {line}"), markup=False)
