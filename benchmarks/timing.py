"""Times work against a reference in the same run, in turns, so that both meet the same machine."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

Task = Callable[[], object]

# Shorter samples would measure the clock and the interpreter.
SHORTEST_SAMPLE = 0.02


@dataclass(slots=True)
class Samples:
    """Seconds per call, one value per repetition.

    Attributes:
        wall: By the clock on the wall.
        cpu: Of the processor, all threads of this process together.
    """

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Median wall time of a call."""
        return float(np.median(self.wall))

    @property
    def cpu_seconds(self) -> float:
        """Median processor time of a call."""
        return float(np.median(self.cpu))

    @property
    def spread(self) -> float:
        """Half of the distance between the quartiles, over the median."""
        low, high = np.percentile(self.wall, [25, 75])
        return float(high - low) / 2 / self.seconds

    def add(self, wall: float, cpu: float) -> None:
        """Take one repetition."""
        self.wall.append(wall)
        self.cpu.append(cpu)


class Stopwatch:
    """Wall and processor time since it was started."""

    def __init__(self) -> None:
        """Start."""
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Return (wall, processor) seconds."""
        return time.perf_counter() - self._wall, time.process_time() - self._cpu


def take_turns(
    tasks: Mapping[str, Task], repeats: int, *, shortest: float = SHORTEST_SAMPLE
) -> dict[str, Samples]:
    """Time tasks as A B C A B C ..., each called before as a warm-up.

    Args:
        tasks: What to time.
        repeats: Samples of each.
        shortest: A task is called as often within a sample as it takes to fill so many seconds; 0
            where it is known to be long.

    Returns:
        The samples of each task, in seconds per call.
    """
    calls = {name: _warm_up(task, shortest) for name, task in tasks.items()}
    result = {name: Samples() for name in tasks}
    for _ in range(repeats):
        for name, task in tasks.items():
            watch = Stopwatch()
            for _ in range(calls[name]):
                task()
            wall, cpu = watch.read()
            result[name].add(wall / calls[name], cpu / calls[name])
    return result


def ratio(task: Samples, reference: Samples) -> float:
    """Median over the repetitions of the task's wall time over the reference's.

    Paired, because what disturbs a machine for a while disturbs both of a pair.
    """
    return float(np.median(np.divide(task.wall, reference.wall)))


def cpu_ratio(task: Samples, reference: Samples) -> float:
    """The same of processor times, which other programs disturb less."""
    return float(np.median(np.divide(task.cpu, reference.cpu)))


def _warm_up(task: Task, shortest: float) -> int:
    """Call a task, and return how many calls make a sample."""
    task()
    if shortest == 0:
        return 1
    watch = Stopwatch()
    task()
    return max(1, math.ceil(shortest / max(watch.read()[0], 1e-9)))
