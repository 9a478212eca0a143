"""The web application: the page's files and the WebSocket, behind the guard."""

from collections.abc import Iterable
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from mien.web.security import Guard
from mien.web.session import PageSession, Services

STATIC = Path(__file__).parent / "static"


def create_app(services: Services, *, hosts: Iterable[str]) -> Starlette:
    """Make the application.

    Args:
        services: The models and sources that the pages share.
        hosts: Values of the Host header that are this server; see `security.local_hosts`.
    """

    async def page(_: Request) -> FileResponse:
        return FileResponse(STATIC / "index.html")

    async def connect(websocket: WebSocket) -> None:
        await PageSession(websocket, services).run()

    return Starlette(
        routes=[
            Route("/", page),
            Mount("/static", StaticFiles(directory=STATIC)),
            WebSocketRoute("/ws", connect),
        ],
        middleware=[Middleware(Guard, hosts=hosts)],
    )
