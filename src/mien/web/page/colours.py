"""The colours of the page in CSS: by the theme that is chosen, or by what a device prefers."""

from collections.abc import Mapping
from typing import get_args

from mien.vision import palette
from mien.vision.palette import Theme
from mien.web.page import looks_files

THEMES: tuple[Theme, ...] = get_args(Theme)
# What the browser's own parts, such as scroll bars, are drawn like.
SCHEMES: Mapping[Theme, str] = {"light": "light", "dark": "dark", "contrast": "dark"}
PREFERENCES: Mapping[Theme, str] = {
    "light": "all",
    "dark": "(prefers-color-scheme: dark)",
    "contrast": "(prefers-contrast: more)",
}


def by_theme() -> bytes:
    """Return CSS of all colours, for a page whose script says which theme is chosen."""
    rules = [
        f"{_selector(theme)} {{ {_declarations(theme)} {looks_files.declarations(theme)} }}"
        for theme in THEMES
    ]
    return "\n".join([*rules, looks_files.classes(), ""]).encode()


def by_preference() -> bytes:
    """Return CSS of the colours but those of looks, for a page that has no script."""
    rules = [
        f"@media {PREFERENCES[theme]} {{ :root {{ {_declarations(theme)} }} }}" for theme in THEMES
    ]
    return "\n".join([*rules, ""]).encode()


def _selector(theme: Theme) -> str:
    return ":root" if theme == "light" else f':root[data-theme="{theme}"]'


def _declarations(theme: Theme) -> str:
    return f"color-scheme: {SCHEMES[theme]}; {palette.declarations(theme)}"
