"""Where parts become a whole: the only module that names concrete classes.

Optional and heavy parts are imported when they are asked for.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from mien.bundle import ModelInfo, load_bundle, load_detector_bundle
from mien.classifier import OnnxClassifier
from mien.errors import SettingsError, SourceError
from mien.picture_formats import HEAD, REFUSED, SUFFIXES, holds_picture
from mien.pipeline import Analyzer, AnalyzerSettings
from mien.protocols import Classifier, Detector, Sink, Source
from mien.sinks import CsvSink, JsonlSink, PictureSink, VideoSink
from mien.sinks.files import same_file
from mien.sinks.tables import STDOUT
from mien.sources.batch import Batch
from mien.sources.camera import CameraSource
from mien.sources.files import NothingFoundError, Skipped, find_files
from mien.sources.newest import NewestFrame
from mien.sources.pictures import PictureSource
from mien.sources.reconnecting import OnNotice, Reconnecting
from mien.sources.sample import SampleSource
from mien.sources.stream import StreamSource, without_secrets
from mien.sources.video import VideoSource

MODELS = Path(__file__).parent / "models"
DEFAULT_BUNDLE = MODELS / "fer4"
SHIPPED = (DEFAULT_BUNDLE, MODELS / "fer8")  # classifiers
DETECTOR_BUNDLE = MODELS / "face"
DEFAULT_DETECTOR = "mien"
# The networks are small: a second thread saves little time and costs more of the processor.
THREADS = 1
# Streams that come in pieces (HLS) rest for seconds between them. `StreamSource` itself breaks off
# where nothing comes, which is sooner than this.
STREAM_STALL_SECONDS = 15.0
STREAM_SCHEMES = ("http://", "https://", "rtsp://", "rtsps://")
VIDEO_SUFFIXES = frozenset(
    {
        *(".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov"),
        *(".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".webm", ".wmv"),
    }
)
ACCEPTED = (
    "give a picture, a video, a folder, a pattern such as 'faces/*.jpg', a camera's number, "
    "an address (http:// or rtsp://), or 'sample'"
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


def open_source(spec: str, *, realtime: bool = False, on_notice: OnNotice | None = None) -> Source:
    """Open what a user names.

    Cameras and streams keep only their newest frame, so that a slow reader never lags, and are
    waited for where they break off.

    Args:
        spec: A picture, video, folder, pattern, camera number, address, or "sample".
        realtime: For live viewing: the sample plays at its own speed and starts over.
        on_notice: Told when a camera or stream has broken off, and when it is back.

    Raises:
        SourceError: There is nothing like that, or it cannot be opened.
    """
    if spec == "sample":
        return SampleSource(loop=realtime, realtime=realtime)
    return _open([spec], on_notice)


def open_sources(specs: Sequence[str], *, on_notice: OnNotice | None = None) -> Source:
    """Open several sources as one; in a batch, what breaks off is listed as skipped.

    Args:
        specs: As for `open_source`.
        on_notice: As for `open_source`; of several sources none is waited for.

    Raises:
        SourceError: There is nothing like one of them; nothing is read then.
    """
    if not specs:
        raise SourceError(f"no source; {ACCEPTED}")
    return _open(specs, on_notice)


def open_device(spec: str) -> Source:
    """Return a camera or stream as such, with nothing between: to measure it.

    Args:
        spec: A camera's number or an address.

    Raises:
        SettingsError: It is neither.
    """
    if _is_address(spec):
        return StreamSource(spec)
    if not spec.isdecimal():
        raise SettingsError(f"{spec}: give a camera's number or an address (http:// or rtsp://)")
    return CameraSource(int(spec))


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
        _refuse_source(annotate, source)
        makers.append(_picture_maker(annotate, overwrite))
    # All names are judged before the first file is made, and none stays open if a later one fails.
    with contextlib.ExitStack() as made:
        sinks = []
        for maker in makers:
            sinks.append(maker())
            made.callback(sinks[-1].close)
        made.pop_all()
    return sinks


def _refuse_source(path: Path, source: Source | None) -> None:
    names = () if source is None else getattr(source, "names", (source.name,))
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


def _picture_maker(path: Path, overwrite: bool) -> Callable[[], Sink]:
    suffix = path.suffix.lower()
    if suffix == ".mp4":
        return partial(VideoSink, path, overwrite=overwrite)
    if suffix in SUFFIXES | VIDEO_SUFFIXES and not path.is_dir():
        raise SettingsError(
            f"{path}: annotated pictures go to a folder and annotated videos to a .mp4 file"
        )
    return partial(PictureSink, path, overwrite=overwrite)


_Opener = tuple[str, Callable[[], Source]]


def _open(specs: Sequence[str], on_notice: OnNotice | None) -> Source:
    if len(specs) == 1 and _is_live(specs[0]):
        return Reconnecting(partial(_open_one, specs[0]), on_notice=on_notice)
    skipped: list[Skipped] = []
    openers = _openers(specs, skipped)
    if len(openers) == 1 and not skipped:
        return openers[0][1]()
    return Batch(openers, skipped=skipped)


def _openers(specs: Sequence[str], skipped: list[Skipped]) -> list[_Opener]:
    """List what has to be opened, in order; pictures in a row are one source."""
    openers: list[_Opener] = []
    for is_picture, group in itertools.groupby(_items(specs, skipped), key=_is_picture):
        items = list(group)
        if is_picture:
            paths = [item for item in items if isinstance(item, Path)]
            openers.append((f"{len(paths)} pictures", partial(PictureSource, paths)))
        else:
            openers += [(_name(item), partial(_open_one, item)) for item in items]
    return openers


def _items(specs: Sequence[str], skipped: list[Skipped]) -> Iterator[Path | str]:
    """Yield files as paths, each once, and everything else (camera, sample) as it was named."""
    seen: set[Path] = set()
    for spec in specs:
        if spec == "sample" or _is_live(spec):
            yield spec
        else:
            new = [path for path in _files(spec, skipped) if path not in seen]
            seen.update(new)
            yield from new


def _files(spec: str, skipped: list[Skipped]) -> list[Path]:
    before = len(skipped)
    try:
        return find_files(spec, SUFFIXES | VIDEO_SUFFIXES, on_skip=skipped.append)
    except NothingFoundError as error:
        # A folder of nothing but locked files or links has no files either.
        why = "".join(f" ({item.path}: {item.reason})" for item in skipped[before : before + 1])
        raise NothingFoundError(f"{error}{why}; {ACCEPTED}") from error


def _open_one(item: Path | str) -> Source:
    if isinstance(item, Path):
        return VideoSource(item)
    if item == "sample":
        return SampleSource()
    if _is_address(item):
        return NewestFrame(StreamSource(item), stall=STREAM_STALL_SECONDS)
    return NewestFrame(CameraSource(int(item)))


def _name(item: Path | str) -> str:
    text = str(item)
    return without_secrets(text) if _is_address(text) else text


def _is_picture(item: Path | str) -> bool:
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


def _is_live(spec: str) -> bool:
    return spec.isdecimal() or _is_address(spec)


def _is_address(spec: str) -> bool:
    return spec.lower().startswith(STREAM_SCHEMES)


def _checked(threads: int) -> int:
    if threads < 1:
        raise SettingsError(f"threads must be 1 or more, got {threads}")
    return threads


def _mien(model: Path | None, threads: int) -> Detector:
    from mien.detectors.single_shot import SingleShotDetector

    return SingleShotDetector(load_detector_bundle(model or DETECTOR_BUNDLE), threads=threads)


def _mtcnn(_: Path | None, threads: int) -> Detector:
    from mien.detectors.mtcnn import MtcnnDetector

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
