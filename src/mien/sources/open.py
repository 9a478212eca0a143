"""Opens what a user names: pictures, videos, folders, patterns, cameras, addresses, the sample."""

import dataclasses
import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path, PurePath

from mien.errors import SettingsError, SourceError
from mien.files.pickles import refuse_pickle
from mien.protocols import Source
from mien.sources.batch import Batch
from mien.sources.camera import CameraSource
from mien.sources.files import VIDEO_SUFFIXES, NothingFoundError, at_home, find_files, root_of
from mien.sources.images import PictureSource
from mien.sources.latest import NewestFrame
from mien.sources.naming import Address, Camera, Files, Meant, Sample, device, meant
from mien.sources.reconnect import OnNotice, Reconnecting
from mien.sources.sample import SampleSource
from mien.sources.stream import StreamSource, without_secrets
from mien.sources.video import VideoSource
from mien.types import Skipped
from mien.vision.images.formats import HEAD, REFUSED, SUFFIXES, holds_picture

LOG = logging.getLogger(__name__)
# Streams that come in pieces (HLS) rest for seconds between them. `StreamSource` itself breaks off
# where nothing comes, which is sooner than this.
STREAM_STALL_SECONDS = 15.0
ACCEPTED = (
    "give a picture, a video, a folder, a pattern such as 'faces/*.jpg', a camera's number, "
    "an address (http:// or rtsp://), or 'sample'; camera:0 and mien:sample where a file or folder "
    "has that name"
)


@dataclasses.dataclass(frozen=True, slots=True)
class FoundFile:
    """A picture or video among what was named.

    Attributes:
        path: The file.
        below: Where a mirror of what was named has it: of a file its name, of what a folder holds
            the folder's name and the way from there, of a pattern the way from before its stars.
        is_picture: Whether it is read as a picture.
        named: Whether it was asked for, and not only found in a folder.
    """

    path: Path
    below: PurePath
    is_picture: bool
    named: bool


_Opener = tuple[str, Callable[[], Source]]
# A video file, or what was named otherwise.
_Item = Path | Camera | Address | Sample


def open_source(
    spec: str | Path | int, *, realtime: bool = False, on_notice: OnNotice | None = None
) -> Source:
    """Open what a user names.

    Cameras and streams keep only their newest frame, so that a slow reader never lags, and are
    waited for where they break off.

    Args:
        spec: A picture, video, folder, pattern, camera number, address, or "sample"; see
            `mien.sources.naming`.
        realtime: For live viewing: the sample plays at its own speed and starts over, and a video
            on a web server plays at its own speed.
        on_notice: Called when a camera or stream has broken off, and when it is back.

    Raises:
        SourceError: There is nothing like that, or it cannot be opened.
    """
    named = meant(spec)
    if isinstance(named, Sample):
        return SampleSource(loop=realtime, realtime=realtime)
    return _open([named], on_notice, realtime=realtime)


def open_sources(specs: Sequence[str | Path], *, on_notice: OnNotice | None = None) -> Source:
    """Open several sources as one; in a batch, what breaks off is listed as skipped.

    Args:
        specs: As for `open_source`.
        on_notice: As for `open_source`; of several sources none is waited for.

    Raises:
        SourceError: There is nothing like one of them; nothing is read then.
    """
    if not specs:
        raise _nothing(())
    return _open([meant(spec) for spec in specs], on_notice, realtime=False)


def list_files(specs: Sequence[str | Path], skipped: list[Skipped]) -> list[FoundFile]:
    """List the files that would be read, each once, in the order in which they would be.

    Args:
        specs: As for `open_source`, but files, folders and patterns only.
        skipped: Takes what is left out, and why.

    Raises:
        SettingsError: One is a camera, an address or the sample.
        SourceError: There is nothing like one of them, or nothing in any.
    """
    roots: dict[Meant, tuple[Path, str]] = {}
    for spec in specs:
        meaning = meant(spec)
        if not isinstance(meaning, Files):
            raise SettingsError(
                f"{spec}: is no file, and only files are read into a folder; name a table as --out"
            )
        roots[meaning] = root_of(spec)
    named: set[str] = set()
    found = [
        FoundFile(item, _below(item, *roots[meaning]), _is_picture(item), str(item) in named)
        for item, meaning in _items(list(roots), skipped, named)
        if isinstance(item, Path)
    ]
    if not found:
        raise _nothing(skipped)
    return found


def _nothing(skipped: Sequence[Skipped]) -> SourceError:
    """Return the error that says why there is nothing to read, given all that was left out."""
    if not skipped:
        return SourceError(f"no source; {ACCEPTED}")
    return NothingFoundError(f"{skipped[-1].path}: {skipped[-1].reason}; {ACCEPTED}")


def _below(path: Path, root: Path, name: str) -> PurePath:
    """Return where a mirror of what was named has a file; nowhere outside of the mirror."""
    way = path.relative_to(root) if path.is_relative_to(root) else PurePath(path.name)
    return name / (PurePath(path.name) if ".." in way.parts else way)


def refuse_unreachable(specs: Sequence[str | Path]) -> None:
    """Raise `SettingsError` where a camera, which has no end, would keep the rest from its turn."""
    for spec in specs[:-1]:
        if isinstance(meant(spec), Camera):
            raise SettingsError(
                f"{spec}: a camera has no end, and what is named after it would never be read; add "
                "--seconds N, which counts for each of them, or name it last"
            )


def open_device(spec: str) -> Source:
    """Return a camera or stream as such, with nothing between: to measure it.

    Args:
        spec: A camera's number or an address.

    Raises:
        SettingsError: It is neither.
    """
    named = device(spec)
    if named is None:
        raise SettingsError(f"{spec}: give a camera's number or an address (http:// or rtsp://)")
    return StreamSource(named.url) if isinstance(named, Address) else CameraSource(named.number)


def _open(specs: Sequence[Meant], on_notice: OnNotice | None, *, realtime: bool) -> Source:
    if len(specs) == 1 and isinstance(only := specs[0], Camera | Address):
        return Reconnecting(partial(_open_one, only, realtime=realtime), on_notice=on_notice)
    skipped: list[Skipped] = []
    named: set[str] = set()
    items = [item for item, _ in _items(specs, skipped, named)]
    openers = _openers(items, named)
    if not openers:
        raise _nothing(skipped)
    if len(openers) == 1 and not skipped:
        return openers[0][1]()
    return Batch(openers, skipped=skipped, named=named, names=[_name(item) for item in items])


def _openers(items: Sequence[_Item], named: set[str]) -> list[_Opener]:
    """List what has to be opened, in order; pictures in a row are one source."""
    openers: list[_Opener] = []
    for is_picture, group in itertools.groupby(items, key=_is_picture):
        row = list(group)
        if is_picture:
            paths = [item for item in row if isinstance(item, Path)]
            opener = partial(PictureSource, paths, named=named)
            openers.append((f"{len(paths)} pictures", opener))
        else:
            openers += [(_name(item), partial(_open_one, item)) for item in row]
    return openers


def _items(
    specs: Sequence[Meant], skipped: list[Skipped], named: set[str]
) -> Iterator[tuple[_Item, Meant]]:
    """Yield files as paths, each once, and everything else (camera, sample), with what named it.

    `named` takes the names of all but what was only found in a folder.
    """
    seen: set[Path] = set()
    for spec in specs:
        if not isinstance(spec, Files):
            named.add(_name(spec))
            yield spec, spec
            continue
        path = at_home(Path(spec.spec))
        # What is a picture or video is read, whatever it is called.
        refuse_pickle(path, SourceError, "name the pictures or videos themselves", by_name=False)
        is_folder = path.is_dir()
        # Of several, a folder without pictures is left out as a picture that cannot be read is.
        found = _files(spec.spec, skipped, alone=not is_folder or len(specs) == 1)
        new = [path for path in found if path not in seen]
        seen.update(new)
        if not is_folder:
            named.update(map(str, new))
        yield from ((path, spec) for path in new)


def _files(spec: str | Path, skipped: list[Skipped], *, alone: bool) -> list[Path]:
    before = len(skipped)
    try:
        return find_files(spec, SUFFIXES | VIDEO_SUFFIXES, on_skip=skipped.append)
    except NothingFoundError as error:
        if not alone:
            skipped.append(Skipped(str(spec), "no picture or video that is read here", named=True))
            return []
        # A folder of nothing but locked files or links has no files either.
        why = "".join(f" ({item.path}: {item.reason})" for item in skipped[before : before + 1])
        text = f"{error}{why}; {ACCEPTED}"
        told = error.told and dataclasses.replace(error.told, text=text)
        raise NothingFoundError(told or text) from error


def _open_one(item: _Item, *, realtime: bool = False) -> Source:
    LOG.info("opening %s", _name(item))
    match item:
        case Path():
            return VideoSource(item)
        case Sample():
            return SampleSource()
        case Camera(number):
            return NewestFrame(CameraSource(number))
        case Address(url):
            stream = StreamSource(url, realtime=realtime)
            return NewestFrame(stream, stall=STREAM_STALL_SECONDS, keep_recorded=not realtime)


def _name(item: _Item) -> str:
    match item:
        case Path():
            return str(item)
        case Sample():
            return SampleSource.name
        case Camera(number):
            return str(number)
        case Address(url):
            return without_secrets(url)


def _is_picture(item: _Item) -> bool:
    if not isinstance(item, Path):
        return False
    suffix = item.suffix.lower()
    if suffix in SUFFIXES | REFUSED.keys():
        return True
    # FFmpeg would take a picture of any name for a video, and the first of its tiles for the whole.
    return suffix not in VIDEO_SUFFIXES and _begins_as_picture(item)


def _begins_as_picture(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return holds_picture(file.read(HEAD))
    except OSError:
        return False
