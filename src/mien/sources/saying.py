"""What is said of sources: each sentence once, in English, with a code for other languages.

Those of the page are in `mien/web/static/words`, under `server`.
"""

import re

from mien.errors import Sentence, Told


class Name(Sentence):
    """What a source is called that has no name of its own."""

    CAMERA = "camera {number}"
    STREAM = "the stream"


class Says(Sentence):
    """What is wrong with a source, and what to do; `name` is what it is called."""

    NO_SUCH_CAMERA = "{name}: there is none; cameras found: {found}; plug one in, or try sample"
    NO_CAMERA = "{name}: there is none; cameras found: none; plug one in, or try sample"
    CAMERA_CLOSED = (
        "{name}: cannot be opened; close other programs that use it, check that it is "
        "plugged in and that you may use it; 'mien doctor' lists the cameras"
    )
    CAMERA_STOPPED = (
        "{name}: gives no pictures any more after frame {frame}; check that it is "
        "plugged in and that no other program took it"
    )
    NO_PICTURE = "{name}: no picture for {seconds:g} seconds; check the camera or the network"
    WAITS = "{reason}; mien waits for it and goes on when it is back"
    STREAM_CLOSED = (
        "{name}: cannot be opened ({reason}); check the address, "
        "the user name and password, and that the camera is on"
    )
    STREAM_BROKE = (
        "{name}: broke off after frame {frame} ({reason}); check the camera and the network"
    )
    STREAM_ENDED = "{name}: ended after frame {frame}; check that the camera is still on"
    NOT_FOUND = "{name}: no such file or folder, and no pattern that fits any"
    NOTHING_INSIDE = "{name}: no such files inside; wanted are {kinds}"
    UNREADABLE = "{name}: cannot be read: {reason}; check the name, and that you may read it"
    NO_FILE = (
        "{name}: a pipe or device, not a file; save it to a file first (a camera is named by "
        "its number)"
    )
    UNLISTED = "{name}: cannot be listed: {reason}; check that you may read it"
    TOO_DEEP = "{name}: its folders lie too deep for a pattern; name the folder itself"
    NO_VIDEO = "{name}: holds no video, only sound or other data"
    ONLY_COVER = "{name}: holds no video, only sound or other data and a cover picture"
    UNKNOWN_KIND = (
        "{name}: holds a video of a kind that FFmpeg cannot decode; convert it to H.264 first"
    )
    TOO_LARGE = "{name}: {width}x{height} is more than {most} megapixels; make it smaller first"
    UNDECODABLE = "{name}: cannot be decoded ({reason}); check that it plays elsewhere"
    VIDEO_CLOSED = (
        "{name}: cannot be read as a video ({reason}); check the name, and that it plays elsewhere"
    )
    NO_FRAME = "{name}: holds no frame that can be decoded; is it complete?"
    CUT = (
        "{name}: breaks off after frame {frame} ({seconds:.1f} s); "
        "the good frames were read; copy or record it again for the rest"
    )
    CUT_SHORT = (
        "{name}: breaks off after frame {frame} ({seconds:.1f} s) of {length:.1f} s; "
        "the good frames were read; copy or record it again for the rest"
    )
    DAMAGED = (
        "{name}: damaged after frame {frame} ({seconds:.1f} s); "
        "the good frames were read; copy or convert it again for the rest"
    )
    FAILED_AFTER = (
        "{name}: cannot be read after frame {frame} ({seconds:.1f} s) ({reason}); "
        "the good frames were read; copy or convert it again for the rest"
    )
    UNKNOWN_DATA = "damaged, or of a kind that FFmpeg does not know"


def camera_name(number: int) -> str:
    """Return what a camera is called."""
    return Name.CAMERA(number=number).text


def called(name: str) -> str | Told:
    """Return the name of a source as others can say it: one that it got here, or its own."""
    if name == Name.STREAM.value:
        return Name.STREAM()
    number = re.fullmatch(Name.CAMERA.value.format(number=r"(\d+)"), name)
    return Name.CAMERA(number=int(number[1])) if number else name
