"""Lets in only who has the address with the token: other users of this machine are kept out.

Every user of a machine reaches 127.0.0.1. With `mien live --token` the address has a secret, as
Jupyter's has; a browser that opened it gets a cookie, and the secret leaves the address bar. The
cookie is named after the port, since browsers send those of 127.0.0.1 to all ports of it.
"""

import secrets
from urllib.parse import urlencode

from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mien.web.guard.security import refuse

PARAMETER = "token"
FIRST = "Open the address that mien shows in the window in which it was started, with its token."


def make_token() -> str:
    """Return a new secret that can stand in an address."""
    return secrets.token_urlsafe(32)


def is_same(given: str | None, token: str) -> bool:
    """Whether what was given is the token, in a time that tells nothing of it."""
    # What a browser sends in a header need be no Unicode.
    return secrets.compare_digest((given or "").encode("utf-8", "surrogatepass"), token.encode())


class TokenGate:
    """ASGI middleware, behind the guard, that asks for a token, in the address or in a cookie."""

    def __init__(self, app: ASGIApp, *, token: str) -> None:
        """Let through what has `token`."""
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on what has the token; from the address it goes into a cookie."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        name = f"mien-{connection.url.port or 80}"
        given = connection.query_params.get(PARAMETER)
        held = connection.cookies.get(name)
        if not (is_same(given, self._token) or is_same(held, self._token)):
            await refuse(FIRST, 403, scope, receive, send)
        elif given is None or scope["type"] == "websocket":
            await self._app(scope, receive, send)
        else:
            others = [one for one in connection.query_params.multi_items() if one[0] != PARAMETER]
            query = "?" + urlencode(others) if others else ""
            # Without a host, so that it leads nowhere else, whatever the path is.
            answer = RedirectResponse("/" + scope["path"].lstrip("/\\") + query, 303)
            # Without an age, so that the browser forgets it when it is closed.
            answer.set_cookie(name, self._token, httponly=True, samesite="strict")
            await answer(scope, receive, send)
