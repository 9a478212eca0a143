"""Errors that a user can act on.

Every message names the file, value or setting at fault and says what to do. The command line
prints the message on one line and exits with 1, so no message may hold a line break.
"""

import contextlib
import unicodedata
from collections.abc import Callable, Collection, Iterator

# Of what a library says; some repeat the file that they failed on.
LONGEST_REASON = 300
# What a damaged file holds, or a library says of it, may be as long as the file.
LONGEST, KEPT_END = 2000, 500
# Line breaks, escapes that a terminal would obey, bytes of a name that are no Unicode, and what
# nobody sees, but which turns or hides what is beside it: a name could read like another.
UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class MienError(Exception):
    """Base of all errors that mien raises on purpose."""

    def __init__(self, message: str) -> None:
        # A file name may hold line breaks, and so may the words of a library.
        line = " ".join(message.splitlines())
        if len(line) > LONGEST:
            line = f"{line[: LONGEST - KEPT_END]} … {line[-KEPT_END:]}"
        super().__init__(line)


class SettingsError(MienError):
    """A setting or a combination of settings that cannot work."""


class PictureError(MienError):
    """A picture that cannot be decoded, or that is too large to be decoded safely."""


class SourceError(MienError):
    """A camera, video, stream or folder that cannot be opened, or that broke off."""


class RecordingError(SourceError):
    """A recording that broke off: opened anew, it would begin again at its start."""


class SinkError(MienError):
    """An output that cannot be written: a full disk, a missing folder, a file that exists."""


class InUseError(MienError):
    """A place that another process is writing to."""


class BundleError(MienError):
    """A model bundle, or a detector's weights, that is missing, damaged or inconsistent."""


class DatasetError(MienError):
    """A data set, or the folder or csv that one is made from, that cannot be used."""


class TrainingError(MienError):
    """A training run that cannot start, resume or be exported."""


class MissingExtraError(MienError):
    """A feature that needs packages of an extra that is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs packages that are not installed: pip install 'mien[{extra}]'"
        )


def one_line(error: BaseException) -> str:
    """Return what a library's error says on one line, cut; its type where it says nothing."""
    return " ".join(str(error).split())[:LONGEST_REASON] or type(error).__name__


def printable(text: str, kinds: Collection[str] = UNPRINTABLE, keep: str = "") -> str:
    """Return a text with what must not be shown as it is written as escapes.

    Args:
        text: Such as a file's name, of anybody's making.
        kinds: Unicode's categories of what is escaped; as they are, what a terminal must not get.
        keep: Letters that stay all the same.
    """
    if text.isprintable():
        return text
    return "".join(
        letter
        if letter in keep or unicodedata.category(letter) not in kinds
        else letter.encode("unicode_escape").decode()
        for letter in text
    )


@contextlib.contextmanager
def told_as(
    kind: type[MienError],
    name: str,
    what: str,
    *,
    advice: str = "",
    words: Callable[[BaseException], str] = one_line,
) -> Iterator[None]:
    """Turn whatever a decoder raises inside into one error that names the file.

    Decoders of others' making raise what nobody foresees, and one file of a thousand must not end
    the rest. Errors of our own pass as they are.

    Args:
        kind: What is raised, such as `PictureError`.
        name: The file, as it is called in errors.
        what: What is wrong, such as "broken or truncated picture".
        advice: What to do, at the end of the line.
        words: Returns what the decoder said.

    Raises:
        MienError: Of that kind, on one line: name, what, and the decoder's own words.
    """
    try:
        yield
    except MienError:
        raise
    except Exception as error:  # decoders have no common base of errors
        raise kind(f"{name}: {what} ({words(error)}){advice}") from error
