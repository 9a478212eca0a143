"""BIDS: a folder with `beh/…_events.tsv` and its JSON for each person and recording.

Event files are as the specification has them (https://bids-specification.readthedocs.io, "Events"),
in the place that BEP047 (audio and video of behaving subjects; in review in November 2026) gives
recordings: `sub-<person>/beh/`, where the video itself goes as `…_video.mp4` beside them.
"""

import contextlib
import csv
import hashlib
import io
import json
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from mien import __version__
from mien.errors import SettingsError, TableError
from mien.parsing import decode_json
from mien.recordings.values import NOT_SEEN_WORD, NOT_SURE_WORD, Timeline
from mien.vision.looks import word

VERSION = "1.10.0"  # of the specification
TASK = "recording"
DESCRIPTION, PARTICIPANTS = "dataset_description.json", "participants"
_DIGITS = 8
_BY = {"Name": "mien", "Version": __version__}
_README = """Readings of faces

`sub-*/beh/*_events.tsv` say what a face looked like to mien from when to when, in seconds of the
recording: one of the looks in the column's levels, "not sure" where mien was not sure, and "not
seen" where there was no face of that person. They are a network's guesses at expressions, not at
feelings. Which recording each file speaks of is in its .json, under `Recording`.
"""


def label_of(text: str) -> str:
    """Return a text as BIDS takes one in names: letters and digits of ASCII alone."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    label = "".join(letter for letter in plain if letter.isalnum())
    return label or hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def refuse_others(folder: Path) -> None:
    """Refuse a folder that is somebody else's data set: its list of participants would be lost.

    Raises:
        TableError: It is, or cannot be read.
    """
    path = folder / DESCRIPTION
    if not path.exists():
        return
    about: Any = None
    with contextlib.suppress(OSError, ValueError):
        about = decode_json(path.read_bytes(), dict).get("GeneratedBy")
    makers = about if isinstance(about, list) else []
    if not any(isinstance(one, dict) and one.get("Name") == _BY["Name"] for one in makers):
        raise TableError(
            f"{path}: this data set was not made by mien; name a new folder, and copy its files "
            "over"
        )


@dataclass(slots=True)
class Bids:
    """Files of one data set, as more and more recordings are added to it.

    Attributes:
        task: What people did, in letters and digits.
    """

    task: str = TASK
    _labels: dict[str, str] = field(default_factory=dict)
    _runs: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (self.task.isascii() and self.task.isalnum()):
            raise SettingsError(f"--task must be letters and digits alone, got {self.task!r}")

    def files(self, timeline: Timeline) -> Iterator[tuple[str, bytes]]:
        """Yield the files of a recording: their paths in the data set, and what is in them."""
        for lane in timeline.lanes:
            label = self._label(lane.name)
            run = self._runs[label] = self._runs.get(label, 0) + 1
            base = f"sub-{label}/beh/sub-{label}_task-{self.task}_run-{run}_events"
            rows = [(f"{one.begin:.3f}", f"{one.seconds:.3f}", one.look) for one in lane.intervals]
            yield f"{base}.tsv", _tsv(("onset", "duration", "trial_type"), rows)
            yield f"{base}.json", _json(self._sidecar(timeline))

    def of_all(self) -> Iterator[tuple[str, bytes]]:
        """Yield the files of the data set as a whole."""
        about = {
            "Name": "Readings of faces by mien",
            "BIDSVersion": VERSION,
            "DatasetType": "raw",
            "GeneratedBy": [_BY],
        }
        yield DESCRIPTION, _json(about)
        rows = [(f"sub-{label}", name) for name, label in self._labels.items()]
        yield f"{PARTICIPANTS}.tsv", _tsv(("participant_id", "name"), rows)
        name = {"Description": "What the person is called in people.csv, or the track's own name"}
        yield f"{PARTICIPANTS}.json", _json({"name": name})
        yield "README", _README.encode()

    def _label(self, name: str) -> str:
        if name not in self._labels:
            label = label_of(name)
            # Two names may differ in what BIDS does not take.
            if label.casefold() in {one.casefold() for one in self._labels.values()}:
                label += hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]
            self._labels[name] = label
        return self._labels[name]

    def _sidecar(self, timeline: Timeline) -> dict[str, Any]:
        levels = {label: f"The face looks {word(label)}" for label in timeline.labels}
        levels[NOT_SURE_WORD] = "A face was seen, and mien was not sure what it looks like"
        levels[NOT_SEEN_WORD] = "No face of this person was seen"
        return {
            "TaskName": self.task,
            "Recording": PurePath(timeline.source).name,
            "onset": {"Description": "Begin, from the start of the recording", "Units": "s"},
            "duration": {"Description": "How long the look lasted", "Units": "s"},
            "trial_type": {
                "LongName": "Look",
                "Description": "What the face looks like, as mien reads it",
                "Levels": levels,
            },
        }


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _tsv(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(
        text, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None
    )
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()
