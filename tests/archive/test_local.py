"""Each test starts processes, of next to nothing, in less than a second."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.archive.works import Deadly, Double, Raising, Slow, Unstartable

from mien.archive.engines import Done, closing
from mien.archive.local import LocalEngine
from mien.errors import EngineError

WAIT_SECONDS = 60.0


def test_a_worker_that_is_killed_costs_its_own_task_only(tmp_path: Path) -> None:
    done = list(LocalEngine(2).run(Deadly(frozenset({3})), range(8)))
    assert sorted(one.task for one in done) == list(range(8))
    failed = [one for one in done if one.error is not None]
    assert [(one.task, one.result) for one in failed] == [(3, None)]
    assert "SIGKILL, as where memory runs out, 2 times in a row" in str(failed[0].error)
    assert {one.task: one.result for one in done if one.error is None} == {
        number: 2 * number for number in range(8) if number != 3
    }


def test_a_worker_that_is_killed_once_costs_nothing(tmp_path: Path) -> None:
    done = list(LocalEngine(2).run(Deadly(frozenset({0, 5}), tmp_path), range(6)))
    assert sorted((one.task, one.result) for one in done) == [(one, 2 * one) for one in range(6)]


def test_workers_load_once_and_only_as_many_as_have_tasks(tmp_path: Path) -> None:
    done = list(LocalEngine(8).run(Double(tmp_path), range(2)))
    assert sorted(one.result[0] for one in done if one.result) == [0, 2]
    started = {path.name for path in tmp_path.iterdir()}
    assert len(started) == 2
    assert str(os.getpid()) not in started


def test_tasks_are_taken_as_workers_become_free() -> None:
    taken = []

    def tasks() -> Iterator[int]:
        for number in range(50):
            taken.append(number)
            yield number

    with closing(LocalEngine(2).run(Double(), tasks())) as results:
        for count, _ in enumerate(results, start=1):
            assert len(taken) <= count + 2


def test_an_error_that_a_work_did_not_foresee_is_the_same_as_in_one_process() -> None:
    done = sorted(LocalEngine(2).run(Raising(), range(3)), key=lambda one: one.task)
    assert done == [Done(0, 0), Done(1, error="1 is odd"), Done(2, 2)]


@pytest.mark.parametrize(
    ("dies", "words"), [(False, "there is no such network"), (True, "with exit code 3")]
)
def test_workers_that_cannot_start_end_the_run(dies: bool, words: str) -> None:
    with pytest.raises(EngineError, match=words):
        list(LocalEngine(2).run(Unstartable(dies), range(3)))


def test_an_end_in_the_middle_ends_workers_and_what_they_do(tmp_path: Path) -> None:
    results = LocalEngine(1).run(Slow(tmp_path), range(3))
    with pytest.raises(KeyboardInterrupt), closing(results), _interrupted_when(tmp_path):
        next(results)
    _gone(tmp_path)
    assert [path.name.split("-")[0] for path in sorted(tmp_path.iterdir())] == ["begun", "ended"]


def test_workers_end_with_a_run_that_was_killed(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path\n"
        "from mien.archive.local import LocalEngine\n"
        "from tests.archive.works import Slow\n"
        "if __name__ == '__main__':\n"
        f"    list(LocalEngine(2).run(Slow(Path({str(tmp_path)!r})), range(2)))\n"
    )
    run = subprocess.Popen([sys.executable, "-c", script])
    _until(lambda: len(list(tmp_path.glob("begun-*"))) == 2)
    run.kill()
    run.wait()
    _until(lambda: len(list(tmp_path.glob("ended-*"))) == 2)
    _gone(tmp_path)


@contextlib.contextmanager
def _interrupted_when(notes: Path) -> Iterator[None]:
    """Send Ctrl-C to this process as soon as a worker has begun."""
    code = (
        "import os, signal, sys, time\nfrom pathlib import Path\n"
        "while not list(Path(sys.argv[1]).glob('begun-*')): time.sleep(0.02)\n"
        "os.kill(int(sys.argv[2]), signal.SIGINT)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(notes), str(os.getpid())]):
        yield


def _gone(notes: Path) -> None:
    for note in notes.glob("begun-*"):
        pid = int(note.name.split("-")[1])
        _until(lambda pid=pid: not _lives(pid))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # One that nobody has asked how it ended is still there.
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
