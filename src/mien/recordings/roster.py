"""A first people.csv: everybody in some tables, for a person to name, merge and drop."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mien.errors import TableError
from mien.recordings.people import COLUMNS
from mien.recordings.read import read_recordings
from mien.recordings.timelines import Names
from mien.recordings.values import NOT_SEEN, Recording, Track, written
from mien.recordings.videos import faces_of, find_video
from mien.sinks.columns import BOX
from mien.sinks.files import refuse_existing, write_new, writing
from mien.types import Box
from mien.vision.images.reading import encode_png

# What helps to know who is meant; `read_people` does not use it.
TOLD = ("seconds_seen", "first_seen", "last_seen", *BOX)


@dataclass(slots=True)
class Roster:
    """What was found.

    Attributes:
        recordings: How many recordings.
        people: How many tracks in all of them.
        thumbnails: Pictures that were written.
        without_video: Sources whose video was not found, so that there is no thumbnail of theirs.
    """

    recordings: int = 0
    people: int = 0
    thumbnails: list[Path] = field(default_factory=list)
    without_video: list[str] = field(default_factory=list)


def write_roster(
    path: str | Path,
    out: Path,
    *,
    overwrite: bool = False,
    thumbnails: Path | None = None,
    video: Path | None = None,
) -> Roster:
    """Write a people.csv with a row for each track: its own name, how long it was seen, and where.

    Args:
        path: A table, or a folder of tables.
        out: The people.csv.
        overwrite: Replace files that exist.
        thumbnails: A folder for a picture of each, which nobody gets unless it is named.
        video: The video, or the folder that holds the videos, where they are not at their names.

    Returns:
        What was found.

    Raises:
        TableError: A table cannot be used, or nobody is in it.
        SinkError: A file exists, or cannot be written.
        SourceError: A video cannot be read.
    """
    with writing(out):
        refuse_existing(out, overwrite=overwrite)
    done, names, rows = Roster(), Names(), list[list[object]]()
    for recording in read_recordings(path, box=True):
        name = names.of(recording.source)
        done.recordings += 1
        rows += [_row(recording, track, name) for track in recording.tracks]
        if thumbnails is not None:
            for file, data in _thumbnails(recording, name, thumbnails, video, done):
                write_new(file, data, overwrite=overwrite)
                done.thumbnails.append(file)
    done.people = len(rows)
    if not rows:
        raise TableError(f"{path}: nobody was seen there, so that there is nobody to name")
    write_new(out, _csv(rows), overwrite=overwrite)
    return done


def _row(recording: Recording, track: Track, name: str) -> list[object]:
    seen = track.time[track.label != NOT_SEEN]
    box = track.mean_box()
    first, last = (f"{seen[0]:.3f}", f"{seen[-1]:.3f}") if len(seen) else ("", "")
    return [
        *(recording.source, track.track_id, written(f"{name} {track.track_id}"), ""),
        *(f"{len(np.unique(seen)) * recording.step:.3f}", first, last),
        *(("",) * len(BOX) if box is None else (f"{side:.1f}" for side in box)),
    ]


def _csv(rows: list[list[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*COLUMNS, *TOLD))
    writer.writerows(rows)
    return text.getvalue().encode()


def _thumbnails(
    recording: Recording, name: str, folder: Path, video: Path | None, done: Roster
) -> Iterator[tuple[Path, bytes]]:
    """Yield a picture of each track: of the moment in which its face is largest."""
    found = find_video(recording.source, video)
    if found is None:
        done.without_video.append(recording.source)
        return
    moments = {t.track_id: moment for t in recording.tracks if (moment := _largest(t)) is not None}
    for track, image in faces_of(found, moments):
        yield folder / f"{name} {track}.png", encode_png(image)


def _largest(track: Track) -> tuple[int, float, Box] | None:
    """Return frame, time and box of the moment in which a face is largest, the surest first."""
    size = (track.box[:, 2] - track.box[:, 0]) * (track.box[:, 3] - track.box[:, 1])
    size = np.where(np.isfinite(size) & (size > 0), size, -1.0)
    sure = np.where(track.label >= 0, size, -1.0)
    best = int(np.argmax(sure if sure.max(initial=-1.0) > 0 else size)) if len(size) else -1
    if best < 0 or size[best] <= 0:
        return None
    return int(track.frame[best]), float(track.time[best]), Box(*track.box[best].tolist())
