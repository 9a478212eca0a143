"""How more packages get beside the mien that runs: the words that work there, for errors.

`uvx` and `pipx run` make an environment for each set of packages; `uv tool` and `pipx` keep one for
mien alone; elsewhere it is pip, or uv where that made the environment, which then has no pip.
"""

import importlib.util
import json
import os
import re
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

Kind = Literal["pip", "uv", "uv tool", "uvx", "pipx", "pipx run"]
# Of those that "pip" and "uv" name, more can be put into the environment that runs.
OPEN: tuple[Kind, ...] = ("pip", "uv")
_LINE = re.compile(r"(?P<package>[^;]+?)\s*;.*\bextra == ['\"](?P<extra>[^'\"]+)['\"]")
# Where uv keeps what `uvx` runs, below the folder of its cache.
_UV_CACHE = re.compile(r"(archive|environments)-v\d+")
# PyPI's PyTorch for Linux brings CUDA, gigabytes that nothing uses where there is no GPU.
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
_GPU = ("/dev/nvidiactl", "/proc/driver/nvidia/version", "/dev/dxg")
_PLAIN = re.compile(r"[\w@%+=:,./\\~-]+")


@dataclass(frozen=True, slots=True)
class Installation:
    """What runs mien.

    Attributes:
        kind: What could put more packages beside it.
        python: The interpreter, as a command.
        checkout: The folder of the source that runs, as a command takes it; None where it was
            installed.
        origin: Address of the file or folder that it was installed from; None where an index was
            asked.
        windows: How words are quoted.
        cpu_torch: Whether PyTorch, if it is fetched, should be the build without CUDA.
    """

    kind: Kind
    python: str
    checkout: str | None = None
    origin: str | None = None
    windows: bool = False
    cpu_torch: bool = False

    def add_extra(self, extra: str) -> str:
        """Return the command that brings the packages of an extra of mien."""
        if self.kind in OPEN:
            return self._into(self._with(extra), torch=brings_torch(extra))
        torch = self._cpu(self.cpu_torch and brings_torch(extra))
        own = self.quote(self._named(f"mien[{extra}]"))
        return {
            "uv tool": f"uv tool install{torch} {own}",
            "uvx": f"uvx{torch} --from {own} mien …",
            "pipx": f"pipx install --force{torch} {own}",
            "pipx run": f"pipx run{torch} --spec {own} mien …",
        }[self.kind]

    def add_package(self, package: str) -> str:
        """Return the command that brings one more package."""
        if self.kind in OPEN:
            return self._into(self.quote(package))
        own, more = self.quote(self._named("mien")), self.quote(package)
        return {
            "uv tool": f"uv tool install --with {more} {own}",
            "uvx": f"uvx --with {more} --from {own} mien …",
            "pipx": f"pipx inject mien {more}",
            "pipx run": f"pipx run --with {more} --spec {own} mien …",
        }[self.kind]

    def remark(self, extra: str) -> str:
        """Return what is to be said beside the command that brings an extra; nothing as a rule."""
        wanted = self.cpu_torch and brings_torch(extra)
        return " (with PyTorch's build for CPUs, as no GPU was found)" if wanted else ""

    def command(self, packages: Iterable[str]) -> list[str] | None:
        """Return the words of a process that installs packages here; None where none should."""
        if self.kind == "pip":
            return [sys.executable, "-m", "pip", "install", "--quiet", *packages]
        if self.kind == "uv" and (uv := shutil.which("uv")):
            return [uv, "pip", "install", "--quiet", "--python", sys.executable, *packages]
        return None

    def quote(self, word: str) -> str:
        """Return a word as the shells of this system take it."""
        if _PLAIN.fullmatch(word):
            return word
        # PowerShell and cmd both know these; of the others only POSIX shells act on `$` in them.
        return f'"{word}"' if self.windows else "'" + word.replace("'", "'\"'\"'") + "'"

    def _into(self, what: str, *, torch: bool = False) -> str:
        cpu = self._cpu(self.cpu_torch and torch)
        if self.kind == "uv":
            return f"uv pip install --python {self.quote(self.python)}{cpu} {what}"
        return f"{self.quote(self.python)} -m pip install{cpu} {what}"

    def _with(self, extra: str) -> str:
        if self.checkout is not None:
            return f"-e {self.quote(f'{self.checkout}[{extra}]')}"
        # pip is content with the mien that is there; uv would ask an index for it.
        name = f"mien[{extra}]"
        return self.quote(self._named(name) if self.kind == "uv" else name)

    def _named(self, name: str) -> str:
        return name if self.origin is None else f"{name} @ {self.origin}"

    def _cpu(self, wanted: bool) -> str:
        if not wanted:
            return ""
        if self.kind in ("uv", "uv tool", "uvx"):
            return " --torch-backend cpu"
        if self.kind == "pip":
            return f" --extra-index-url {CPU_INDEX}"
        return f" --pip-args={self.quote(f'--extra-index-url {CPU_INDEX}')}"


def here() -> Installation:
    """Look at what runs."""
    return Installation(
        kind=_kind(Path(sys.prefix)),
        python=_python(),
        checkout=_checkout(Path(__file__).parents[2]),
        origin=_origin(),
        windows=sys.platform == "win32",
        cpu_torch=sys.platform == "linux" and not _has("torch") and not _gpu(),
    )


def packages_of(extra: str) -> list[str]:
    """Return the packages of an extra, with their bounds, as pip takes them; mien's own apart."""
    return [package for package, name in _extras() if name == extra]


def names_of_all() -> list[str]:
    """Return the names of the packages of all extras, each once, sorted."""
    return sorted({_name(package) for package, _ in _extras()} - {"mien"})


def brings_torch(extra: str) -> bool:
    """Say whether PyTorch is among the packages of an extra, or of one that it stands on."""
    for package in packages_of(extra):
        if _name(package) == "torch":
            return True
        if _name(package) == "mien":
            below = package.partition("[")[2].partition("]")[0].split(",")
            if any(brings_torch(one.strip()) for one in below):
                return True
    return False


def _extras() -> list[tuple[str, str]]:
    """Return each package that an extra brings, with the extra, as mien's own metadata says."""
    try:
        lines = metadata.requires("mien") or ()
    except metadata.PackageNotFoundError:  # run from its source, and not installed
        return []
    found = (_LINE.match(line) for line in lines)
    return [(one["package"], one["extra"]) for one in found if one is not None]


def _name(package: str) -> str:
    return re.split(r"[^\w.-]", package, maxsplit=1)[0]


def _kind(prefix: Path) -> Kind:
    if (prefix / "uv-receipt.toml").is_file():
        return "uv tool"
    if (prefix / "pipx_metadata.json").is_file():
        return "pipx" if prefix.parent.name == "venvs" else "pipx run"
    by_uv = _made_by_uv(prefix)
    if by_uv and any(_UV_CACHE.fullmatch(part) for part in prefix.parts):
        return "uvx"
    return "uv" if not _has("pip") and (by_uv or shutil.which("uv")) else "pip"


def _made_by_uv(prefix: Path) -> bool:
    try:
        told = (prefix / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return re.search(r"^uv\s*=", told, re.MULTILINE) is not None


def _has(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _gpu() -> bool:
    return any(Path(name).exists() for name in _GPU) or shutil.which("nvidia-smi") is not None


def _python() -> str:
    """Return `python` where that is what runs, else its path, from here where it is below here."""
    running = Path(sys.executable or "python")
    for name in ("python", "python3"):
        found = shutil.which(name)
        if found is not None and _same(Path(found), running):
            return name
    return _from_here(running)


def _same(one: Path, other: Path) -> bool:
    """Say whether two names in one folder are one interpreter; links out of it are another's."""
    try:
        return one.parent.resolve() == other.parent.resolve() and one.samefile(other)
    except OSError:
        return False


def _from_here(path: Path) -> str:
    try:
        near = path.relative_to(Path.cwd())
    except (OSError, ValueError):  # elsewhere, or the working folder is gone
        return str(path)
    return str(near) if len(near.parts) != 1 else f".{os.sep}{near}"  # not a name, but a place


def _checkout(root: Path) -> str | None:
    """Return the folder of the source that runs, as `pip install -e` takes it from here."""
    if not ((root / "pyproject.toml").is_file() and (root / "src" / "mien").is_dir()):
        return None
    return _from_here(root)


def _origin() -> str | None:
    """Return the address of the wheel, folder or repository that mien was installed from, if any.

    Installers note it, without secrets (PEP 610).
    """
    try:
        told = json.loads(metadata.distribution("mien").read_text("direct_url.json") or "{}")
        vcs = told.get("vcs_info", {}).get("vcs")
        return f"{vcs}+{told['url']}" if vcs else str(told["url"])
    except (metadata.PackageNotFoundError, OSError, ValueError, LookupError, AttributeError):
        return None
