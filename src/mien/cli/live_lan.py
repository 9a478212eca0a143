"""`mien live --lan`: devices on the local network may use the page, with a code shown here."""

import contextlib
import io
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mien.cli.console import out
from mien.cli.extras import install
from mien.errors import MissingExtraError, SettingsError, printable
from mien.web.lan.addresses import find_network
from mien.web.lan.pairing import NewCode
from mien.web.server import bind_all
from mien.web.session.services import Services

if TYPE_CHECKING:  # it needs an extra
    from mien.cli.live import LiveOptions
    from mien.web.lan.serve import Lan

DEFAULT_PORT = 8443


def check(options: "LiveOptions") -> None:
    """See early, before any model is loaded, whether it can work; install what is missing.

    Nothing is fetched unless whoever sits at the terminal says so.

    Raises:
        MissingExtraError: Packages are missing.
        SettingsError: There is `--lan-port` without `--lan`.
    """
    if options.lan_port is not None and not options.lan:
        raise SettingsError("--lan-port is of no use without --lan")
    if not options.lan:
        return
    try:
        _import()
    except ModuleNotFoundError as error:
        if not install("lan", "A phone"):
            raise MissingExtraError("mien live --lan", "lan") from error
        _import()


def _import() -> None:
    import segno  # noqa: F401

    import mien.web.lan.serve  # noqa: F401


@contextlib.contextmanager
def opened(
    options: "LiveOptions", served: Services | Mapping[str, bytes]
) -> Iterator["Lan | None"]:
    """Take a port of all addresses of the network; nothing, and None, without `--lan`.

    Raises:
        SettingsError: There is no network, or the port is in use.
    """
    if not options.lan:
        yield None
        return
    from mien.web.lan.serve import make_lan

    network = find_network()
    wanted, search = (
        (options.lan_port, False) if options.lan_port is not None else (DEFAULT_PORT, True)
    )
    with contextlib.ExitStack() as stack:
        listeners = bind_all(network.addresses, wanted, search=search, option="--lan-port")
        for listener in listeners:
            stack.enter_context(listener)
        yield make_lan(served, network, listeners, _print_new_code)


def say(lan: "Lan", *, by_browser: bool = False) -> None:
    """Print the addresses, the code, and how to know the certificate.

    Args:
        lan: What is served.
        by_browser: Whether a device reads faces by itself, and so needs no WebSocket.
    """
    first, *others = lan.addresses
    out.print(f"On your network, mien is at {first}", markup=False)
    for address in others:
        out.print(f"or, if that cannot be reached, at {address}", markup=False)
    _print_qr_code(first)
    out.print(f"Code for the first device: {lan.entry.code}", markup=False)
    out.print(
        "The device's browser will warn of the certificate, because this machine made it itself, "
        "just now. To be sure that it is this one, compare its SHA-256 fingerprint:"
    )
    out.print(lan.fingerprint, markup=False)
    if by_browser:
        out.print("The device reads by itself, an iPhone or iPad, too: it only gets the page here.")
        return
    out.print(
        "An iPhone or iPad may show the page but never read: Safari refuses certificates that a "
        "machine made itself. Add --in-browser for those; Android phones, and other browsers on "
        "computers, work without."
    )


def _print_new_code(new: NewCode) -> None:
    device = printable(new.device)
    if new.reason == "entered":
        out.print(f"The device at {device} is in. Code for another one: {new.code}", markup=False)
    else:
        out.print(
            f"Too many wrong codes, the last from {device}. The new code is {new.code}",
            markup=False,
        )


def _print_qr_code(address: str) -> None:
    """Print the address for a camera to read, where there is a terminal that can show it.

    The code is not in it. What a camera has read stays in lists of places seen, often on all
    devices of an account, and whoever photographs this window would be in with one look.
    """
    if not (out.is_terminal and out.encoding.lower().startswith("utf")):
        return
    import segno

    drawn = io.StringIO()
    segno.make(address, micro=False).terminal(drawn, compact=True)
    # Dark on light, whatever the colours of the terminal are.
    for line in drawn.getvalue().splitlines():
        out.print(line, style="bright_white on black", markup=False)
