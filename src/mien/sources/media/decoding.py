"""What a video file and a stream share: which of its pictures are the video, and what fails."""

import contextlib
from collections.abc import Iterator

from av import InvalidDataError
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from mien.errors import MienError, SourceError, Told, one_line
from mien.sources.saying import Says
from mien.vision.images.reading import MAX_PIXELS

# FFmpeg plays text files, as terminals showed them once.
TEXT_FORMATS = frozenset({"adf", "bin", "idf", "tty", "xbin"})
# Covers, chapters' pictures, and parts of a picture that mean nothing by themselves.
NO_VIDEO = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.dependent


def video_of(container: InputContainer, name: str) -> VideoStream:
    """Return the video in an open file or stream; of several the one that players show.

    That is one that is no cover picture and can be decoded, by preference the one that the file
    says is its default, and of those the largest.

    Raises:
        SourceError: There is none, or its frames are too large to be decoded safely.
    """
    videos = videos_of(container)
    if not videos or container.format.name in TEXT_FORMATS:
        only = Says.ONLY_COVER if container.streams.video and not videos else Says.NO_VIDEO
        raise SourceError(only(name=name))
    known = [stream for stream in videos if stream.codec_context is not None]
    if not known:
        raise SourceError(Says.UNKNOWN_KIND(name=name))
    stream = max(known, key=_preference)
    if stream.width * stream.height > MAX_PIXELS:
        size = {"width": stream.width, "height": stream.height}
        raise SourceError(Says.TOO_LARGE(name=name, **size, most=MAX_PIXELS // 1_000_000))
    # The size may grow on the way.
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    return stream


def videos_of(container: InputContainer) -> list[VideoStream]:
    """Return all videos in an open file or stream that are no cover pictures."""
    return [stream for stream in container.streams.video if not stream.disposition & NO_VIDEO]


def _preference(stream: VideoStream) -> tuple[bool, int]:
    return bool(stream.disposition & Disposition.default), stream.width * stream.height


@contextlib.contextmanager
def decoding(name: str) -> Iterator[None]:
    """Turn whatever a decoder raises inside into a `SourceError` that names the video."""
    try:
        yield
    except MienError:
        raise
    except Exception as error:  # decoders have no common base of errors
        raise SourceError(Says.UNDECODABLE(name=name, reason=_words(error))) from error


def _words(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or one_line(error))


def reason(error: Exception) -> str | Told:
    """Say in a few words what FFmpeg or the system reported, without the address."""
    words = getattr(error, "strerror", None)
    if not words or isinstance(error, InvalidDataError):
        # What Python's layer over it raises says nothing to a user, and "invalid data" little.
        return Says.UNKNOWN_DATA()
    return str(words).lower()
