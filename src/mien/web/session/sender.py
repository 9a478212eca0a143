"""Says things to a page, which may leave at any time."""

import contextlib
import logging

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from mien.errors import MienError, Sentence, one_line, printable
from mien.sources.reconnect import Notice
from mien.web import protocol
from mien.web.protocol import ProtocolError

LOG = logging.getLogger(__name__)
# RFC 6455 leaves 123 bytes for the reason of a close.
MAX_REASON = 120


class Says(Sentence):
    """What the page is told besides of what goes wrong with a source."""

    UNFORESEEN = "mien failed ({kind}: {reason}); the window in which it was started says more"


class Sender:
    """Sends to one page.

    Each of its methods but `close` raises `WebSocketDisconnect` once the page has left.
    """

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def send(self, message: protocol.ServerMessage) -> None:
        """Send a message."""
        await self.send_text(protocol.encode_text(message))

    async def send_text(self, text: str) -> None:
        """Send a message that is encoded."""
        self._check()
        await self._websocket.send_text(text)

    async def send_bytes(self, data: bytes) -> None:
        """Send a frame and its analysis, encoded."""
        self._check()
        await self._websocket.send_bytes(data)

    async def close(self, error: ProtocolError) -> None:
        """Close the connection for what the page sent, and tell it why."""
        with contextlib.suppress(WebSocketDisconnect):
            self._check()
            await self._websocket.close(error.code, _short(str(error)))

    def _check(self) -> None:
        # The stream and the receiving side both send: one may learn of the end before the other.
        if self._websocket.application_state is not WebSocketState.CONNECTED:
            raise WebSocketDisconnect(1006)


def failed(error: Exception) -> protocol.Failed:
    """Return what the page is told; an error that nobody foresaw is logged whole besides."""
    if isinstance(error, MienError):
        return protocol.Failed(printable(str(error)), protocol.sentence(error.told))
    LOG.error("reading for a page failed", exc_info=error)
    told = Says.UNFORESEEN(kind=type(error).__name__, reason=one_line(error))
    return protocol.Failed(printable(str(told)), protocol.sentence(told))


def says_waiting(notice: Notice) -> protocol.Waiting:
    """Return what the page is told of a source that is waited for."""
    return protocol.Waiting(printable(notice.message), protocol.sentence(notice.told))


def _short(reason: str) -> str:
    return reason.encode()[:MAX_REASON].decode(errors="ignore")
