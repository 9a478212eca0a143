"""Keeps other sites, other hosts and injected code away from the page.

A server on 127.0.0.1 can be reached by every site that is open in the same browser. So the Host
header must name this machine (against DNS rebinding), a WebSocket must come from our own page (the
same-origin policy does not cover WebSockets), and the page may run and load only our own files.
"""

from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def local_hosts(port: int) -> frozenset[str]:
    """Return the values of the Host header that mean this machine and this port."""
    names = ("127.0.0.1", "localhost", "[::1]")
    # Browsers leave the standard port out.
    bare = names if port == 80 else ()
    return frozenset([*(f"{name}:{port}" for name in names), *bare])


def content_security_policy(host: str) -> str:
    """Return the policy of a page at `host`, a value that has been checked."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            # A video of the user's own, which never leaves the page.
            "media-src blob:",
            # Safari before 15.4 does not count WebSockets as 'self'.
            f"connect-src 'self' ws://{host}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


class Guard:
    """ASGI middleware that refuses what does not come from our own page, and sets the headers."""

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str]) -> None:
        """Let requests through whose Host header is one of `hosts`."""
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request or WebSocket and hand it on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        if host not in self._hosts:
            await _refuse("This address is not mien's.", 421, scope, receive, send)
        elif scope["type"] == "websocket" and headers.get("origin", "") != f"http://{host}":
            await _refuse("Only mien's own page may connect.", 403, scope, receive, send)
        else:
            await self._app(scope, receive, _with_headers(send, host))


async def _refuse(text: str, status: int, scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(text, status, headers=HEADERS)(scope, receive, send)


def _with_headers(send: Send, host: str) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update({**HEADERS, "Content-Security-Policy": content_security_policy(host)})
        await send(message)

    return send_with_headers
