"""The web application: the page's files and the WebSocket, behind the guard."""

from collections.abc import Iterable, Mapping

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from mien.web.guard.security import Guard
from mien.web.guard.token_gate import TokenGate
from mien.web.page.page_files import answer
from mien.web.session.services import Services
from mien.web.session.session import PageSession


def create_app(services: Services, *, hosts: Iterable[str], token: str | None = None) -> Starlette:
    """Make the application for this machine.

    Args:
        services: The models and sources that the pages share.
        hosts: Values of the Host header that are this server; see `security.local_hosts`.
        token: What the address must hold the first time; None lets every user of this machine in.
    """
    return make_app(services, Middleware(Guard, hosts=hosts), *_gates(token))


def create_page_app(
    besides: Mapping[str, bytes], *, hosts: Iterable[str], token: str | None = None
) -> Starlette:
    """Make an application that only hands out files, of a page that reads faces by itself.

    Args:
        besides: What such a page needs beside its files; see `mien.web.site.engine`.
        hosts: As for `create_app`.
        token: As for `create_app`.
    """
    guard = Middleware(Guard, hosts=hosts, by_browser=True)
    return make_page_app(besides, guard, *_gates(token))


def make_app(services: Services, *middleware: Middleware) -> Starlette:
    """Make the application behind what is to judge a connection first."""

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


def make_page_app(besides: Mapping[str, bytes], *middleware: Middleware) -> Starlette:
    """Make an application that only hands out files behind what is to judge a connection first."""

    async def page_file(request: Request) -> Response:
        return answer(request, besides)

    routes = [Route("/", page_file), Route("/static/{path:path}", page_file)]
    return Starlette(routes=routes, middleware=list(middleware))


def _gates(token: str | None) -> list[Middleware]:
    return [] if token is None else [Middleware(TokenGate, token=token)]
