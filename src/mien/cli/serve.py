"""`mien serve`: answer pictures with readings, for programs, until Ctrl-C."""

import argparse
import os
from pathlib import Path
from typing import Annotated

import msgspec

from mien.api import Reader
from mien.cli.console import err, out
from mien.cli.models import ModelOptions, add_all, make_models
from mien.cli.options import Port, add_options, read
from mien.errors import SettingsError
from mien.web.api_server.app import create_api
from mien.web.api_server.settings import ApiSettings
from mien.web.guard.connections import FOR_CLIENTS
from mien.web.guard.security import is_loopback, local_hosts
from mien.web.guard.token_gate import make_token
from mien.web.server import Server, bind, run_until_ended

DEFAULT_PORT = 8100
VARIABLE = "MIEN_TOKEN"
# So many letters by chance nobody guesses.
SHORTEST_TOKEN = 16
LONGEST_TOKEN = 1000
GRACE_SECONDS = 5


class ServeOptions(ModelOptions, frozen=True, kw_only=True):
    """Where it answers, and whom.

    Attributes:
        port: Port to answer at; 0 takes any that is free.
        host: Address of this machine to answer at. Others than this machine's own need a token,
            since whoever is on the network could ask.
        token: Ask clients for a token, which is made and shown here. MIEN_TOKEN in the environment,
            or --token-file, is one that stays.
        token_file: Ask clients for the token that this file holds.
        any_angle: Also find heads that lie on their side or are upside down: four searches for one.
    """

    port: Port = DEFAULT_PORT
    host: Annotated[str, msgspec.Meta(extra={"metavar": "ADDRESS"})] = "127.0.0.1"
    token: bool = False
    token_file: Annotated[Path | None, msgspec.Meta(extra={"metavar": "FILE"})] = None
    any_angle: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mien serve`."""
    add_all(parser, ServeOptions)
    add_options(parser.add_argument_group("how much is taken"), ApiSettings)


def run(args: argparse.Namespace) -> int:
    """Answer until Ctrl-C."""
    options, settings = read(args, ServeOptions), read(args, ApiSettings)
    given = _given_token(options)
    token = make_token() if given is None and options.token else given
    inside = is_loopback(options.host)
    if token is None and not inside:
        raise SettingsError(
            f"--host {options.host}: others than this machine's users could ask; set {VARIABLE} or "
            "--token-file to a secret that clients show, or add --token to have one made"
        )
    models = make_models(options, options.model, any_angle=options.any_angle)
    with bind(options.host, options.port) as listener:
        port = listener.getsockname()[1]
        hosts = {_place(options.host, port), *local_hosts(port)} if inside else None
        api = create_api(Reader(*models), models[-1], settings, hosts=hosts, token=token)
        _say_where(options.host, port, made=token if given is None else None)
        server = Server(api, bounds=FOR_CLIENTS, grace=GRACE_SECONDS)
        run_until_ended(server, listener)
    return 0


def _given_token(options: ServeOptions) -> str | None:
    """Return the token that the user keeps, if any.

    Raises:
        SettingsError: It cannot be read, or is none that keeps anybody out.
    """
    if options.token_file is None:
        # Set but empty, it must not let everybody in.
        token = os.environ.get(VARIABLE)
        return None if token is None else _checked(token, VARIABLE)
    try:
        with options.token_file.open("rb") as file:
            text = file.read(LONGEST_TOKEN + 3).decode("ascii")
    except OSError as error:
        raise SettingsError(
            f"--token-file {options.token_file}: cannot be read: {error.strerror}"
        ) from error
    except UnicodeError as error:
        raise SettingsError(_refusal(f"--token-file {options.token_file}")) from error
    return _checked(text, f"--token-file {options.token_file}")


def _checked(text: str, name: str) -> str:
    token = text.strip()
    good = token.isascii() and token.isprintable() and " " not in token
    if not good or not SHORTEST_TOKEN <= len(token) <= LONGEST_TOKEN:
        raise SettingsError(_refusal(name))
    return token


def _refusal(name: str) -> str:
    # Never the text itself: it is a secret, or was meant to be one.
    return (
        f"{name}: it must be one word of {SHORTEST_TOKEN} to {LONGEST_TOKEN:,} plain letters, "
        "digits and signs; `openssl rand -hex 32` makes one"
    )


def _say_where(host: str, port: int, *, made: str | None) -> None:
    place = f"http://{_place(host, port)}"
    out.print(f"mien answers at {place} (Ctrl-C ends it); {place}/docs says how", markup=False)
    if made is not None:
        out.print(f"Its token: {made}", markup=False)
    if not is_loopback(host):
        err.print(
            "What is asked, and the token, go over the network as they are: where strangers may "
            "listen, put a proxy that speaks https before it."
        )


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
