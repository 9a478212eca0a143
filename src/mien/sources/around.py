"""What all sources have in common that stand around another one."""

from collections.abc import Sequence

from mien.protocols import Source
from mien.types import Skipped


class Around(Source):
    """A source around another: what it does not say of itself is what the other says.

    How many frames there are it does not say, since it may leave some out.
    """

    def __init__(self, source: Source) -> None:
        """Take the other source; closed with this one."""
        self.name = source.name
        self._source = source

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    @property
    def names(self) -> Sequence[str]:
        """Those of the source."""
        return self._source.names

    @property
    def skipped(self) -> Sequence[Skipped]:
        """What the source left out so far."""
        return self._source.skipped

    @property
    def recorded(self) -> bool:
        """Whether the source is."""
        return self._source.recorded
