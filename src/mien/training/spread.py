"""A run that several processes share, on one machine or on several: data parallelism.

`torchrun` starts the processes ("ranks") and tells each its number. All hold the same network; each
learns from its share of every batch, and their gradients are averaged (PyTorch's DDP, Li et al.
2020), by NCCL between GPUs and by Gloo between processors. The first one alone validates, saves,
writes the run folder and prints, and tells the others.

A process that is alone is the first of one: the loop reads the same.
"""

import contextlib
import datetime
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from mien.errors import MienError, TrainingError, one_line

Rows = npt.NDArray[np.intp]
T = TypeVar("T")
# What torchrun tells each process: its number, how many there are, the same on its own machine,
# and where the first one is.
RANK, RANKS, LOCAL, LOCALS = "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"
PORT = "MASTER_PORT"
PLACE = ("MASTER_ADDR", PORT)
# So long they look for each other at the start. After that they wait longer, since the first one
# validates and saves; of a process that has died they hear at once, of a machine only then.
GATHERING = datetime.timedelta(minutes=5)
PATIENCE = datetime.timedelta(hours=1)
_HERE = "mien/here/"  # and the number of a process that has found the others
_SAID = "mien/said"  # how many processes had something to say of what went wrong
_READ_SECONDS, _POLL_SECONDS = 20.0, 0.05


class Spread(Protocol):
    """Who shares a run.

    Attributes:
        rank: The number of this process, from 0.
        ranks: How many there are.
        local: The number of this process on its own machine, by which it takes a GPU.
        locals: How many there are on this machine.
        silent: Whether another process has said already what went wrong.
    """

    rank: int
    ranks: int
    local: int
    locals: int
    silent: bool

    def share(self, rows: Rows) -> Rows:
        """Return which rows of a batch this process learns from; all are learnt from by one."""

    def learner(self, network: nn.Module) -> nn.Module:
        """Return what is called in the place of a network, so that gradients are averaged."""

    def joined(self, network: nn.Module) -> nn.Module:
        """Return a network, fresh from its making, whose batch statistics are of whole batches."""

    def level(self, network: nn.Module) -> None:
        """Average what layers remember of batches, where each process saw its share alone."""

    def sum(self, values: Tensor) -> Tensor:
        """Return the sum of the processes' values."""

    def told(self, make: Callable[[], T]) -> T:
        """Return what the first process makes, any value of JSON."""

    def copied(self, make: Callable[[], bytes]) -> bytes:
        """Return the bytes that the first process makes."""

    def notice(self) -> str:
        """Return what a person should know of the others; "" where there is nothing."""


class Alone:
    """One process, which shares with nobody."""

    rank, ranks, local, locals = 0, 1, 0, 1
    silent = False

    def share(self, rows: Rows) -> Rows:
        """Return all rows."""
        return rows

    def learner(self, network: nn.Module) -> nn.Module:
        """Return the network."""
        return network

    def joined(self, network: nn.Module) -> nn.Module:
        """Return the network."""
        return network

    def level(self, network: nn.Module) -> None:
        """Leave it as it is."""

    def sum(self, values: Tensor) -> Tensor:
        """Return the values."""
        return values

    def told(self, make: Callable[[], T]) -> T:
        """Make the value."""
        return make()

    def copied(self, make: Callable[[], bytes]) -> bytes:
        """Make the bytes."""
        return make()

    def notice(self) -> str:
        """There is nothing to know."""
        return ""


ALONE: Spread = Alone()


class Ranks:
    """One of several processes; they have found each other."""

    def __init__(self, numbers: Mapping[str, int], device: torch.device) -> None:
        self.rank, self.ranks = numbers[RANK], numbers[RANKS]
        self.local, self.locals = numbers[LOCAL], numbers[LOCALS]
        self.silent = False
        self._device = device

    def share(self, rows: Rows) -> Rows:
        """Return every n-th row; shares differ by one row at most."""
        return rows[self.rank :: self.ranks]

    def learner(self, network: nn.Module) -> nn.Module:
        """Return the network in a wrapper that averages gradients while they are computed."""
        devices = [self._device.index] if self._device.type == "cuda" else None
        with warnings.catch_warnings():
            # From 2.13 on PyTorch has another name for it, which earlier ones do not know.
            warnings.filterwarnings("ignore", "`broadcast_buffers`", FutureWarning)
            return DistributedDataParallel(
                network, device_ids=devices, broadcast_buffers=False, gradient_as_bucket_view=True
            )

    def joined(self, network: nn.Module) -> nn.Module:
        """Return the network with batch normalisation over all ranks, which PyTorch has on GPUs."""
        if self._device.type != "cuda":
            return network
        converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        return converted

    @torch.no_grad()
    def level(self, network: nn.Module) -> None:
        """Average the running means and variances: on a processor each rank has its own."""
        if self._device.type == "cuda":
            return
        buffers = [one for one in network.buffers() if one.is_floating_point()]
        if buffers:
            mean = self.sum(torch.cat([one.flatten() for one in buffers])) / self.ranks
            parts = torch.split(mean, [one.numel() for one in buffers])
            for one, new in zip(buffers, parts, strict=True):
                one.copy_(new.view_as(one))

    def sum(self, values: Tensor) -> Tensor:
        """Return the sum of all ranks' values."""
        total = values.clone()
        dist.all_reduce(total)
        return total

    def told(self, make: Callable[[], T]) -> T:
        """Return what the first rank makes; it goes to the others as JSON."""
        value: T = json.loads(self.copied(lambda: json.dumps(make()).encode()))
        return value

    def copied(self, make: Callable[[], bytes]) -> bytes:
        """Return the bytes that the first rank makes."""
        data = torch.frombuffer(bytearray(make()), dtype=torch.uint8) if self.rank == 0 else None
        length = torch.tensor([0 if data is None else len(data)])
        dist.broadcast(length, 0)
        if data is None:
            data = torch.empty(int(length), dtype=torch.uint8)
        dist.broadcast(data, 0)
        return data.numpy().tobytes()

    def notice(self) -> str:
        """Say what differs from one process: on processors, batch normalisation."""
        if self._device.type == "cuda":
            return ""
        return (
            f"{self.ranks} processes; on processors each normalises its own share of a batch "
            "(PyTorch's SyncBatchNorm is for GPUs), so that batches should not be small"
        )


@contextlib.contextmanager
def spread_over(device: str, environment: Mapping[str, str] | None = None) -> Iterator[Spread]:
    """Join the other processes of a run, where `torchrun` has started any.

    Args:
        device: Of the run, as "auto", "cpu" or "cuda".
        environment: Where it tells of them; that of this process unless given.

    Raises:
        TrainingError: What it tells makes no sense, the others cannot be found, or one was lost.
    """
    numbers = ranks_of(os.environ if environment is None else environment)
    if numbers is None:
        yield ALONE
        return
    chosen = _device(device, numbers)
    with others_lost(numbers):
        backend = "cpu:gloo,cuda:nccl" if chosen.type == "cuda" else "gloo"
        dist.init_process_group(
            backend, rank=numbers[RANK], world_size=numbers[RANKS], timeout=GATHERING
        )
        store = dist.distributed_c10d._get_default_store()
        _gather(store, numbers)
    ranks = Ranks(numbers, chosen)
    try:
        with others_lost(numbers):
            dist.distributed_c10d._set_pg_timeout(PATIENCE)
            yield ranks
    except MienError:
        ranks.silent = _said(store, 1) > 1
        _leave()
        if ranks.rank == 0:  # who keeps the note of it: not to be gone before all have read it
            until = time.monotonic() + _READ_SECONDS
            while _said(store, 0) < ranks.ranks and time.monotonic() < until:
                time.sleep(_POLL_SECONDS)
        raise
    finally:
        _leave()


def _gather(store: Any, numbers: Mapping[str, int]) -> None:
    """Wait until all have found each other: who still looks does not hear why another one ends."""
    store.set(f"{_HERE}{numbers[RANK]}", "")
    store.wait([f"{_HERE}{rank}" for rank in range(numbers[RANKS])], GATHERING)


def _said(store: Any, more: int) -> int:
    """Count processes that have something to say; 0 where who keeps the note is gone."""
    try:
        return int(store.add(_SAID, more))
    except (RuntimeError, ValueError):
        return 0


def _leave() -> None:
    with contextlib.suppress(RuntimeError, ValueError):
        if dist.is_initialized():
            dist.destroy_process_group()


def ranks_of(environment: Mapping[str, str]) -> dict[str, int] | None:
    """Return the numbers that `torchrun` gives a process; None where it did not start it.

    Raises:
        TrainingError: They make no sense.
    """
    if not {RANK, RANKS} & environment.keys():
        return None
    missing = [name for name in (RANK, RANKS, *PLACE) if not environment.get(name)]
    if missing:
        there = next(name for name in (RANK, RANKS) if name in environment)
        raise _senseless(f"{there} is set, but {missing[0]} is not")
    numbers = {}
    for name in (RANK, RANKS, LOCAL, LOCALS):
        text = environment.get(name, {LOCAL: "0", LOCALS: "1"}.get(name, ""))
        if not text.isdecimal():
            raise _senseless(f"{name}={text} is no whole number")
        numbers[name] = int(text)
    if not environment[PORT].isdecimal() or not 0 < int(environment[PORT]) < 1 << 16:
        raise _senseless(f"{PORT}={environment[PORT]} is no port")
    for name, most in ((RANK, RANKS), (LOCAL, LOCALS), (LOCALS, RANKS)):
        least = numbers[name] + (name != LOCALS)
        if least > numbers[most]:
            raise _senseless(f"{name}={numbers[name]} does not go with {most}={numbers[most]}")
    return numbers


def _senseless(what: str) -> TrainingError:
    return TrainingError(
        f"{what}; start the processes of a run with torchrun, or unset {RANK} and {RANKS} to train "
        "in this one alone"
    )


def _device(name: str, numbers: Mapping[str, int]) -> torch.device:
    """Return the device of a rank: of several GPUs each takes its own."""
    wanted = torch.device("cuda" if name == "auto" and torch.cuda.is_available() else "cpu")
    if name != "auto":
        with _told(name):
            wanted = torch.device(name)
    if wanted.type != "cuda":
        return wanted
    if wanted.index is not None:
        raise TrainingError(f"--device {name}: each process takes a GPU of its own; say cuda")
    there = torch.cuda.device_count()
    if numbers[LOCALS] > there:
        raise TrainingError(
            f"{numbers[LOCALS]} processes on this machine, which has {there} GPUs; take "
            f"--nproc-per-node {max(1, there)}, or --device cpu"
        )
    torch.cuda.set_device(numbers[LOCAL])
    return torch.device("cuda", numbers[LOCAL])


@contextlib.contextmanager
def _told(name: str) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(f"--device {name}: not known; try --device cpu ({reason})") from error


@contextlib.contextmanager
def others_lost(numbers: Mapping[str, int]) -> Iterator[None]:
    """Say in one line that another process of the run is gone."""
    try:
        yield
    except RuntimeError as error:
        if not _is_of_the_others(error):
            raise
        raise TrainingError(
            f"another of the {numbers[RANKS]} processes of this run has ended or cannot be reached "
            f"({_reason(error)}); see what it said, then go on with --resume, with as many "
            "processes as you like"
        ) from error


def _is_of_the_others(error: RuntimeError) -> bool:
    told = str(error)
    signs = ("gloo", "NCCL", "Connection", "Socket", "Timed out", "TCPStore", "process group")
    return isinstance(error, dist.DistError) or any(sign in told for sign in signs)


def _reason(error: BaseException) -> str:
    """Return what a library says, without the places in its sources."""
    text = one_line(error)
    return text.rpartition("] ")[2][:120] if "] " in text else text[:120]
