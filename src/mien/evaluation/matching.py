"""Which of a bundle's labels the classes of the data are, and the pictures of a folder by class."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mien.errors import DatasetError
from mien.picture_formats import REFUSED, SUFFIXES

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
    """Find the number of the bundle's label for every class that it knows.

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
    unknown = [name for name in classes if name not in labels]
    known = {name: labels.index(name) for name in classes if name in labels}
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


def labelled_files(
    folder: Path, labels: Sequence[str], *, others: bool
) -> tuple[list[tuple[Path, int, str]], dict[str, int]]:
    """Find the pictures with their label, in a fixed order; count other classes that are left out.

    Args:
        folder: The folder, with one subfolder per class.
        labels: The bundle's labels.
        others: Other classes are not left out.

    Returns:
        For every picture its file and what `truth_of` says of its class; and how many were left out
        of each class.

    Raises:
        DatasetError: The folder cannot be read, or as `match_classes`.
    """
    try:
        classes = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
    except OSError as error:
        raise DatasetError(
            f"{folder}: cannot be read as a folder: {error.strerror}; name a data set, or a "
            "folder with one subfolder per class"
        ) from error
    names = [path.name for path in classes]
    truths = match_classes(folder, names, labels, ignore_unknown=True, others=others)
    found: list[tuple[Path, int, str]] = []
    skipped: dict[str, int] = {}
    for path in classes:
        if others or path.name in truths:
            truth = truth_of(path.name, truths)
            found.extend((picture, *truth) for picture in sorted(_pictures(path)))
        else:
            skipped[path.name] = sum(1 for _ in _pictures(path))
    return found, skipped


def _pictures(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        # A link that leads nowhere is listed as unreadable later, instead of being passed over.
        is_file = path.is_file() or path.is_symlink()
        shown = not any(part.startswith(".") for part in path.relative_to(folder).parts)
        if is_file and shown and path.suffix.lower() in SUFFIXES | REFUSED.keys():
            yield path
