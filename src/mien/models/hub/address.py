"""What a model on a hub is called: `hf:user/name`, with `@revision` where one is meant."""

import re
from dataclasses import dataclass

from mien.errors import SettingsError
from mien.models.bundle import ON_HUB

# As the Hugging Face hub allows them; without what would lead out of a place.
_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?"
_REVISION = r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,254}"
_ADDRESS = re.compile(rf"{ON_HUB}({_PART})/({_PART})(?:@({_REVISION}))?")


@dataclass(frozen=True, slots=True)
class Address:
    """A place on a hub.

    Attributes:
        user: A user or an organisation.
        name: Of the repository.
        revision: A branch, a tag or a commit; None for what is newest.
    """

    user: str
    name: str
    revision: str | None = None

    @property
    def repo(self) -> str:
        """What the hub calls it."""
        return f"{self.user}/{self.name}"

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{ON_HUB}{self.repo}" + (f"@{self.revision}" if self.revision else "")


def parse_address(text: str) -> Address:
    """Read what somebody wrote.

    Raises:
        SettingsError: It is no such address.
    """
    found = _ADDRESS.fullmatch(text)
    strange = any(sign in text for sign in ("..", "--", "//")) or (
        found and found[2][-4:] == ".git"
    )
    if found is None or strange:
        raise SettingsError(
            f"{text}: no place on a hub; write {ON_HUB}USER/NAME, or {ON_HUB}USER/NAME@REVISION "
            "for a branch, a tag or a commit"
        )
    return Address(found[1], found[2], found[3])
