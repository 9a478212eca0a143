"""The Python API: load once, then read pictures or watch sources; or read a whole archive."""

import contextlib
import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from mien.archive.engines import EngineName
from mien.archive.readings import read as archives
from mien.archive.readings.read import ArchiveSummary
from mien.archive.readings.recipe import Recipe
from mien.archive.readings.settings import ArchiveSettings, Format
from mien.errors import MissingPackageError, PictureError, SourceError
from mien.models.info import ModelInfo
from mien.models.neutral import reference
from mien.models.occlusion import PartEffect, explain
from mien.pipeline.analyzer import AnalyzerSettings
from mien.pipeline.baseline import Baseline
from mien.pipeline.learning import from_pictures, from_seconds
from mien.protocols import Classifier, Detector, Source
from mien.registry import (
    DEFAULT_DETECTOR,
    THREADS,
    at_any_angle,
    make_analyzer,
    make_classifier,
    make_detector,
)
from mien.settings import checked
from mien.sinks.layout import Layout, TableSettings, choose
from mien.sources.open import ACCEPTED, open_source
from mien.sources.reconnect import Notice
from mien.types import Analysis, Frame, OnProgress, PixelArray, Reading
from mien.vision.images.reading import read_picture

if TYPE_CHECKING:
    import pandas as pd

# How many of the files that were left out a message names.
NAMED_SKIPPED = 3
# How far up the caller of `watch`'s iterator is from a notice of its source.
WATCHER = 6


class Reader:
    """Reads the expressions of the faces in pictures and sources. Made by `mien.load`.

    Holds the models and no state: threads may share it, and every `watch` tracks its own faces.
    """

    def __init__(self, detector: Detector, classifier: Classifier, info: ModelInfo) -> None:
        """Join a detector with a bundle's classifier.

        Args:
            detector: Finds faces.
            classifier: Reads them.
            info: The bundle's description.
        """
        self._detector = detector
        self._classifier = classifier
        self._info = info

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that are told apart."""
        return self._classifier.labels

    @property
    def info(self) -> ModelInfo:
        """What the bundle says of itself: name, version, training data, figures."""
        return self._info

    def read(self, image: str | Path | npt.NDArray[np.uint8]) -> tuple[Reading, ...]:
        """Read the faces of one picture.

        Args:
            image: A picture file, or BGR uint8 [H,W,3], or gray uint8 [H,W] or [H,W,1].

        Returns:
            One reading per face, the surest face first; empty where there is none.

        Raises:
            PictureError: The file cannot be decoded, or the array is no picture.
        """
        analyzer = make_analyzer(self._detector, self._classifier, self._info)
        name = "array" if isinstance(image, np.ndarray) else str(image)
        return analyzer(Frame(_to_bgr(image), 0, 0.0, name)).readings

    def explain(
        self, image: str | Path | npt.NDArray[np.uint8], reading: Reading
    ) -> tuple[PartEffect, ...]:
        """Tell which part of a face a reading rests on, by covering each in turn.

        Args:
            image: The picture that was read, as for `read`.
            reading: One of the readings of it.

        Returns:
            Brows, eyes and mouth, the one with the greatest effect first: how much less probable
            the most probable label of this picture is without it.

        Raises:
            PictureError: As for `read`.
        """
        return explain(_to_bgr(image), reading.face, self._classifier)

    def baseline(
        self,
        source: str | Path | Source,
        start: float,
        end: float,
        *,
        settings: AnalyzerSettings | None = None,
    ) -> Baseline:
        """Learn the faces at rest of the people in a video, for `watch` of the same video.

        Args:
            source: A video file, or several; see `watch`.
            start: Seconds of stream time from which the faces are at rest.
            end: Seconds of stream time until which they are.
            settings: As `watch` is given.

        Returns:
            What is known of each person, and of whom nothing could be learnt (`notes`).

        Raises:
            SettingsError: The model can be shown no usual face, or nobody's could be learnt.
            SourceError: There is no such source, or it broke off.
        """
        known = reference(self._info)
        analyzer = make_analyzer(self._detector, self._classifier, self._info, settings=settings)
        with contextlib.closing(_opened(source)) as opened:
            return from_seconds(opened, analyzer, known, start, end)

    def baseline_of(self, *pictures: str | Path | npt.NDArray[np.uint8]) -> Baseline:
        """Learn one person's face at rest from pictures, for `watch` of who comes first, and alone.

        Args:
            pictures: As for `read`: of the same camera and light, with one face each.

        Raises:
            SettingsError: The model can be shown no usual face, or the pictures show none.
            PictureError: As for `read`.
        """
        known = reference(self._info)
        named = ((one if isinstance(one, str | Path) else "array", one) for one in pictures)
        images = ((str(name), _to_bgr(one)) for name, one in named)
        make = partial(make_analyzer, self._detector, self._classifier, self._info)
        return from_pictures(images, make, known)

    def watch(
        self,
        source: str | Path | int | Source,
        *,
        settings: AnalyzerSettings | None = None,
        baseline: Baseline | None = None,
    ) -> Iterator[Analysis]:
        """Read a source frame by frame, tracking each face; closes the source at the end.

        Of several files, those that cannot be read are left out, and named in a warning at the end.
        A camera or stream that breaks off is waited for, with a warning.

        Args:
            source: What `mien predict` takes (a file, folder, camera number, address or
                "sample"), or a `Source` of your own. A `Path` is always a file or folder.
            settings: Times and limits.
            baseline: Faces at rest beside which people are read.

        Yields:
            The readings of each frame.

        Raises:
            SourceError: There is no such source, nothing could be read from it, or it broke off.
        """
        models = self._detector, self._classifier, self._info
        analyzer = make_analyzer(*models, settings=settings, baseline=baseline)
        opened = _opened(source)
        frames = 0
        with contextlib.closing(opened):
            for frame in opened:
                frames += 1
                yield analyzer(frame)
        _tell_of_skipped(opened, frames)


def _opened(source: str | Path | int | Source) -> Source:
    if isinstance(source, str | Path | int):
        return open_source(source, on_notice=_warn)
    if not isinstance(source, Source):
        raise SourceError(
            f"{type(source).__name__} is no source; {ACCEPTED}. A class of your own inherits from "
            "mien.Source"
        )
    return source


def _warn(notice: Notice) -> None:
    if notice.waiting:
        warnings.warn(notice.message, RuntimeWarning, stacklevel=WATCHER)


def _tell_of_skipped(source: Source, frames: int) -> None:
    skipped = source.skipped
    if not skipped:
        return
    names = "; ".join(f"{item.path}: {item.reason}" for item in skipped[:NAMED_SKIPPED])
    rest = len(skipped) - NAMED_SKIPPED
    told = f"{names}; and {rest:,} more" if rest > 0 else names
    if not frames:
        raise SourceError(f"nothing could be read: {told}")
    # Up to the caller of `watch`'s iterator.
    warnings.warn(f"{len(skipped):,} skipped: {told}", RuntimeWarning, stacklevel=3)


def load(
    bundle: str | Path | None = None,
    *,
    detector: str | Detector = DEFAULT_DETECTOR,
    detector_model: str | Path | None = None,
    threads: int = THREADS,
    any_angle: bool = False,
) -> Reader:
    """Load a model and a face detector.

    Args:
        bundle: The folder of a bundle, or "fer8", which reads eight looks; the shipped one of four
            where None.
        detector: One of `mien.registry.DETECTORS`, such as "yunet", or a `Detector` of your own.
        detector_model: The detector's weights, where it needs some or you have others: a file, or
            for "mien" a bundle's folder.
        threads: Processor threads of each network: more make large pictures quicker, for more work
            in all.
        any_angle: Also find heads that lie on their side or are upside down, and read them upright:
            for pictures, since it takes four times as long.

    Raises:
        BundleError: The bundle, or the detector's weights, are missing or damaged.
        SettingsError: There is no such detector, or there are fewer threads than one.
        MissingExtraError: The detector's packages are not installed.
    """
    if isinstance(detector, str):
        model = None if detector_model is None else Path(detector_model)
        detector = make_detector(detector, model=model, threads=threads)
    if any_angle:
        detector = at_any_angle(detector)
    classifier, info = make_classifier(None if bundle is None else Path(bundle), threads=threads)
    return Reader(detector, classifier, info)


def read_archive(
    sources: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    bundle: str | Path | None = None,
    detector: str = DEFAULT_DETECTOR,
    detector_model: str | Path | None = None,
    any_angle: bool = False,
    seconds: float | None = None,
    start: float | None = None,
    end: float | None = None,
    columns: Sequence[str] = (),
    empty_frames: bool = False,
    every: float | None = None,
    format: Format = "csv",  # noqa: A002 - as the option is called
    jobs: int = 1,
    shard: str | None = None,
    engine: EngineName = "local",
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> ArchiveSummary:
    """Read many files into a folder, as `mien predict FOLDER --out OUT/` does.

    Each video and each folder of pictures gets a table, which appears when it is whole, and
    `manifest.csv` a row for each file; `mien.read_manifest` returns these. A second call reads what
    is missing or has changed. With more than one job a script needs the line
    `if __name__ == "__main__":`, for worker processes import it.

    Args:
        sources: Pictures, videos, folders and patterns, or addresses of such for fsspec.
        out: A folder, or its address.
        bundle: As for `load`.
        detector: One of `mien.registry.DETECTORS`.
        detector_model: As for `load`.
        any_angle: As for `load`.
        seconds: Where to end each video.
        start: Time of its own at which each video begins.
        end: Time of its own at which each ends.
        columns: Names and groups of columns, as for `to_frame`.
        empty_frames: A row for each frame without a face, too.
        every: At most one frame in so many seconds has rows.
        format: "csv", "jsonl", "parquet" or "xlsx".
        jobs: How many files are read at a time.
        shard: "2/8" reads the second of eight parts.
        engine: "local", or "ray" for a cluster.
        overwrite: Read everything anew.
        on_progress: Called with "files" or "faces", how many are done, and of how many.

    Returns:
        What was read, and what could not be.

    Raises:
        MienError: As `mien.archive.readings.read.read_archive`; never for a file that is damaged.
    """
    recipe = Recipe(
        bundle=None if bundle is None else Path(bundle),
        detector=detector,
        detector_model=None if detector_model is None else Path(detector_model),
        any_angle=any_angle,
        seconds=seconds,
        start=start,
        end=end,
        tables=checked(
            TableSettings, columns=tuple(columns), empty_frames=empty_frames, every=every
        ),
    )
    settings = checked(ArchiveSettings, format=format, jobs=jobs, shard=shard, engine=engine)
    read = partial(archives.read_archive, recipe=recipe, settings=settings)
    return read(sources, out, overwrite=overwrite, on_progress=on_progress)


def to_frame(
    analyses: Iterable[Analysis],
    *,
    columns: str | Sequence[str] = (),
    empty_frames: bool = False,
) -> "pd.DataFrame":
    """Turn readings into a pandas frame, one row per face.

    Args:
        analyses: What `Reader.watch` yields.
        columns: As `mien predict --columns` takes them: names and groups, such as
            "time,track_id,label" or ["+pose", "landmarks"], which adds to the default.
        empty_frames: A row for each frame without a face, too, whose `label` is "not seen".

    Returns:
        The columns of the CSV, which docs/columns.md tells of: unless others are chosen, source,
        frame, time, track_id, x1 to y2, one p_ column per class, label, confidence, shown, quality,
        reason (why it is "not sure"), and p_other, the probability that the face shows no class of
        the model. `label`, `confidence` and `reason` are what the row's own probabilities say;
        `shown` is the steady word of `Reading.label`. Where there was no face at all, none of the
        p_ columns of classes.

    Raises:
        SettingsError: There is no such column.
        MissingPackageError: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingPackageError("to_frame", "pandas") from error
    wanted = columns.split(",") if isinstance(columns, str) else columns
    held = list(analyses)
    labels = next((one.smoothed.labels for each in held for one in each.readings), ())
    layout = Layout(choose([name for name in wanted if name], labels, other=True), empty_frames)
    rows = [row for analysis in held for row in layout.rows(analysis)]
    return pd.DataFrame(rows, columns=list(layout.names))


def _to_bgr(image: str | Path | npt.NDArray[np.uint8]) -> PixelArray:
    if isinstance(image, str | Path):
        return read_picture(Path(image))
    if not isinstance(image, np.ndarray):
        raise PictureError(
            f"a picture must be the name of a file or a uint8 array, got {type(image).__name__}"
        )
    if image.dtype != np.uint8 or image.size == 0 or image.ndim not in (2, 3):
        raise PictureError(
            "a picture must be a uint8 array [H,W,3] in BGR, or [H,W] in gray; "
            f"got {image.dtype} {list(image.shape)}"
        )
    channels = 1 if image.ndim == 2 else image.shape[2]
    if channels == 3:
        return image
    if channels == 1:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), dtype=np.uint8)
    raise PictureError(f"a picture must have 3 channels (BGR) or 1 (gray), got {channels}")
