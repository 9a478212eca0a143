"""Writes are whole or not at all: a process may die at every step, and the disk may be full."""

import contextlib
import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from mien.files import disk, writes
from mien.files.writes import (
    digest_of,
    new_file,
    new_folder,
    replace_files,
    sweep,
    write_file,
)

# What a process does to names on the disk; a dead one does none of it any more.
STEPS = ("rename", "replace", "unlink", "rmdir", "mkdir", "link")
OLD, NEW = {"a": b"old a", "b": b"old b"}, {"a": b"new a", "b": b"new b"}


class DeadError(BaseException):
    """Stands for the end of the process: nothing that comes after it is done."""


@contextlib.contextmanager
def dying_at(step: int, *, exchanges: bool = True) -> Iterator[list[str]]:
    """Run a block as a process that dies before its n-th step; yields the steps that it took.

    Args:
        step: The step's number, from 0.
        exchanges: Whether the disk lets two folders change places.
    """
    taken: list[str] = []

    def counted(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def do(*args: object, **options: object) -> object:
            if len(taken) >= step:
                raise DeadError
            taken.append(name)
            return real(*args, **options)

        return do

    with pytest.MonkeyPatch.context() as patch:
        for name in STEPS:
            patch.setattr(os, name, counted(name, getattr(os, name)))
        swap = disk.exchange if exchanges else lambda *_: False
        patch.setattr(writes, "exchange", counted("exchange", swap))
        with contextlib.suppress(DeadError):
            yield taken


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def fill(folder: Path, values: Mapping[str, bytes]) -> None:
    folder.mkdir(exist_ok=True)
    for name, data in values.items():
        (folder / name).write_bytes(data)


def put_folder(path: Path) -> None:
    with new_folder(path) as new:
        fill(new, NEW)


def put_files(path: Path) -> None:
    replace_files(path, NEW)


@pytest.mark.parametrize("put", [put_folder, put_files])
@pytest.mark.parametrize("there", [True, False])
def test_a_folder_is_the_old_or_the_new_one_at_every_step(
    tmp_path: Path, put: Callable[[Path], None], there: bool
) -> None:
    step, done = 0, False
    while not done:
        place = tmp_path / f"{step}"
        place.mkdir()
        if there:
            fill(place / "out", OLD)
        with dying_at(step) as taken:
            put(place / "out")
            done = True
        seen = contents(place / "out") if (place / "out").exists() else {}
        assert seen in (OLD if there else {}, NEW), (step, taken)
        sweep(place)
        assert {path.name for path in place.iterdir()} <= {"out"}, (step, taken)
        put(place / "out")
        assert contents(place / "out") == NEW
        step += 1
    assert seen == NEW
    assert step > 3


def test_where_a_disk_exchanges_nothing_the_old_folder_is_put_back(tmp_path: Path) -> None:
    step, done, aside = 0, False, 0
    while not done:
        place = tmp_path / f"{step}"
        place.mkdir()
        fill(place / "out", OLD)
        with dying_at(step, exchanges=False):
            put_folder(place / "out")
            done = True
        aside += not (place / "out").exists()
        sweep(place)
        assert contents(place / "out") in (OLD, NEW)
        assert [path.name for path in place.iterdir()] == ["out"]
        step += 1
    assert aside == 1
    assert contents(place / "out") == NEW


def test_a_file_is_the_old_or_the_new_one_at_every_step(tmp_path: Path) -> None:
    step, done = 0, False
    while not done:
        path = tmp_path / f"{step}" / "file"
        fill(path.parent, {"file": b"old"})
        with dying_at(step):
            write_file(path, b"new")
            done = True
        assert path.read_bytes() in (b"old", b"new")
        sweep(path.parent)
        assert [one.name for one in path.parent.iterdir()] == ["file"]
        step += 1
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_what_fails_leaves_the_old_one_and_nothing_else(
    tmp_path: Path, error: BaseException
) -> None:
    fill(tmp_path / "out", OLD)
    for make in (new_folder, lambda path: new_file(path / "a")):
        with pytest.raises(type(error)), make(tmp_path / "out"):
            raise error
    assert contents(tmp_path / "out") == OLD
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_other_files_stay_and_those_of_before_go(tmp_path: Path) -> None:
    fill(tmp_path / "out", {**OLD, "notes": b"mine", "plot": b"of before"})
    (tmp_path / "out" / "link").symlink_to("notes")
    (tmp_path / "out").chmod(0o750)
    replace_files(tmp_path / "out", NEW, without=["plot", "never"])
    assert contents(tmp_path / "out") == {**NEW, "notes": b"mine", "link": b"mine"}
    assert (tmp_path / "out" / "link").is_symlink()
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("hindrance", ["a folder in it", "a program that works in it", "the disk"])
def test_a_folder_that_cannot_be_remade_gets_its_files_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hindrance: str
) -> None:
    out = tmp_path / "out"
    fill(out, {**OLD, "plot": b"of before"})
    if hindrance == "a folder in it":
        (out / "sub").mkdir()
    elif hindrance == "the disk":
        monkeypatch.setattr(writes, "exchange", lambda *_: False)
    else:
        monkeypatch.chdir(out)
    inode = out.stat().st_ino
    replace_files(out, NEW, without=["plot"])
    assert contents(out) == NEW
    assert out.stat().st_ino == inode
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_a_living_process_makes_is_not_swept_away(tmp_path: Path) -> None:
    with new_folder(tmp_path / "out") as new:
        (new / "a").write_bytes(b"half")
        sweep(tmp_path)
        assert (new / "a").is_file()
    assert contents(tmp_path / "out") == {"a": b"half"}


@pytest.mark.skipif(os.name != "posix", reason="Windows ends processes otherwise")
def test_what_a_killed_process_left_is_swept_away(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from mien.files.writes import new_folder\n"
        "with new_folder(Path(sys.argv[1])) as new:\n"
        "    (new / 'a').write_bytes(b'half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "out"], check=False, timeout=60)
    assert done.returncode == -9
    assert len(list(tmp_path.glob(".mien-*"))) == 1
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_users_own_hidden_files_are_never_swept_away(tmp_path: Path) -> None:
    for name in (".mien-notes", ".mien-settings", ".bundle-12345678"):
        (tmp_path / name).mkdir()
    sweep(tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_link_is_never_followed_to_sweep(tmp_path: Path) -> None:
    fill(tmp_path / "precious", {"a": b"mine"})
    (tmp_path / "precious" / "old").mkdir()
    fill(tmp_path / "precious" / "old" / "sub", {"b": b"mine"})
    (tmp_path / "swept").mkdir()
    (tmp_path / "swept" / ".mien-12345678.tmp").symlink_to(tmp_path / "precious")
    sweep(tmp_path / "swept")
    assert contents(tmp_path / "precious" / "old" / "sub") == {"b": b"mine"}


def test_mode_and_link_of_what_is_replaced_stay(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "real").chmod(0o600)
    (tmp_path / "link").symlink_to("real")
    write_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="there is no such device")
def test_a_device_is_written_to_as_it_is() -> None:
    write_file(Path("/dev/null"), b"new")
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize("kind", ["worked in", "a disk's"])
def test_a_folder_that_must_stay_is_not_replaced(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who works in it would be left in a folder that is gone."""
    folder = tmp_path / "folder"
    (folder / "in it").mkdir(parents=True)
    if kind == "worked in":
        monkeypatch.chdir(folder / "in it")
    else:
        monkeypatch.setattr(Path, "is_mount", lambda path: path == folder)
    with pytest.raises(OSError, match="name a new one in it"), new_folder(folder):
        raise AssertionError
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    with new_folder(folder / "other"):
        pass


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"mine")
    with pytest.raises(NotADirectoryError), new_folder(tmp_path / "out"):
        pytest.fail("it has begun")
    assert (tmp_path / "out").read_bytes() == b"mine"


def test_all_that_is_new_is_on_the_disk_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    sync, rename = os.fsync, os.rename

    def note(descriptor: int) -> None:
        told.append(Path(f"/proc/self/fd/{descriptor}").resolve().name)
        sync(descriptor)

    def note_rename(old: Path, new: Path) -> None:
        told.append(f"-> {Path(new).name}")
        rename(old, new)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("only Linux says which file a descriptor is of")
    monkeypatch.setattr(os, "fsync", note)
    monkeypatch.setattr(os, "rename", note_rename)
    put_folder(tmp_path / "out")
    assert sorted(told[:3]) == ["a", "b", "new"]
    assert told[3:] == ["-> out", tmp_path.name]


def test_a_digest_tells_all_that_differs() -> None:
    parts = [("a", 1), ("a", "1"), ("a1",), ({"a": 1},), ([1, 2],), ([[1], 2],), ("ä",), (None,)]
    assert len({digest_of(*one) for one in parts}) == len(parts)
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
