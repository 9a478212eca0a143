"""Notes beside a table: NAME.csv.json says what NAME.csv was made with, and what its columns mean.

Written whole. They have the table's whole name before theirs, so that tables that differ in their
format only have notes of their own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mien.errors import SinkError
from mien.files.writes import write_file
from mien.parsing import decode_json
from mien.protocols import Sink
from mien.sinks.files import writing
from mien.sinks.layout import Layout
from mien.types import Analysis, Frame

SUFFIX = ".json"
# By what notes are known, so that no other file is replaced.
MADE_BY = "mien"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class About:
    """What readings came from.

    Attributes:
        version: Of mien.
        model: Name, version, labels and hash of the model.
        detector: Name and hash of the face detector.
        settings: What was set, or is so by default, by name.
        source: What was read, as it was named; empty where that is not told.
        command: The command line; "" where there is none.
        made: When the run began, in UTC; "" where it is not told.
        usual_faces: Who is read beside their usual face; empty where there is no baseline.
    """

    version: str
    model: Mapping[str, Any]
    detector: Mapping[str, Any]
    settings: Mapping[str, Any]
    source: tuple[str, ...] = ()
    command: str = ""
    made: str = ""
    usual_faces: Mapping[str, Any] = field(default_factory=dict)

    def text(self, layout: Layout, table: str) -> bytes:
        """Return the notes of a table, as JSON in UTF-8; what is not told is left out."""
        told = {
            "table": table,
            "made": self.made,
            "command": self.command,
            "source": list(self.source),
            "model": dict(self.model),
            "detector": dict(self.detector),
            "settings": dict(self.settings),
            "usual_faces": dict(self.usual_faces),
        }
        notes = {"made_by": MADE_BY, "version": self.version, "format": FORMAT}
        notes |= {key: value for key, value in told.items() if value not in ("", [], {})}
        notes["columns"] = [
            {
                "name": column.name,
                "type": column.kind,
                **({"unit": column.unit} if column.unit else {}),
                "meaning": column.meaning,
            }
            for column in layout.columns
        ]
        text = json.dumps(notes, indent=2, ensure_ascii=False) + "\n"
        return text.encode("utf-8", "backslashreplace")


def notes_path(table: Path) -> Path:
    """Return where the notes of a table are."""
    return table.with_name(table.name + SUFFIX)


def refuse_foreign(notes: Path, *, overwrite: bool) -> None:
    """Raise `SinkError` where notes would replace a file that is none of mien's notes."""
    if overwrite or not notes.exists():
        return
    try:
        told = decode_json(notes.read_bytes(), dict[str, Any])
    except (OSError, ValueError):
        told = {}
    if told.get("made_by") != MADE_BY:
        raise SinkError(
            f"{notes}: exists already, and is where notes on the table go; choose another name "
            "for the table, or overwrite it (--overwrite)"
        )


class Noted:
    """A `Sink` around a table, beside which it puts notes once the table is there."""

    def __init__(self, sink: Sink, table: Path, text: bytes) -> None:
        """Take the table's sink, its name, and what the notes say."""
        self._sink, self._table, self._text = sink, table, text
        self._wrote = self._done = False
        # What is there already is not the table that is being written, unless that grows in place.
        self._before = _state(table)

    def write(self, frame: Frame, analysis: Analysis) -> None:
        """Write one frame; raise `SinkError` where that fails."""
        self._sink.write(frame, analysis)
        self._wrote = True
        if not self._done and _state(self._table) != self._before:
            self._put()

    def close(self) -> None:
        """Finish the table, and write the notes of one that appears only now."""
        self._sink.close()
        if self._wrote and not self._done and self._table.is_file():
            self._put()

    def _put(self) -> None:
        self._done = True
        notes = notes_path(self._table)
        with writing(notes):
            write_file(notes, self._text)


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_ino, state.st_size, state.st_mtime_ns
