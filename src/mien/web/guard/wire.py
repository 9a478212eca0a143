"""uvicorn's protocols, with bounds of our own where it has none."""

import asyncio
from typing import Any

import h11
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from mien.web.guard.limits import TokenBucket
from mien.web.protocol import INVALID_DATA, POLICY_VIOLATION, TOO_BIG

# A browser sends no pings, and a pong for each of ours.
PINGS_PER_SECOND = 2
MAX_PINGS = 20
# A browser may cut a picture of 2 MB into frames; empty ones would cost no bytes.
MAX_FRAMES = 1000


class Requests(H11Protocol):
    """A connection with requests by http, that knows when it was last of use."""

    _last_answer: float

    @property
    def last_use(self) -> float:
        """The event loop's time when a request was answered; at first, when it was made.

        While a request that came whole waits for its answer, that is now: it is we who let wait,
        unless earlier answers are not taken.
        """
        cycle = self.cycle
        waits = cycle is not None and not (
            cycle.more_body or cycle.response_started or self.flow.write_paused
        )
        return self.loop.time() if waits else self._last_answer

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(transport)
        self._last_answer = self.loop.time()

    def on_response_complete(self) -> None:
        """Note that a request was answered whole."""
        self._last_answer = self.loop.time()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no http; what is still being made for a request before is left out.

        uvicorn would send both, which is an error with a traceback for each.
        """
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.transport.close()


class Page(WebSocketsSansIOProtocol):
    """A WebSocket on which pings are counted, as all else is, and whose end has a reason."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pings = TokenBucket(MAX_PINGS, PINGS_PER_SECOND)

    @property
    def is_open(self) -> bool:
        """Whether it was let in and nobody has said goodbye."""
        return self.handshake_complete and not (self.close_sent or self.disconnected)

    def handle_ping(self) -> None:
        """Answer, where there are not too many: the answers wait in memory for who reads none."""
        if self._pings.take():
            super().handle_ping()
        else:
            self._refuse(POLICY_VIOLATION, "too many pings in a short time")

    def handle_pong(self, event: Frame) -> None:
        """Take an answer to a ping."""
        if self._pings.take():
            super().handle_pong(event)
        else:
            self._refuse(POLICY_VIOLATION, "too many pongs in a short time")

    def handle_cont(self, event: Frame) -> None:
        """Take one more part of a message."""
        if len(self.frames) < MAX_FRAMES:
            super().handle_cont(event)
        else:
            self._refuse(TOO_BIG, "malformed message: too many parts")

    def send_receive_event_to_app(self) -> None:
        """Hand on a message, where a text is one."""
        if self.curr_msg_data_type == "text" and not _is_text(b"".join(self.frames)):
            self.frames = []
            self._refuse(INVALID_DATA, "malformed message: not UTF-8")
        else:
            super().send_receive_event_to_app()

    async def send(self, message: ASGISendEvent) -> None:
        """Send, where the connection is not closing by itself: else the page has left."""
        await self.writable.wait()
        if self.close_sent:
            raise ClientDisconnected
        await super().send(message)

    def _refuse(self, code: int, reason: str) -> None:
        if self.is_open:
            self.conn.send_close(code, reason)
            self.handle_parser_exception()


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
