"""What `mien prepare` and `mien train` take where nothing is named: `faces/` of this folder.

So did the scripts of the demo that mien succeeds; see docs/from-the-demo.md.
"""

from pathlib import Path

from mien.errors import SettingsError

FACES = Path("faces")
DATASET = Path("datasets") / FACES.name


def words(*paths: Path) -> list[str]:
    """Return paths as they are typed, alike on every system."""
    return [path.as_posix() for path in paths]


def faces(instead: str) -> Path:
    """Return the folder of pictures that is here.

    Args:
        instead: What to do where there is none.

    Raises:
        SettingsError: There is none.
    """
    if not FACES.is_dir():
        raise SettingsError(f"nothing is named, and there is no folder {FACES} here: {instead}")
    return FACES
