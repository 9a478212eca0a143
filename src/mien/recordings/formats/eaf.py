"""ELAN's .eaf: a tier for each person, an annotation for each look, a vocabulary of looks.

ELAN's format 2.8, as pympi writes it; ELAN 5 and newer read it. The video is linked by its path
from the .eaf, so that both can be moved together.
"""

import mimetypes
from typing import Any

from mien import __version__
from mien.errors import MissingExtraError
from mien.recordings.values import NOT_SEEN_WORD, NOT_SURE_WORD, Timeline
from mien.vision.looks import word

TYPE, VOCABULARY, LANGUAGE = "look", "looks", "eng"
# What ELAN asks of a medium whose kind it does not know.
UNKNOWN_KIND = "unknown"
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def to_eaf(timeline: Timeline, link: str | None = None) -> bytes:
    """Return a timeline as the XML of ELAN; times are whole milliseconds, as ELAN has them.

    Args:
        timeline: What happened.
        link: The video's path as seen from the .eaf, with slashes; None for no video.

    Raises:
        MissingExtraError: pympi is not installed.
    """
    pympi = load()
    document = pympi.Eaf(author=f"mien {__version__}")
    document.header = {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"}
    document.remove_tier("default")
    document.remove_linguistic_type("default-lt")
    _add_vocabulary(document, timeline.looks)
    if link is not None:
        kind = mimetypes.guess_type(link)[0] or UNKNOWN_KIND
        link = link if link.startswith("../") else f"./{link}"
        document.add_linked_file(link, relpath=link, mimetype=kind)
    for lane in timeline.lanes:
        document.add_tier(lane.name, ling=TYPE, part=lane.name)
        for one in lane.intervals:
            # ELAN knows no time before the beginning.
            begin, end = max(0, round(one.begin * 1000)), round(one.end * 1000)
            if begin < end:
                document.add_annotation(lane.name, begin, end, one.look)
    return _DECLARATION + bytes(pympi.Elan.to_string(document, encoding="UTF-8"))


def load() -> Any:
    """Return pympi.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import pympi
    except ImportError as error:
        raise MissingExtraError("writing ELAN's .eaf", "study") from error
    return pympi


def _add_vocabulary(document: Any, looks: tuple[str, ...]) -> None:
    """Let who corrects by hand choose among the looks."""
    document.add_language(LANGUAGE, "http://cdb.iso.org/lg/CDB-00138502-001", "English (eng)")
    document.add_controlled_vocabulary(VOCABULARY)
    document.add_cv_description(VOCABULARY, LANGUAGE, "What a face looks like, as mien reads it")
    for number, look in enumerate(looks, start=1):
        told = look if look in (NOT_SURE_WORD, NOT_SEEN_WORD) else f"looks {word(look)}"
        document.add_cv_entry(VOCABULARY, f"look_{number}", [(look, LANGUAGE, told)])
    document.add_linguistic_type(
        TYPE,
        param_dict={
            "LINGUISTIC_TYPE_ID": TYPE,
            "TIME_ALIGNABLE": "true",
            "GRAPHIC_REFERENCES": "false",
            "CONTROLLED_VOCABULARY_REF": VOCABULARY,
        },
    )
