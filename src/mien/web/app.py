"""The web application: the page's files and the WebSocket, behind the guard."""

from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from mien.web.lan.gate import Gate
from mien.web.lan.pairing import Entry
from mien.web.page_files import answer
from mien.web.security import Guard
from mien.web.session import PageSession, Services
from mien.web.token_gate import TokenGate


def create_app(services: Services, *, hosts: Iterable[str], token: str | None = None) -> Starlette:
    """Make the application for this machine.

    Args:
        services: The models and sources that the pages share.
        hosts: Values of the Host header that are this server; see `security.local_hosts`.
        token: What the address must hold the first time; None lets every user of this machine in.
    """
    gates = [] if token is None else [Middleware(TokenGate, token=token)]
    return _create(services, Middleware(Guard, hosts=hosts), *gates)


def create_lan_app(services: Services, entry: Entry, *, hosts: Iterable[str]) -> Starlette:
    """Make the application for devices on the network, by https.

    Args:
        services: The models and sources that the pages of this machine share; the devices share
            them, too, but for the camera or stream that this machine reads.
        entry: Knows which devices may use it.
        hosts: Values of the Host header that are this server; see `network.Network.hosts`.
    """
    guard = Middleware(Guard, hosts=hosts, scheme="https")
    return _create(services.for_others(), guard, Middleware(Gate, entry=entry))


def _create(services: Services, *middleware: Middleware) -> Starlette:
    async def page_file(request: Request) -> Response:
        return answer(request)

    async def connect(websocket: WebSocket) -> None:
        await PageSession(websocket, services).run()

    return Starlette(
        routes=[
            Route("/", page_file),
            Route("/static/{path:path}", page_file),
            WebSocketRoute("/ws", connect),
        ],
        middleware=list(middleware),
    )
