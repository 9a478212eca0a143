"""A data set that `mien prepare` wrote, as an input of another one."""

from collections.abc import Iterator

import numpy as np

from mien.datasets.dataset import Dataset
from mien.datasets.records import SPLITS, LabelledFace, Rejection, Setting
from mien.types import PixelArray
from mien.vision.images.reading import decode_picture
from mien.vision.images.storing import stored_as


class PreparedInput:
    """A data set that `mien prepare` wrote, as an input: its test stays the test.

    Args:
        dataset: The data set.
    """

    splits_itself = True
    refused: tuple[Rejection, ...] = ()

    def __init__(self, dataset: Dataset) -> None:
        self._dataset, self._digest = dataset, dataset.digest
        self.classes = dataset.classes

    @property
    def name(self) -> str:
        """The data set's folder."""
        return str(self._dataset.path)

    def __len__(self) -> int:
        return sum(map(self._dataset.count, SPLITS))

    def settings(self) -> dict[str, Setting]:
        """All settings that change what is read."""
        return {"input": "dataset", "dataset": self._dataset.path.resolve().name}

    def notes(self) -> tuple[str, ...]:
        """Say nothing: what there is to know is counted."""
        return ()

    def fingerprint(self, start: int, stop: int) -> str:
        """Say which rows of which data set these are."""
        return f"{start} {stop} {self._digest}"

    def read(self, start: int, stop: int) -> Iterator[LabelledFace | Rejection]:
        """Read rows from `start` to `stop`, counted through train, validation and test."""
        row = 0
        for split in SPLITS:
            count = self._dataset.count(split)
            if row < stop and row + count > start:
                yield from self._split(split, start - row, stop - row)
            row += count

    def _split(self, split: str, start: int, stop: int) -> Iterator[LabelledFace]:
        row = 0
        for rows in self._dataset.rows(split):
            for i in range(max(start - row, 0), min(stop - row, len(rows))):
                data, origin = rows.images[i], rows.origins[i]
                image = decode_picture(data, origin)
                yield LabelledFace(
                    _pixels(image),
                    int(rows.labels[i]),
                    tuple(rows.soft[i].tolist()),
                    origin,
                    rows.groups[i],
                    held_out=split == "test",
                    encoded=stored_as(data, image, origin),
                )
            row += len(rows)


def _pixels(image: PixelArray) -> PixelArray:
    """Return what was stored: gray [H,W,1] or RGB [H,W,3], of a decoded BGR picture."""
    gray = (image == image[..., :1]).all()
    return np.ascontiguousarray(image[..., :1] if gray else image[..., ::-1])
