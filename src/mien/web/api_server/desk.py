"""Reads pictures in threads: so many at a time, so many that wait, and no more."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import anyio
import numpy as np
import numpy.typing as npt
from anyio import to_thread
from starlette.requests import ClientDisconnect, Request

from mien.errors import PictureError, PictureFormatError, PictureTooLargeError
from mien.models.occlusion import PartEffect
from mien.types import Reading
from mien.vision.images.reading import decode_picture
from mien.web.api_server.answers import facts_of_picture
from mien.web.api_server.multipart import Part
from mien.web.api_server.refusal import RETRY, RefusalError

# Of requests for each that is read at a time; and how long one may wait before it is read.
WAITING_FOR_EACH = 16
WAIT_SECONDS = 10.0
Image = str | Path | npt.NDArray[np.uint8]


class Reads(Protocol):
    """Reads pictures, in any thread, as `mien.api.Reader` does."""

    def read(self, image: Image, /) -> tuple[Reading, ...]:
        """Read the faces of one picture."""
        ...

    def explain(self, image: Image, reading: Reading, /) -> tuple[PartEffect, ...]:
        """Tell which part of a face a reading rests on."""
        ...


class Desk:
    """Hands requests to threads. Used from the event loop only."""

    def __init__(self, reader: Reads, *, jobs: int, max_pixels: int) -> None:
        """Read with `reader`, `jobs` requests at a time.

        Args:
            reader: Reads pictures.
            jobs: How many requests are read at a time.
            max_pixels: Larger pictures are refused.
        """
        self._reader, self._max_pixels = reader, max_pixels
        self._places = anyio.CapacityLimiter(jobs)
        self._threads = anyio.CapacityLimiter(jobs)
        self._most_waiting = WAITING_FOR_EACH * jobs

    async def read(
        self, request: Request, pictures: Sequence[Part], *, explain: bool
    ) -> list[dict[str, Any]]:
        """Read the pictures of one request, one after another.

        Args:
            request: Whoever has left it while it waited is not read for.
            pictures: The pictures.
            explain: Whether to tell which parts of each face its reading rests on.

        Returns:
            A `PictureFacts` of each, as plain values.

        Raises:
            RefusalError: Too many wait, or a picture cannot be read.
            ClientDisconnect: The client left.
        """
        who = object()
        await self._wait(who)
        try:
            if await request.is_disconnected():
                raise ClientDisconnect
            work = partial(self._read_all, pictures, explain)
            return await to_thread.run_sync(work, limiter=self._threads)
        finally:
            self._places.release_on_behalf_of(who)

    async def _wait(self, who: object) -> None:
        full = RefusalError(503, "too many requests wait to be read; try again in a second", RETRY)
        if self._places.statistics().tasks_waiting >= self._most_waiting:
            raise full
        try:
            with anyio.fail_after(WAIT_SECONDS):
                await self._places.acquire_on_behalf_of(who)
        except TimeoutError as error:
            raise full from error

    def _read_all(self, pictures: Sequence[Part], explain: bool) -> list[dict[str, Any]]:
        return [
            self._read_one(_called(number, len(pictures), picture), picture.data, explain)
            for number, picture in enumerate(pictures, 1)
        ]

    def _read_one(self, name: str, data: bytes, explain: bool) -> dict[str, Any]:
        try:
            image = decode_picture(data, name, max_pixels=self._max_pixels, single=True)
        except PictureError as error:
            raise RefusalError(_status(error), str(error)) from error
        readings = self._reader.read(image)
        parts = [self._reader.explain(image, one) for one in readings] if explain else None
        return facts_of_picture(image, readings, parts)


def _called(number: int, count: int, picture: Part) -> str:
    """Return what a picture is called in errors."""
    if count == 1:
        return "the picture"
    return f"picture {number} ({picture.name})" if picture.name else f"picture {number}"


def _status(error: PictureError) -> int:
    if isinstance(error, PictureTooLargeError):
        return 413
    return 415 if isinstance(error, PictureFormatError) else 400
