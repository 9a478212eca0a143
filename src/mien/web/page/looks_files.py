"""The table of looks as the page takes it: as a module, and its colours as a stylesheet."""

import msgspec

from mien.vision.looks import Colours, table

UNSAID = "unsaid"  # a look that is switched off
THEMES = {":root": "light", ':root[data-theme="dark"]': "dark"}
THEMES[':root[data-theme="contrast"]'] = "contrast"


def module() -> bytes:
    """Return a JavaScript module that exports `table`."""
    return b"export const table = " + msgspec.json.encode(table()) + b";\n"


def stylesheet() -> bytes:
    """Return CSS: the colour of each kind as `--kind`, by theme, and the class `.shape-kind`."""
    kinds = _kinds()
    rules = []
    for selector, theme in THEMES.items():
        lines = [f"--{kind}: {getattr(colours, theme)};" for kind, colours in kinds.items()]
        rules.append(f"{selector} {{ {' '.join(lines)} }}")
    rules += [f".shape-{kind} {{ color: var(--{kind}); }}" for kind in kinds]
    return "\n".join([*rules, ""]).encode()


def _kinds() -> dict[str, Colours]:
    kinds = {name: entry.colour for name, entry in table().looks.items()}
    kinds |= {f"other-{index}": entry.colour for index, entry in enumerate(table().others)}
    return {**kinds, "unsure": table().unsure.colour, UNSAID: table().unsure.colour}
