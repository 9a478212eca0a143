"""Errors that a user can act on.

Every message names the file, value or setting at fault and says what to do. The command line
prints the message on one line and exits with 1, so no message may hold a line break.
"""

import contextlib
import copyreg
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

# Of what a library says; some repeat the file that they failed on.
LONGEST_REASON = 300
# What a damaged file holds, or a library says of it, may be as long as the file.
LONGEST, KEPT_END = 2000, 500
# Line breaks, escapes that a terminal would obey, bytes of a name that are no Unicode, and what
# nobody sees, but which turns or hides what is beside it: a name could read like another.
UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Told:
    """What is said in English, and what it is made of: the page says it in its own language.

    Attributes:
        text: The English.
        code: Which sentence it is.
        values: What stands in its places; a sentence may stand in another.
    """

    text: str
    code: str
    values: Mapping[str, "str | float | Told"]

    def __str__(self) -> str:
        """Return the English."""
        return self.text


class Sentence(Enum):
    """Sentences that the page says in its own language; each is its English, with places.

    Every language of the page has all of them, by their names in small letters.
    """

    @property
    def code(self) -> str:
        """What the page knows it by."""
        return self.name.lower()

    def __call__(self, **values: str | float | Told) -> Told:
        """Return the sentence with values in its places."""
        return Told(self.value.format(**values), self.code, values)


class MienError(Exception):
    """Base of all errors that mien raises on purpose.

    Attributes:
        told: What it is made of, where the page can say it in its own language.
    """

    def __init__(self, message: str | Told) -> None:
        self.told = message if isinstance(message, Told) else None
        # A file name may hold line breaks, and so may the words of a library.
        line = " ".join(str(message).splitlines())
        if len(line) > LONGEST:
            line = f"{line[: LONGEST - KEPT_END]} … {line[-KEPT_END:]}"
        super().__init__(line)

    def __reduce__(self) -> tuple[Any, ...]:
        # As it is: an error that is sent by another process is not made of its parts once more.
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]


class SettingsError(MienError):
    """A setting or a combination of settings that cannot work."""


class PictureError(MienError):
    """A picture that cannot be decoded, or that is too large to be decoded safely."""


class PictureTooLargeError(PictureError):
    """A picture that is too large to be decoded safely."""


class PictureFormatError(PictureError):
    """What is no picture, or one of a format that is not read here."""


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


class ArchiveError(MienError):
    """An archive's folder whose manifest is damaged or another version's, or that is misplaced."""


class TableError(MienError):
    """A table of readings, or what goes with it (people, formats), that cannot be used."""


class EngineError(MienError):
    """Workers that cannot be started, or a cluster that cannot be reached."""


class MissingExtraError(MienError):
    """A feature that needs packages of an extra that is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        # Seldom needed, and it imports what reads the metadata of packages.
        from mien.installing import here

        place = here()
        super().__init__(
            f"{feature} needs packages that are not installed: "
            f"{place.add_extra(extra)}{place.remark(extra)}"
        )


class MissingPackageError(MienError):
    """A feature that needs a package which no extra of mien brings."""

    def __init__(self, feature: str, package: str) -> None:
        from mien.installing import here

        super().__init__(f"{feature} needs {package}: {here().add_package(package)}")


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
