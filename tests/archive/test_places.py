import sys
import uuid
from pathlib import Path

import pytest

from mien.archive.places import LocalPlace, Place, is_remote, open_place
from mien.errors import MissingExtraError, SettingsError, SinkError


@pytest.fixture(params=["local", "file", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A folder of each kind."""
    if request.param == "local":
        return open_place(str(tmp_path / "out"))
    pytest.importorskip("fsspec", reason="needs the extra [cluster]")
    if request.param == "file":
        return open_place(f"file://{tmp_path / 'out'}/")
    return open_place(f"memory://{uuid.uuid4()}/out")


def put(place: Place, name: str, data: bytes) -> None:
    with place.put(name) as path:
        assert path.suffix == Path(name).suffix
        path.write_bytes(data)


def test_files_appear_whole(place: Place) -> None:
    assert place.names() == []
    assert place.read("a.csv") is None
    assert not place.has("sub/b.csv")
    place.remove("a.csv")
    place.write("a.csv", b"old")
    put(place, "sub/d\u00e9j\u00e0 vu/b.csv", b"one")
    put(place, "a.csv", b"new")
    assert place.read("a.csv") == b"new"
    assert place.has("sub/d\u00e9j\u00e0 vu/b.csv")
    assert not place.has("sub")
    assert place.names() == ["a.csv"]


def test_an_error_leaves_what_was_there(place: Place) -> None:
    place.write("a.csv", b"old")

    def fail() -> None:
        with place.put("a.csv") as path:
            path.write_bytes(b"half")
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - our own
        fail()
    assert place.read("a.csv") == b"old"
    assert place.names() == ["a.csv"]
    place.remove("a.csv")
    assert place.names() == []


def test_names_come_by_age(place: Place) -> None:
    for name in ("b.csv", "c.csv", "a.csv", "b.csv"):
        place.write(name, b"")
    assert place.names()[-1] == "b.csv"
    assert sorted(place.names()) == ["a.csv", "b.csv", "c.csv"]


def test_addresses_are_told_from_names() -> None:
    assert all(
        map(is_remote, ("s3://bucket/x", "gs://x", "file:///x", "memory://x", "hdfs://a:1/x"))
    )
    assert not any(map(is_remote, ("C:\\x", "x:y", "x/y", "://x", "http://x/y", "rtsp://x", "0")))


def test_what_cannot_be_reached_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="http://x/: is no folder"):
        open_place("http://x/")
    pytest.importorskip("fsspec", reason="needs the extra [cluster]")
    with pytest.raises(SettingsError, match="nothing://x: cannot be reached: Protocol not known"):
        open_place("nothing://x")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingExtraError, match=r"\[cluster\]"):
        open_place("memory://x")


def test_a_local_place_says_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(SinkError, match="folder: cannot be read"):
        LocalPlace(tmp_path).read("folder")
