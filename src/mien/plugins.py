"""What other packages add by entry points: found by name, and imported only when it is used."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Any

from mien.errors import SettingsError, one_line

DETECTORS, SINKS = "mien.detectors", "mien.sinks"
# A word of the command line, or the ending of a file without its dot.
_NAME = re.compile(r"[a-z0-9][a-z0-9_+-]*")


@dataclass(frozen=True, slots=True)
class Plugin:
    """What a package offers under a name.

    Attributes:
        group: `DETECTORS` or `SINKS`.
        name: The name.
        package: The package that offers it, and its version.
        problem: Why it cannot be used; "" where nothing is known against it.
    """

    group: str
    name: str
    package: str
    problem: str
    _entry: metadata.EntryPoint

    def load(self) -> Any:
        """Import it.

        Raises:
            SettingsError: It cannot be imported, or its name is not its own.
        """
        if self.problem:
            raise SettingsError(f"{self}: {self.problem}")
        try:
            return self._entry.load()
        except (Exception, SystemExit) as error:  # of others' making: anything may be raised
            raise SettingsError(
                f"{self}: cannot be loaded ({type(error).__name__}: {one_line(error)}); update or "
                "remove that package"
            ) from error

    def __str__(self) -> str:
        """Return what to call it in errors."""
        return f"{self.group.removeprefix('mien.').removesuffix('s')} {self.name} of {self.package}"


def plugins(group: str, taken: Sequence[str]) -> tuple[Plugin, ...]:
    """Return what is installed, in order of names, with what cannot be used and why.

    Args:
        group: `DETECTORS` or `SINKS`.
        taken: Names that are mien's own.
    """
    found = [(entry, package) for entry, package in _scan(tuple(sys.path)) if entry.group == group]
    made = []
    for entry, package in sorted(found, key=lambda pair: (pair[0].name, pair[1])):
        others = [other for one, other in found if one.name == entry.name and other != package]
        problem = ""
        if entry.name in taken:
            problem = "mien has one of its own of that name, which is used"
        elif others:
            problem = f"{', '.join(others)} has one of the same name; remove one of the two"
        elif not _NAME.fullmatch(entry.name):
            problem = "its name must be small letters, digits, -, + and _"
        made.append(Plugin(group, entry.name, package, problem, entry))
    return tuple(made)


def find(group: str, name: str, taken: Sequence[str]) -> Plugin | None:
    """Return the plugin of a name; None where there is none."""
    return next((one for one in plugins(group, taken) if one.name == name), None)


def names(group: str, taken: Sequence[str]) -> tuple[str, ...]:
    """Return the names that can be used beside those of mien."""
    return tuple(one.name for one in plugins(group, taken) if not one.problem)


@cache
def _scan(_path: tuple[str, ...]) -> tuple[tuple[metadata.EntryPoint, str], ...]:
    """Return all of mien's entry points that are installed, and whose they are."""
    found, seen = [], set()
    for distribution in metadata.distributions():
        try:
            entries = [one for one in distribution.entry_points if one.group in (DETECTORS, SINKS)]
            name = distribution.metadata["Name"] if entries else ""
            package = f"{name} {distribution.version}" if entries else ""
        except Exception:  # noqa: S112 - metadata of others' making that is damaged is nobody's plugin
            continue
        # What comes first on the path hides what comes later, as in an import.
        if name and name not in seen:
            seen.add(name)
            found += [(one, package) for one in entries]
    return tuple(found)
