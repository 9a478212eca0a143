"""A reader reads many pictures, in several threads, in asyncio, and in other processes."""

import asyncio
import contextlib
import logging
import pickle
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.detectors.fakes import OneFace

import mien
from mien.api import Reader
from mien.errors import PictureError, SettingsError, SourceError
from mien.protocols import Source
from mien.registry import make_classifier
from mien.types import Analysis, Frame, PixelArray
from mien.vision.images.reading import encode_png


@pytest.fixture
def reader(make_bundle: Callable[..., Path]) -> Reader:
    return mien.load(make_bundle(), detector=OneFace())


def gray(value: int) -> PixelArray:
    return np.full((120, 160, 3), value, np.uint8)


class Frames(Source):
    name = "frames"

    def __init__(self, count: int, *, live: bool = False, error: Exception | None = None) -> None:
        self.live, self._count, self._error = live, count, error
        self.given, self.closed = 0, threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self._count):
            if self.closed.is_set():
                return
            self.given += 1
            yield Frame(gray(250), index, index / 10, self.name)
        if self._error:
            raise self._error

    def close(self) -> None:
        self.closed.set()


class Waiting(Frames):
    """Gives one frame, and waits until it is closed."""

    def __iter__(self) -> Iterator[Frame]:
        yield from super().__iter__()
        self.closed.wait()


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
def test_many_are_read_as_each_by_itself(reader: Reader, batch: int) -> None:
    pictures = [gray(value) for value in (250, 0, 60, 180, 0, 20, 90)]
    found = list(reader.read_many((one for one in pictures), batch=batch))
    for one, readings in zip(pictures, found, strict=True):
        expected = reader.read(one)
        assert len(readings) == len(expected)
        for a, b in zip(readings, expected, strict=True):
            assert a.raw.probabilities == pytest.approx(b.raw.probabilities, abs=1e-6)
            assert (a.label, a.face, a.quality, a.track_id) == (b.label, b.face, b.quality, 1)


def test_many_are_taken_as_they_are_wanted(reader: Reader) -> None:
    taken: list[int] = []

    def pictures() -> Iterator[PixelArray]:
        for value in range(1, 100):
            taken.append(value)
            yield gray(value)

    found = reader.read_many(pictures(), batch=4)
    assert taken == []
    next(found)
    assert len(taken) == 4


def test_the_faces_of_a_batch_are_one_call(make_bundle: Callable[..., Path]) -> None:
    classifier, info = make_classifier(make_bundle())
    calls: list[int] = []

    class Counting:
        labels, other, spec = classifier.labels, classifier.other, classifier.spec

        def __call__(self, faces: PixelArray) -> Any:
            calls.append(len(faces))
            return classifier(faces)

    reader = Reader(OneFace(), Counting(), info)
    assert len(list(reader.read_many([gray(9)] * 7, batch=3))) == 7
    assert calls == [3, 3, 1]
    assert list(reader.read_many([])) == []


def test_a_damaged_picture_is_raised_returned_or_skipped(reader: Reader) -> None:
    pictures = [gray(250), b"damaged", gray(60)]
    raising = reader.read_many(pictures)
    assert next(raising)[0].label == "neutral"
    with pytest.raises(PictureError, match="not a picture"):
        next(raising)
    first, error, last = reader.read_many(pictures, on_error="return")
    assert isinstance(error, PictureError)
    assert not isinstance(first, PictureError)
    assert not isinstance(last, PictureError)
    assert (first[0].label, last[0].label) == ("neutral", "angry")
    with pytest.warns(RuntimeWarning, match="1 skipped: picture: not a picture") as caught:
        assert len(list(reader.read_many(pictures, on_error="skip"))) == 2
    assert caught[0].filename == __file__


def test_what_pictures_raise_comes_after_those_before(reader: Reader) -> None:
    def pictures() -> Iterator[PixelArray]:
        yield gray(250)
        raise KeyError("mine")

    found = reader.read_many(pictures())
    assert next(found)[0].label == "neutral"
    with pytest.raises(KeyError, match="mine"):
        next(found)


def test_one_picture_is_not_many(reader: Reader) -> None:
    for one in ("a.jpg", Path("a.jpg"), b"", gray(9)):
        with pytest.raises(PictureError, match="one picture; give a list"):
            reader.read_many(one)  # type: ignore[call-overload]
    assert len(list(reader.read_many(np.stack([gray(9), gray(250)])))) == 2
    with pytest.raises(SettingsError, match="batch must be 1"):
        reader.read_many([], batch=0)
    with pytest.raises(SettingsError, match="on_error"):
        reader.read_many([], on_error="ignore")  # type: ignore[call-overload]


def test_an_array_says_its_order(reader: Reader) -> None:
    blue = gray(0)
    blue[..., 0] = 255
    reading = reader.read(blue)[0]
    assert reader.read(blue[..., ::-1], colour="rgb")[0] == reading
    assert reader.read(blue[..., ::-1])[0] != reading
    assert reader.explain(blue[..., ::-1], reading, colour="rgb") == reader.explain(blue, reading)


def test_threads_share_a_reader(reader: Reader) -> None:
    pictures = [gray(value) for value in range(0, 250, 5)]
    coded = [encode_png(picture) for picture in pictures]
    expected = [reader.read(one) for one in pictures]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(reader.read, pictures)) == expected
        assert list(pool.map(reader.read, coded)) == expected
        watched = list(pool.map(lambda _: list(reader.watch(Frames(20))), range(8)))
    looks = [[[r.track_id for r in a.readings] for a in one] for one in watched]
    assert looks == [[[1]] * 20] * 8


def test_threads_leave_warnings_as_they_were(reader: Reader) -> None:
    before = warnings.filters[:]
    coded = [encode_png(gray(250)), b"damaged"] * 40
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: list(reader.read_many([one], on_error="return")), coded))
    assert warnings.filters[:] == before


def test_a_reader_is_loaded_again_where_it_is_sent(
    make_bundle: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(make_bundle().parent)
    reader = mien.load("tiny", detector=OneFace())
    data = pickle.dumps(reader)
    monkeypatch.chdir("/")
    assert pickle.loads(data).read(gray(250)) == reader.read(gray(250))
    make_bundle(not_sure_below=0.1, size=24)
    with pytest.raises(SettingsError, match="tiny is another one by now"):
        pickle.loads(data)
    bare = Reader(OneFace(), *make_classifier(make_bundle("other")))
    with pytest.raises(SettingsError, match=r"not made by mien\.load"):
        pickle.dumps(bare)


def test_a_detector_of_ones_own_is_checked(make_bundle: Callable[..., Path]) -> None:
    for wrong in (None, OneFace, lambda image: ()):
        with pytest.raises(SettingsError, match="detector of your own"):
            mien.load(make_bundle("a"), detector=wrong)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="weights are for a detector that is named"):
        mien.load(make_bundle("b"), detector=OneFace(), detector_model="x.onnx")


async def gathered(reader: Reader, source: Any, pause: float = 0.0) -> list[Analysis]:
    found = []
    async for analysis in reader.awatch(source):
        found.append(analysis)
        await asyncio.sleep(pause)
    return found


def test_awatch_gives_what_watch_gives(reader: Reader) -> None:
    source = Frames(30)
    found = asyncio.run(gathered(reader, source))
    assert source.closed.is_set()
    expected = list(reader.watch(Frames(30)))
    assert [a.readings for a in found] == [a.readings for a in expected]


def test_of_a_live_source_the_newest_is_kept(reader: Reader) -> None:
    found = asyncio.run(gathered(reader, Frames(200, live=True), pause=0.05))
    assert len(found) < 200
    assert found[-1].frame_index == 199
    numbers = [analysis.frame_index for analysis in found]
    assert numbers == sorted(set(numbers))


def test_few_frames_are_read_ahead(reader: Reader) -> None:
    async def slowly() -> int:
        source = Frames(1000)
        async with contextlib.aclosing(reader.awatch(source)) as watching:
            await anext(watching)
            await asyncio.sleep(0.3)
            return source.given

    assert asyncio.run(slowly()) < 10


def test_errors_come_through_after_what_was_read(reader: Reader) -> None:
    async def until() -> None:
        watching = reader.awatch(Frames(5, error=SourceError("x: broke off")))
        for index in range(5):
            assert (await anext(watching)).frame_index == index
        with pytest.raises(SourceError, match="broke off"):
            await anext(watching)

    asyncio.run(until())
    with pytest.raises(SourceError, match="nowhere"):
        asyncio.run(gathered(reader, "nowhere.mp4"))


def test_a_cancelled_watch_closes_a_source_that_waits(reader: Reader) -> None:
    source = Waiting(1)

    async def cancelled() -> None:
        task = asyncio.create_task(gathered(reader, source))
        while not source.given:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert source.closed.is_set()

    asyncio.run(cancelled())
    assert not any(thread.name == "mien awatch" for thread in threading.enumerate())


def test_the_event_loop_is_free_meanwhile(make_bundle: Callable[..., Path]) -> None:
    class Slow(OneFace):
        def __call__(self, image: PixelArray) -> Any:
            time.sleep(0.3)
            return super().__call__(image)

    reader = mien.load(make_bundle(), detector=Slow())

    async def counted() -> int:
        ticks = 0
        task = asyncio.create_task(gathered(reader, Frames(1)))
        while not task.done():
            ticks += 1
            await asyncio.sleep(0.01)
        await task
        return ticks

    assert asyncio.run(counted()) > 3


def test_awatch_warns_of_what_it_leaves_out(reader: Reader, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "good.png").write_bytes(encode_png(gray(200)))
    (folder / "bad.png").touch()
    with pytest.warns(RuntimeWarning, match=r"1 skipped: .*bad\.png"):
        assert len(asyncio.run(gathered(reader, folder))) == 1


def test_a_library_says_nothing(reader: Reader, capfd: pytest.CaptureFixture[str]) -> None:
    list(reader.read_many([gray(250), b"damaged"], on_error="return"))
    list(reader.watch(Frames(3)))
    asyncio.run(gathered(reader, Frames(3)))
    assert capfd.readouterr() == ("", "")
    handlers = logging.getLogger("mien").handlers
    assert any(isinstance(one, logging.NullHandler) for one in handlers)


def test_a_face_at_rest_is_learnt_from_a_source_which_is_closed(portrait: PixelArray) -> None:
    class AtRest(Frames):
        def __iter__(self) -> Iterator[Frame]:
            for number in range(self._count):
                yield Frame(portrait, number, number * 0.5, self.name)

    source = AtRest(9)
    found = mien.load().baseline(source, 0, 4)
    assert [list(people) for people in found.by_source.values()] == [[1]]
    assert source.closed.is_set()
    (first, *_) = mien.load().watch(AtRest(2), baseline=found)
    assert len(first.readings) == 1
