import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.archive.works import Double, Raising, Unstartable

from mien.archive.engines import Done, HereEngine, make_engine
from mien.errors import SettingsError


def test_one_job_works_here_in_order(tmp_path: Path) -> None:
    done = list(make_engine(jobs=1).run(Double(tmp_path), range(5)))
    assert [one.task for one in done] == [0, 1, 2, 3, 4]
    assert [one.result for one in done] == [(2 * one, os.getpid()) for one in range(5)]
    assert [path.name for path in tmp_path.iterdir()] == [str(os.getpid())]


def test_tasks_are_taken_as_they_are_needed() -> None:
    taken = []

    def tasks() -> Iterator[int]:
        for number in range(5):
            taken.append(number)
            yield number

    results = HereEngine().run(Double(), tasks())
    next(results)
    assert taken == [0]


def test_what_a_work_did_not_foresee_costs_its_task_only() -> None:
    assert list(HereEngine().run(Raising(), range(3))) == [
        Done(0, 0),
        Done(1, error="1 is odd"),
        Done(2, 2),
    ]


def test_a_work_that_cannot_be_loaded_ends_the_run() -> None:
    with pytest.raises(SettingsError, match="no such network"):
        list(HereEngine().run(Unstartable(dies=False), [1]))


def test_engines_that_cannot_be_are_refused() -> None:
    with pytest.raises(SettingsError, match="unknown engine 'spark'; choose one of local, ray"):
        make_engine("spark")
    for jobs in (0, -1, 10_000):
        with pytest.raises(SettingsError, match="--jobs"):
            make_engine(jobs=jobs)
