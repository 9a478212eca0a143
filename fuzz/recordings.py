"""Tables of readings and who is who, as programs and people of other kinds leave them."""

from collections.abc import Sequence
from pathlib import Path

_HEAD = "source,frame,time,track_id,x1,y1,x2,y2,p_happy,p_sad,label,confidence,shown,quality"
_ROWS = tuple(
    f"clip.mp4,{frame},{frame / 25},{track},10,20,30,40.5,0.7,0.3,{look},0.7,happy,ok"
    for frame, look in enumerate(("happy", "sad", "not sure", "not seen"))
    for track in (1, 2)
)
_PEOPLE = 'source,track_id,name,place\nclip.mp4,1,Anna,\n*.mp4,,left,0 0 40 50\nb.mp4,2,"-",\n'


def tables() -> Sequence[bytes]:
    """Return a table as mien writes it, and as a spreadsheet of another country does."""
    text = "\n".join((_HEAD, *_ROWS)) + "\n"
    foreign = text.replace(",", ";").replace(".", ",")
    return text.encode(), b"\xef\xbb\xbf" + foreign.encode(), text.encode("utf-16")


def lines() -> Sequence[bytes]:
    """Return a table as JSON Lines."""
    line = (
        '{"source": "clip.mp4", "frame": %d, "time": %g, "track_id": 1, "box": [1, 2, 3.5, 4], '
        '"probabilities": {"happy": 0.7, "sad": 0.3}, "label": "happy", "shown": "sad"}\n'
    )
    return ("".join(line % (frame, frame / 25) for frame in range(5)).encode(),)


def people() -> Sequence[bytes]:
    """Return a people.csv."""
    return (_PEOPLE.encode(), _PEOPLE.replace(",", ";").encode())


def read_table(data: bytes, folder: Path, name: str = "table.csv") -> None:
    """Read a table into timelines, and write these in all formats."""
    from mien.recordings.formats.bids import Bids
    from mien.recordings.formats.boris import to_boris
    from mien.recordings.formats.kinds import KINDS
    from mien.recordings.people import People
    from mien.recordings.read import read_recordings
    from mien.recordings.timelines import timelines

    (folder / name).write_bytes(data)
    recordings = read_recordings(folder / name, box=True, probabilities=True)
    told, bids = list(timelines(recordings, People())), Bids()
    for timeline in told:
        list(bids.files(timeline))
        for kind in KINDS.values():
            kind.encode(timeline, None)
    to_boris(told)


def read_lines(data: bytes, folder: Path) -> None:
    """Read a table of JSON Lines."""
    read_table(data, folder, "table.jsonl")


def events() -> Sequence[bytes]:
    """Return an events.csv."""
    text = "source,time,word\nclip.mp4,0.1,joke\n,0:00:01.5,door\n"
    return text.encode(), text.replace(",", ";").encode()


def hand() -> Sequence[bytes]:
    """Return a hand.csv."""
    text = "source,person,begin,end,label\nclip.mp4,clip 1,0,0.08,happy\n,,0.1,0:01,smug\n"
    return text.encode(), text.encode("utf-16")


def read_people(data: bytes, folder: Path) -> None:
    """Read a people.csv, and ask it who is in a table."""
    from mien.recordings.people import read_people
    from mien.recordings.read import read_recordings
    from mien.recordings.timelines import timelines

    (folder / "people.csv").write_bytes(data)
    (folder / "table.csv").write_bytes(tables()[0])
    who = read_people(folder / "people.csv")
    list(timelines(read_recordings(folder / "table.csv", box=True), who))
    who.missed()


def read_events(data: bytes, folder: Path) -> None:
    """Read a list of events, and write the report of a table with it."""
    _report(data, folder, "events")


def read_hand(data: bytes, folder: Path) -> None:
    """Read codes by hand, and write the report of a table with them."""
    _report(data, folder, "hand")


def _report(data: bytes, folder: Path, name: str) -> None:
    from mien.recordings.report.write import ReportSettings, write_report

    path, table = folder / f"{name}.csv", folder / "table.csv"
    path.write_bytes(data)
    table.write_bytes(tables()[0])
    events, hand = (path, None) if name == "events" else (None, path)
    settings = ReportSettings(events=events, hand=hand, overwrite=True)
    write_report(table, folder / "out" / "report.html", settings)
