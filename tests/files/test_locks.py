"""One writer at a time: the second is told who the first one is, and a dead one blocks nobody."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from mien.errors import InUseError
from mien.files import locks
from mien.files.locks import alone_in, alone_on

Alone = Callable[[Path], AbstractContextManager[None]]
HOLD = (
    "import sys; from pathlib import Path; from mien.files import locks\n"
    "sys.argv[0] = 'mien'\n"
    "with getattr(locks, sys.argv[2])(Path(sys.argv[3])):\n"
    "    print('held', flush=True); sys.stdin.read()\n"
)


@contextmanager
def another_process(alone: Alone, path: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another process hold something, as `mien train` would."""
    words = [sys.executable, "-c", HOLD, "train", alone.__name__, str(path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_the_second_is_told_who_the_first_is_and_a_dead_one_blocks_nobody(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with another_process(alone_in, path) as process:
        told = rf"run: process {process.pid} \(mien train\), since \d{{4}}-\d\d-\d\d .*, is writing"
        with pytest.raises(InUseError, match=told), alone_in(path):
            pytest.fail("both are in")
        process.kill()
        process.wait(60)
        assert [one.name for one in path.iterdir()] == [locks.LOCK]
        with alone_in(path):
            pass
    assert list(path.iterdir()) == []


@pytest.mark.parametrize("alone", [alone_in, alone_on])
def test_nothing_is_left_of_a_lock(tmp_path: Path, alone: Alone) -> None:
    with alone(tmp_path / "new" / "out"):
        assert len(list(tmp_path.rglob("*lock"))) == 1
        with pytest.raises(InUseError, match=f"process {os.getpid()}"), alone(tmp_path / "new/out"):
            pytest.fail("both are in")
    assert not (tmp_path / "new" / "out").exists()
    with alone(tmp_path / "new" / "out"):
        (tmp_path / "new" / "out").mkdir(exist_ok=True)
        (tmp_path / "new" / "out" / "kept").touch()
    assert [path.name for path in (tmp_path / "new").rglob("*")] == ["out", "kept"]


def test_one_that_waits_gets_in_when_the_other_has_ended(tmp_path: Path) -> None:
    with another_process(alone_in, tmp_path) as process:
        assert process.stdin is not None
        process.stdin.close()
        with alone_in(tmp_path, wait=60):
            pass


def test_a_name_is_the_same_by_whatever_way(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("out.csv")
    (tmp_path / "out.csv").touch()
    with alone_on(tmp_path / "out.csv"), pytest.raises(InUseError), alone_on(tmp_path / "link"):
        pytest.fail("both are in")


def test_a_lock_whose_file_was_replaced_meanwhile_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first removes its file as it leaves, when the second has opened it already."""
    real = locks.lock_descriptor
    tries = []

    def lock(descriptor: int, *, blocking: bool) -> bool:
        if not tries:
            (tmp_path / locks.LOCK).unlink()
        tries.append(descriptor)
        return real(descriptor, blocking=blocking)

    monkeypatch.setattr(locks, "lock_descriptor", lock)
    with alone_in(tmp_path):
        assert (tmp_path / locks.LOCK).is_file()
    assert len(tries) == 2


@pytest.mark.parametrize("note", [b"", b" nonsense", b" {}", b' {"pid": "x"}', b"\xff" * 99])
def test_a_holder_that_does_not_say_who_it_is_is_another_process(
    tmp_path: Path, note: bytes
) -> None:
    with alone_in(tmp_path):
        (tmp_path / locks.LOCK).write_bytes(note)
        with pytest.raises(InUseError, match="another process is writing"), alone_in(tmp_path):
            pytest.fail("both are in")


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this system cannot tell links here")
def test_a_lock_is_never_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"mine")
    (tmp_path / ".out.csv.mien.lock").symlink_to("precious")
    with pytest.raises(OSError, match="symbolic link"), alone_on(tmp_path / "out.csv"):
        pytest.fail("it is written through")
    assert (tmp_path / "precious").read_bytes() == b"mine"


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="there is no such device")
def test_a_device_is_anybodys() -> None:
    with alone_on(Path("/dev/null")), alone_on(Path("/dev/null")):
        pass


def test_a_disk_without_locks_is_written_to_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lock(*_: object, **__: object) -> bool:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(locks, "lock_descriptor", lock)
    with alone_in(tmp_path / "out"):
        (tmp_path / "out" / "kept").touch()
    assert (tmp_path / "out" / "kept").exists()
