"""The colours of pages, by theme, from one table: `palette.json`. Those of looks are beside it."""

from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from mien.parsing import decode_json

Theme = Literal["light", "dark", "contrast"]


class Shades(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One colour in each theme, as CSS writes it."""

    light: str
    dark: str
    contrast: str


@cache
def palette() -> dict[str, Shades | str]:
    """Return the colours by their names; one that is the same in all themes is a text."""
    table = files("mien.vision").joinpath("palette.json").read_bytes()
    return decode_json(table, dict[str, Shades | str])


def declarations(theme: Theme) -> str:
    """Return CSS that declares every colour of a theme: `--ink: #21302f; …`."""
    shades = {
        name: colour if isinstance(colour, str) else getattr(colour, theme)
        for name, colour in palette().items()
    }
    return " ".join(f"--{name}: {shade};" for name, shade in shades.items())
