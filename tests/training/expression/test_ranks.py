"""Processes that share a run learn what one process learns, and end together when one is lost."""

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.training.expression import ranks
from tests.training.expression.ranks import ended, learnt, started, told

from mien.datasets.dataset import Dataset
from mien.training.expression.network import ARCHITECTURES
from mien.training.spread import ALONE

SCRIPT = Path(ranks.__file__)
TRAIN = ("--size", "16", "--arch", "residual-small", "--device", "cpu", "--batch-size", "16")


@pytest.fixture
def run(tmp_path: Path, dataset: Dataset) -> Callable[..., list[str]]:
    """The command that trains on the tiny data set."""

    def command(*more: str) -> list[str]:
        return [
            "-m",
            "mien",
            "train",
            str(dataset.path),
            "--out",
            str(tmp_path / "run"),
            *TRAIN,
            *more,
        ]

    return command


def test_two_processes_learn_what_one_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ARCHITECTURES, "residual", ARCHITECTURES["residual"])  # put back at the end
    processes = started([SCRIPT, "plain"], 2)
    alone = told(learnt("plain", ALONE))
    both = [json.loads(text) for text, _ in ended(processes)]
    assert both[0]["weights"] == both[1]["weights"]
    np.testing.assert_allclose(both[0]["weights"], alone["weights"], atol=2e-5)
    for row, other, one in zip(
        both[0]["history"], both[1]["history"], alone["history"], strict=True
    ):
        for name in set(one) - {"images_per_second"}:
            assert row[name] == other[name], name
            assert row[name] == pytest.approx(one[name], rel=1e-4, abs=1e-5), name


@pytest.mark.heavy
@pytest.mark.parametrize("count", [2, 3])
def test_with_batch_normalisation_all_end_with_the_same_weights(count: int) -> None:
    found = [json.loads(text) for text, _ in ended(started([SCRIPT, "residual"], count))]
    assert len({json.dumps(one["weights"]) for one in found}) == 1
    assert all(np.isfinite(found[0]["weights"]))


@pytest.mark.heavy
def test_a_run_of_two_is_gone_on_with_by_one(run: Callable[..., list[str]], tmp_path: Path) -> None:
    processes = started(run("--epochs", "60"), 2)
    checkpoint = tmp_path / "run" / "checkpoint.safetensors"
    until = time.monotonic() + 60
    while not checkpoint.exists() and time.monotonic() < until:
        time.sleep(0.05)
    processes[1].send_signal(signal.SIGKILL)
    (_, said), _ = ended(processes, 60)
    assert checkpoint.exists()
    assert processes[0].returncode == 1
    lines = [line for line in said.splitlines() if "mien:" in line]
    assert len(lines) == 1
    assert "another of the 2 processes of this run has ended" in lines[0]
    assert "Traceback" not in said
    (again,) = started(run("--epochs", "60", "--resume"), 1)
    ((out, said),) = ended([again])
    assert again.returncode == 0, said
    assert "bundle: " in out


@pytest.mark.heavy
def test_two_processes_write_one_bundle_and_say_it_once(
    run: Callable[..., list[str]], tmp_path: Path
) -> None:
    processes = started(run("--epochs", "2", "--cache", "disk"), 2)
    (out, said), (other_out, other_said) = ended(processes)
    assert [one.returncode for one in processes] == [0, 0], said + other_said
    assert "bundle: " in out
    assert "each normalises its own share" in said
    assert (other_out, other_said) == ("", "")
    assert not (tmp_path / "run" / "decoded").exists()
    assert (tmp_path / "run" / "bundle" / "model.json").exists()


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--batch-size", "1"), "1 faces a step cannot be shared by 2 processes"),
        (("--resume",), "no run to resume here"),
        (("--folds", "group"), "folds are learnt by one process; leave out torchrun"),
        (("--classes", "left,up"), "has no class 'left'"),
    ],
)
def test_what_cannot_be_is_said_once(
    run: Callable[..., list[str]], more: tuple[str, ...], message: str
) -> None:
    processes = started(run("--epochs", "1", *more), 2)
    said = [errors for _, errors in ended(processes)]
    assert [one.returncode for one in processes] == [1, 1]
    lines = [line for text in said for line in text.splitlines() if line.startswith("mien:")]
    assert len(lines) == 1, said
    assert message in lines[0]
    assert "Traceback" not in "".join(said)
