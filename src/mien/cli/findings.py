"""What `mien doctor` finds, one thing at a time, whatever fails."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """What one probe came to.

    Attributes:
        ok: Whether it works.
        detail: What was found, or why it does not work.
        facts: More of it, for JSON.
    """

    ok: bool
    detail: str
    facts: dict[str, Any] = field(default_factory=dict)


def tried(probe: Callable[[], Finding]) -> Finding:
    """Return what a probe finds, or with what it failed."""
    try:
        return probe()
    except Exception as error:  # any failure is a finding here
        reason = " ".join(str(error).split()) or "no reason given"
        name = "" if type(error).__module__ == "mien.errors" else f"{type(error).__name__}: "
        return Finding(False, without_home(name + reason))


def all_tried(name: str, probe: Callable[[], dict[str, Finding]]) -> dict[str, Finding]:
    """Return what a probe of several things finds, or one finding that says with what it failed."""
    found: dict[str, Finding] = {}

    def look() -> Finding:
        found.update(probe())
        return Finding(True, "")

    result = tried(look)
    return found if result.ok else {name: result}


def without_home(text: str) -> str:
    """A user's name is nobody's business in a public bug report."""
    try:
        home = Path.home()
    except RuntimeError:  # no $HOME, and nobody of this number is known, as in containers
        return text
    if len(home.parts) < 2 or not home.is_absolute():  # that names nobody, and is everywhere
        return text
    return re.sub(rf"(?<!\w){re.escape(str(home))}(?!\w)", "~", text)
