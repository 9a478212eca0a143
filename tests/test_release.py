"""What is published says where it is from, on what terms, and one version."""

import re
from pathlib import Path

import pytest
from tools import release

from mien import __version__
from mien.settings import recipe_file

ROOT = Path(__file__).parents[1]
NEWS = "## [Unreleased]\n\n## [1.2.0] - 2026-12-01\n\n- New.\n\n## [1.1.0] - 2026-11-01\n\n- Old.\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout that can be released as 1.2.0."""
    for name, text in {
        "src/mien/__init__.py": '__version__ = "1.2.0"\n',
        "CITATION.cff": "version: 1.2.0\n",
        "CHANGELOG.md": NEWS,
        "pyproject.toml": '[tool.hatch.metadata.hooks.custom]\nrepository = "https://host/mien"\n',
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_what_agrees_is_released_with_its_news(root: Path) -> None:
    assert release.faults(root, "v1.2.0", "https://host/mien") == []
    assert release.news(root) == "- New."


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("CITATION.cff", "1.2.0", "1.1.0", "CITATION.cff"),
        ("CHANGELOG.md", "[1.2.0] - 2026-12-01", "1.2.0", "CHANGELOG.md"),
        ("pyproject.toml", "https://host/mien", "https://mien.example", "placeholder"),
        ("pyproject.toml", "host", "other", "but this is https://host/mien"),
        ("src/mien/__init__.py", "1.2.0", "1.2.1", "tag v1.2.0"),
    ],
)
def test_what_disagrees_is_named(root: Path, file: str, old: str, new: str, told: str) -> None:
    path = root / file
    path.write_text(path.read_text().replace(old, new))
    assert any(told in fault for fault in release.faults(root, "v1.2.0", "https://host/mien"))


def test_the_version_is_one() -> None:
    assert release.version_of(ROOT) == __version__
    cited = re.search("^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert cited is not None
    assert cited[1] == __version__


def test_links_lead_into_the_repository() -> None:
    absolute = pytest.importorskip("hatch_build", reason="needs hatchling").absolute
    text = "![a](docs/a.webp) [b](docs/b.md#c) [d](#e) [f](https://g)"
    told = absolute(text, "https://host/mien", "v1")
    assert told == (
        "![a](https://host/mien/raw/v1/docs/a.webp) [b](https://host/mien/blob/v1/docs/b.md#c) "
        "[d](#e) [f](https://g)"
    )


def test_recipes_of_mien_are_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    named = Path("recipes/student.toml")
    assert recipe_file(named).is_file()
    assert recipe_file(Path("recipes/none.toml")) == Path("recipes/none.toml")
    named.parent.mkdir()
    named.write_text("")
    assert recipe_file(named) == named
