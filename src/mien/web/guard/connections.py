"""Takes the connections of a server, and ends those that keep a place without using it.

Whoever reaches a port can open connections, without any code. So there are bounds: on how many
there are, in all and from one address, and on how long each may say nothing. Where there is no
room, the connection that has brought nothing for the longest goes, never a page: a crowd that says
nothing keeps nobody out. uvicorn and asyncio have no such bounds, so they are given the
connections only once these are taken here.
"""

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mien.web.guard.wire import Page, Requests

LOG = logging.getLogger(__name__)
OUT_OF_RESOURCES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the connections of one server may cost; times in seconds.

    Attributes:
        most: How many there may be.
        most_of_one: How many there may be from one address.
        handshake: How long TLS may take to begin.
        request: How long a connection may be without a request that was asked and answered whole.
        goodbye: How long what was sent last may wait to be taken, once a connection is closing.
        ping: How often a page is asked whether it is still there.
        pong: How long it may take to answer.
        check: How often all this is looked at.
        retry: How long to wait where the system has no more to give.
        spare: How many of the last file descriptors of the process are left to others.
    """

    most: int = 64
    most_of_one: int = 64
    handshake: float = 10.0
    request: float = 15.0
    goodbye: float = 3.0
    ping: float = 8.0
    pong: float = 12.0
    check: float = 1.0
    retry: float = 1.0
    spare: int = 0


# A browser opens six connections and one for each page; all come from one address.
FOR_MACHINE = Bounds()
# What the network takes never keeps this machine's own page from a descriptor.
FOR_NETWORK = Bounds(most_of_one=24, spare=64)
# Clients of `mien serve`, who keep their connections, and may all come through one proxy. A large
# picture takes its time on the way.
FOR_CLIENTS = Bounds(most=256, most_of_one=256, request=30.0, spare=32)


class _Connection:
    """One connection: at first a socket, then what asyncio makes of it."""

    def __init__(self, taken: socket.socket, address: str, now: float) -> None:
        self.address = address
        self.transport: asyncio.Transport | None = None
        self._socket = taken
        self._since = now
        self._closing: float | None = None
        self._dropped = False

    @property
    def counts(self) -> bool:
        """Whether it takes a place."""
        return not self._dropped and self._socket.fileno() >= 0

    @property
    def is_page(self) -> bool:
        """Whether a page is open on it, which its keepalive looks after."""
        protocol = self.transport.get_protocol() if self.transport else None
        return isinstance(protocol, Page) and protocol.is_open

    @property
    def last_use(self) -> float:
        """When it last brought something: its beginning, TLS, a request that was answered."""
        protocol = self.transport.get_protocol() if self.transport else None
        return protocol.last_use if isinstance(protocol, Requests) else self._since

    def drop(self) -> None:
        """End it at once."""
        self._dropped = True
        if self.transport is not None:
            self.transport.abort()
        else:
            # Whatever asyncio has made of it so far, it finds the end and cleans up.
            _shut(self._socket)

    def check(self, bounds: Bounds, now: float) -> None:
        """End it where its time is up."""
        if self.transport is None or not self.counts:
            return
        if self.transport.is_closing():
            self._closing = now if self._closing is None else self._closing
            if now - self._closing > bounds.goodbye:
                self.drop()
        elif not self.is_page and now - self.last_use > bounds.request:
            self.transport.close()


class Door:
    """Takes connections at the listeners of one server. Used from its event loop only."""

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        make_protocol: Callable[[], asyncio.Protocol],
        bounds: Bounds,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Begin to take connections, within `bounds` for all listeners together."""
        self._make_protocol = make_protocol
        self._bounds = bounds
        self._tls = tls
        self._connections: list[_Connection] = []
        self._starting: set[asyncio.Task[None]] = set()
        most = _descriptors()
        self._last_descriptor = most - min(bounds.spare, most // 4)
        self._tasks = [asyncio.create_task(self._check_all())]
        for listener in listeners:
            listener.setblocking(False)
            self._tasks.append(asyncio.create_task(self._take_all(listener)))

    async def close(self) -> None:
        """Take no more, and end what has not come as far as a request."""
        for task in self._tasks:
            task.cancel()
        for connection in self._connections:
            if connection.transport is None:
                connection.drop()
        await asyncio.gather(*self._tasks, *self._starting, return_exceptions=True)

    async def _take_all(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                taken, peer = await loop.sock_accept(listener)
            except OSError as error:
                # Else the other end has left already.
                if error.errno in OUT_OF_RESOURCES:
                    LOG.warning("no connection can be taken just now: %s", error.strerror)
                    self._drop_oldest(self._connections)
                    await asyncio.sleep(self._bounds.retry)
            else:
                self._take(taken, str(peer[0]))
            # Where many wait, this would not wait for anything, and everything else would.
            await asyncio.sleep(0)

    def _take(self, taken: socket.socket, address: str) -> None:
        if not self._has_room(taken, address):
            LOG.warning("there is no room for one more connection, from %s", address)
            taken.close()
            return
        connection = _Connection(taken, address, asyncio.get_running_loop().time())
        self._connections.append(connection)
        task = asyncio.create_task(self._start(connection, taken))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    def _has_room(self, taken: socket.socket, address: str) -> bool:
        """Whether there is room for one more, made by ending another where that may be."""
        # The system always gives the lowest descriptor that is free.
        scarce = taken.fileno() >= self._last_descriptor
        present = self._connections = [one for one in self._connections if one.counts]
        own = [one for one in present if one.address == address]
        if len(own) >= self._bounds.most_of_one:
            return self._drop_oldest(own) and not scarce
        if len(present) >= self._bounds.most or scarce:
            return self._drop_oldest(present) and not scarce
        return True

    def _drop_oldest(self, connections: Iterable[_Connection]) -> bool:
        """End the one of these that has been of no use for the longest, and is no page."""
        waiting = [one for one in connections if one.counts and not one.is_page]
        if waiting:
            oldest = min(waiting, key=lambda one: one.last_use)
            LOG.warning("many connections: one of %s was ended to make room", oldest.address)
            oldest.drop()
        return bool(waiting)

    async def _start(self, connection: _Connection, taken: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        seconds = self._bounds.handshake if self._tls else None
        try:
            transport, _ = await loop.connect_accepted_socket(
                self._make_protocol,
                taken,
                ssl=self._tls,
                ssl_handshake_timeout=seconds,
                ssl_shutdown_timeout=self._bounds.goodbye if self._tls else None,
            )
        except OSError as error:
            # No TLS, a bad one, or none in time. The error knows of the connection, and that of the
            # error: a quarter of a megabyte, until somebody looks for such circles.
            traceback.clear_frames(error.__traceback__)
            taken.close()
        else:
            connection.transport = transport

    async def _check_all(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._bounds.check)
            self._connections = [one for one in self._connections if one.counts]
            for connection in self._connections:
                connection.check(self._bounds, loop.time())


def _descriptors() -> int:
    """Return how many file descriptors this process may have."""
    try:
        import resource
    except ImportError:  # not on Windows, where sockets are none
        return 1 << 30
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 30 if soft == resource.RLIM_INFINITY else soft


def _shut(taken: socket.socket) -> None:
    # It may have ended by itself.
    with contextlib.suppress(OSError):
        taken.shutdown(socket.SHUT_RDWR)
