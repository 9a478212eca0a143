"""Who shares the work changes nothing of the data set; who dies of it costs a part."""

import contextlib
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.datasets.preparation.sources import Photos

from mien.archive.engines import HereEngine, make_engine
from mien.datasets.preparation import duplicates
from mien.datasets.preparation import prepare as prepare_module
from mien.datasets.preparation.parts import Failure, Slice, failing, run_parts
from mien.datasets.preparation.prepare import Waiting, prepare, prepare_shard
from mien.datasets.preparation.settings import PrepareSettings
from mien.datasets.preparation.work import READING
from mien.errors import DatasetError, InUseError
from mien.files.locks import alone_in, alone_on

SMALL = PrepareSettings(chunk_size=8, shard_rows=20)


def contents(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_two_processes_make_the_same_and_one_that_is_killed_costs_its_part(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    mark.touch()
    alone = prepare(Photos(), tmp_path / "alone", SMALL)
    shared = prepare(Photos(mark=mark), tmp_path / "shared", SMALL, engine=make_engine(jobs=2))
    assert not mark.exists()
    assert contents(shared.path) == contents(alone.path)
    assert alone.info.clusters >= 4


@pytest.mark.heavy
def test_two_processes_share_one_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("faiss", reason="needs the extra [scale]")
    monkeypatch.setattr(duplicates, "INDEX_FROM", 1)
    monkeypatch.setattr(duplicates, "BLOCK", 8)
    alone = prepare(Photos(), tmp_path / "alone", SMALL)
    shared = prepare(Photos(), tmp_path / "shared", SMALL, engine=make_engine(jobs=2))
    assert contents(shared.path) == contents(alone.path)
    assert alone.info.settings["search"] == "index"


@pytest.mark.heavy
def test_entries_that_kill_whoever_reads_them_are_named_and_the_rest_is_kept(
    tmp_path: Path,
) -> None:
    photos = Photos(deadly=tmp_path / "set.partial")
    with pytest.raises(DatasetError, match=r"reading pictures, 25 to 32: .*SIGKILL") as caught:
        prepare(photos, tmp_path / "set", SMALL, engine=make_engine(jobs=2))
    assert "\n" not in str(caught.value)
    assert len(list((tmp_path / "set.partial").glob("chunk-*"))) >= 3
    assert prepare(Photos(), tmp_path / "set", SMALL).count("train") > 0


@pytest.mark.heavy
def test_a_wrong_input_ends_the_run_with_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"^photos: row 30 is of another picture$"):
        prepare(Photos(wrong=True), tmp_path / "set", SMALL, engine=make_engine(jobs=2))


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")  # Ray's own
def test_ray_makes_the_same(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs the extra [cluster]")
    alone = prepare(Photos(), tmp_path / "alone", SMALL)
    shared = prepare(Photos(), tmp_path / "shared", SMALL, engine=make_engine("ray", jobs=2))
    assert contents(shared.path) == contents(alone.path)


RUN = """
import sys
from pathlib import Path
from tests.datasets.preparation.sources import Photos
from tests.datasets.preparation.test_sharing import SMALL
from mien.archive.engines import make_engine
from mien.datasets.preparation import duplicates
from mien.datasets.preparation.prepare import prepare

if __name__ == "__main__":
    duplicates.BLOCK = 8
    prepare(Photos(), Path(sys.argv[1]), SMALL, engine=make_engine(jobs=2))
"""


@pytest.mark.heavy
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nothing is killed so here")
def test_runs_of_two_processes_are_killed_and_go_on(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(RUN)
    alone = prepare(Photos(), tmp_path / "alone", SMALL)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(script), str(tmp_path / "set")]
    for seconds in (1.0, 1.4, 1.8, 2.2, 2.6, 3.0):
        running = subprocess.Popen(command, env=environment)
        time.sleep(seconds)
        running.kill()
        running.wait()
        if (tmp_path / "set").exists():
            break
    if not (tmp_path / "set").exists():
        subprocess.run(command, env=environment, check=True)
    assert contents(tmp_path / "set") == contents(alone.path)


def test_shards_make_the_same_and_the_last_one_puts_it_together(tmp_path: Path) -> None:
    alone, out = prepare(Photos(), tmp_path / "alone", SMALL), tmp_path / "shared"
    assert prepare_shard(Photos(), out, (2, 3), SMALL) == Waiting(40)
    assert prepare_shard(Photos(), out, (2, 3), SMALL) == Waiting(40)
    assert prepare_shard(Photos(), out, (3, 3), SMALL) == Waiting(24)
    assert not out.exists()
    made = prepare_shard(Photos(), out, (1, 3), SMALL)
    assert not isinstance(made, Waiting)
    assert contents(out) == contents(alone.path)
    assert not (tmp_path / "shared.partial").exists()


def test_a_shard_of_other_settings_removes_nothing_of_what_others_have_read(tmp_path: Path) -> None:
    out = tmp_path / "set"
    prepare_shard(Photos(), out, (1, 2), SMALL)
    other = PrepareSettings(chunk_size=12, shard_rows=20)
    assert isinstance(prepare_shard(Photos(), out, (2, 2), other), Waiting)
    assert not isinstance(prepare_shard(Photos(), out, (2, 2), SMALL), Waiting)
    assert not (tmp_path / "set.partial").exists()


def test_a_run_of_the_whole_takes_what_shards_have_read(tmp_path: Path) -> None:
    out, told = tmp_path / "set", list[tuple[str, int]]()
    prepare_shard(Photos(), out, (1, 2), SMALL)
    prepare(Photos(), out, SMALL, on_progress=lambda stage, done, _: told.append((stage, done)))
    read = [done for stage, done in told if stage == READING]
    assert read[0] == 8  # what was there is counted at once


def test_a_shard_that_is_being_read_and_a_set_that_is_put_together_are_left_alone(
    tmp_path: Path,
) -> None:
    out, folder = tmp_path / "set", tmp_path / "set.partial"
    with (
        alone_on(folder / "shards" / "1-of-2"),
        pytest.raises(InUseError, match="is writing here"),
    ):
        prepare_shard(Photos(), out, (1, 2), SMALL)
    prepare_shard(Photos(), out, (1, 2), SMALL)
    with alone_in(folder):
        assert prepare_shard(Photos(), out, (2, 2), SMALL) == Waiting(0)
    assert not out.exists()


def test_a_shard_whose_set_another_one_has_just_made_makes_it_no_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "set"
    prepare_shard(Photos(), out, (1, 2), SMALL)
    locked = prepare_module.alone_in

    def late(folder: Path) -> contextlib.AbstractContextManager[None]:
        monkeypatch.setattr(prepare_module, "alone_in", locked)
        prepare(Photos(), out, SMALL)
        made.append((out / "dataset.json").stat().st_mtime_ns)
        return locked(folder)

    made: list[int] = []
    monkeypatch.setattr(prepare_module, "alone_in", late)
    found = prepare_shard(Photos(), out, (2, 2), SMALL)
    assert not isinstance(found, Waiting)
    assert found.path == out
    assert (out / "dataset.json").stat().st_mtime_ns == made[0]
    assert not (tmp_path / "set.partial").exists()


def test_what_fails_travels_as_words(tmp_path: Path) -> None:
    with failing() as disk:
        raise OSError(errno.ENOSPC, "No space left on device")
    assert disk.found == Failure("No space left on device", errno.ENOSPC)
    error = disk.found.to_error()
    assert isinstance(error, OSError)
    assert error.errno == errno.ENOSPC
    with failing() as sound:
        pass
    assert sound.found is None


class Counting:
    """A work that notes what it is asked for."""

    def __init__(self) -> None:
        self.starts, self.asked = 0, list[int]()

    def start(self) -> Callable[[Slice], Failure | None]:
        self.starts += 1
        return lambda part: self.asked.append(part.start)


@pytest.mark.parametrize("engine", [None, HereEngine()])
def test_parts_that_are_there_are_not_made_again(engine: HereEngine | None) -> None:
    parts = [Slice(Path("x"), start, start + 5) for start in (0, 5, 10)]
    told: list[tuple[str, int, int | None]] = []
    work = Counting()
    run_parts(engine, work, parts, [True, False, True], "a stage", lambda *one: told.append(one))
    assert work.asked == [5]
    assert told[-1] == ("a stage", 15, 15)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    run_parts(engine, work, parts, [True] * 3, "a stage", lambda *_: None)
    assert work.starts == 1


def test_blocks_are_small_enough_to_be_shared() -> None:
    assert duplicates.BLOCK * 4 < duplicates.INDEX_FROM
