"""What is said of each file of a folder: a few bytes a file, however many are said the same of."""

from array import array

from mien.datasets.inputs.metadata import FileNote

_NOTHING = -1


class Noted:
    """Notes by the number of the file.

    Args:
        count: Files.
        classes: Numbers of a soft label.
    """

    def __init__(self, count: int, classes: int) -> None:
        self._classes = classes
        self._groups = array("i", [_NOTHING]) * count
        self._softs = array("q", [_NOTHING]) * count
        self._shares = array("d")
        self._names: list[str] = []
        self._codes: dict[str, int] = {}

    def add(self, row: int, note: FileNote) -> None:
        """Keep what is said of a file, in the place of what was said before."""
        self._groups[row] = self._softs[row] = _NOTHING
        if note.group:
            self.add_group(row, note.group)
        if note.soft:
            self._softs[row] = len(self._shares)
            self._shares.extend(note.soft)

    def add_group(self, row: int, group: str) -> None:
        """Keep whom a file shows."""
        code = self._codes.setdefault(group, len(self._names))
        if code == len(self._names):
            self._names.append(group)
        self._groups[row] = code

    def group(self, row: int) -> str:
        """Return whom a file shows; "" where nothing is said."""
        code = self._groups[row]
        return "" if code == _NOTHING else self._names[code]

    def __getitem__(self, row: int) -> FileNote:
        start = self._softs[row]
        soft = () if start == _NOTHING else tuple(self._shares[start : start + self._classes])
        return FileNote(self.group(row), soft)
