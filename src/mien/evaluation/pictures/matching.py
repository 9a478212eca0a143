"""Which of a bundle's labels the classes of the data are, and the pictures of a folder by class."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mien.datasets.inputs.class_folders import ClassFolders, walk
from mien.datasets.inputs.class_names import find_class
from mien.datasets.records import Split
from mien.errors import DatasetError
from mien.vision.images.formats import REFUSED, SUFFIXES

# In the place of a label's number, for a class that is none.
UNKNOWN = -1


def truth_of(name: str, truths: Mapping[str, int]) -> tuple[int, str]:
    """Return the number of a class's label, and ""; or `UNKNOWN`, and the class.

    Args:
        name: The class.
        truths: From `match_classes`.
    """
    return (truths[name], "") if name in truths else (UNKNOWN, name)


def match_classes(
    place: Path,
    classes: Sequence[str],
    labels: Sequence[str],
    *,
    ignore_unknown: bool,
    others: bool,
) -> Mapping[str, int]:
    """Find the number of the bundle's label for every class that it knows, however it is written.

    Args:
        place: What to call the data in an error.
        classes: The classes of the data.
        labels: The bundle's labels.
        ignore_unknown: Classes that are no label may be left out.
        others: They are asked about, too.

    Raises:
        DatasetError: No class is a label, a class is none and neither may be, or all are labels
            where others are asked about.
    """
    found = {name: find_class(name, labels) for name in classes}
    known = {name: number for name, number in found.items() if number is not None}
    unknown = [name for name in classes if name not in known]
    lists = f"the data has {', '.join(classes) or 'none'}; the bundle has {', '.join(labels)}"
    if not known:
        raise DatasetError(f"{place}: no class that the bundle knows: {lists}")
    if others and not unknown:
        raise DatasetError(
            f"{place}: no class that the bundle does not know: {lists}; leave out --others"
        )
    if unknown and not (ignore_unknown or others):
        raise DatasetError(
            f"{place}: classes that the bundle does not know ({', '.join(unknown)}): {lists}; "
            "ignore unknown classes (--ignore-unknown) to evaluate the others, or ask whether they "
            "get a word (--others)"
        )
    return known


def judged_part(found: ClassFolders, split: str | None) -> Split | None:
    """Return which split of a folder that has splits is judged; None where it has none.

    Args:
        found: The folder.
        split: The wanted one; the test unless given, else the next best that the folder has.

    Raises:
        DatasetError: The folder has no such split.
    """
    if not found.splits:
        if split is None:
            return None
        raise DatasetError(
            f"{found.root}: holds no folders of splits (train, test), so that there is no "
            f"{split!r}; leave out --split"
        )
    if split is None:
        return found.splits[-1]
    for known in found.splits:
        if known == split:
            return known
    raise DatasetError(f"{found.root}: no split {split!r}; choose from {', '.join(found.splits)}")


def labelled_files(
    found: ClassFolders, split: Split | None, labels: Sequence[str], *, others: bool
) -> tuple[list[tuple[Path, int, str]], dict[str, int]]:
    """Find the pictures with their label, in a fixed order; count other classes that are left out.

    Args:
        found: The folder.
        split: The split whose pictures are wanted; None where the folder has none.
        labels: The bundle's labels.
        others: Other classes are not left out.

    Returns:
        For every picture its file and what `truth_of` says of its class; and how many were left out
        of each class.

    Raises:
        DatasetError: As `match_classes`.
    """
    folders = sorted(
        (folder for folder in (*found.folders, *found.links) if folder.split == split),
        key=lambda folder: folder.path,
    )
    names = [folder.name for folder in folders]
    truths = match_classes(found.root, names, labels, ignore_unknown=True, others=others)
    files: list[tuple[Path, int, str]] = []
    skipped: dict[str, int] = {}
    for folder in folders:
        if others or folder.name in truths:
            truth = truth_of(folder.name, truths)
            files.extend((picture, *truth) for picture in _pictures(found, folder.path))
        else:
            count = sum(1 for _ in _pictures(found, folder.path))
            skipped[folder.name] = skipped.get(folder.name, 0) + count
    return files, skipped


def _pictures(found: ClassFolders, folder: Path) -> Iterator[Path]:
    for path in walk(folder, found.refused, found.root):
        # A link that leads nowhere is listed as unreadable later, instead of being passed over.
        known = path.suffix.lower() in SUFFIXES | REFUSED.keys()
        if known and (path.is_symlink() or path.is_file()):
            yield path
