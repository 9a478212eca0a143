"""Regular expressions of the user that name what is in a picture, by where it came from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from mien.datasets.inputs.nobody import is_nobody
from mien.errors import SettingsError


def compile_with_group(pattern: str, name: str, example: str) -> re.Pattern[str]:
    """Compile an expression whose first group is what is looked for.

    Args:
        pattern: The expression.
        name: What to call it in the error.
        example: One that would do.

    Raises:
        SettingsError: It is no regular expression, or has no group.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise SettingsError(f"{name} {pattern!r}: not a regular expression: {error}") from error
    if not compiled.groups:
        raise SettingsError(
            f"{name} {pattern!r}: put the part that is looked for in parentheses, as in {example}"
        )
    return compiled


def first_group(pattern: re.Pattern[str], text: str) -> str:
    """Return what the first group finds in a text; "" where there is nothing."""
    found = pattern.search(text)
    return (found[1] or "") if found else ""


@dataclass(frozen=True, slots=True)
class GroupPattern:
    """What pictures of one person, or frames of one video, share in their names.

    Attributes:
        text: A regular expression whose first group names what is shared. It is searched in the
            file's name without its suffix, as "(.+)_[0-9]+" for "Ann_Lee_0002.jpg"; one that holds
            a slash in the path below the folder, as "([^/]+)/[^/]+$" for a folder per video.

    Raises:
        SettingsError: It is no regular expression, or has no group.
    """

    text: str
    _compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        compiled = compile_with_group(self.text, "group pattern", "(.+)_[0-9]+")
        object.__setattr__(self, "_compiled", compiled)

    def group(self, origin: str) -> str:
        """Return the group of a file by its path below the folder.

        "" where nothing fits, or what fits names nobody, such as "unknown".
        """
        path = PurePosixPath(origin)
        text = str(path.with_suffix("")) if "/" in self.text else path.stem
        group = first_group(self._compiled, text)
        return "" if is_nobody(group) else group


@dataclass(frozen=True, slots=True)
class SlicePattern:
    """What to split faces by, as it is told by where their pictures came from.

    Attributes:
        name: What the faces are split by, as "sex".
        pattern: Its first group is the part that a picture belongs to; searched in the path below
            the folder, or in what a data set says of the picture's origin.
    """

    name: str
    pattern: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> "SlicePattern":
        r"""Read `NAME=REGEX`, as in `sex=/[AB]([FM])\d`.

        Raises:
            SettingsError: There is no name, or the rest is no regular expression with a group.
        """
        name, equals, pattern = text.partition("=")
        name = name.strip()
        if not name or not equals:
            raise SettingsError(f"slice pattern {text!r}: write NAME=REGEX, as in sex=/([FM])_")
        title = f"slice pattern {name}:"
        return cls(name, compile_with_group(pattern, title, "/([FM])_"))

    def values(self, origins: Sequence[str]) -> tuple[str, ...]:
        """Return the part that each picture belongs to; "" where the pattern finds nothing."""
        return tuple(first_group(self.pattern, origin) for origin in origins)
