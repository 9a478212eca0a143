"""A test file that needs an extra which is not installed is skipped, and says which.

What brings a package is read from pyproject.toml. Where a package is missed that no extra brings,
the file fails as ever.
"""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Where the name that is imported is not that of the distribution.
IMPORTED = {
    "dlib_bin": "dlib",
    "protobuf": "google",
    "pympi_ling": "pympi",
    "webvtt_py": "webvtt",
}


def brought() -> dict[str, str]:
    """Return what brings each package that the core does not: an extra, or the tests' own group."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        told = tomllib.load(file)
    places = {
        f"the extra [{name}]": wanted
        for name, wanted in told["project"]["optional-dependencies"].items()
    }
    places |= {f"the group {name}": wanted for name, wanted in told["dependency-groups"].items()}
    found: dict[str, str] = {}
    for place, wanted in places.items():
        for name in _imported(wanted):
            found.setdefault(name, place)
    return found


def _imported(requirements: Iterable[str | dict[str, str]]) -> Iterable[str]:
    for requirement in requirements:
        if isinstance(requirement, str) and not requirement.startswith("mien["):
            name = re.split(r"[^\w.-]", requirement)[0].replace("-", "_")
            yield IMPORTED.get(name, name)


class TestFile(pytest.Module):
    """A file of tests, skipped where it, or mien, misses what an extra brings."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        try:
            return super().collect()
        except Exception as error:
            skip_without_extra(error)
            raise


def skip_without_extra(error: BaseException | None) -> None:
    """Skip where an error, or what it came from, is that of a package which an extra brings."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError) and error.name:
            place = brought().get(error.name.partition(".")[0])
            if place:
                pytest.skip(f"needs {place}", allow_module_level=True)
        error = error.__cause__ or error.__context__


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module:
    """Make each file of tests one that may be skipped."""
    return TestFile.from_parent(parent, path=module_path)
