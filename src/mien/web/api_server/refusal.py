"""Why a request is not answered: a status, and one line that says what to do."""

from collections.abc import Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from mien.errors import MienError, printable
from mien.web.api_server.answers import Trouble

# What each status means: the documents say it, and no other is given.
MEANINGS: dict[int, str] = {
    400: "The body is empty, or no picture that can be read: damaged, or several in one; or the "
    "request itself is malformed.",
    401: "The token is missing or wrong.",
    403: "A page of another site asks.",
    404: "There is nothing at this path.",
    405: "This path is asked with another method.",
    408: "The body did not come whole in time.",
    413: "The body has too many bytes, a picture too many pixels, or there are too many pictures.",
    415: "The body is of a type, or a picture of a format, that is not read here.",
    421: "The Host header names another server.",
    429: "More requests in a short time than one address may make. Retry-After says when to go on.",
    500: "It is the server's fault; its log says more.",
    503: "More requests wait than may. Retry-After says when to try again.",
}
RETRY = {"Retry-After": "1"}
JSON = "application/json"


class RefusalError(MienError):
    """A request that is not answered as it wishes.

    Attributes:
        status: One of `MEANINGS`.
        headers: What is said beside it.
    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})


def to_response(refusal: RefusalError, request: Request) -> Response:
    """Return what a client is told.

    What is left of the body is let come, and thrown away: whoever is still sending would otherwise
    find the connection broken, and no answer. Who waits for leave to send it may send nothing, so
    that what comes next could be taken for it.
    """
    headers = dict(refusal.headers)
    if request.headers.get("expect"):
        headers["Connection"] = "close"
    body = msgspec.json.encode(Trouble(error=printable(str(refusal))))
    return Response(body, refusal.status, headers=headers, media_type=JSON)
