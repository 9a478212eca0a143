"""Several sources, one after another: what `mien predict a.jpg clips/ b.mp4` reads."""

from collections.abc import Callable, Collection, Iterator, Sequence

from mien.errors import SourceError
from mien.protocols import Source
from mien.types import Frame, Skipped


class Batch(Source):
    """A `Source` that reads sources in turn and goes on where one of them breaks off.

    Each is opened when its turn comes, so that a thousand videos need no thousand open files.
    """

    live = False

    def __init__(
        self,
        openers: Sequence[tuple[str, Callable[[], Source]]],
        *,
        skipped: Sequence[Skipped] = (),
        named: Collection[str] = (),
        names: Sequence[str] = (),
    ) -> None:
        """Take the sources.

        Args:
            openers: For each source its name, for errors, and what opens it.
            skipped: What was left out already when they were looked for.
            named: Names of those that were asked for, and not only found in a folder.
            names: The names of all that is read, where pictures that follow each other are one
                source.
        """
        self.name = openers[0][0] if len(openers) == 1 else f"{len(openers)} sources"
        self._names = tuple(names) or tuple(name for name, _ in openers)
        self._openers = list(openers)
        self._done = list(skipped)
        self._named = named
        self._current: Source | None = None
        self._closed = False

    @property
    def skipped(self) -> list[Skipped]:
        """What could not be read, and why: pictures, and sources that did not open or broke off."""
        return [*self._done, *self._of_current()]

    @property
    def names(self) -> Sequence[str]:
        """The names of all that is read."""
        return self._names

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames of all sources."""
        for name, opener in self._openers:
            if self._closed:
                return
            try:
                self._current = opener()
                yield from self._current
            except SourceError as error:
                reason = str(error).removeprefix(f"{name}: ")
                self._done.append(Skipped(name, reason, name in self._named))
            finally:
                self._leave()

    def skip(self) -> None:
        """Leave the source that is open, and go on with the next one."""
        if self._current is not None:
            self._current.close()

    def close(self) -> None:
        """Close the source that is open, and open no other."""
        self._closed = True
        if self._current is not None:
            self._current.close()

    def _leave(self) -> None:
        if self._current is not None:
            self._current.close()
            self._done += self._of_current()
            self._current = None

    def _of_current(self) -> Sequence[Skipped]:
        return () if self._current is None else self._current.skipped
