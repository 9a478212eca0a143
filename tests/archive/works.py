"""Works that engines are tested with: in a module of their own, which workers import."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mien.errors import SettingsError


@dataclass(frozen=True)
class Double:
    """Returns twice a number, and the process that did it; notes in a folder who started."""

    notes: Path | None = None

    def start(self) -> Callable[[int], tuple[int, int]]:
        if self.notes is not None:
            (self.notes / str(os.getpid())).touch()
        return lambda number: (2 * number, os.getpid())


@dataclass(frozen=True)
class Deadly:
    """Kills its process at some numbers: always, or only the first time."""

    at: frozenset[int]
    once_in: Path | None = None

    def start(self) -> Callable[[int], int]:
        def call(number: int) -> int:
            if number in self.at and self._again(number):
                os.kill(os.getpid(), signal.SIGKILL)
            return 2 * number

        return call

    def _again(self, number: int) -> bool:
        if self.once_in is None:
            return True
        try:
            (self.once_in / str(number)).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


@dataclass(frozen=True)
class Raising:
    """Raises at odd numbers."""

    def start(self) -> Callable[[int], int]:
        def call(number: int) -> int:
            if number % 2:
                raise ValueError(f"{number} is\nodd")
            return number

        return call


@dataclass(frozen=True)
class Unstartable:
    """Cannot be loaded: it says so, or its process dies of it."""

    dies: bool

    def start(self) -> Callable[[int], int]:
        if self.dies:
            os._exit(3)
        raise SettingsError("there is no such network")


@dataclass(frozen=True)
class Slow:
    """Notes its process in a folder, and sleeps for minutes; notes, too, that it was ended."""

    notes: Path

    def start(self) -> Callable[[int], int]:
        def call(number: int) -> int:
            (self.notes / f"begun-{os.getpid()}").touch()
            try:
                time.sleep(300)
            finally:
                (self.notes / f"ended-{os.getpid()}").touch()
            return number

        return call
