"""The body of a request: taken within bounds, and told apart into pictures."""

import contextlib
from collections.abc import Callable, Iterator

import anyio
from starlette.requests import Request

from mien.web.api_server import multipart
from mien.web.api_server.multipart import Part
from mien.web.api_server.refusal import RETRY, RefusalError

READ_SECONDS = 20.0
# What all requests together may have sent that is not answered yet.
MAX_HELD = 256_000_000
ANYTHING = "application/octet-stream"
TYPES = f"image/* or {ANYTHING} for one picture, {multipart.TYPE} for up to {multipart.MOST_PARTS}"
Hold = Callable[[int], None]


class Room:
    """Counts the bytes that are held for requests. Used from the event loop only."""

    def __init__(self, most: int) -> None:
        """Let at most this many bytes be held at once."""
        self._left = most

    @contextlib.contextmanager
    def one_more(self) -> Iterator[Hold]:
        """Count what a request sends, which is let go of at the end of the block.

        Yields:
            What to call with a number of bytes; it raises `RefusalError` where there is no room.
        """
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            if size > self._left:
                raise RefusalError(503, "too much waits to be read; try again in a second", RETRY)
            self._left -= size
            held += size

        try:
            yield hold
        finally:
            self._left += held


async def take_pictures(request: Request, most: int, hold: Hold) -> tuple[list[Part], bool]:
    """Return the pictures of a request, and whether they came as several.

    Args:
        request: What was asked; its type is looked at before its body is taken.
        most: Bytes that it may have.
        hold: Counts its bytes.

    Raises:
        RefusalError: It is of another type, too large, too slow, empty or malformed.
        ClientDisconnect: The client left.
    """
    several = _comes_as_several(request)
    body = await _take(request, most, hold)
    if not body:
        raise RefusalError(400, "the body is empty; send the bytes of a picture")
    if several:
        return multipart.split(body, request.headers["content-type"]), True
    return [Part("", body)], False


def _comes_as_several(request: Request) -> bool:
    kind = request.headers.get("content-type", ANYTHING).partition(";")[0].strip().lower()
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise RefusalError(
            415, "the body is compressed; send it as it is, without Content-Encoding"
        )
    if kind == multipart.TYPE:
        return True
    if kind != ANYTHING and not kind.startswith("image/"):
        raise RefusalError(415, f"Content-Type: {kind[:100]} is not taken; send {TYPES}")
    return False


async def _take(request: Request, most: int, hold: Hold) -> bytes:
    too_large = RefusalError(
        413, f"the body has more than {most / 1e6:g} MB; make the picture smaller"
    )
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise too_large
    parts, size = [], 0
    try:
        with anyio.fail_after(READ_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise too_large
                hold(len(part))
                parts.append(part)
    except TimeoutError as error:
        raise RefusalError(
            408,
            f"the body did not come whole in {READ_SECONDS:g} seconds; make the picture smaller",
            {"Connection": "close"},
        ) from error
    return b"".join(parts)
