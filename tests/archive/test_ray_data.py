"""Ray on this machine alone; it takes seconds to start."""

import socket
import sys

import pytest
from tests.archive.works import Deadly, Raising, Unstartable

from mien.archive import ray_data
from mien.archive.engines import Engine, make_engine
from mien.errors import EngineError, MissingExtraError, SettingsError


def test_a_missing_extra_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "ray"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"the engine ray needs .*\[cluster\]"):
        make_engine("ray", jobs=2)


def test_too_few_jobs_are_refused() -> None:
    with pytest.raises(SettingsError, match="--jobs must be 1 or more"):
        make_engine("ray", jobs=0)


def test_a_cluster_where_nobody_answers_is_one_line() -> None:
    """Ray would ask for minutes, and say nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ray_data._seek(f"127.0.0.1:{port}")
        ray_data._seek(f"ray://127.0.0.1:{port}")
    for address in (f"127.0.0.1:{port}", f"ray://127.0.0.1:{port}", "127.0.0.1:70000"):
        with pytest.raises(EngineError, match=f"RAY_ADDRESS={address}: nobody answers there"):
            ray_data._seek(address)
    for address in ("auto", "local", ""):
        ray_data._seek(address)


@pytest.mark.heavy
def test_a_cluster_does_what_processes_do(capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("ray", reason="needs the extra [cluster]")
    engine = make_engine("ray", jobs=2)
    with ray_data._cluster(2):
        check(engine)
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


def check(engine: Engine) -> None:
    done = sorted(engine.run(Deadly(frozenset({3})), range(6)), key=lambda one: one.task)
    assert [one.result for one in done] == [0, 2, 4, None, 8, 10]
    assert "SIGKILL" in str(done[3].error)
    done = sorted(engine.run(Raising(), range(2)), key=lambda one: one.task)
    assert [one.error for one in done] == [None, "1 is odd"]
    with pytest.raises(EngineError, match="there is no such network"):
        list(engine.run(Unstartable(dies=False), range(3)))
    assert list(engine.run(Raising(), [])) == []
