"""Inputs that can be sent to other processes, where their module is imported."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mien.datasets.records import LabelledFace, Rejection, Setting, one_hot
from mien.errors import DatasetError
from mien.types import PixelArray


def photo(seed: int) -> PixelArray:
    """A random scene of blobs, uint8 [40,40,1]."""
    coarse = np.random.default_rng(seed).integers(0, 255, (12, 12), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (40, 40), interpolation=cv2.INTER_CUBIC))[..., None]


@dataclass(frozen=True)
class Photos:
    """Photos of two classes by turns, one in ten the mirror image of the one before it.

    Attributes:
        count: Of entries.
        mark: The process that comes to `entry` is killed where this file is there, and removes it.
        entry: Where that is.
        deadly: It kills every process that comes there, once three parts lie in this folder.
        wrong: The input is wrong there.
    """

    count: int = 60
    mark: Path | None = None
    entry: int = 30
    deadly: Path | None = None
    wrong: bool = False
    name: str = "photos"
    classes: tuple[str, ...] = ("calm", "tense")
    refused: tuple[Rejection, ...] = ()
    splits_itself: bool = False

    def __len__(self) -> int:
        return self.count

    def settings(self) -> dict[str, Setting]:
        return {"input": "photos"}

    def notes(self) -> tuple[str, ...]:
        return ()

    def fingerprint(self, start: int, stop: int) -> str:
        return f"{start} {stop}"

    def read(self, start: int, stop: int) -> Iterator[LabelledFace | Rejection]:
        for entry in range(start, stop):
            if entry == self.entry:
                self._stop_here()
            if entry % 17 == 5:
                yield Rejection(f"{entry}.png", "unreadable picture", "(empty)")
                continue
            label = entry // 10 % 2
            pixels = photo(entry - 1)[:, ::-1] if entry % 10 == 9 else photo(entry)
            yield LabelledFace(pixels, label, one_hot(label, 2), f"{entry}.png")

    def _stop_here(self) -> None:
        if self.wrong:
            raise DatasetError("photos: row 30 is of another picture")
        if self.deadly is not None:
            while len(list(self.deadly.glob("chunk-*"))) < 3:
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGKILL)
        if self.mark is not None and self.mark.exists():
            self.mark.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
