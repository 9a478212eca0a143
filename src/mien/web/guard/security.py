"""Keeps other sites, other hosts and injected code away from the page.

A server on 127.0.0.1 can be reached by every site that is open in the same browser. So the Host
header must name this machine (against DNS rebinding), a WebSocket must come from our own page (the
same-origin policy does not cover WebSockets), and the page may run and load only our own files.
The same holds for the page on the network, by https, with the names and addresses of that.

Strict-Transport-Security is never sent: it would bind the whole host, whatever else it serves, for
longer than our certificate lives.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Literal

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Scheme = Literal["http", "https"]
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), display-capture=(self), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}

# Of a page that computes networks by itself.
COMPUTES = {"script-src": "'self' 'wasm-unsafe-eval'"}
# What a <meta> cannot say.
UNFRAMED = {"frame-ancestors": "'none'"}


def local_hosts(port: int) -> frozenset[str]:
    """Return the values of the Host header that mean this machine and this port."""
    names = ("127.0.0.1", "localhost", "[::1]")
    # Browsers leave the standard port out.
    bare = names if port == 80 else ()
    return frozenset([*(f"{name}:{port}" for name in names), *bare])


def is_loopback(host: str) -> bool:
    """Whether an address or name of this machine leads nobody to it but its own users."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def content_security_policy(host: str, scheme: Scheme = "http", *, by_browser: bool = False) -> str:
    """Return the policy of a page at `host`, a value that has been checked.

    Args:
        host: Where it is.
        scheme: How it comes.
        by_browser: Whether it reads faces by itself, and so talks to nobody.
    """
    if by_browser:
        return policy_of({**COMPUTES, **UNFRAMED})
    socket = "wss" if scheme == "https" else "ws"
    # Safari before 15.4 does not count WebSockets as 'self'.
    return policy_of({"connect-src": f"'self' {socket}://{host}", **UNFRAMED})


def policy_of(own: Mapping[str, str]) -> str:
    """Return a policy that lets a page load only its own files.

    Args:
        own: Directives beside those that all pages have, or in their place.
    """
    directives = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        # A video of the user's own, which never leaves the page.
        "media-src": "blob:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        **own,
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


class Guard:
    """ASGI middleware that refuses what does not come from our own page, and sets the headers."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str],
        scheme: Scheme = "http",
        by_browser: bool = False,
    ) -> None:
        """Let requests through whose Host header is one of `hosts`; `scheme` is how they come."""
        self._app, self._by_browser = app, by_browser
        self._hosts = frozenset(hosts)
        self._scheme = scheme

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request or WebSocket and hand it on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        if host not in self._hosts:
            await refuse("This address is not mien's.", 421, scope, receive, send)
        elif scope["type"] == "websocket" and headers.get("origin") != f"{self._scheme}://{host}":
            await refuse("Only mien's own page may connect.", 403, scope, receive, send)
        else:
            policy = content_security_policy(host, self._scheme, by_browser=self._by_browser)
            await self._app(scope, receive, with_headers(send, policy))


async def refuse(text: str, status: int, scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a request in words, a WebSocket without."""
    if scope["type"] == "websocket":
        # The server makes it a 403. Of a response in words uvicorn 0.54 logs an error each time.
        await send({"type": "websocket.close"})
    else:
        await PlainTextResponse(text, status, headers=HEADERS)(scope, receive, send)


def with_headers(send: Send, policy: str) -> Send:
    """Return what sends a response with the headers that all have, and a policy."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in {**HEADERS, "Content-Security-Policy": policy}.items():
                # The code page has a policy of its own, which is stricter.
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers
