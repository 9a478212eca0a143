"""The one table of formats that hold intervals: a new one is its file and a row here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mien.errors import SettingsError
from mien.recordings.formats.eaf import load, to_eaf
from mien.recordings.formats.subtitles import to_srt, to_vtt
from mien.recordings.values import Timeline

BORIS, BIDS = "boris", "bids"


@dataclass(frozen=True, slots=True)
class Kind:
    """A format with a file for each recording.

    Attributes:
        suffix: Of its files.
        encode: Returns a timeline's bytes; the other argument is the video's path from the file.
        check: Raises where what it needs is not installed.
    """

    suffix: str
    encode: Callable[[Timeline, str | None], bytes]
    check: Callable[[], object] = lambda: None


KINDS: Mapping[str, Kind] = {
    "vtt": Kind(".vtt", to_vtt),
    "srt": Kind(".srt", to_srt),
    "eaf": Kind(".eaf", to_eaf, load),
}
# Formats that hold many recordings: a table, and a folder.
FORMATS = (*KINDS, BORIS, BIDS)
SUFFIXES: Mapping[str, str] = {kind.suffix: name for name, kind in KINDS.items()} | {".tsv": BORIS}


def format_of(out: Path) -> str:
    """Return the format that a name's ending means.

    Raises:
        SettingsError: It means none.
    """
    name = SUFFIXES.get(out.suffix.lower())
    if name is None:
        raise SettingsError(
            f"{out}: no format that mien converts to by its ending; give --to "
            f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
        )
    return name
