"""Runs the application on this machine until it is told to end."""

import os
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from mien.errors import SettingsError
from mien.web.protocol import MAX_MESSAGE_BYTES

# Pages that are open get this long to notice that the server ends.
GRACE_SECONDS = 1
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
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    last = min(port + PORTS_TO_TRY, 65536) if search else port + 1
    for candidate in range(port, last):
        listener = socket.socket(family, socket.SOCK_STREAM)
        if os.name == "posix":
            # Elsewhere this would let two servers share the port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
            listener.listen()
        except OSError as error:
            listener.close()
            reason = error.strerror or str(error)
        else:
            return listener
    tried = f"port {port}" if last == port + 1 else f"ports {port} to {last - 1}"
    raise SettingsError(f"{tried} of {host} cannot be used ({reason}); name another with --port")


class Server(uvicorn.Server):
    """A uvicorn server that says when it is up."""

    def __init__(self, app: ASGIApp, *, on_started: Callable[[], None] = lambda: None) -> None:
        """Set up a server for `app`; `on_started` is called once it answers."""
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            ws_max_size=MAX_MESSAGE_BYTES,
            # JPEGs do not get smaller, and each frame would wait for it.
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve."""
        await super().startup(sockets)
        self._on_started()
