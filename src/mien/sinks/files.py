"""What all writers share: making files safely, and saying in one line why that failed."""

import contextlib
import errno
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from mien.errors import SinkError
from mien.files.locks import alone_on
from mien.files.writes import new_file, write_file

ADVICE = {
    errno.ENOSPC: "the disk is full; free some space or write to another disk",
    errno.EFBIG: "this disk takes no larger file; write to another disk, or less at a time",
    errno.EDQUOT: "your share of the disk is full; free some space or write to another disk",
    errno.EACCES: "you may not write there; choose another folder",
    errno.EPERM: "you may not write there; choose another folder",
    errno.EROFS: "that disk can only be read; choose another folder",
    errno.EEXIST: "it exists already; choose another name, or overwrite it (--overwrite)",
    errno.EISDIR: "that is a folder; name a file",
    errno.ENOTDIR: "a part of the path is a file, not a folder; choose another folder",
    errno.ENAMETOOLONG: "the name is too long for this disk; choose a shorter one",
}

ESCAPES = "backslashreplace"
# With these spreadsheets begin a formula, wherever a table is from.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@contextlib.contextmanager
def writing(path: Path | str) -> Iterator[None]:
    """Turn what fails while a file is made or written into an error that a user can act on.

    Raises:
        SinkError: Anything that the system reports, but a reader of a pipe who has left, which is
            no failure and stays a `BrokenPipeError`.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        advice = ADVICE.get(error.errno or 0, error.strerror or type(error).__name__)
        raise SinkError(f"{path}: cannot be written: {advice}") from error


def open_mode(path: Path, *, overwrite: bool) -> Literal["w", "x"]:
    """Return "x" where an existing file would be lost, else "w".

    Devices and pipes, such as /dev/stdout, exist and lose nothing.
    """
    try:
        special = path.exists() and not path.is_file()
    except OSError:
        # It may not even be looked at; opening it will say why.
        special = False
    return "w" if overwrite or special else "x"


def write_new(path: Path, data: bytes, *, overwrite: bool) -> None:
    """Write a file whole or not at all, in a folder that is made where it is missing.

    Raises:
        SinkError: It exists already, or cannot be written.
        InUseError: Another process writes it.
    """
    make_folder(path.parent)
    with writing(path):
        refuse_existing(path, overwrite=overwrite)
        with alone_on(path):
            refuse_existing(path, overwrite=overwrite)
            write_file(path, data)


def try_out(path: Path, *, overwrite: bool) -> None:
    """Make sure that a file can be made, so that this is known before hours of reading.

    What is there stays as it is, since it may be what is going to be read; what is not there is not
    there afterwards either, so that a run that is killed leaves nothing that is in the way. Devices
    and pipes are left alone: a reader would take it for the end.

    Raises:
        SinkError: It exists already, or cannot be written.
    """
    with writing(path):
        there = path.exists()
        if there and not (path.is_file() or path.is_dir()):
            return
        with path.open("ab" if open_mode(path, overwrite=overwrite) == "w" else "xb"):
            pass
        if not there:
            path.resolve().unlink()


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """Raise `FileExistsError` where a file is there that would be lost."""
    if open_mode(path, overwrite=overwrite) == "x" and path.exists():
        raise FileExistsError(errno.EEXIST, "exists already", str(path))


def same_file(path: Path, other: Path) -> bool:
    """Whether both are one existing file, by whatever name; False where one does not exist."""
    try:
        return path.samefile(other)
    except (OSError, ValueError):
        return False


def make_folder(path: Path) -> None:
    """Make a folder and those above it; raise `SinkError` where that fails."""
    with writing(path):
        path.mkdir(parents=True, exist_ok=True)


def as_written(name: str) -> str:
    """Return a file's name as tables have it.

    What is no valid Unicode becomes escapes. A name that a spreadsheet would take for a formula
    gets "./" before it, which names the same file.
    """
    text = as_on_disk(name).encode("utf-8", ESCAPES).decode("utf-8")
    return f"./{text}" if text.startswith(FORMULA) else text


def as_on_disk(text: str) -> str:
    """Return names as they are stored, also where the system says that it knows ASCII only."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeError:
        return text


class WholeFile:
    """A file that appears when it is finished: of a run that is killed there is none.

    What is there already stays until then.
    """

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        """Make sure that there is room for it.

        Args:
            path: The file. Its folder is made where it is missing.
            overwrite: Replace a file that exists.

        Raises:
            SinkError: The file exists, or cannot be written.
            InUseError: Another process writes it.
        """
        self.path, self._stack = path, contextlib.ExitStack()
        make_folder(path.parent)
        with writing(path):
            refuse_existing(path, overwrite=overwrite)
            self._stack.enter_context(alone_on(path))

    def begin(self) -> Path:
        """Return a name to write to, which stands until `finish`, or until something fails."""
        return self._stack.enter_context(new_file(self.path))

    def finish(self) -> None:
        """Let the file appear, where it was begun."""
        with writing(self.path):
            self._stack.close()

    @contextlib.contextmanager
    def abandoned_on_error(self, drop: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Where something fails, remove what was written, and say in one line why.

        Args:
            drop: Lets go of what writes to it.

        Raises:
            SinkError: As `writing`.
        """
        try:
            with writing(self.path):
                yield
        except BaseException as error:
            drop()
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise
