"""An output of another package, whole or not at all."""

import contextlib
from collections.abc import Callable
from pathlib import Path

from mien.errors import SettingsError, SinkError, told_as
from mien.plugins import Plugin
from mien.protocols import Sink
from mien.sinks.files import WholeFile, same_file
from mien.types import Analysis, Frame


class PluginSink(Sink):
    """A `Sink` around one of another package, which writes a file that appears when it is closed.

    It is given another path than the one that was named, of the same ending.
    """

    def __init__(
        self, plugin: Plugin, path: Path, make: Callable[[Callable[..., Sink], Path], Sink],
        *, overwrite: bool, names: tuple[str, ...],
    ) -> None:  # fmt: skip
        """Import and make it.

        Args:
            plugin: What a package offers: called with a `mien.sinks.open.Table`.
            path: The file.
            make: Calls it, with where to write.
            overwrite: Replace what is there.
            names: What is going to be read, which is never overwritten.

        Raises:
            SettingsError: It cannot be loaded, or a source would be overwritten.
            SinkError: The file exists, or cannot be made.
        """
        self._who = f"{path}: {plugin}"
        if any(same_file(path, Path(name)) for name in names):
            raise SettingsError(f"{path}: is to be read, and would be overwritten; choose another")
        factory = plugin.load()
        self._file, self._closed = WholeFile(path, overwrite=overwrite), False
        with self._file.abandoned_on_error(self._drop), self._telling("cannot be made"):
            self._sink = make(factory, self._file.begin())
            if not isinstance(self._sink, Sink):
                raise TypeError("it is no mien.Sink")

    def write(self, frame: Frame, analysis: Analysis) -> None:
        """Take one frame; raise `SinkError` where that fails."""
        with self._file.abandoned_on_error(self._drop), self._telling("cannot be written"):
            self._sink.write(frame, analysis)

    def close(self) -> None:
        """Let the file appear."""
        if self._closed:
            return
        self._closed = True
        with self._file.abandoned_on_error(self._drop), self._telling("cannot be finished"):
            self._sink.close()
        self._file.finish()

    def _telling(self, what: str) -> contextlib.AbstractContextManager[None]:
        return told_as(SinkError, self._who, what)

    def _drop(self) -> None:
        self._closed = True
