"""What torchrun tells is checked, and a process that is alone shares with nobody."""

import numpy as np
import pytest
import torch

from mien.errors import TrainingError
from mien.training import spread as module
from mien.training.spread import ALONE, Ranks, ranks_of, spread_over

GOOD = {
    "RANK": "1",
    "WORLD_SIZE": "4",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "here",
    "MASTER_PORT": "1",
}


def test_numbers_of_a_process() -> None:
    assert ranks_of(GOOD) == {
        "RANK": 1,
        "WORLD_SIZE": 4,
        "LOCAL_RANK": 1,
        "LOCAL_WORLD_SIZE": 2,
    }
    assert ranks_of({"LOCAL_RANK": "3", "HOME": "/"}) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"RANK": None}, "WORLD_SIZE is set, but RANK is not"),
        ({"WORLD_SIZE": ""}, "RANK is set, but WORLD_SIZE is not"),
        ({"MASTER_PORT": None}, "RANK is set, but MASTER_PORT is not"),
        ({"MASTER_PORT": "x"}, "MASTER_PORT=x is no port"),
        ({"MASTER_PORT": "70000"}, "MASTER_PORT=70000 is no port"),
        ({"RANK": "-1"}, "RANK=-1 is no whole number"),
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE=two is no whole number"),
        ({"RANK": "4"}, "RANK=4 does not go with WORLD_SIZE=4"),
        ({"WORLD_SIZE": "0", "RANK": "0"}, "RANK=0 does not go with WORLD_SIZE=0"),
        ({"LOCAL_RANK": "2"}, "LOCAL_RANK=2 does not go with LOCAL_WORLD_SIZE=2"),
        ({"LOCAL_WORLD_SIZE": "5"}, "LOCAL_WORLD_SIZE=5 does not go with WORLD_SIZE=4"),
    ],
)
def test_numbers_that_make_no_sense_are_one_line(
    change: dict[str, str | None], message: str
) -> None:
    told = {name: value for name, value in (GOOD | change).items() if value is not None}
    with pytest.raises(TrainingError, match=f"^{message}; start the processes of a run with tor"):
        ranks_of(told)


def test_alone_everything_stays_as_it_is() -> None:
    with spread_over("cpu", {}) as spread:
        assert spread is ALONE
        rows, network, values = np.arange(5), torch.nn.Linear(1, 1), torch.ones(2)
        assert spread.share(rows) is rows
        assert spread.learner(network) is spread.joined(network) is network
        assert spread.sum(values) is values
        assert spread.told(lambda: {"a": 1}) == {"a": 1}
        assert spread.copied(lambda: b"abc") == b"abc"
        assert (spread.rank, spread.ranks, spread.silent, spread.notice()) == (0, 1, False, "")


@pytest.mark.parametrize(("count", "ranks"), [(7, 2), (8, 3), (3, 3)])
def test_shares_are_all_rows_and_differ_by_one_at_most(count: int, ranks: int) -> None:
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    shares = [
        Ranks(dict(zip(names, (rank, ranks, rank, ranks), strict=True)), torch.device("cpu")).share(
            np.arange(count)
        )
        for rank in range(ranks)
    ]
    assert sorted(np.concatenate(shares).tolist()) == list(range(count))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_each_process_takes_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    numbers = ranks_of(GOOD)
    assert numbers is not None
    assert module._device("auto", numbers) == torch.device("cuda:1")
    assert taken == [1]
    assert module._device("cpu", numbers).type == "cpu"
    with pytest.raises(TrainingError, match="a GPU of its own; say cuda"):
        module._device("cuda:0", numbers)
    with pytest.raises(TrainingError, match="3 processes on this machine, which has 2 GPUs"):
        module._device("cuda", numbers | {"LOCAL_WORLD_SIZE": 3})
    with pytest.raises(TrainingError, match="--device abacus: not known"):
        module._device("abacus", numbers)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RuntimeError("[/src/gloo/pair.cc:534] Connection closed by peer [127.0.0.1]:1"), True),
        (torch.distributed.DistNetworkError("the client socket has timed out"), True),
        (RuntimeError("shape '[2]' is invalid for input of size 3"), False),
    ],
)
def test_only_what_the_others_did_is_told_as_such(error: RuntimeError, told: bool) -> None:
    wanted = TrainingError if told else RuntimeError
    with pytest.raises(wanted) as caught, module.others_lost({"WORLD_SIZE": 2}):
        raise error
    assert told == ("another of the 2 processes of this run has ended" in str(caught.value))
