"""Class folders, `faces/<class>/…`, perhaps below `train/` and `test/`, and their files.

Data sets come with their own splits above the classes (FER2013, RAF-DB, Hugging Face imagefolders).
Links that lead out of the folder, or in circles, are refused; so is what is no file.
"""

import os
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mien.datasets.inputs.class_names import spelling
from mien.datasets.records import SPLITS, Rejection, Split
from mien.errors import DatasetError
from mien.files import writes
from mien.files.pickles import refuse_pickle

# What the folders of splits are called, without what is no letter, and without "set" or "data".
SPLIT_NAMES: dict[str, Split] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "validate", "dev"), "validation"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
    # FER2013's own names: what is not for training is the test, as in its csv.
    **dict.fromkeys(("publictest", "privatetest"), "test"),
}
METADATA = "metadata.csv"
# What systems and archives leave in folders, beside what is hidden.
JUNK = frozenset({"__MACOSX", "@eaDir", "Thumbs.db", "desktop.ini", "lost+found"})
# What is no folder, but holds one.
PACKED = frozenset({".zip", ".tar", ".tgz", ".gz", ".7z", ".rar"})


@dataclass(frozen=True, slots=True)
class ClassFolder:
    """A folder of pictures of one class.

    Attributes:
        path: The folder.
        name: The class.
        split: The split that its pictures are for; None where the folders do not say.
    """

    path: Path
    name: str
    split: Split | None = None


@dataclass(slots=True)
class ClassFolders:
    """The class folders below a root, and what is refused; see `find_classes`.

    Attributes:
        root: The folder.
        folders: The class folders, by split and name.
        links: Class folders that are links. They are refused, but may be read where someone says of
            each picture whether it lies below the root.
        parts: The folders of splits; empty where the classes lie in the root itself.
        tables: Each metadata.csv of the root and of its folders of splits.
        refused: What was left out, and why.
    """

    root: Path
    folders: list[ClassFolder] = field(default_factory=list)
    links: list[ClassFolder] = field(default_factory=list)
    parts: list[Path] = field(default_factory=list)
    tables: list[Path] = field(default_factory=list)
    refused: list[Rejection] = field(default_factory=list)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, sorted."""
        return tuple(sorted({folder.name for folder in self.folders}))

    @property
    def splits(self) -> tuple[Split, ...]:
        """The splits that the folders say; empty where they say none."""
        return tuple(split for split in SPLITS if any(f.split == split for f in self.folders))

    def files(self, folder: ClassFolder) -> Iterator[Path]:
        """Yield the files of a class folder, to any depth and in a fixed order."""
        for path in walk(folder.path, self.refused, self.root):
            reason = _objection(path, self.root)
            if reason is None:
                yield path
            else:
                self.refuse(path, reason)

    def refuse(self, path: Path, kind: str, detail: str = "") -> None:
        """Keep a path and why it is not read."""
        self.refused.append(Rejection(origin_of(self.root, path), kind, detail))


def find_classes(root: Path) -> ClassFolders:
    """Find the class folders of a folder, below its folders of splits where it has such.

    The folders are those of splits where all have the name of one, `train` among them, and hold
    folders; or where some have, and two of these hold folders of the same names.

    Raises:
        DatasetError: The folder, or one of splits, cannot be read.
    """
    found = ClassFolders(root)
    folders = _folders(found, root)
    found.parts = _parts(folders)
    if not found.parts:
        found.folders = [ClassFolder(path, _class_of(path)) for path in folders]
        return found
    for path in folders:
        split = split_of(path.name)
        if path in found.parts:
            found.folders += [
                ClassFolder(inner, _class_of(inner), split)
                for inner in _folders(found, path, split)
            ]
        else:
            found.refuse(path, "not in a folder of a split", "(a folder beside train or test)")
    found.folders = _same_spelling(found.folders)
    return found


def split_of(name: str) -> Split | None:
    """Return the split that a folder is named after, however it is written; None for another."""
    letters = "".join(character for character in name.casefold() if character.isalpha())
    for end in ("set", "data", "dataset"):
        letters = letters.removesuffix(end) or letters
    return SPLIT_NAMES.get(letters)


def visible(folder: Path) -> Iterator[Path]:
    """Say what lies in a folder, in order, without what is hidden or left by systems.

    Of a million files only the names are in memory.

    Raises:
        OSError: It cannot be read; raised at once.
    """
    names = os.listdir(folder)  # noqa: PTH208
    shown = sorted(name for name in names if not name.startswith(".") and name not in JUNK)
    return (folder / name for name in shown)


def walk(folder: Path, refused: list[Rejection], root: Path) -> Iterator[Path]:
    """Yield what is no folder below a folder, in order, links included, which are not followed.

    Args:
        folder: Where to begin; may be a link.
        refused: Gets the folders that cannot be read.
        root: What the names in `refused` are relative to.
    """

    def inside(path: Path) -> Iterable[Path] | None:
        try:
            entered = path == folder or (path.is_dir() and not path.is_symlink())
            return visible(path) if entered else None
        except OSError as error:
            reason = f"({error.strerror})"
            refused.append(Rejection(origin_of(root, path), "cannot be read", reason))
            return []

    yield from writes.walk(folder, inside)


def leads_out(path: Path, root: Path) -> bool:
    """Whether a link leads out of a folder; links in circles lead nowhere, and so out of it."""
    try:
        return not path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        # A loop is a RuntimeError up to Python 3.12.
        return True


def origin_of(root: Path, path: Path) -> str:
    """Return how a file is called: its path below the root."""
    return as_text(path.relative_to(root).as_posix())


def as_text(name: str) -> str:
    """Return a file's name as text: names that are no valid UTF-8 could not be written."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _class_of(folder: Path) -> str:
    # macOS stores accents as letters of their own: packed there, a class would have two names.
    return unicodedata.normalize("NFC", as_text(folder.name))


def _folders(found: ClassFolders, folder: Path, split: Split | None = None) -> list[Path]:
    """Return the folders in a folder, and refuse what else lies there."""
    refuse_pickle(
        folder,
        DatasetError,
        "name the folder of the pictures that it was made of, such as faces, with one subfolder of "
        "pictures per class",
    )
    try:
        paths = visible(folder)
    except (OSError, ValueError) as error:
        # A name that no system could have is a ValueError.
        reason = getattr(error, "strerror", None) or error
        packed = "unpack it and " if folder.suffix.lower() in PACKED else ""
        raise DatasetError(
            f"{folder}: cannot be read as a folder: {reason}; {packed}name a folder with one "
            "subfolder of pictures per class"
        ) from error
    folders = []
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            folders.append(path)
        elif path.name.casefold() == METADATA and _objection(path, found.root) is None:
            found.tables.append(path)
        else:
            found.refuse(path, _objection(path, found.root) or "not in a class folder")
            if path.is_dir():
                found.links.append(ClassFolder(path, _class_of(path), split))
    return folders


def _objection(path: Path, root: Path) -> str | None:
    """Say what stands against reading what was found below the root; None for nothing."""
    try:
        if path.is_symlink():
            if leads_out(path, root):
                return "link out of the folder"
            if path.is_dir():
                return "link to a folder"
        # Reading a pipe would wait for ever.
        return None if path.is_file() else "not a file"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _parts(folders: list[Path]) -> list[Path]:
    named = [path for path in folders if split_of(path.name) is not None]
    inner = {path: _names(path) for path in named}
    named = [path for path in named if inner[path]]
    if not any(split_of(path.name) == "train" for path in named):
        return []
    names = [name for path in named for name in inner[path]]
    return named if len(named) == len(folders) or len(set(names)) < len(names) else []


def _names(folder: Path) -> set[str]:
    """Return how the folders in a folder are spelt; nothing where it cannot be read."""
    try:
        return {spelling(p.name) for p in visible(folder) if p.is_dir() and not p.is_symlink()}
    except OSError:
        return set()


def _same_spelling(folders: list[ClassFolder]) -> list[ClassFolder]:
    """Call classes as the first split does: `train/Happy` and `test/happy` are one class."""
    order = sorted(folders, key=lambda f: (SPLITS.index(f.split) if f.split else 0, f.path))
    first: dict[str, str] = {}
    return [ClassFolder(f.path, first.setdefault(spelling(f.name), f.name), f.split) for f in order]
