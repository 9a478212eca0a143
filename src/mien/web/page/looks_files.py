"""The table of looks as the page takes it: as a module, and its colours in CSS."""

import msgspec

from mien.vision.looks import Colours, table
from mien.vision.palette import Theme

UNSAID = "unsaid"  # a look that is switched off


def module() -> bytes:
    """Return a JavaScript module that exports `table`."""
    return b"export const table = " + msgspec.json.encode(table()) + b";\n"


def declarations(theme: Theme) -> str:
    """Return CSS that declares the colour of each kind, as `--kind`."""
    return " ".join(f"--{kind}: {getattr(colours, theme)};" for kind, colours in _kinds().items())


def classes() -> str:
    """Return CSS of the class `.shape-kind` for each kind."""
    return "\n".join(f".shape-{kind} {{ color: var(--{kind}); }}" for kind in _kinds())


def _kinds() -> dict[str, Colours]:
    kinds = {name: entry.colour for name, entry in table().looks.items()}
    kinds |= {f"other-{index}": entry.colour for index, entry in enumerate(table().others)}
    return {**kinds, "unsure": table().unsure.colour, UNSAID: table().unsure.colour}
