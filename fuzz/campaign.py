"""Runs inputs in processes of their own, so that one that dies or hangs is a finding, too."""

import contextlib
import multiprocessing
import os
import random
import resource
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, NamedTuple

CHUNK = 100  # inputs between two reports of a process
DEADLINE = 60.0  # seconds for one input
MEMORY = 3 << 30  # bytes that a process may take beyond what it begins with
PLAIN = 0.02  # of the inputs are good files as they are
CONTEXT = multiprocessing.get_context("spawn")


class Job(NamedTuple):
    """Inputs of one parser: their numbers from `start` to `stop`."""

    parser: str
    start: int
    stop: int


class Fault(NamedTuple):
    """An input that ended with something else than an answer or one of mien's errors."""

    parser: str
    number: int
    kind: str
    place: str
    message: str


@dataclass(slots=True)
class Tally:
    """What came of some inputs."""

    inputs: int = 0
    rejected: int = 0
    accepted: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    slowest_number: int = -1
    faults: list[Fault] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Put another one to it."""
        if other.slowest > self.slowest:
            self.slowest, self.slowest_number = other.slowest, other.slowest_number
        for name in ("inputs", "rejected", "accepted", "seconds", "faults"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


def make_input(seed: int, parser: str, number: int) -> bytes:
    """Return an input; the same arguments give the same bytes."""
    from fuzz.parsers import parsers

    known = parsers()
    rng = random.Random(f"{seed}/{parser}/{number}")
    good = known[parser].seeds()
    data = rng.choice(good)
    if rng.random() < PLAIN:
        return data
    return rng.choice(known[parser].ways)(rng, data, good)


def read_input(parser: str, data: bytes, folder: Path) -> None:
    """Give an input to its parser, which may raise what it likes."""
    from fuzz.parsers import parsers

    parsers()[parser].read(data, folder)


def work(connection: Connection, seed: int, now: Any) -> None:
    """Do jobs as they come, in a process; `now` always tells the number of the input."""
    os.environ.update(OMP_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 2)  # libraries in C write their complaints here
    with tempfile.TemporaryDirectory(prefix="mien-fuzz-") as folder:
        while (job := connection.recv()) is not None:
            place = Path(folder) / job.parser.replace("/", "-")
            place.mkdir(exist_ok=True)
            _warm_up(job.parser, place)
            connection.send(_do(job, seed, place, now))


def _warm_up(parser: str, place: Path) -> None:
    """Load what the parser needs, which is no part of its time and of the memory it may take."""
    from fuzz.parsers import parsers

    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    with contextlib.suppress(Exception):  # counted where it is an input
        read_input(parser, parsers()[parser].seeds()[0], place)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))


def _do(job: Job, seed: int, place: Path, now: Any) -> Tally:
    tally = Tally()
    for number in range(job.start, job.stop):
        data = make_input(seed, job.parser, number)
        now[0], now[1] = number, time.monotonic()
        begin = time.process_time()
        fault = judge(job.parser, number, data, place)
        seconds = time.process_time() - begin
        now[1] = 0.0
        tally.add(_counted(fault, seconds, number))
    return tally


def _counted(fault: "Fault | bool", seconds: float, number: int) -> Tally:
    faults = [fault] if isinstance(fault, Fault) else []
    return Tally(1, int(fault is False), int(fault is True), seconds, seconds, number, faults)


def judge(parser: str, number: int, data: bytes, folder: Path) -> Fault | bool:
    """Return whether an input was taken, or in which way its refusal was wrong."""
    from mien.errors import MienError

    try:
        read_input(parser, data, folder)
    except MienError:
        return False
    except Exception as error:  # whatever it is, it is what is looked for
        return Fault(parser, number, type(error).__name__, _place(error), str(error)[:200])
    return True


def _place(error: BaseException) -> str:
    """Return the deepest line of mien that an error went through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/mien/" in frame.filename.replace("\\", "/")]
    last = (ours or list(frames))[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


class Worker:
    """A process that does jobs, watched."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.job: Job | None = None
        self._begin()

    def _begin(self) -> None:
        self.connection, there = CONTEXT.Pipe()
        self._now = CONTEXT.Array("d", 2, lock=False)
        self._process: SpawnProcess = CONTEXT.Process(
            target=work, args=(there, self._seed, self._now), daemon=True
        )
        self._process.start()
        there.close()

    def give(self, job: Job) -> None:
        """Give it something to do."""
        self.job = job
        self.connection.send(job)

    def take(self) -> Tally:
        """Return what came of the job; where the process died, that is a fault."""
        job = self.job
        assert job is not None
        self.job = None
        try:
            result: Tally = self.connection.recv()
        except (EOFError, ConnectionResetError):
            self._process.join()
            return self._lost(job, "died", f"exit code {self._process.exitcode}")
        return result

    def overdue(self) -> Tally | None:
        """Return the fault of an input that takes too long, and end the process with it."""
        began = self._now[1]
        if self.job is None or not began or time.monotonic() - began < DEADLINE:
            return None
        job, self.job = self.job, None
        self._process.kill()
        self._process.join()
        return self._lost(job, "no end", f"after {DEADLINE:.0f} s")

    def _lost(self, job: Job, kind: str, message: str) -> Tally:
        """Begin anew after the input at fault; what was counted of the job before it is lost."""
        number = max(job.start, int(self._now[0]))
        self._begin()
        fault = Fault(job.parser, number, kind, "", message)
        return Tally(number + 1 - job.start, 0, 0, 0.0, 0.0, -1, [fault])

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()


def run(jobs: Iterator[Job], seed: int, processes: int) -> Iterator[tuple[Job, Tally]]:
    """Do jobs in several processes, and yield what came of each as it is done."""
    workers = [Worker(seed) for _ in range(processes)]
    try:
        for worker in workers:
            _give_next(worker, jobs)
        while any(worker.job for worker in workers):
            ready = wait([w.connection for w in workers if w.job], timeout=1.0)
            for worker in workers:
                job = worker.job
                if job is None:
                    continue
                tally = worker.take() if worker.connection in ready else worker.overdue()
                if tally is None:
                    continue
                yield job, tally
                rest = job._replace(start=job.start + tally.inputs)
                if rest.start < rest.stop:
                    worker.give(rest)
                else:
                    _give_next(worker, jobs)
    finally:
        for worker in workers:
            worker.end()


def _give_next(worker: Worker, jobs: Iterator[Job]) -> None:
    job = next(jobs, None)
    if job is not None:
        worker.give(job)
