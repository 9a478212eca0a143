"""`mien live`: serve the page on this machine, until Ctrl-C."""

import argparse
import contextlib
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from starlette.applications import Starlette

from mien.cli import live_in_browser, live_lan, live_table, live_window, lsl
from mien.cli.console import err, out, print_notice
from mien.cli.models import (
    DetectorOptions,
    ModelNames,
    OneSource,
    add_all,
    make_models,
    only,
)
from mien.cli.options import Port, add_options, read, typed
from mien.errors import SettingsError, SourceError, printable
from mien.models.occlusion import explain
from mien.pipeline.meter import RunSummary
from mien.protocols import Source
from mien.registry import make_analyzer
from mien.sinks.layout import TableSettings
from mien.sources.camera import list_cameras
from mien.sources.naming import SAMPLE, Address, Camera, Sample, meant
from mien.sources.open import open_source
from mien.sources.reconnect import Notice, OnNotice
from mien.sources.sample import CALLED
from mien.sources.saying import Name, camera_name
from mien.web.app import create_app, create_page_app
from mien.web.guard.security import local_hosts
from mien.web.guard.token_gate import PARAMETER, make_token
from mien.web.protocol import Mode, SourceId, facts_of
from mien.web.server import Server, bind, run_until_ended
from mien.web.session.services import OfferedSource, Services
from mien.web.session.stats import LiveMeter
from mien.web.session.teacher import Teacher, can_teach
from mien.web.site.engine import engine_files

DEFAULT_PORT = 8000
STATS_SECONDS = 5.0


class LiveOptions(DetectorOptions, frozen=True, kw_only=True):
    """What is read, and who may look at it.

    Attributes:
        source: Let this machine read a camera (its number), a file, a stream (http:// or rtsp://),
            or 'sample' (camera:0 and mien:sample where a file has that name), instead of the
            browser's camera.
        port: Port of the page.
        host: Address of this machine to serve on, for this machine.
        lan: Let a phone or another machine on the local network use the page with its own camera,
            by https, once it has entered a code that is shown here.
        lan_port: Port for the network.
        token: Let only those use the page on this machine who have its address with a secret, which
            is shown here; otherwise every user of this machine may.
        in_browser: Let the browser read the faces: this machine hands out the page, and no more.
        browser: Open the browser.
        window: Open the page in a window of its own, without a browser's bars: it takes Chromium,
            Chrome or Edge. Closing it ends mien.
        out: Write what is read here into a .csv, .jsonl, .parquet or .xlsx file, with the time of
            day; CSV and JSON Lines grow with every frame. Guests by --lan are not written.
        overwrite: Replace a table that exists.
        stats: Print figures now and then.
        model: A model of your own, or a shipped one by its name: fer4 (default), fer8, fer4-open.
            With --in-browser several may be named, each after its own --model: the page begins with
            the first, and offers the others in its settings.
    """

    source: OneSource = ()
    port: Port | None = None
    host: Literal["127.0.0.1", "::1", "localhost"] = "127.0.0.1"
    lan: bool = False
    lan_port: Port | None = None
    token: bool = False
    in_browser: bool = False
    browser: bool = True
    window: bool = False
    out: Annotated[Path | None, msgspec.Meta(extra={"metavar": "FILE"})] = None
    overwrite: bool = False
    stats: bool = False
    model: ModelNames = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mien live`."""
    helps = {
        "port": f"port of the page (default: {DEFAULT_PORT}, or the next free)",
        "lan_port": f"port for the network (default: {live_lan.DEFAULT_PORT}, or the next free)",
        "stats": f"print figures every {STATS_SECONDS:.0f} seconds",
    }
    add_all(parser, LiveOptions, helps)
    add_options(parser.add_argument_group("what the table holds"), TableSettings)
    lsl.add_options_to(parser, lsl.LiveLsl)


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C, then print what was read; 1 where the table could not be written."""
    options = read(args, LiveOptions)
    source = only(options.source)
    live_lan.check(options)
    live_window.check(options)
    tables = read(args, TableSettings)
    live_table.check(options, tables, typed(args, TableSettings))
    streams = read(args, lsl.LiveLsl)
    lsl.check_live(options, streams, typed(args, lsl.LiveLsl))
    if options.in_browser:
        return _run_in_browser(options, source)
    services = _services(options, source, tables, streams)
    with contextlib.closing(services.recorder), _stats_printed(services.meter, on=options.stats):
        _serve_all(options, source, services, partial(create_app, services))
    _print_summary(services.meter.summary())
    return 1 if services.recorder.failed else 0


def _run_in_browser(options: LiveOptions, source: str | None) -> int:
    """Serve a page that reads faces by itself."""
    live_in_browser.check(options, source)
    mode: Mode = "camera" if source is None else "sample"
    besides = engine_files(*live_in_browser.bundles(options.model), mode=mode)
    _serve_all(options, "the browser's", besides, partial(create_page_app, besides))
    return 0


def _serve_all(
    options: LiveOptions,
    source: str | None,
    served: Services | Mapping[str, bytes],
    make: Callable[..., Starlette],
) -> None:
    """Say where the page is, and serve it here and, with `--lan`, to others until Ctrl-C."""
    browser = live_window.find(options, has_screen=_has_screen())
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(_listener(options))
        lan = stack.enter_context(live_lan.opened(options, served))
        port = listener.getsockname()[1]
        show = live_window.Show(lambda: _open_browser(options, port))
        stack.enter_context(show.made_for(browser))
        token = make_token() if options.token else None
        _say_where(options, source, port, token)
        if lan:
            live_lan.say(lan, by_browser=options.in_browser)
        app = make(hosts=local_hosts(port), token=token)
        server = Server(
            show.watched(app, talks=not options.in_browser),
            beside=lan.server if lan else None,
            on_started=lambda: show.open(_address(options, port)),
        )
        run_until_ended(show.ends(server), listener)


def _listener(options: LiveOptions) -> socket.socket:
    wanted = DEFAULT_PORT if options.port is None else options.port
    return bind(options.host, wanted, search=options.port is None)


def _services(
    options: LiveOptions, source: str | None, tables: TableSettings, streams: lsl.LiveLsl
) -> Services:
    if len(options.model) > 1:
        raise SettingsError(
            "name one --model, or add --in-browser: only a page that reads by itself offers several"
        )
    detector, classifier, info = make_models(options, next(iter(options.model), None))
    sources: dict[SourceId, OfferedSource] = {
        "sample": OfferedSource(CALLED, lambda _: open_source(SAMPLE, realtime=True))
    }
    mode: Mode = "camera"
    if source is not None and isinstance(meant(source), Sample):
        mode = "sample"
    elif source is not None:
        _check_source(source)
        opener = partial(_open_told, source)
        sources["configured"] = OfferedSource(_source_name(source), opener)
        mode = "configured"
    return Services(
        labels=classifier.labels,
        make_analyzer=lambda: make_analyzer(detector, classifier, info),
        explain=lambda image, face: explain(image, face, classifier),
        sources=sources,
        mode=mode,
        meter=LiveMeter(),
        model=facts_of(info),
        recorder=live_table.recorder(options, info, tables, streams),
        teach=Teacher(classifier, detector) if can_teach(classifier) else None,
    )


def _check_source(spec: str) -> None:
    """Read one frame, so that a missing file or camera is known before the page is."""
    with contextlib.closing(open_source(spec, realtime=True)) as source:
        if next(iter(source), None) is None:
            raise SourceError(f"{spec}: no picture could be read from it{_first_reason(source)}")


def _open_told(spec: str, on_notice: OnNotice) -> Source:
    """Open a source whose notices are printed here besides."""

    def tell(notice: Notice) -> None:
        print_notice(notice)
        on_notice(notice)

    return open_source(spec, realtime=True, on_notice=tell)


def _first_reason(source: Source) -> str:
    for item in source.skipped:
        return f" ({item.path}: {item.reason})"
    return ""


@contextlib.contextmanager
def _stats_printed(meter: LiveMeter, *, on: bool) -> Iterator[None]:
    """Print the figures now and then from a thread of its own, where they are asked for."""
    done = threading.Event()

    def repeat() -> None:
        printed = 0
        while not done.wait(STATS_SECONDS):
            summary = meter.summary()
            if summary.frames != printed:
                _print_summary(summary)
            printed = summary.frames

    thread = threading.Thread(target=repeat, name="mien stats", daemon=True)
    if on:
        thread.start()
    try:
        yield
    finally:
        done.set()


def _say_where(options: LiveOptions, source: str | None, port: int, token: str | None) -> None:
    address = _address(options, port, token)
    if options.port is None and port != DEFAULT_PORT:
        err.print(f"Port {DEFAULT_PORT} is in use, so the page is on port {port}.", markup=False)
    ends = "closing its window, or Ctrl-C, ends it" if options.window else "Ctrl-C ends it"
    out.print(f"mien is at {address} ({ends})", markup=False)
    if token:
        out.print("Open it in your browser. mien does not: others here could see the token then.")
    elif options.browser and not _has_screen():
        out.print("There is no screen here: open this address in a browser of this machine.")
    if source is None and not _has_camera():
        out.print("No camera was found here: try the sample on the page, or", end=" ")
        out.print("mien live --source sample")


def _open_browser(options: LiveOptions, port: int) -> None:
    # What a program is started with, every user of this machine can see.
    if not options.browser or options.token or not _has_screen():
        return
    # Some browsers only return when they are closed.
    address = _address(options, port)
    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def _print_summary(summary: RunSummary) -> None:
    if not summary.frames:
        out.print("No frame was read.")
        return
    out.print(
        f"{summary.frames:,} frames in {summary.seconds:.1f} s: {summary.fps:.1f} per second, "
        f"latency p50 {summary.p50_ms:.0f} ms, p95 {summary.p95_ms:.0f} ms; "
        f"{summary.faces:,} faces, {summary.faceless_frames:,} frames without a face",
        markup=False,
    )


def _address(options: LiveOptions, port: int, token: str | None = None) -> str:
    host = f"[{options.host}]" if ":" in options.host else options.host
    query = [f"{PARAMETER}={token}"] if token else []
    query += ["stats"] if options.stats else []
    return f"http://{host}:{port}/" + ("?" + "&".join(query) if query else "")


def _source_name(spec: str) -> str:
    """What the page calls a source: no folders, and no password of a stream's address."""
    named = meant(spec)
    if isinstance(named, Camera):
        return camera_name(named.number)
    if isinstance(named, Address):
        return Name.STREAM.value
    return printable(Path(spec).name or spec)


def _has_screen() -> bool:
    on_linux = sys.platform.startswith("linux")
    if on_linux and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _has_camera() -> bool:
    """Whether there may be a camera: only Linux tells without opening one."""
    return not sys.platform.startswith("linux") or bool(list_cameras())
