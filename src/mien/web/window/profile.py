"""Where the window's browser keeps its settings, which are no other browser's.

They stay from one start to the next: what the page was set to, and that it may use the camera.
"""

import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from mien.errors import InUseError
from mien.files.locks import alone_on
from mien.web.window.browsers import Browser

FOLDER = "mien-window"
# The processes of a browser may still write for a moment after it has ended.
TRIES, PAUSE = 10, 0.2


@contextlib.contextmanager
def profile_of(
    browser: Browser, platform: str = sys.platform, environ: Mapping[str, str] = os.environ
) -> Iterator[Path]:
    """Give the folder of a browser's settings, for this process alone.

    Where another mien has a window, or nothing can be kept, it is one that goes at the end.

    Args:
        browser: The browser.
        platform: As `sys.platform`.
        environ: The variables of the environment.

    Raises:
        OSError: There is no room for temporary files either.
    """
    with contextlib.ExitStack() as stack:
        try:
            place = (browser.sees or _data_folder(platform, environ)) / FOLDER / browser.name
            stack.enter_context(alone_on(place))
            place.mkdir(mode=0o700, exist_ok=True)
            # What cannot be written to is of no use to a browser.
            with tempfile.TemporaryFile(dir=place):
                pass
        except (InUseError, OSError, RuntimeError):
            place = Path(tempfile.mkdtemp(prefix=f"{FOLDER}-", dir=_existing(browser.sees)))
            stack.callback(_remove, place)
        yield place


def _data_folder(platform: str, environ: Mapping[str, str]) -> Path:
    if platform == "win32" and environ.get("LOCALAPPDATA"):
        return Path(environ["LOCALAPPDATA"])
    if platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    given = Path(environ.get("XDG_DATA_HOME", ""))
    return given if given.is_absolute() else Path.home() / ".local" / "share"


def _existing(folder: Path | None) -> Path | None:
    return folder if folder is not None and folder.is_dir() else None


def _remove(folder: Path) -> None:
    for _ in range(TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(PAUSE)
