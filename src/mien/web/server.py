"""Runs the application on this machine, and the one for the network, until told to end."""

import asyncio
import contextlib
import errno
import logging
import os
import socket
import ssl
from collections.abc import Callable, Sequence

import uvicorn
from starlette.types import ASGIApp
from websockets.protocol import State

from mien.errors import SettingsError, printable
from mien.pipeline.interrupts import ends_by_ctrl_c
from mien.web.guard.connections import FOR_MACHINE, FOR_NETWORK, Bounds, Door
from mien.web.guard.limits import seldom_logged
from mien.web.guard.wire import Page, Requests
from mien.web.protocol import MAX_MESSAGE_BYTES

# Pages that are open get this long to notice that the server ends.
GRACE_SECONDS = 1
GOODBYE_SECONDS = 0.5
PORTS_TO_TRY = 10


def bind(host: str, port: int, *, search: bool = False) -> socket.socket:
    """Take a port of this machine.

    Args:
        host: A loopback address or name.
        port: The port; 0 takes any that is free.
        search: Try the next few ports where this one is in use.

    Raises:
        SettingsError: The port is in use, or may not be taken.
    """
    return bind_all((host,), port, search=search)[0]


def bind_all(
    hosts: Sequence[str], port: int, *, search: bool = False, option: str = "--port"
) -> list[socket.socket]:
    """Take the same port of several addresses of this machine; see `bind`.

    Args:
        hosts: The addresses.
        port: The port; 0 takes any that is free.
        search: Try the next few ports where this one is in use.
        option: What to name in the error, which says to choose another port.

    Raises:
        SettingsError: The port is in use, or may not be taken; or an address is another machine's.
    """
    last = min(port + PORTS_TO_TRY, 65536) if search else port + 1
    for candidate in range(port, last):
        listeners: list[socket.socket] = []
        for host in hosts:
            try:
                # Where any port will do, the others follow the first.
                taken = listeners[0].getsockname()[1] if listeners else candidate
                listeners.append(_listen(host, taken))
            except TypeError as error:  # Python's own, of a name that IDNA has no form for
                raise _absent(host, str(error)) from error
            except OSError as error:
                if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                    raise _absent(host, error.strerror or str(error)) from error
                reason = f"{host} cannot be used ({error.strerror or error})"
                break
        else:
            return listeners
        for listener in listeners:
            listener.close()
    tried = f"port {port}" if last == port + 1 else f"ports {port} to {last - 1}"
    raise SettingsError(f"{tried} of {reason}; name another with {option}")


def _absent(host: str, reason: str) -> SettingsError:
    told = printable(f"{host} is no address of this machine ({reason})")
    return SettingsError(f"{told}; name one that it has")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small answers at once (TCP_NODELAY) only where a socket says that it is TCP.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            # Elsewhere this would let two servers share the port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except BaseException:
        listener.close()
        raise
    return listener


class _Server(uvicorn.Server):
    def __init__(self, app: ASGIApp, bounds: Bounds, tls: ssl.SSLContext | None = None) -> None:
        config = uvicorn.Config(
            app,
            http=Requests,
            ws=Page,
            # What mien was told to say (`--log-level`); of its own accord, uvicorn says more.
            log_level=logging.getLogger("mien").level or logging.WARNING,
            access_log=False,
            server_header=False,
            # No proxy stands before it, so nobody may claim to be one.
            proxy_headers=False,
            ws_max_size=MAX_MESSAGE_BYTES,
            ws_ping_interval=bounds.ping,
            ws_ping_timeout=bounds.pong,
            # JPEGs do not get smaller, and each frame would wait for it.
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        super().__init__(config)
        self._bounds = bounds
        self._tls = tls
        self._door: Door | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve; uvicorn itself takes no connections, because it would take all."""
        await super().startup(sockets=[])
        self._door = Door(sockets or [], self._make_protocol, self._bounds, self._tls)

    def _make_protocol(self) -> Requests:
        return Requests(self.config, self.server_state, self.lifespan.state)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End; a page that is leaving just now is let go, for uvicorn would break off at it."""
        if self._door is not None:
            await self._door.close()
        for connection in list(self.server_state.connections):
            if getattr(getattr(connection, "conn", None), "state", None) is State.CLOSING:
                self.server_state.connections.discard(connection)
                connection.transport.abort()
        await super().shutdown(sockets)


class LanServer(_Server):
    """A server by https that runs beside another one, which tells it when to end."""

    def __init__(
        self,
        app: ASGIApp,
        tls: ssl.SSLContext,
        listeners: Sequence[socket.socket],
        bounds: Bounds = FOR_NETWORK,
    ) -> None:
        """Set up a server for `app` on sockets that are bound."""
        super().__init__(app, bounds, tls)
        self._listeners = list(listeners)

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until `should_exit`."""
        await super().serve(sockets or self._listeners)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End without waiting long for goodbyes: TLS asks for one, and a phone may be asleep."""
        hurry = asyncio.get_running_loop().call_later(GOODBYE_SECONDS, self._hang_up)
        await super().shutdown(sockets)
        hurry.cancel()

    def _hang_up(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
        """Leave them to the other server."""
        return contextlib.nullcontext()


class Server(_Server):
    """A uvicorn server that says when it is up, and may have another one beside it."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        beside: LanServer | None = None,
        on_started: Callable[[], None] = lambda: None,
        bounds: Bounds = FOR_MACHINE,
        grace: int = GRACE_SECONDS,
    ) -> None:
        """Set up a server for `app`.

        Args:
            app: The application.
            beside: A server that begins and ends with this one, in the same event loop.
            on_started: Called once this one answers.
            bounds: What its connections may cost.
            grace: Seconds that what was begun has to come to its end, once the server is to end.
        """
        super().__init__(app, bounds)
        self.config.timeout_graceful_shutdown = grace
        self._beside = beside
        self._beside_serves: asyncio.Task[None] | None = None
        self._on_started = on_started

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until `should_exit`; nobody out there can fill the disk with what is logged."""
        with seldom_logged():
            await super().serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve."""
        await super().startup(sockets)
        if self._beside is not None:
            self._beside_serves = asyncio.create_task(self._beside.serve())
            # Should it break down, that is no reason to go on as if nothing were.
            self._beside_serves.add_done_callback(lambda _: self._end())
        self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End both at once, so that neither waits for the pages of the other."""
        if self._beside is None or self._beside_serves is None:
            await super().shutdown(sockets)
        else:
            self._beside.should_exit = True
            await asyncio.gather(super().shutdown(sockets), self._beside_serves)

    def _end(self) -> None:
        self.should_exit = True


def run_until_ended(server: Server, listener: socket.socket) -> None:
    """Serve at a socket until Ctrl-C, or what ends a program as that does."""
    # uvicorn ends cleanly on Ctrl-C, then raises the signal again.
    with ends_by_ctrl_c():
        server.run(sockets=[listener])
