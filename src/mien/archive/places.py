"""Where an archive's results go: a folder of this machine, or one that fsspec reaches.

Both take each file whole or not at all. A remote folder knows no locks: nobody is kept from
starting one shard twice there.
"""

import contextlib
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mien.errors import MissingExtraError, SettingsError, SinkError, one_line, told_as
from mien.files.locks import alone_on
from mien.files.writes import new_file, sweep
from mien.sinks.files import make_folder, writing
from mien.sources.naming import device

_REMOTE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")
# Of these an upload appears when it is whole, and to move means to copy.
OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "oci"})
_UNFINISHED = ".mien-unfinished"


class Place(Protocol):
    """A folder, to workers and to who started them; travels to other processes."""

    @property
    def name(self) -> str:
        """What to call it."""
        ...

    def read(self, name: str) -> bytes | None:
        """Return a file; None where there is none, `SinkError` where it cannot be read."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write a file whole; `SinkError` where that fails."""
        ...

    def put(self, name: str) -> contextlib.AbstractContextManager[Path]:
        """Give a file to write to, which appears whole at the end of the block.

        An error in the block leaves what was there. `SinkError` where it cannot be written.
        """
        ...

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file, where it is there."""
        ...

    def names(self) -> list[str]:
        """Return the names of the files in the folder itself, the oldest first."""
        ...

    def clean(self, folders: Iterable[str]) -> None:
        """Remove what processes that were killed left in folders."""
        ...

    def alone(self, name: str) -> contextlib.AbstractContextManager[None]:
        """Be the only one that writes a file; `InUseError` where another process does."""
        ...


def is_remote(name: str) -> bool:
    """Whether a name is the address of a folder or file for fsspec, and not that of a stream."""
    return _REMOTE.match(name) is not None and device(name) is None


def open_place(name: str) -> Place:
    """Return the place that a name means.

    Raises:
        SettingsError: It is no folder, or there is no way to it.
        MissingExtraError: fsspec is not installed.
    """
    if device(name) is not None:
        raise SettingsError(f"{name}: is no folder; name one, such as readings/")
    if not is_remote(name):
        return LocalPlace(Path(name))
    reach(name)
    return RemotePlace(name.rstrip("/"))


def reach(url: str) -> tuple[Any, str]:
    """Return fsspec's file system of an address, and the path in it.

    Raises:
        SettingsError: Its protocol is unknown, or needs a package that is missing.
        MissingExtraError: fsspec is not installed.
    """
    try:
        import fsspec
    except ImportError as error:
        raise MissingExtraError("reading and writing remote folders", "cluster") from error
    try:
        system, path = fsspec.core.url_to_fs(url)
    except Exception as error:  # each protocol is a package of its own
        raise SettingsError(f"{url}: cannot be reached: {one_line(error)}") from error
    return system, str(path)


@dataclass(frozen=True, slots=True)
class LocalPlace:
    """A `Place` on this machine, or on a disk that several share."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder."""
        return str(self.folder)

    def read(self, name: str) -> bytes | None:
        """Return a file."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SinkError(f"{self.folder / name}: cannot be read: {error.strerror}") from error

    def write(self, name: str, data: bytes) -> None:
        """Write a file whole."""
        with self.put(name) as path, writing(self.folder / name):
            path.write_bytes(data)

    @contextlib.contextmanager
    def put(self, name: str) -> Iterator[Path]:
        """Give a file to write to."""
        path = self.folder / name
        make_folder(path.parent)
        with contextlib.ExitStack() as stack:
            with writing(path):
                new = stack.enter_context(new_file(path))
            yield new
            with writing(path):
                stack.close()

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self.folder / name).is_file()

    def remove(self, name: str) -> None:
        """Remove a file."""
        with writing(self.folder / name):
            (self.folder / name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """Return the names of the files in the folder."""
        if not self.folder.is_dir():
            return []
        files = [path for path in self.folder.iterdir() if path.is_file()]
        files.sort(key=lambda path: (path.stat().st_mtime_ns, path.name))
        return [path.name for path in files]

    def clean(self, folders: Iterable[str]) -> None:
        """Remove what is unfinished, and nobody's."""
        for folder in folders:
            sweep(self.folder / folder)

    @contextlib.contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Be the only one that writes a file."""
        with contextlib.ExitStack() as stack:
            with writing(self.folder):
                stack.enter_context(alone_on(self.folder / name))
            yield


@dataclass(frozen=True, slots=True)
class RemotePlace:
    """A `Place` that fsspec reaches."""

    url: str

    @property
    def name(self) -> str:
        """The address."""
        return self.url

    def read(self, name: str) -> bytes | None:
        """Return a file."""
        system, path = self._at(name)
        with told_as(SinkError, f"{self.url}/{name}", "cannot be read"):
            try:
                return bytes(system.cat_file(path))
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        """Write a file whole."""
        with self.put(name) as path:
            path.write_bytes(data)

    @contextlib.contextmanager
    def put(self, name: str) -> Iterator[Path]:
        """Give a file to write to, and upload it."""
        with tempfile.TemporaryDirectory(prefix="mien-upload-") as folder:
            # Of the table's suffix, and of a name that any disk takes.
            local = Path(folder, "file").with_suffix(Path(name).suffix)
            yield local
            with told_as(SinkError, f"{self.url}/{name}", "cannot be written"):
                self._upload(local, name)

    def _upload(self, local: Path, name: str) -> None:
        system, path = self._at(name)
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        if OBJECT_STORES.isdisjoint(_protocols(system)):
            system.put_file(str(local), path + _UNFINISHED)
            system.mv(path + _UNFINISHED, path)
        else:
            system.put_file(str(local), path)

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        system, path = self._at(name)
        with told_as(SinkError, f"{self.url}/{name}", "cannot be looked at"):
            return bool(system.isfile(path))

    def remove(self, name: str) -> None:
        """Remove a file."""
        system, path = self._at(name)
        told = told_as(SinkError, f"{self.url}/{name}", "cannot be removed")
        with told, contextlib.suppress(FileNotFoundError):
            system.rm_file(path)

    def names(self) -> list[str]:
        """Return the names of the files in the folder."""
        system, path = reach(self.url)
        system.invalidate_cache(path)
        with told_as(SinkError, self.url, "cannot be listed"):
            try:
                listed = system.ls(path, detail=True)
            except FileNotFoundError:
                return []
            files = [one for one in listed if one["type"] == "file"]
            files.sort(key=_age)
        return [str(one["name"]).rpartition("/")[2] for one in files]

    def clean(self, folders: Iterable[str]) -> None:
        """Do nothing: what is unfinished is replaced by the next upload of the same table."""

    @contextlib.contextmanager
    def alone(self, name: str) -> Iterator[None]:  # noqa: ARG002 - the protocol's
        """Hold nothing: there are no locks."""
        yield

    def _at(self, name: str) -> tuple[Any, str]:
        system, path = reach(self.url)
        return system, f"{path.rstrip('/')}/{name}"


def _protocols(system: Any) -> tuple[str, ...]:
    protocol = system.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


def _age(listed: dict[str, Any]) -> tuple[str, str]:
    """Return what sorts what file systems list by its age, where they tell it."""
    told = (listed.get(key) for key in ("mtime", "LastModified", "last_modified", "updated"))
    time = next((one for one in told if one is not None), listed.get("created", ""))
    return (f"{time:020.6f}" if isinstance(time, float) else str(time), str(listed["name"]))
