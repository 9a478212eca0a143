"""What `dataset.json` says of a data set."""

from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np
import PIL
import pyarrow as pa

from mien import __version__
from mien.datasets.dataset import FORMAT, DatasetInfo
from mien.datasets.preparation import duplicates
from mien.datasets.preparation.columns import digest_codes
from mien.datasets.preparation.notes import plan_notes
from mien.datasets.preparation.plan import Plan, RowIndex
from mien.datasets.preparation.settings import PrepareSettings
from mien.datasets.records import SPLITS, FaceInput
from mien.types import IntArray


def describe(
    source: FaceInput,
    settings: PrepareSettings,
    index: RowIndex,
    plan: Plan,
    rejected: Counter[str],
    command: str,
    alike: IntArray,
) -> DatasetInfo:
    """Return what is written of a plan.

    Args:
        source: Where the faces came from.
        settings: How duplicates were found and splits dealt.
        index: The faces that were read.
        plan: What becomes of each.
        rejected: What was left out, by kind.
        command: What the user called.
        alike: Pairs of faces of one photo, int [P,2].
    """
    sizes = np.bincount(plan.clusters, minlength=1)
    counts = _count(index, plan, source.classes)
    values = msgspec.structs.asdict(settings)
    if source.splits_itself:
        values["test"] = "set aside by the input"
    if index.validates.any():
        values["validation"] = "set aside by the input"
    values["search"] = duplicates.method(len(np.unique(digest_codes(index.hashes))))
    return DatasetInfo(
        format=FORMAT,
        classes=source.classes,
        counts=counts,
        sources=_count_sources(index, plan),
        clusters=int((sizes > 1).sum()),
        conflicts=len(plan.conflicts),
        rejected=dict(rejected.most_common()),
        input=source.settings(),
        seed=values.pop("seed"),
        settings=values,
        command=command,
        versions={
            "mien": __version__,
            "numpy": np.__version__,
            "pillow": PIL.__version__,
            "pyarrow": pa.__version__,
        },
        notes=(*source.notes(), *plan_notes(index, plan, source.classes, alike)),
    )


def _count(index: RowIndex, plan: Plan, classes: Sequence[str]) -> dict[str, dict[str, int]]:
    result: dict[str, dict[str, int]] = {}
    for number, split in enumerate(SPLITS):
        labels = index.labels[plan.splits == number]
        counts = np.bincount(labels, minlength=len(classes)).tolist()
        result[split] = dict(zip(classes, counts, strict=True))
    return result


def _count_sources(index: RowIndex, plan: Plan) -> dict[str, dict[str, int]]:
    """Count the faces of each source in each split; empty where there is one source."""
    codes, splits = index.sources.codes, plan.splits
    parts = {name: codes == code for code, name in enumerate(index.sources.names.to_pylist())}
    return {
        name: {split: int((rows & (splits == number)).sum()) for number, split in enumerate(SPLITS)}
        for name, rows in parts.items()
        if name
    }
