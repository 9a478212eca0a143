"""Where parts become a whole: the only module that names concrete classes.

Optional and heavy parts are imported when they are asked for.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from mien.errors import SettingsError, SourceError
from mien.models.bundle import ModelInfo, load_bundle, load_detector_bundle
from mien.models.classifier import OnnxClassifier
from mien.pipeline.analyzer import Analyzer, AnalyzerSettings
from mien.protocols import Classifier, Detector, Sink, Source
from mien.ranges import check_threads
from mien.sinks import CsvSink, JsonlSink, PictureSink, VideoSink
from mien.sinks.files import same_file
from mien.sinks.tables import STDOUT
from mien.sources.batch import Batch
from mien.sources.camera import CameraSource
from mien.sources.files import NothingFoundError, Skipped, at_home, find_files
from mien.sources.images import PictureSource
from mien.sources.latest import NewestFrame
from mien.sources.naming import Address, Camera, Files, Meant, Sample, device, meant
from mien.sources.reconnect import OnNotice, Reconnecting
from mien.sources.sample import SampleSource
from mien.sources.stream import StreamSource, without_secrets
from mien.sources.video import VideoSource
from mien.vision.images.formats import HEAD, REFUSED, SUFFIXES, holds_picture

MODELS = Path(__file__).parent / "models" / "shipped"
DEFAULT_BUNDLE = MODELS / "fer4"
SHIPPED = (DEFAULT_BUNDLE, MODELS / "fer8")  # classifiers
DETECTOR_BUNDLE = MODELS / "face"
DEFAULT_DETECTOR = "mien"
# The networks are small: a second thread saves little time and costs more of the processor.
THREADS = 1
# Streams that come in pieces (HLS) rest for seconds between them. `StreamSource` itself breaks off
# where nothing comes, which is sooner than this.
STREAM_STALL_SECONDS = 15.0
VIDEO_SUFFIXES = frozenset(
    {
        *(".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov"),
        *(".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".webm", ".wmv"),
    }
)
ACCEPTED = (
    "give a picture, a video, a folder, a pattern such as 'faces/*.jpg', a camera's number, "
    "an address (http:// or rtsp://), or 'sample'; camera:0 and mien:sample where a file or folder "
    "has that name"
)


def make_detector(
    name: str = DEFAULT_DETECTOR,
    *,
    model: Path | None = None,
    threads: int = THREADS,
    any_angle: bool = False,
) -> Detector:
    """Make a face detector by its name.

    Args:
        name: One of `DETECTORS`.
        model: Its weights: for mien a bundle's folder, for dlib-cnn a file, which both have where
            None; for yunet a file, which it has not.
        threads: Threads of each of its networks; dlib does without.
        any_angle: Also find heads that lie on their side or are upside down.

    Raises:
        SettingsError: The name is unknown, the model is missing or not taken, or there are fewer
            threads than one.
        BundleError: The weights are missing, damaged or unknown.
        MissingExtraError: dlib is not installed.
    """
    factory = _DETECTORS.get(name)
    if factory is None:
        raise SettingsError(f"unknown detector {name!r}; choose one of {', '.join(DETECTORS)}")
    if model is not None and name in _WITHOUT_MODEL:
        raise SettingsError(f"the detector {name} has its own weights; leave out {model}")
    detector = factory(model, _checked(threads))
    return at_any_angle(detector) if any_angle else detector


def at_any_angle(detector: Detector) -> Detector:
    """Return a detector that also finds heads that lie on their side, in four times the time.

    Args:
        detector: Finds upright heads.
    """
    from mien.detectors.any_angle import AnyAngleDetector

    return AnyAngleDetector(detector)


def find_bundle(bundle: Path | None) -> Path:
    """Return a bundle's folder: the given one, or a shipped one by its name where there is none.

    Args:
        bundle: A folder, a name such as "fer8", or None for the default.
    """
    if bundle is None:
        return DEFAULT_BUNDLE
    shipped = MODELS / bundle
    named = len(bundle.parts) == 1 and not bundle.exists() and shipped.is_dir()
    return shipped if named else bundle


def make_classifier(
    bundle: Path | None = None, *, threads: int = THREADS
) -> tuple[OnnxClassifier, ModelInfo]:
    """Load a bundle and make what runs it.

    Args:
        bundle: Its folder, or the name of a shipped one; the default where None.
        threads: Threads of the network.

    Raises:
        BundleError: The bundle is missing, damaged or inconsistent.
        SettingsError: There are fewer threads than one.
    """
    loaded = load_bundle(find_bundle(bundle))
    return OnnxClassifier(loaded, threads=_checked(threads)), loaded.info


def make_analyzer(
    detector: Detector,
    classifier: Classifier,
    info: ModelInfo,
    *,
    settings: AnalyzerSettings | None = None,
) -> Analyzer:
    """Make the analyzer of one stream; the models may be shared between several.

    Args:
        detector: Finds faces.
        classifier: Reads them.
        info: The bundle's description, for its "not sure" threshold.
        settings: Times and limits.
    """
    return Analyzer(detector, classifier, not_sure_below=info.not_sure_below, settings=settings)


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
        on_notice: Told when a camera or stream has broken off, and when it is back.

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
        raise SourceError(f"no source; {ACCEPTED}")
    return _open([meant(spec) for spec in specs], on_notice, realtime=False)


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


def make_sinks(
    labels: Sequence[str],
    *,
    other: bool = False,
    out: Path | None = None,
    annotate: Path | None = None,
    overwrite: bool = False,
    source: Source | None = None,
) -> list[Sink]:
    """Make the outputs that a user asks for.

    Args:
        labels: The classes, for the columns of the table.
        other: Whether the bundle tells something else apart, for one more column.
        out: A .csv or .jsonl file; "-" is CSV on standard output.
        annotate: A .mp4 file, or a folder for annotated pictures.
        overwrite: Replace what is there.
        source: What is going to be read, which is never overwritten.

    Raises:
        SettingsError: The ending is of no known format, or a source would be overwritten.
        SinkError: It exists already, or cannot be written.
    """
    makers: list[Callable[[], Sink]] = []
    if out is not None:
        makers.append(_table_maker(out, labels, other=other, overwrite=overwrite))
    if annotate is not None:
        names = () if source is None else getattr(source, "names", (source.name,))
        _refuse_source(annotate, names)
        makers.append(_picture_maker(annotate, names, overwrite))
    # All names are judged before the first file is made, and none stays open if a later one fails.
    with contextlib.ExitStack() as made:
        sinks = []
        for maker in makers:
            sinks.append(maker())
            made.callback(sinks[-1].close)
        made.pop_all()
    return sinks


def _refuse_source(path: Path, names: Sequence[str]) -> None:
    if path.is_file() and any(same_file(path, Path(name)) for name in names):
        raise SettingsError(f"{path}: is to be read, and would be overwritten; choose another name")


def _table_maker(
    path: Path, labels: Sequence[str], *, other: bool, overwrite: bool
) -> Callable[[], Sink]:
    suffix = path.suffix.lower()
    if suffix == ".csv" or str(path) == STDOUT:
        return partial(CsvSink, path, labels, other=other, overwrite=overwrite)
    if suffix in (".jsonl", ".ndjson"):
        return partial(JsonlSink, path, other=other, overwrite=overwrite)
    raise SettingsError(f"{path}: no format that mien writes; name a .csv or .jsonl file, or -")


def _picture_maker(path: Path, sources: Sequence[str], overwrite: bool) -> Callable[[], Sink]:
    suffix = path.suffix.lower()
    if suffix == ".mp4":
        return partial(VideoSink, path, overwrite=overwrite)
    if suffix in SUFFIXES | VIDEO_SUFFIXES and not path.is_dir():
        raise SettingsError(
            f"{path}: annotated pictures go to a folder and annotated videos to a .mp4 file"
        )
    return partial(PictureSink, path, overwrite=overwrite, sources=sources)


_Opener = tuple[str, Callable[[], Source]]
# A video file, or what was named otherwise.
_Item = Path | Camera | Address | Sample


def _open(specs: Sequence[Meant], on_notice: OnNotice | None, *, realtime: bool) -> Source:
    if len(specs) == 1 and isinstance(only := specs[0], Camera | Address):
        return Reconnecting(partial(_open_one, only, realtime=realtime), on_notice=on_notice)
    skipped: list[Skipped] = []
    named: set[str] = set()
    items = list(_items(specs, skipped, named))
    openers = _openers(items, named)
    if not openers:
        raise NothingFoundError(f"{skipped[-1].path}: {skipped[-1].reason}; {ACCEPTED}")
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


def _items(specs: Sequence[Meant], skipped: list[Skipped], named: set[str]) -> Iterator[_Item]:
    """Yield files as paths, each once, and everything else (camera, sample) as it was named.

    `named` takes the names of all but what was only found in a folder.
    """
    seen: set[Path] = set()
    for spec in specs:
        if not isinstance(spec, Files):
            named.add(_name(spec))
            yield spec
            continue
        is_folder = at_home(Path(spec.spec)).is_dir()
        # Of several, a folder without pictures is left out as a picture that cannot be read is.
        found = _files(spec.spec, skipped, alone=not is_folder or len(specs) == 1)
        new = [path for path in found if path not in seen]
        seen.update(new)
        if not is_folder:
            named.update(map(str, new))
        yield from new


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
        raise NothingFoundError(f"{error}{why}; {ACCEPTED}") from error


def _open_one(item: _Item, *, realtime: bool = False) -> Source:
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


def _checked(threads: int) -> int:
    check_threads("threads", threads)
    return threads


def _mien(model: Path | None, threads: int) -> Detector:
    from mien.detectors.single_shot import SingleShotDetector

    return SingleShotDetector(load_detector_bundle(model or DETECTOR_BUNDLE), threads=threads)


def _mtcnn(_: Path | None, threads: int) -> Detector:
    from mien.detectors.mtcnn.detector import MtcnnDetector

    return MtcnnDetector(threads=threads)


def _yunet(model: Path | None, threads: int) -> Detector:
    from mien.detectors.yunet import YunetDetector

    if model is None:
        raise SettingsError(
            "the detector yunet needs the file of its weights: --detector-model FILE, "
            "or detector_model= in Python"
        )
    return YunetDetector(model, threads=threads)


def _dlib_cnn(model: Path | None, _: int) -> Detector:
    from mien.detectors.dlib import DlibCnnDetector

    return DlibCnnDetector(model)


def _dlib_hog(_: Path | None, __: int) -> Detector:
    from mien.detectors.dlib import DlibHogDetector

    return DlibHogDetector()


_DETECTORS: dict[str, Callable[[Path | None, int], Detector]] = {
    DEFAULT_DETECTOR: _mien,
    "mtcnn": _mtcnn,
    "yunet": _yunet,
    "dlib-cnn": _dlib_cnn,
    "dlib-hog": _dlib_hog,
}
DETECTORS: tuple[str, ...] = tuple(_DETECTORS)
_WITHOUT_MODEL = frozenset({"mtcnn", "dlib-hog"})
