"""Fetching what an extra of mien needs, for whoever sits at the terminal and says yes."""

import subprocess
import sys

from mien.cli.console import out
from mien.installing import here, packages_of


def install(extra: str, whom: str) -> bool:
    """Ask at the terminal, and fetch the packages of an extra.

    Nothing is fetched where there is no terminal, or nobody says yes, or where the environment is
    that of a tool (`uvx`, `pipx`), which makes it anew.

    Args:
        extra: Such as "lan".
        whom: What needs them, as the question begins.

    Returns:
        Whether they are there now.
    """
    if not (sys.stdin.isatty() and out.is_terminal):
        return False
    packages = packages_of(extra)
    words = here().command(packages)
    if not packages or words is None:
        return False
    out.print(f"{whom} needs more packages: {', '.join(packages)}", markup=False)
    if out.input("Install them now? (y/n) ").strip().lower() not in ("y", "yes"):
        return False
    return subprocess.run(words, check=False).returncode == 0  # noqa: S603 - our own metadata
