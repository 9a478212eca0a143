"""What reads: pictures one by one or many at a time, and sources frame by frame."""

import asyncio
import contextlib
import warnings
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
from PIL import Image

from mien.api.streams import Stream, freed, opened, told_of, told_of_skipped
from mien.errors import PictureError, SettingsError
from mien.models.info import ModelInfo
from mien.models.neutral import reference
from mien.models.occlusion import PartEffect, explain
from mien.pipeline.analyzer import Analyzer, AnalyzerSettings
from mien.pipeline.baseline import Baseline
from mien.pipeline.handover import Handover
from mien.pipeline.learning import from_pictures, from_seconds
from mien.pipeline.many import Readings, read_many
from mien.protocols import Classifier, Detector, Source
from mien.registry import make_analyzer
from mien.settings import check_number
from mien.types import Analysis, Frame, Reading, Skipped
from mien.vision.images.given import Colour, Given, name_of, pixels_of

# How many pictures are read together: few, so that the first is not long in coming.
BATCH = 16


class Reader:
    """Reads the expressions of the faces in pictures and sources. Made by `mien.load`.

    Holds the models and no state: threads may share it, and every `watch` tracks its own faces. One
    that `mien.load` made can be pickled: it is loaded anew where it is unpickled.
    """

    def __init__(
        self,
        detector: Detector,
        classifier: Classifier,
        info: ModelInfo,
        *,
        again: Callable[[], "Reader"] | None = None,
    ) -> None:
        """Join a detector with a bundle's classifier.

        Args:
            detector: Finds faces.
            classifier: Reads them.
            info: The bundle's description.
            again: Loads the same in another process; can be pickled itself.
        """
        self._detector = detector
        self._classifier = classifier
        self._info = info
        self._again = again

    def __reduce__(self) -> tuple[Callable[..., "Reader"], tuple[Any, ...]]:
        if self._again is None:
            raise SettingsError(
                "this Reader was not made by mien.load, and cannot be sent to another process: "
                "make one there"
            )
        return _loaded_again, (self._again, self._info)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that are told apart."""
        return self._classifier.labels

    @property
    def info(self) -> ModelInfo:
        """What the bundle says of itself: name, version, training data, figures."""
        return self._info

    def read(self, image: Given, *, colour: Colour = "bgr") -> tuple[Reading, ...]:
        """Read the faces of one picture.

        Args:
            image: The path of a file, its bytes, a file opened with "rb", a Pillow image, or a
                numpy array; see `mien.vision.images.given.pixels_of`.
            colour: The order of an array's colours: OpenCV's "bgr", or "rgb". All else says it
                itself.

        Returns:
            One reading per face, the surest face first; empty where there is none.

        Raises:
            PictureError: The file cannot be decoded, or the array is no picture.
        """
        return self._analyzer()(_frame(image, colour)).readings

    @overload
    def read_many(
        self,
        pictures: Iterable[Given],
        *,
        colour: Colour = "bgr",
        batch: int = BATCH,
        on_error: Literal["raise", "skip"] = "raise",
    ) -> Iterator[Readings]: ...

    @overload
    def read_many(
        self,
        pictures: Iterable[Given],
        *,
        colour: Colour = "bgr",
        batch: int = BATCH,
        on_error: Literal["return"],
    ) -> Iterator[Readings | PictureError]: ...

    def read_many(
        self,
        pictures: Iterable[Given],
        *,
        colour: Colour = "bgr",
        batch: int = BATCH,
        on_error: Literal["raise", "skip", "return"] = "raise",
    ) -> Iterator[Readings | PictureError]:
        """Read many pictures, each by itself, as they come; faces of several in one call.

        Args:
            pictures: As for `read`, from a list, a generator or whatever can be iterated.
            colour: As for `read`.
            batch: How many are taken before the first is given: 1 where they come slowly.
            on_error: Of a picture that cannot be read: "raise" its `PictureError`, after the
                readings of those before, which is the end; "return" it in the place of readings;
                or "skip" it, and name it in a warning at the end.

        Yields:
            For each picture in order what `read` returns, to the rounding of float32.

        Raises:
            PictureError: As for `read`, or it is one picture and not several.
            SettingsError: `batch` is below 1, or `on_error` none of the three.
        """
        if isinstance(pictures, str | bytes | bytearray | memoryview | Path | Image.Image) or (
            isinstance(pictures, np.ndarray) and pictures.ndim < 4
        ):
            raise PictureError(
                f"{name_of(pictures)}: one picture; give a list of pictures, or call read"
            )
        check_number("batch", batch, 1)
        if on_error not in ("raise", "skip", "return"):
            raise SettingsError(f"on_error must be raise, skip or return, got {on_error!r}")
        frame = partial(_frame, colour=colour)
        found = read_many(pictures, frame, self._analyzer, self._classifier, batch)
        return _given_errors(found, on_error)

    def explain(
        self, image: Given, reading: Reading, *, colour: Colour = "bgr"
    ) -> tuple[PartEffect, ...]:
        """Tell which part of a face a reading rests on, by covering each in turn.

        Args:
            image: The picture that was read, as for `read`.
            reading: One of the readings of it.
            colour: As for `read`.

        Returns:
            Brows, eyes and mouth, the one with the greatest effect first: how much less probable
            the most probable label of this picture is without it.

        Raises:
            PictureError: As for `read`.
        """
        return explain(pixels_of(image, colour), reading.face, self._classifier)

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
        with contextlib.closing(opened(source)) as found:
            return from_seconds(found, analyzer, known, start, end)

    def baseline_of(self, *pictures: Given, colour: Colour = "bgr") -> Baseline:
        """Learn one person's face at rest from pictures, for `watch` of who comes first, and alone.

        Args:
            pictures: As for `read`: of the same camera and light, with one face each.
            colour: As for `read`.

        Raises:
            SettingsError: The model can be shown no usual face, or the pictures show none.
            PictureError: As for `read`.
        """
        known = reference(self._info)
        images = ((name_of(one), pixels_of(one, colour)) for one in pictures)
        return from_pictures(images, self._analyzer, known)

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
        analyzer = self._analyzer(settings=settings, baseline=baseline)
        frames = 0
        with contextlib.closing(opened(source)) as found:
            for frame in found:
                frames += 1
                yield analyzer(frame)
        if told := told_of_skipped(found, frames):
            # Up to the caller of this iterator.
            warnings.warn(told, RuntimeWarning, stacklevel=2)

    async def awatch(
        self,
        source: str | Path | int | Source,
        *,
        settings: AnalyzerSettings | None = None,
        baseline: Baseline | None = None,
    ) -> AsyncIterator[Analysis]:
        """Do as `watch` for asyncio: reading goes on in a thread, and the event loop is free.

        Of what is recorded nothing is left out, and few frames are read ahead; of a live source the
        newest reading is kept. The source is closed when the iteration ends, is cancelled, or
        `aclose` is called: `contextlib.aclosing` does so where a loop is left early.

        Args:
            source: As for `watch`.
            settings: As for `watch`.
            baseline: As for `watch`.

        Yields:
            The readings of each frame.

        Raises:
            SourceError: As for `watch`.
        """
        stream = Stream(self._analyzer(settings=settings, baseline=baseline), source)
        handover = Handover(stream.read)
        stream.wake = handover.wake
        try:
            while not handover.ended or handover.failed:
                for analysis in await handover.take():
                    yield analysis
                while stream.remarks:
                    warnings.warn(stream.remarks.pop(0), RuntimeWarning, stacklevel=2)
        finally:
            handover.close()
            # A device may take its time, and a second cancellation must not leave it open.
            await asyncio.shield(freed(stream, handover))

    def _analyzer(
        self, *, settings: AnalyzerSettings | None = None, baseline: Baseline | None = None
    ) -> Analyzer:
        models = self._detector, self._classifier, self._info
        return make_analyzer(*models, settings=settings, baseline=baseline)


def _loaded_again(again: Callable[[], Reader], info: ModelInfo) -> Reader:
    reader = again()
    if reader.info.sha256 != info.sha256:
        raise SettingsError(
            f"the model {info.name} is another one by now than when its Reader was sent; load it "
            "anew"
        )
    return reader


def _frame(image: Given, colour: Colour) -> Frame:
    return Frame(pixels_of(image, colour), 0, 0.0, name_of(image))


def _given_errors(
    found: Iterator[Readings | PictureError], on_error: str
) -> Iterator[Readings | PictureError]:
    skipped: list[Skipped] = []
    for one in found:
        if isinstance(one, PictureError) and on_error == "raise":
            raise one
        if isinstance(one, PictureError) and on_error == "skip":
            skipped.append(Skipped("", str(one)))
        else:
            yield one
    if skipped:
        told = told_of(skipped)
        warnings.warn(f"{len(skipped):,} skipped: {told}", RuntimeWarning, stacklevel=2)
