"""Files are found in a fixed order, and links lead nowhere that was not asked for."""

import errno
import os
import subprocess
from pathlib import Path

import pytest

from mien.errors import SourceError
from mien.sources.files import find_files, find_pictures
from mien.types import Skipped


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "faces"
    for name in ("b.jpg", "a.PNG", "sub/c.webp", "sub/.hidden.jpg", ".git/d.jpg", "notes.txt"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def names(paths: list[Path], root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in paths]


def test_a_folder_is_read_to_the_bottom_sorted_without_hidden_files(folder: Path) -> None:
    skipped: list[Skipped] = []
    found = find_pictures(folder, on_skip=skipped.append)
    assert names(found, folder) == ["a.PNG", "b.jpg", "sub/c.webp"]
    assert [Path(item.path).name for item in skipped] == ["notes.txt"]
    assert ".txt" in skipped[0].reason


def test_a_file_is_taken_whatever_its_suffix_and_only_once(folder: Path) -> None:
    note = folder / "notes.txt"
    assert find_pictures([note, str(note)]) == [note]


def test_a_pattern_may_go_deep(folder: Path) -> None:
    found = find_pictures(str(folder / "**" / "*.webp"))
    assert names(found, folder) == ["sub/c.webp"]


def test_folders_may_lie_more_than_a_thousand_levels_deep(tmp_path: Path) -> None:
    at = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=at)
        inner = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    os.close(os.open("deep.jpg", os.O_CREAT, dir_fd=at))
    os.close(at)
    try:
        assert [path.name for path in find_pictures(tmp_path)] == ["deep.jpg"]
        with pytest.raises(SourceError, match="too deep for a pattern; name the folder itself"):
            find_pictures(str(tmp_path / "**" / "*.jpg"))
    finally:
        # Python's own removal goes down by recursion.
        subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)


def test_a_name_with_brackets_is_no_pattern(folder: Path) -> None:
    odd = folder / "a[1] 'quoted' \u00e9.jpg"
    odd.write_bytes(b"x")
    assert find_pictures(str(odd)) == [odd]


def test_other_suffixes_can_be_asked_for(folder: Path) -> None:
    assert names(find_files(folder, {".txt"}), folder) == ["notes.txt"]


@pytest.mark.parametrize("spec", ["absent.jpg", "absent/*.jpg"])
def test_what_does_not_exist_is_named(folder: Path, spec: str) -> None:
    with pytest.raises(SourceError, match="absent"):
        find_pictures(folder / spec)


def test_a_folder_without_pictures_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=r"empty.*\.png"):
        find_pictures(tmp_path / "empty")


def test_an_empty_name_is_not_this_folder() -> None:
    with pytest.raises(SourceError, match="empty name"):
        find_pictures("")


@pytest.mark.parametrize("spec", ["~nobody-of-this-name/a.jpg", "a\0b.jpg"])
def test_names_that_cannot_be_are_named(spec: str) -> None:
    with pytest.raises(SourceError, match="no such file"):
        find_pictures(spec)


@pytest.mark.skipif(os.name == "nt", reason="the limit is another on Windows")
def test_a_name_that_is_too_long_is_one_line() -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        find_pictures("a" * 5000)


def test_a_folder_inside_that_may_not_be_listed_costs_only_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordinary = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "sub":
            raise PermissionError(errno.EACCES, "Permission denied")
        return ordinary(path)

    monkeypatch.setattr(os, "scandir", scandir)
    skipped: list[Skipped] = []
    found = find_pictures(folder, on_skip=skipped.append)
    assert names(found, folder) == ["a.PNG", "b.jpg"]
    assert Skipped(str(folder / "sub"), "cannot be listed: Permission denied") in skipped
    with pytest.raises(SourceError, match=r"sub: cannot be listed"):
        find_pictures(folder / "sub")


def test_a_folder_that_may_be_listed_but_not_entered_costs_only_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        if path.parent.name == "sub":
            raise PermissionError(errno.EACCES, "Permission denied")
        return False

    monkeypatch.setattr(Path, "is_symlink", refuse)
    skipped: list[Skipped] = []
    assert names(find_pictures(folder, on_skip=skipped.append), folder) == ["a.PNG", "b.jpg"]
    assert Skipped(str(folder / "sub" / "c.webp"), "cannot be read: Permission denied") in skipped


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
class TestLinks:
    def test_links_out_of_the_folder_are_listed_and_not_followed(
        self, folder: Path, tmp_path: Path
    ) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "secret.jpg").write_bytes(b"x")
        (folder / "to_file.jpg").symlink_to(outside / "secret.jpg")
        (folder / "to_folder").symlink_to(outside)
        skipped: list[Skipped] = []
        found = find_pictures(folder, on_skip=skipped.append)
        assert names(found, folder) == ["a.PNG", "b.jpg", "sub/c.webp"]
        reasons = {Path(item.path).name: item.reason for item in skipped}
        assert "leaves the folder" in reasons["to_file.jpg"]
        assert "leaves the folder" in reasons["to_folder"]

    def test_loops_and_dead_links_end(self, folder: Path) -> None:
        (folder / "sub" / "up").symlink_to(folder)
        (folder / "self.jpg").symlink_to(folder / "self.jpg")
        (folder / "dead.jpg").symlink_to(folder / "nothing.jpg")
        skipped: list[Skipped] = []
        found = find_pictures(folder, on_skip=skipped.append)
        assert names(found, folder) == ["a.PNG", "b.jpg", "sub/c.webp"]
        assert {Path(item.path).name for item in skipped} >= {"up", "self.jpg", "dead.jpg"}

    def test_a_link_within_the_folder_is_followed(self, folder: Path) -> None:
        (folder / "z.jpg").symlink_to(folder / "b.jpg")
        assert names(find_pictures(folder), folder)[-1] == "z.jpg"

    def test_a_link_that_is_named_itself_is_followed(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(folder)
        assert len(find_pictures(tmp_path / "link")) == 3

    def test_a_pipe_is_not_opened(self, folder: Path) -> None:
        os.mkfifo(folder / "pipe.jpg")
        skipped: list[Skipped] = []
        assert len(find_pictures(folder, on_skip=skipped.append)) == 3
        assert "not a regular file" in {item.reason for item in skipped}

    def test_a_pipe_in_a_pattern_is_listed_and_one_that_is_named_is_refused(
        self, folder: Path
    ) -> None:
        os.mkfifo(folder / "pipe.jpg")
        skipped: list[Skipped] = []
        found = find_pictures(str(folder / "*.jpg"), on_skip=skipped.append)
        assert names(found, folder) == ["b.jpg"]
        assert skipped == [Skipped(str(folder / "pipe.jpg"), "not a regular file")]
        with pytest.raises(SourceError, match=r"pipe\.jpg: a pipe or device"):
            find_pictures(folder / "pipe.jpg")
