"""Who on the network may use the page: devices that have entered the code shown on this machine.

A code lets one device in. All is kept in memory only: when the server ends, nobody is let in.
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mien.errors import MienError
from mien.web.guard.limits import TokenBucket

DIGITS = 8
MAX_WRONG = 5
# With these bounds, guessing for a whole day finds a code in one of 7,000 cases.
MAX_TRIES = 10
TRIES_PER_MINUTE = 10


class TooManyTriesError(MienError):
    """More codes were entered than a person would."""


@dataclass(frozen=True, slots=True)
class NewCode:
    """There is a new code, and why.

    Attributes:
        code: Its digits, in groups, as a person is to read them.
        reason: The last one was entered, or there were too many wrong ones.
        device: The address of the device that did this.
    """

    code: str
    reason: Literal["entered", "guessed"]
    device: str


class Entry:
    """The present code, and the devices that are in. Used from the event loop only."""

    def __init__(
        self, tell: Callable[[NewCode], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Make the first code.

        Args:
            tell: Called with each code after the first.
            clock: Seconds; for tests.
        """
        self._tell = tell
        self._tries = TokenBucket(MAX_TRIES, TRIES_PER_MINUTE / 60, clock=clock)
        self._devices: set[bytes] = set()
        self._code = ""
        self._wrong = 0
        self._renew()

    @property
    def code(self) -> str:
        """The code that lets the next device in, as a person is to read it."""
        return f"{self._code[:4]} {self._code[4:]}"

    def enter(self, answer: str, device: str) -> str | None:
        """Let a device in that knows the code.

        Args:
            answer: What was entered; spaces and hyphens do not matter.
            device: The device's address.

        Returns:
            The secret by which it is known from now on, or None where the code is wrong.

        Raises:
            TooManyTriesError: Too many were entered, by whatever devices; this one was not looked
                at.
        """
        # One bound for all: whoever guesses may have many addresses.
        if not self._tries.take():
            raise TooManyTriesError("too many codes were entered; wait a minute")
        given = "".join(answer.replace("-", " ").split())
        if not secrets.compare_digest(given.encode(), self._code.encode()):
            self._wrong += 1
            if self._wrong >= MAX_WRONG:
                self._change("guessed", device)
            return None
        token = secrets.token_urlsafe(32)
        self._devices.add(_digest(token))
        self._change("entered", device)
        return token

    def admits(self, token: str) -> bool:
        """Whether this is the secret of a device that is in."""
        # How long it takes to find a digest tells nothing about the secret.
        return _digest(token) in self._devices

    def _change(self, reason: Literal["entered", "guessed"], device: str) -> None:
        self._renew()
        self._tell(NewCode(self.code, reason, device))

    def _renew(self) -> None:
        self._code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        self._wrong = 0


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
