"""What the user should know of how faces were dealt to splits, in sentences."""

from collections.abc import Iterator, Sequence

import numpy as np

from mien.datasets.preparation.duplicates import PairArray
from mien.datasets.preparation.frames import torn_frames
from mien.datasets.preparation.plan import LEFT_OUT, TRAIN, Plan, RowIndex
from mien.datasets.records import PHOTO_GROUP, SPLITS

# Of fewer people in a split its figures say little about others.
FEW = 5


def plan_notes(
    index: RowIndex, plan: Plan, classes: Sequence[str], alike: PairArray
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
    shared = sum(r.kind.endswith((" test face", " validation face")) for r in plan.rejected)
    if shared and (index.held_out | index.validates).any():
        notes.append(
            f"{shared:,} pictures were left out of train, because their photo or person is among "
            "those set aside for validation or test, too; rejected.csv names them"
        )
    torn = torn_frames(index.origins, index.groups, plan.splits, alike)
    return (*notes, *([torn] if torn else []))


def _persons(index: RowIndex, plan: Plan) -> list[set[str]] | None:
    """Return the persons of each split; None where most faces are nobody's."""
    rows = np.flatnonzero(plan.splits != LEFT_OUT).tolist()
    known = [i for i in rows if index.groups[i] and PHOTO_GROUP not in index.groups[i]]
    if 2 * len(known) <= len(rows):
        return None
    return [{index.groups[i] for i in known if plan.splits[i] == n} for n in range(len(SPLITS))]


def _few_persons(persons: list[set[str]] | None) -> Iterator[str]:
    if persons is None:
        return
    counts = {split: len(persons[n]) for n, split in enumerate(SPLITS) if n != TRAIN}
    few = {split: count for split, count in counts.items() if 0 < count < FEW}
    if few:
        shown = ", ".join(f"{count} in {split}" for split, count in few.items())
        total = sum(len(part) for part in persons)
        yield (
            f"only {total} persons or groups in all, and {shown}: figures over so few say little "
            "about other people; more people help more than more pictures"
        )


def _empty(plan: Plan, persons: list[set[str]] | None) -> Iterator[str]:
    empty = [split for n, split in enumerate(SPLITS) if not (plan.splits == n).any()]
    if not empty:
        return
    why = "add pictures, or ask for a larger part of them"
    if persons is not None:
        total = sum(len(part) for part in persons)
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
