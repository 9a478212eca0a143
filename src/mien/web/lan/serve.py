"""The page for devices on the local network: application, certificate, code and server in one."""

import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.middleware import Middleware

from mien.web.app import make_app, make_page_app
from mien.web.guard.connections import FOR_NETWORK, Bounds
from mien.web.guard.security import Guard
from mien.web.lan.addresses import Network, in_url
from mien.web.lan.certificate import make_certificate
from mien.web.lan.gate import Gate
from mien.web.lan.pairing import Entry, NewCode
from mien.web.server import LanServer
from mien.web.session.services import Services


@dataclass(frozen=True, slots=True)
class Lan:
    """The server for the network, and what people need to know to use it.

    Attributes:
        server: Not yet running.
        addresses: Where the page is, by https, the most useful first.
        fingerprint: SHA-256 of the certificate.
        entry: Knows the code.
    """

    server: LanServer
    addresses: tuple[str, ...]
    fingerprint: str
    entry: Entry


def make_lan(
    served: Services | Mapping[str, bytes],
    network: Network,
    listeners: Sequence[socket.socket],
    tell: Callable[[NewCode], None],
    bounds: Bounds = FOR_NETWORK,
) -> Lan:
    """Make the server for a network.

    Args:
        served: As for `create_lan_app`.
        network: This machine's addresses and names there.
        listeners: Sockets that are bound to the same port of each of these addresses.
        tell: Called with each code after the first.
        bounds: What connections from the network may cost.
    """
    port = listeners[0].getsockname()[1]
    certificate = make_certificate(network.addresses, network.names)
    entry = Entry(tell)
    app = create_lan_app(served, entry, hosts=network.hosts(port))
    addresses = tuple(f"https://{in_url(address)}:{port}/" for address in network.addresses)
    server = LanServer(app, certificate.context, listeners, bounds)
    return Lan(server, addresses, certificate.fingerprint, entry)


def create_lan_app(
    served: Services | Mapping[str, bytes], entry: Entry, *, hosts: Iterable[str]
) -> Starlette:
    """Make the application for devices on the network, by https.

    Args:
        served: The models and sources that the pages of this machine share; the devices share
            them, too, but for the camera or stream that this machine reads. Or, of a page that
            reads faces by itself, what it needs beside its files; see `mien.web.site.engine`.
        entry: Knows which devices may use it.
        hosts: Values of the Host header that are this server; see `network.Network.hosts`.
    """
    by_browser = not isinstance(served, Services)
    guard = Middleware(Guard, hosts=hosts, scheme="https", by_browser=by_browser)
    gate = Middleware(Gate, entry=entry)
    if isinstance(served, Services):
        return make_app(served.for_others(), guard, gate)
    return make_page_app(served, guard, gate)
