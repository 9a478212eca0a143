"""What the user should know of how faces were dealt to splits, in sentences."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow.compute as pc

from mien.datasets.preparation.columns import Texts
from mien.datasets.preparation.frames import torn_frames
from mien.datasets.preparation.plan import LEFT_OUT, TRAIN, Plan, RowIndex
from mien.datasets.records import PHOTO_GROUP, SPLITS
from mien.types import BoolArray, IntArray

# Of fewer people in a split its figures say little about others.
FEW = 5


def plan_notes(
    index: RowIndex, plan: Plan, classes: Sequence[str], alike: IntArray
) -> tuple[str, ...]:
    """Say which splits lack classes or people, and what was left out or torn apart.

    Args:
        index: The faces.
        plan: Which of them stay, and in which split.
        classes: Their classes.
        alike: int64 [P,2], pairs that resemble each other.
    """
    persons = _persons(index, plan)
    notes = [*_few_persons(persons), *_empty(plan, persons), *_missing(index, plan, classes)]
    counts = plan.rejected.counts()
    ends = (" test face", " validation face")
    shared = sum(number for kind, number in counts.items() if kind.endswith(ends))
    if shared and (index.held_out | index.validates).any():
        notes.append(
            f"{shared:,} pictures were left out of train, because their photo or person is among "
            "those set aside for validation or test, too; rejected.csv names them"
        )
    torn = torn_frames(index.origins, index.groups.codes, plan.splits, alike)
    return (*notes, *([torn] if torn else []))


def _persons(index: RowIndex, plan: Plan) -> list[int] | None:
    """Return how many persons each split has; None where most faces are nobody's."""
    stay = plan.splits != LEFT_OUT
    known = stay & _is_person(index.groups)
    if 2 * known.sum() <= stay.sum():
        return None
    codes = index.groups.codes
    return [len(np.unique(codes[known & (plan.splits == n)])) for n in range(len(SPLITS))]


def _is_person(groups: Texts) -> BoolArray:
    """Say of which faces the group is no mere photo."""
    photos = pc.match_substring(groups.names, PHOTO_GROUP).to_numpy(zero_copy_only=False)
    # The last is that of NO_CODE.
    persons = np.append(~photos.astype(np.bool_), False)
    return np.asarray(persons[groups.codes])


def _few_persons(persons: list[int] | None) -> Iterator[str]:
    if persons is None:
        return
    counts = {split: persons[n] for n, split in enumerate(SPLITS) if n != TRAIN}
    few = {split: count for split, count in counts.items() if 0 < count < FEW}
    if few:
        shown = ", ".join(f"{count} in {split}" for split, count in few.items())
        total = sum(persons)
        yield (
            f"only {total} persons or groups in all, and {shown}: figures over so few say little "
            "about other people; more people help more than more pictures"
        )


def _empty(plan: Plan, persons: list[int] | None) -> Iterator[str]:
    empty = [split for n, split in enumerate(SPLITS) if not (plan.splits == n).any()]
    if not empty:
        return
    why = "add pictures, or ask for a larger part of them"
    if persons is not None:
        total = sum(persons)
        why = (
            f"{total} persons or groups fill no more splits, since none is torn apart; add "
            "pictures of other people"
        )
    yield f"no face in {' and '.join(empty)}: {why}"


def _missing(index: RowIndex, plan: Plan, classes: Sequence[str]) -> Iterator[str]:
    for number, split in enumerate(SPLITS):
        found = set(index.labels[plan.splits == number].tolist())
        for label, name in enumerate(classes):
            if found and label not in found:
                yield f"no face of class {name!r} in {split}"
