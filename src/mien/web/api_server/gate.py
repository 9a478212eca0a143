"""Who may ask, and how often: what stands before every answer.

Every site that is open in a browser of this machine reaches 127.0.0.1. So the Host header must name
this machine (against DNS rebinding), and what a browser says a page of another site asked is
refused. Where the server is bound elsewhere, nobody knows by which names it is reached; there a
token is asked for, which no other site has.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from mien.web.api_server.refusal import RETRY, RefusalError, to_response
from mien.web.guard.limits import TokenBucket
from mien.web.guard.security import refuse, with_headers
from mien.web.guard.token_gate import is_same

HEALTH = "/health"
# These hold nothing that is not in every copy of mien.
FREE = frozenset({"/", "/docs", "/openapi.json", HEALTH})
# Addresses whose requests are counted: those that were longest silent are forgotten.
MOST_ADDRESSES = 4096


class Gate:
    """ASGI middleware that refuses whom it must, and sets the headers that all answers have."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str] | None,
        token: str | None,
        rate: float,
        policy: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Stand before `app`.

        Args:
            app: The application.
            hosts: Values of the Host header that are this server; None where that is not known.
            token: What a client must hold, in `Authorization: Bearer …`; None lets all in.
            rate: Requests a second of one address.
            policy: The documents' content security policy.
            clock: Seconds; for tests.
        """
        self._app = app
        self._hosts = None if hosts is None else frozenset(hosts)
        self._token = token
        self._policy = policy
        self._rates = _Rates(rate, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request and hand it on."""
        if scope["type"] == "websocket":
            await refuse("", 403, scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer, request = self._app, Request(scope)
        try:
            self._check(request)
        except RefusalError as refusal:
            answer = to_response(refusal, request)
        await answer(scope, receive, with_headers(send, self._policy))

    def _check(self, request: Request) -> None:
        host, origin = request.headers.get("host", "").lower(), request.headers.get("origin")
        if self._hosts is not None and host not in self._hosts:
            raise RefusalError(
                421, "this address is not mien's; ask by the one that mien serve shows"
            )
        # A proxy before this server may speak https.
        if origin is not None and origin.lower() not in (f"http://{host}", f"https://{host}"):
            raise RefusalError(403, "a page of another site may not ask")
        path = request.scope["path"]
        if self._token is not None and path not in FREE and not self._holds_token(request):
            raise RefusalError(
                401,
                "the token is missing or wrong; send the header Authorization: Bearer TOKEN",
                {"WWW-Authenticate": "Bearer"},
            )
        if path != HEALTH and not self._rates.take(request.client.host if request.client else ""):
            raise RefusalError(429, "too many requests in a short time; wait a second", RETRY)

    def _holds_token(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and is_same(given.strip(), self._token or "")


class _Rates:
    """Counts the requests of each address."""

    def __init__(self, per_second: float, clock: Callable[[], float]) -> None:
        self._per_second, self._clock = per_second, clock
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def take(self, address: str) -> bool:
        """Return whether one more request may come from an address now, and count it if so."""
        if address not in self._buckets:
            self._buckets[address] = TokenBucket(
                2 * self._per_second, self._per_second, clock=self._clock
            )
            if len(self._buckets) > MOST_ADDRESSES:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(address)
        return self._buckets[address].take()
