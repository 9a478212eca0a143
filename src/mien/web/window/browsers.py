"""Browsers that show one page in a window without bars: Chromium and what is made of it.

Firefox has no such window, but for a kiosk that fills the screen, and Safari none that a program
could ask for.
"""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

KNOWN = re.compile(r"chrom|edge|brave|vivaldi", re.IGNORECASE)
# On Linux by the names of their commands; snaps and flatpaks, which see few folders, come last.
COMMANDS = (
    *("google-chrome", "google-chrome-stable", "chromium", "chromium-browser"),
    *("microsoft-edge", "microsoft-edge-stable", "brave-browser", "vivaldi", "vivaldi-stable"),
)
SNAPS = Path("/snap/bin")
SNAP_NAMES = ("chromium", "brave")
FLATPAKS = ("com.google.Chrome", "org.chromium.Chromium", "com.microsoft.Edge", "com.brave.Browser")
FLATPAK_FOLDERS = ("~/.local/share/flatpak/exports/bin", "/var/lib/flatpak/exports/bin")
MAC_FOLDERS = ("/Applications", "~/Applications")
MAC_APPS = ("Google Chrome", "Microsoft Edge", "Chromium", "Brave Browser", "Vivaldi")
WINDOWS_FOLDERS = ("ProgramFiles", "ProgramFiles(x86)", "ProgramW6432", "LocalAppData")
WINDOWS_PROGRAMS = (
    "Google/Chrome/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
    "BraveSoftware/Brave-Browser/Application/brave.exe",
    "Chromium/Application/chrome.exe",
    "Vivaldi/Application/vivaldi.exe",
)
_SCRIPT_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that has windows without bars.

    Attributes:
        name: What it is called in messages, and its profile's folder.
        command: The words that start it.
        sees: The folder in which its profile has to lie; None where any will do.
    """

    name: str
    command: tuple[str, ...]
    sees: Path | None = None


def find_browser(
    platform: str = sys.platform, environ: Mapping[str, str] = os.environ
) -> Browser | None:
    """Return the first browser that is here; None where there is none.

    What the variable BROWSER names, as Python's own `webbrowser` takes it, goes before all others.

    Args:
        platform: As `sys.platform`.
        environ: The variables of the environment.
    """
    places = {"darwin": _on_mac, "win32": _on_windows}.get(platform, _on_linux)
    return next((one for find in (_named, places) for one in find(environ)), None)


def _named(environ: Mapping[str, str]) -> Iterator[Browser]:
    """Yield what the user named, as far as it has such windows."""
    for named in environ.get("BROWSER", "").split(os.pathsep):
        word = named if Path(named).is_file() else next(iter(_words(named)), "")
        if KNOWN.search(Path(word).name) and (found := shutil.which(word)):
            yield _of_command(Path(found))


def _words(named: str) -> list[str]:
    try:
        return shlex.split(named, posix=os.name == "posix")
    except ValueError:  # a quote that has no end
        return []


def _on_linux(_: Mapping[str, str]) -> Iterator[Browser]:
    found = [_of_command(Path(path)) for name in COMMANDS if (path := shutil.which(name))]
    yield from (one for one in found if one.sees is None)
    yield from (one for one in found if one.sees is not None)
    for name in SNAP_NAMES:
        if (SNAPS / name).is_file():
            yield _of_snap(name)
    for name in FLATPAKS:
        for folder in FLATPAK_FOLDERS:
            export = _at_home(folder) / name
            if export.is_file():
                yield Browser(name, (str(export),), _at_home(f"~/.var/app/{name}/data"))


def _of_command(path: Path) -> Browser:
    """Return the browser of a command, which may be a snap, or a script that starts one."""
    if path.parent == SNAPS:
        return _of_snap(path.name)
    for name in SNAP_NAMES:
        if (SNAPS / name).is_file() and f"{SNAPS.as_posix()}/{name}".encode() in _beginning(path):
            return _of_snap(name)
    return Browser(path.stem, (str(path),))


def _of_snap(name: str) -> Browser:
    return Browser(name, (str(SNAPS / name),), _at_home(f"~/snap/{name}/common"))


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_SCRIPT_BYTES)
    except OSError:
        return b""


def _on_mac(_: Mapping[str, str]) -> Iterator[Browser]:
    for name in MAC_APPS:
        for folder in MAC_FOLDERS:
            path = _at_home(folder) / f"{name}.app" / "Contents" / "MacOS" / name
            if path.is_file():
                yield Browser(name, (str(path),))


def _on_windows(environ: Mapping[str, str]) -> Iterator[Browser]:
    for program in WINDOWS_PROGRAMS:
        for folder in (environ[name] for name in WINDOWS_FOLDERS if environ.get(name)):
            path = Path(folder, program)
            if path.is_file():
                yield Browser(path.stem, (str(path),))


def _at_home(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:  # there is no home
        return Path(path)
