"""The rows of one shard while it works: kept, and written now and then and at the end."""

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mien.archive.places import Place
from mien.archive.readings import manifest
from mien.archive.readings.manifest import MANIFEST, STANDS, Row
from mien.archive.readings.naming import Part
from mien.archive.readings.recipe import Identity
from mien.archive.shards import Shard
from mien.errors import InUseError, SinkError
from mien.pipeline.interrupts import uninterrupted
from mien.sinks.files import as_written

# Writing all rows takes at most one part in so many of the time.
SELDOM = 50
LEAST_SECONDS = 1.0


class Ledger:
    """The manifest of one shard.

    Whoever is killed loses the rows of the last second, or of a fiftieth of the time where there
    are very many, and the next start reads those files again.
    """

    def __init__(
        self, place: Place, shard: Shard, known: Mapping[str, Row], parts: Sequence[Part]
    ) -> None:
        """Begin with what former runs have left.

        Args:
            place: Where it is.
            shard: Whose it is.
            known: The rows of former runs by file.
            parts: What was found now, in all shards.
        """
        self._place, self._known = place, known
        self._found = {item.file for part in parts for item in part.items}
        self._tables = {as_written(part.table) for part in parts}
        self._name = manifest.shard_name(shard)
        self._rows: dict[str, Row] = {}
        if self._name == MANIFEST:
            # What is not read now would be forgotten with the manifest that is replaced.
            gone = (row for file, row in known.items() if file not in self._found)
            self._rows = {row.file: row for one in gone if (row := self._as_found(one))}
        self._saved = self._cost = 0.0

    def __getitem__(self, file: str) -> Row:
        """Return the row of a file."""
        return self._rows[file]

    def add(self, rows: Iterable[Row]) -> None:
        """Take what became of some files; raise `SinkError` where that cannot be written."""
        self._rows |= {row.file: row for row in rows}
        if time.monotonic() - self._saved > max(LEAST_SECONDS, SELDOM * self._cost):
            self.save()

    def save(self) -> None:
        """Write all rows; raise `SinkError` where that fails."""
        begun = time.monotonic()
        manifest.save(self._place, self._name, self._rows.values())
        self._saved = time.monotonic()
        self._cost = self._saved - begun

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Write all rows at the end of the block, whatever ends it."""
        try:
            yield
        except BaseException:
            # What ended the block is the news, and where nothing can be written it says so.
            with contextlib.suppress(SinkError), uninterrupted():
                self.save()
            raise
        with uninterrupted():
            self.save()

    def merge(self, identity: Identity) -> bool:
        """Write the manifest of the whole, where all files have been read, in whichever shards.

        Args:
            identity: With what they have to have been read.

        Returns:
            Whether it is there.

        Raises:
            SinkError: It cannot be written.
        """
        if self._name == MANIFEST:
            self._remove_shards()
            return True
        if not self._all_read(identity):
            return False
        # Another shard, which ended at the same moment, may do it.
        with contextlib.suppress(InUseError), self._place.alone(MANIFEST):
            self._write_whole()
        return True

    def _all_read(self, identity: Identity) -> bool:
        rows = manifest.rows_of(self._place)
        return all(
            file in rows and rows[file].status != "waiting" and identity.made(rows[file])
            for file in self._found
        )

    def _write_whole(self) -> None:
        rows = {**self._known, **manifest.rows_of(self._place)}
        kept = (self._as_found(row) for row in rows.values())
        with uninterrupted():
            manifest.save(self._place, MANIFEST, [row for row in kept if row is not None])
            self._remove_shards()

    def _remove_shards(self) -> None:
        for name in self._place.names():
            if manifest.is_manifest(name) and name != MANIFEST:
                self._place.remove(name)

    def _as_found(self, row: Row) -> Row | None:
        """Return what is kept of a row; of a file that is not there, its readings if it has some.

        A picture's are no longer in the table of its folder, which is made anew without it.
        """
        if row.file in self._found:
            return row
        if row.status not in STANDS | {"absent"} or row.table in self._tables:
            return None
        return manifest.with_status(row, "absent")
