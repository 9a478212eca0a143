"""Archives that fsspec reaches: its local file system, and the one in memory."""

import shutil
import uuid
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.archive.readings.conftest import BROKEN, Read, files_of

from mien.archive import inputs
from mien.archive.readings import work
from mien.archive.readings.manifest import read_manifest
from mien.errors import SettingsError, SourceError

fsspec = pytest.importorskip("fsspec", reason="needs the extra [cluster]")


@pytest.fixture
def memory(archive: Path) -> str:
    """The archive in memory, without the name that is no Unicode."""
    shutil.copytree(archive, archive.with_name("plain"), ignore=shutil.ignore_patterns("caf*"))
    url = f"memory://{uuid.uuid4()}"
    system = fsspec.filesystem("memory")
    for path in sorted(archive.with_name("plain").rglob("*")):
        if path.is_file():
            below = path.relative_to(archive.with_name("plain")).as_posix()
            system.pipe_file(f"{url}/in/{below}", path.read_bytes())
    return url


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is fetched."""
    names: list[str] = []
    real = work.at_hand

    def note(item: Any) -> Any:
        names.append(item.below)
        return real(item)

    monkeypatch.setattr(work, "at_hand", note)
    return names


def test_a_remote_archive_gives_what_a_folder_gives(
    read: Read, archive: Path, memory: str, tmp_path: Path, fetched: list[str]
) -> None:
    read(archive.with_name("plain"), tmp_path / "here")
    fetched.clear()
    summary = read(f"{memory}/in", f"{memory}/out")
    assert len(fetched) == summary.files == 7
    system = fsspec.filesystem("memory")
    there = {
        name.partition("/out/in/")[2]: data
        for name, data in ((one, system.cat_file(one)) for one in system.find(f"{memory}/out"))
    }
    here = {name.removeprefix("plain/"): data for name, data in files_of(tmp_path / "here").items()}
    assert {name for name in there if name} == {*here} - {"manifest.csv", "manifest.json"}
    for name in ("bright.mp4.csv", "pictures.csv", "sub/bright.mp4.csv"):
        assert [line.partition(b",")[2] for line in there[name].splitlines()] == [
            line.partition(b",")[2] for line in here[name].splitlines()
        ]
    rows = {row.file: row for row in read_manifest(f"{memory}/out")}
    broken = next(row for name, row in rows.items() if name.endswith(BROKEN))
    assert broken.status == "unreadable"
    assert "/tmp" not in broken.error
    assert all(name.startswith("memory://") for name in rows)

    fetched.clear()
    assert read(f"{memory}/in", f"{memory}/out").unchanged == 7
    assert fetched == []
    system.pipe_file(f"{memory}/in/bright.mp4", (archive / "sub" / "bright.mp4").read_bytes())
    assert read(f"{memory}/in", f"{memory}/out").unchanged == 6
    assert fetched == ["in/bright.mp4"]


def test_the_local_file_system_is_reached(read: Read, archive: Path, tmp_path: Path) -> None:
    read(f"file://{archive}", f"file://{tmp_path}/out")
    read(f"file://{archive}/*.mp4", tmp_path / "some")
    found = {*files_of(tmp_path / "out")}
    assert {"in/bright.mp4.csv", "in/sub/d\u00e9j\u00e0 vu/pictures.csv"} <= found
    assert {*files_of(tmp_path / "some")} == {"manifest.csv", "manifest.json", "bright.mp4.csv"}


def test_shards_are_merged_there(read: Read, memory: str) -> None:
    system = fsspec.filesystem("memory")
    read(f"{memory}/in", f"{memory}/one")
    for shard in ("1/2", "2/2"):
        read(f"{memory}/in", f"{memory}/two", shard=shard)
    one, two = (
        {
            name.partition(f"/{out}/")[2]: system.cat_file(name)
            for name in system.find(f"{memory}/{out}")
        }
        for out in ("one", "two")
    )
    assert one == two


def test_what_is_not_there_is_one_line(read: Read, memory: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no picture or video that is read here"):
        read(f"{memory}/nowhere", tmp_path / "out")
    with pytest.raises(SettingsError, match="Protocol not known"):
        read("nothing://x", tmp_path / "out")


def test_a_file_larger_than_the_disk_costs_itself_only(
    read: Read, memory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(inputs, "SPARE_BYTES", 0)
    monkeypatch.setattr(inputs.shutil, "disk_usage", lambda _: Usage(2000))
    read(f"{memory}/in", tmp_path / "out")
    rows = read_manifest(tmp_path / "out")
    large = [row for row in rows if row.file.endswith("bright.mp4")]
    assert {row.status for row in large} == {"failed"}
    assert "do not fit into" in large[0].error
    assert "read" in {row.status for row in rows}
