"""Whether the page of this machine is there: an application around the one that serves it."""

from starlette.types import ASGIApp, Receive, Scope, Send


class Presence:
    """An application that knows whether its page is shown.

    Args:
        app: Serves the page.
        talks: Whether the page holds a WebSocket all the while; one that reads by itself does not,
            and of it is only known that it was asked for.
    """

    def __init__(self, app: ASGIApp, *, talks: bool) -> None:
        self._app, self._talks = app, talks
        self._pages, self._asked = 0, False

    @property
    def shown(self) -> bool:
        """Whether the page is there, as far as can be told."""
        return self._pages > 0 if self._talks else self._asked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, counting pages."""
        is_page = scope["type"] == "websocket"
        self._asked = self._asked or scope["type"] == "http"
        self._pages += is_page
        try:
            await self._app(scope, receive, send)
        finally:
            self._pages -= is_page
