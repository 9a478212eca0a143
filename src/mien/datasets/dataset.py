"""Reads a prepared data set: strictly, in a fixed order, a batch at a time."""

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mien.datasets.columns import SOURCE, checked, labels_of, sources_of
from mien.datasets.parquet import IMAGE, RowGroup, count_rows, read_batches, row_groups
from mien.datasets.records import INFO, SPLITS, Split
from mien.errors import DatasetError, told_as
from mien.files.pickles import refuse_pickle
from mien.files.writes import sweep
from mien.parsing import decode_json
from mien.types import ProbabilityArray

DATA, REJECTED, CONFLICTS = "data", "rejected.csv", "conflicts.csv"
HELD_BACK = "held_back.csv"
FORMAT: Final = 1
LABELS_AT_ONCE = 65_536


class DatasetInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The contents of dataset.json.

    Attributes:
        format: Version of this layout.
        classes: The classes, in the order of the labels.
        counts: Faces per split and class.
        clusters: Photos of which there is more than one picture, left out ones included.
        conflicts: Photos whose pictures carry different labels; conflicts.csv lists them.
        rejected: Files and rows left out per reason; rejected.csv lists them.
        input: What the faces were read from, and all settings of the reading.
        settings: All settings of duplicates and splits.
        seed: Decides among equals.
        command: The command that made it.
        versions: Of mien and of the packages that matter for the result.
        notes: What the user should know, such as a class without a face in the test.
        sources: Faces per source and split, where several inputs were put together.
    """

    format: Literal[1]
    classes: tuple[str, ...]
    counts: dict[str, dict[str, int]]
    clusters: int
    conflicts: int
    rejected: dict[str, int]
    input: dict[str, str | int | float | bool | None]
    settings: dict[str, str | int | float | bool]
    seed: int
    command: str
    versions: dict[str, str]
    notes: tuple[str, ...] = ()
    sources: dict[str, dict[str, int]] = {}

    def __post_init__(self) -> None:
        if len(set(self.classes)) != len(self.classes) or len(self.classes) < 2:
            raise ValueError(f"classes must be two or more that differ, got {list(self.classes)}")
        for split in SPLITS:
            if set(self.counts.get(split, ())) != set(self.classes):
                raise ValueError(f"counts must have a number for each class in {split}")


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Some faces of a data set.

    Attributes:
        images: Encoded pictures.
        labels: int64 [n], index of the class.
        soft: float32 [n,K], one probability per class; one-hot where the label is certain.
        origins: The file or row that each came from.
        groups: What belongs together, such as the pictures of one person.
        sources: Which of several inputs each came from; "" where there was one.
    """

    images: list[bytes]
    labels: npt.NDArray[np.int64]
    soft: ProbabilityArray
    origins: list[str]
    groups: list[str]
    sources: list[str]

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, slots=True, eq=False)
class LabelColumns:
    """What is said of all faces of a split, without their pictures.

    Attributes:
        labels: int64 [N], index of the class.
        soft: float32 [N,K], one probability per class.
        sources: Names of the inputs they came from; one empty name where there was one.
        source: int64 [N], index of each face's source.
    """

    labels: npt.NDArray[np.int64]
    soft: ProbabilityArray
    sources: tuple[str, ...]
    source: npt.NDArray[np.int64]


@dataclass(frozen=True)  # without slots, for the digest that is kept
class Dataset:
    """A data set that has been checked.

    Attributes:
        path: Its folder.
        info: What dataset.json says.
    """

    path: Path
    info: DatasetInfo

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, in the order of the labels."""
        return self.info.classes

    def count(self, split: str) -> int:
        """Return the number of faces in a split.

        Raises:
            DatasetError: There is no such split.
        """
        return sum(self.info.counts[self._known(split)].values())

    @cached_property
    def digest(self) -> str:
        """What stands for all that is in it: a sha256 of dataset.json and of every face.

        All files are read, once, since two data sets of other faces may be described alike.

        Raises:
            DatasetError: A file cannot be read.
        """
        whole = hashlib.sha256()
        for path in (self.path / INFO, *(one for split in SPLITS for one in self.shards(split))):
            try:
                with path.open("rb") as file:
                    whole.update(hashlib.file_digest(file, "sha256").digest())
            except OSError as error:
                raise DatasetError(f"{path}: cannot be read: {error.strerror}") from error
        return whole.hexdigest()

    def rows(self, split: str, *, batch_size: int = 512) -> Iterator[Rows]:
        """Read a split in its fixed order; memory does not grow with the data set.

        Args:
            split: "train", "validation" or "test".
            batch_size: Faces per batch; the last batches of files may be smaller.

        Yields:
            The faces.

        Raises:
            DatasetError: There is no such split, or a file is missing or damaged.
        """
        self._known(split)
        with damaged(self.path, f"the {split} files are damaged"):
            for batch in self.batches(split, batch_size):
                yield _to_rows(batch, len(self.classes))

    def label_columns(self, split: str) -> LabelColumns:
        """Read what is said of the faces of a split; their pictures are left alone.

        Raises:
            DatasetError: There is no such split, or a file is missing or damaged.
        """
        self._known(split)
        classes, parts, names = len(self.classes), [], []
        with damaged(self.path, f"the {split} files are damaged"):
            for batch in self.batches(split, LABELS_AT_ONCE, ("label", "soft", SOURCE)):
                parts.append(labels_of(batch, classes))
                names += sources_of(batch)
        sources, source = np.unique(names, return_inverse=True)
        return LabelColumns(
            labels=np.concatenate([labels for labels, _ in parts]),
            soft=np.concatenate([soft for _, soft in parts]),
            sources=tuple(map(str, sources)),
            source=source.astype(np.int64),
        )

    def row_groups(self, split: str) -> list[RowGroup]:
        """Return how the faces of a split lie in its files.

        Raises:
            DatasetError: There is no such split, or a file is missing or damaged.
        """
        with damaged(self.path, f"the {split} files are damaged"):
            return row_groups(self.shards(self._known(split)))

    def batches(
        self, split: str, size: int, columns: Sequence[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a split in order as they lie in its files, perhaps of some columns.

        Args:
            split: One that there is.
            size: Rows of a batch, at most.
            columns: Which are read; all unless given.
        """
        return read_batches(self.shards(split), size, columns)

    def _known(self, split: str) -> Split:
        for known in SPLITS:
            if split == known:
                return known
        raise DatasetError(f"{self.path}: no split {split!r}; choose from {', '.join(SPLITS)}")

    def shards(self, split: str) -> list[Path]:
        """Return the Parquet files of a split, in order."""
        return sorted((self.path / DATA).glob(f"{split}-*-of-*.parquet"))


def load_dataset(path: Path) -> Dataset:
    """Open a data set and check that it is whole.

    Raises:
        DatasetError: It is missing or unfinished, dataset.json is wrong, or a file is missing.
    """
    refuse_pickle(
        path,
        DatasetError,
        "name a data set that `mien prepare faces OUT` made of the folder of pictures, faces",
    )
    if not (path / INFO).is_file():
        sweep(path.parent)  # a killed process may have left it aside
    if not (path / INFO).is_file():
        if partial_folder(path).is_dir():
            raise DatasetError(
                f"{path}: this data set is unfinished; run the same `mien prepare` again, which "
                "goes on where it was stopped"
            )
        raise DatasetError(f"{path}: no data set here (no {INFO}); make one with `mien prepare`")
    try:
        info = decode_json((path / INFO).read_bytes(), DatasetInfo)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path / INFO}: {error}; prepare the data set again") from error
    dataset = Dataset(path, info)
    _check_shards(dataset)
    return dataset


def partial_folder(path: Path) -> Path:
    """Return where the work on a data set lies while it is unfinished."""
    if path.name in ("", ".."):  # as "." has: what it stands for has a name
        path = path.resolve()
    return path.parent / f"{path.name}.partial"


def damaged(path: Path, what: str) -> contextlib.AbstractContextManager[None]:
    """Tell what reading raises of files that others may have changed as a `DatasetError`."""
    return told_as(DatasetError, str(path), what, advice="; prepare it again")


def _check_shards(dataset: Dataset) -> None:
    for split in SPLITS:
        with damaged(dataset.path, f"a file of {split} is damaged"):
            found = sum(count_rows(shard) for shard in dataset.shards(split))
        if found != dataset.count(split):
            raise DatasetError(
                f"{dataset.path}: {found} faces in the files of {split}, but {INFO} says "
                f"{dataset.count(split)}; a file is missing or was changed, prepare it again"
            )


def _to_rows(batch: pa.RecordBatch, classes: int) -> Rows:
    """Check some rows and take them out of their columns; others may have written them."""
    labels, soft = labels_of(batch, classes)
    columns = {name: checked(name, batch.column(name)) for name in (IMAGE, "origin", "group")}
    return Rows(
        images=columns[IMAGE].to_pylist(),
        labels=labels,
        soft=soft,
        origins=columns["origin"].to_pylist(),
        groups=columns["group"].to_pylist(),
        sources=sources_of(batch),
    )
