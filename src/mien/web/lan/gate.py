"""Lets a device on the network through once it has entered the code, and nothing before."""

from urllib.parse import parse_qs

import anyio
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mien.web.guard.security import refuse
from mien.web.lan.page import ICON, POLICY, STYLES, Problem, preferred_language, render
from mien.web.lan.pairing import Entry, TooManyTriesError

PATH = "/enter"
# What the code page itself is made of.
OPEN_PATHS = frozenset({*STYLES, ICON})
# Browsers take a cookie of this prefix only from a secure page, and for its very host.
COOKIE = "__Host-mien"
FIRST = "Enter the code first."
WRONG_SECONDS = 0.5
MAX_BODY_BYTES = 256
READ_SECONDS = 5.0


class Gate:
    """ASGI middleware, behind the guard, that shows a code page to devices it does not know."""

    def __init__(self, app: ASGIApp, *, entry: Entry) -> None:
        """Ask `entry` who may pass."""
        self._app = app
        self._entry = entry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on what comes from a device that is in; answer everything else here."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        known = self._entry.admits(HTTPConnection(scope).cookies.get(COOKIE, ""))
        if scope["type"] == "http":
            answer = await self._answer(Request(scope, receive), known=known)
            await (answer or self._app)(scope, receive, send)
        elif known:
            await self._app(scope, receive, send)
        else:
            await refuse(FIRST, 403, scope, receive, send)

    async def _answer(self, request: Request, *, known: bool) -> Response | None:
        """Return what a request is answered with, None where it may go on to the application."""
        path, method = request.scope["path"], request.method
        reads = method in ("GET", "HEAD")
        if path == PATH:
            if known and reads:
                return RedirectResponse("/", 303)
            if method == "POST":
                return await self._enter(request)
            return _code_page(request) if reads else PlainTextResponse("Method Not Allowed", 405)
        if known or (reads and path in OPEN_PATHS):
            return None
        if reads and path == "/":
            return RedirectResponse(PATH, 303)
        return PlainTextResponse(FIRST, 403)

    async def _enter(self, request: Request) -> Response:
        headers = request.headers
        if headers.get("origin") != f"https://{headers['host'].lower()}":
            return PlainTextResponse("Only mien's own page may send a code.", 403)
        code = await _read_code(request)
        if code is None:
            # What is left of the body is not waited for.
            return PlainTextResponse("This is no code.", 413, headers={"Connection": "close"})
        try:
            token = self._entry.enter(code, request.client.host if request.client else "")
        except TooManyTriesError:
            return _code_page(request, 429, "too_many")
        if token is None:
            await anyio.sleep(WRONG_SECONDS)
            return _code_page(request, 403, "wrong")
        answer = RedirectResponse("/", 303)
        # Without an age, so that the browser forgets it when it is closed.
        answer.set_cookie(COOKIE, token, secure=True, httponly=True, samesite="strict")
        return answer


async def _read_code(request: Request) -> str | None:
    """Return the code of a form, empty where there is none; None where the body is not taken."""
    body = b""
    try:
        with anyio.fail_after(READ_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    return None
    except (TimeoutError, ClientDisconnect):
        return None
    return parse_qs(body.decode("ascii", "replace")).get("code", [""])[0]


def _code_page(request: Request, status: int = 200, problem: Problem | None = None) -> HTMLResponse:
    language = preferred_language(request.headers.get("accept-language", ""))
    headers = {
        "Content-Security-Policy": POLICY,
        "Content-Language": language,
        "Vary": "Accept-Language, Cookie",
        "Cache-Control": "no-store",
        # With no-referrer, browsers send a form with the origin "null".
        "Referrer-Policy": "same-origin",
    }
    return HTMLResponse(render(language, PATH, problem), status, headers=headers)
