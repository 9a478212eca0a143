"""The parts of a multipart/form-data body (RFC 7578), which lies in memory whole.

Python had a parser of its own until 3.13, and those that are packages take bodies as they come,
which needs no understanding of theirs here. A part's header is read by `email`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_string
from email.message import Message

from mien.errors import printable
from mien.web.api_server.refusal import RefusalError

TYPE = "multipart/form-data"
MOST_PARTS = 16
# Of the header of a part: a name of 255 letters, each of which takes up to nine, and some room.
MOST_HEADER = 4096
LONGEST_NAME = 255
_PLAIN = ("", "binary", "8bit", "7bit")


@dataclass(frozen=True, slots=True)
class Part:
    """One part.

    Attributes:
        name: The file's name as it was sent, else the field's, fit to be printed; never one of a
            file here.
        data: What it holds.
    """

    name: str
    data: bytes


def split(body: bytes, content_type: str, most: int = MOST_PARTS) -> list[Part]:
    """Split a body into its parts.

    Args:
        body: All of it.
        content_type: The request's header, which names the boundary.
        most: How many parts are taken.

    Raises:
        RefusalError: It is malformed or cut short, there is no part, or there are too many.
    """
    boundary = _headers(f"Content-Type: {content_type}").get_boundary()
    if not boundary or not boundary.isascii() or len(boundary) > 70:  # as RFC 2046 has it
        raise RefusalError(400, "multipart/form-data: its boundary is missing or too long")
    parts: list[Part] = []
    for start, end in _spans(body, b"\r\n--" + boundary.encode()):
        if len(parts) == most:
            raise RefusalError(
                413, f"more than {most} pictures; send the others in another request"
            )
        parts.append(_part(body, start, end, len(parts) + 1))
    if not parts:
        raise RefusalError(400, "multipart/form-data: there is no part")
    return parts


def _spans(body: bytes, mark: bytes) -> Iterator[tuple[int, int]]:
    """Yield from where to where each part goes; it begins with the end of the boundary's line."""
    # The first boundary may have no line before it.
    at = len(mark) - 2 if body.startswith(mark[2:]) else _after(body, mark, 0)
    while not body.startswith(b"--", at):
        start = body.find(b"\r\n", at)
        if start < 0 or body[at : min(start, at + 100)].strip(b" \t"):
            raise RefusalError(400, "multipart/form-data: a boundary is followed by something else")
        after = _after(body, mark, start)
        yield start, after - len(mark)
        at = after


def _after(body: bytes, mark: bytes, start: int) -> int:
    found = body.find(mark, start)
    if found < 0:
        raise RefusalError(
            400, "multipart/form-data: it is cut short: its last boundary is missing"
        )
    return found + len(mark)


def _part(body: bytes, start: int, end: int, number: int) -> Part:
    head = body.find(b"\r\n\r\n", start, min(end, start + MOST_HEADER))
    if head < 0:
        raise RefusalError(
            400, f"multipart/form-data: part {number} has no header, or one too long"
        )
    # Browsers write other letters than English ones as they are.
    headers = _headers(body[start + 2 : head].decode("utf-8", "replace"))
    if str(headers.get("Content-Transfer-Encoding", "")).strip().lower() not in _PLAIN:
        raise RefusalError(415, f"multipart/form-data: part {number} is encoded; send it as it is")
    field = headers.get_param("name", header="Content-Disposition")
    name = headers.get_filename() or (field if isinstance(field, str) else "") or ""
    return Part(printable(name)[:LONGEST_NAME], body[head + 4 : end])


def _headers(text: str) -> Message:
    return message_from_string(f"{text}\r\n\r\n")
