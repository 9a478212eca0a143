"""pylsl: whether it is here, whom its streams are announced to, and how its clock is turned."""

import os
import time
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from mien.errors import MissingExtraError, SettingsError

Scope = Literal["machine", "link", "site", "organization", "global"]
MACHINE: Scope = "machine"
# Where liblsl looks for its settings besides; see its documentation of lsl_api.cfg.
CONFIG = "LSLAPICFG"
CONFIGS = ("lsl_api.cfg", "~/lsl_api/lsl_api.cfg", "/etc/lsl_api/lsl_api.cfg")
# Only what ends the program: what concerns a user is said by mien, in one line.
LOG_LEVEL = -3
CLOCK_TRIES = 20
MARKERS = "markers"


class LslSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Streams for programs of a laboratory.

    Attributes:
        lsl: Send what is read as streams of the Lab Streaming Layer: one for each person, and one
            of markers. Other programs of this machine see them; see --lsl-scope.
        lsl_name: What the streams are called: "NAME 1" is the first person, "NAME markers" tells of
            changes.
        lsl_scope: How far streams are announced and looked for: "machine" tells this machine alone,
            "link" and "site" your network, too (default: machine, or as your lsl_api.cfg has it).
        lsl_people: For so many people at once there are streams, from the start on.
        lsl_wait: Wait so many seconds for a program that records before the first frame is read.
    """

    lsl: bool = False
    lsl_name: Annotated[str, msgspec.Meta(extra={"metavar": "NAME"})] = "mien"
    lsl_scope: Scope | None = None
    lsl_people: Annotated[int, msgspec.Meta(ge=1, le=32)] = 4
    lsl_wait: Annotated[float, msgspec.Meta(ge=0, extra={"metavar": "SECONDS"})] = 0.0


def load(option: str) -> Any:
    """Import pylsl.

    Args:
        option: What needs it, for the error.

    Raises:
        MissingExtraError: It is not installed.
        SettingsError: The library that it wraps is missing, or does not load.
    """
    try:
        import pylsl
    except ModuleNotFoundError as error:
        raise MissingExtraError(option, "lsl") from error
    except (OSError, RuntimeError) as error:
        # Its further lines tell of conda and homebrew.
        first_line = (str(error).splitlines() or [""])[0].rstrip(" .")
        raise SettingsError(
            f"{option} needs liblsl, and pylsl finds none that loads here: its wheels bring it for "
            "Windows, macOS, and Linux on x86-64 from glibc 2.35 on; elsewhere install liblsl "
            "(conda-forge, or its releases) and name its file in PYLSL_LIB "
            f"({first_line})"
        ) from error
    return pylsl


def check_name(option: str, name: str) -> None:
    """Refuse a name by which no stream could be found.

    Raises:
        SettingsError: It has quotes, or letters that nobody sees.
    """
    if not name.strip() or not name.isprintable() or {"'", '"'} & set(name):
        raise SettingsError(f"{option} {name!r} cannot be a stream's name; leave out quotes")


def configure(lsl: Any, scope: Scope | None) -> str:
    """Say to liblsl how far streams are announced, before anything else is asked of it.

    Args:
        lsl: pylsl.
        scope: How far; None for this machine, unless a file of the user's own says how far.

    Returns:
        The scope, or the file that says it.

    Raises:
        SettingsError: The library is too old to be told.
    """
    config = _config() if scope is None else None
    if config is not None:
        return config
    scope = scope or MACHINE
    told = f"[multicast]\nResolveScope = {scope}\n[log]\nlevel = {LOG_LEVEL}\n"
    if scope == MACHINE:
        # What asks the one port of this scope is answered by one of several streams; each has a
        # port of its own besides, which are asked by address.
        told += "[lab]\nKnownPeers = {127.0.0.1}\n"
    try:
        lsl.set_config_content(told)
    except (AttributeError, NotImplementedError) as error:
        raise SettingsError(
            "liblsl is older than 1.17.7 here, and cannot be told how far to announce streams: "
            f"write ResolveScope into an lsl_api.cfg, and name that file in {CONFIG}"
        ) from error
    return scope


def _config() -> str | None:
    """Return the file of settings that liblsl would read, if any."""
    for name in (os.environ.get(CONFIG, ""), *CONFIGS):
        path = Path(name).expanduser()
        if name and path.is_file():
            return str(path)
    return None


def clock_offset(lsl: Any) -> float:
    """Return what liblsl's clock is ahead of `time.time`, in seconds.

    The two are read in turn, some times over, and the pair that was read quickest counts.
    """
    pairs = []
    for _ in range(CLOCK_TRIES):
        before, theirs, after = time.time(), lsl.local_clock(), time.time()
        pairs.append((after - before, theirs - (before + after) / 2))
    return float(min(pairs)[1])
