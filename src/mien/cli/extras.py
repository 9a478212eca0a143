"""What the extras of mien need, as its own metadata says."""

import re
import subprocess
import sys
from importlib import metadata

from mien.cli.console import out

_LINE = re.compile(r"(?P<package>[^;]+?)\s*;.*\bextra == ['\"](?P<extra>[^'\"]+)['\"]")


def packages_of(extra: str) -> list[str]:
    """Return the packages of an extra, with their bounds, as pip takes them."""
    found = (_LINE.match(line) for line in metadata.requires("mien") or ())
    return [one["package"] for one in found if one is not None and one["extra"] == extra]


def names_of_all() -> list[str]:
    """Return the names of the packages of all extras, each once, sorted."""
    found = (_LINE.match(line) for line in metadata.requires("mien") or ())
    names = (re.split(r"[^\w.-]", one["package"], maxsplit=1)[0] for one in found if one)
    return sorted({*names} - {"mien"})


def install(extra: str, whom: str) -> bool:
    """Ask at the terminal, and fetch the packages of an extra.

    Nothing is fetched where there is no terminal, or nobody says yes.

    Args:
        extra: Such as "lan".
        whom: What needs them, as the question begins.

    Returns:
        Whether they are there now.
    """
    if not (sys.stdin.isatty() and out.is_terminal):
        return False
    packages = packages_of(extra)
    out.print(f"{whom} needs more packages: {', '.join(packages)}", markup=False)
    if out.input("Install them now? (y/n) ").strip().lower() not in ("y", "yes"):
        return False
    words = [sys.executable, "-m", "pip", "install", "--quiet", *packages]
    return subprocess.run(words, check=False).returncode == 0  # noqa: S603 - our own metadata
