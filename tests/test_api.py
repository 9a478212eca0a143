"""The Python API: pictures, arrays and sources in; readings, dicts and frames out."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.detectors.fakes import OneFace

import mien
from mien import registry
from mien.api import Reader
from mien.errors import MienError, PictureError, SettingsError, SourceError
from mien.protocols import Source
from mien.registry import DEFAULT_BUNDLE, make_classifier, make_detector
from mien.sources.reconnect import Reconnecting
from mien.types import Analysis, Box, Frame, PixelArray
from mien.vision.images.reading import encode_png


class FakeSource(Source):
    name = "fake"
    live = False

    def __init__(self, grays: list[int]) -> None:
        self._grays = grays
        self.closed = False

    def __iter__(self) -> Iterator[Frame]:
        for index, gray in enumerate(self._grays):
            yield Frame(np.full((120, 160, 3), gray, dtype=np.uint8), index, index / 10, "fake")

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def reader(make_bundle: Callable[..., Path]) -> Reader:
    return mien.load(make_bundle(), detector=OneFace())


def test_an_array_is_read(reader: Reader) -> None:
    (reading,) = reader.read(np.full((120, 160, 3), 250, dtype=np.uint8))
    assert reading.label == "neutral"
    assert reading.face.box == Box(40, 30, 120, 90)
    assert reader.labels == ("angry", "sad", "happy", "neutral")
    assert reader.info.name == "tiny"


@pytest.mark.parametrize("shape", [(120, 160), (120, 160, 1), (120, 160, 3)])
def test_gray_reads_as_the_same_in_color(reader: Reader, shape: tuple[int, ...]) -> None:
    (reading,) = reader.read(np.full(shape, 180, dtype=np.uint8))
    (expected,) = reader.read(np.full((120, 160, 3), 180, dtype=np.uint8))
    assert reading == expected or reading.to_dict() == expected.to_dict()


@pytest.mark.parametrize("kind", [str, Path])
def test_a_file_is_read(reader: Reader, tmp_path: Path, kind: type) -> None:
    path = tmp_path / "a face.png"
    path.write_bytes(encode_png(np.full((120, 160, 3), 250, dtype=np.uint8)))
    assert [reading.label for reading in reader.read(kind(path))] == ["neutral"]


def test_a_picture_without_a_face_has_no_readings(reader: Reader) -> None:
    assert reader.read(np.zeros((120, 160, 3), dtype=np.uint8)) == ()


def test_a_reading_is_plain_data(reader: Reader) -> None:
    (reading,) = reader.read(np.full((120, 160, 3), 250, dtype=np.uint8))
    assert set(reading.to_dict()["probabilities"]) == set(reader.labels)


@pytest.mark.parametrize(
    ("image", "word"),
    [
        (np.full((4, 4, 3), 9.0), "float64"),
        (np.zeros((0, 4, 3), np.uint8), r"\[0, 4, 3\]"),
        (np.zeros((4,), np.uint8), r"\[4\]"),
        (np.zeros((4, 4, 5), np.uint8), r"\[4, 4, 5\]"),
        ("no-such.jpg", r"no-such\.jpg"),
    ],
)
def test_what_is_no_picture_is_named(reader: Reader, image: str | np.ndarray, word: str) -> None:
    with pytest.raises(PictureError, match=word):
        reader.read(image)


def test_reading_twice_gives_the_same(reader: Reader) -> None:
    bright, dark = (np.full((120, 160, 3), gray, dtype=np.uint8) for gray in (250, 60))
    first = reader.read(bright)[0].to_dict()
    reader.read(dark)
    assert reader.read(bright)[0].to_dict() == first


def test_a_reading_is_explained_by_parts_of_the_face(reader: Reader, tmp_path: Path) -> None:
    image = np.full((120, 160, 3), 250, dtype=np.uint8)
    (reading,) = reader.read(image)
    path = tmp_path / "face.png"
    path.write_bytes(encode_png(image))
    for given in (image, path):
        effects = reader.explain(given, reading)
        assert {effect.part for effect in effects} == {"brows", "eyes", "mouth"}
    with pytest.raises(PictureError):
        reader.explain(tmp_path / "none.png", reading)


def test_watching_follows_faces_and_closes_the_source(reader: Reader) -> None:
    source = FakeSource([250, 250, 0, 60])
    analyses = list(reader.watch(source))
    assert [a.frame_index for a in analyses] == [0, 1, 2, 3]
    assert [[r.track_id for r in a.readings] for a in analyses] == [[1], [1], [], [1]]
    assert source.closed


def test_a_watch_that_is_left_early_closes_the_source(reader: Reader) -> None:
    source = FakeSource([250] * 5)
    watching = reader.watch(source)
    next(watching)
    watching.close()  # type: ignore[attr-defined]  # it is a generator
    assert source.closed


def test_two_watches_do_not_share_faces(reader: Reader) -> None:
    first, second = reader.watch(FakeSource([250] * 3)), reader.watch(FakeSource([60] * 3))
    next(first)
    assert next(second).readings[0].label == "angry"
    assert next(first).readings[0].label == "neutral"


def test_a_source_is_named_as_on_the_command_line(reader: Reader, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(encode_png(np.full((60, 60, 3), 200, dtype=np.uint8)))
    sources = [Path(a.source).name for a in reader.watch(folder)]
    assert sources == ["a.png", "b.png"]
    with pytest.raises(SourceError, match="nowhere"):
        next(iter(reader.watch("nowhere.mp4")))


def test_a_camera_may_be_a_number(reader: Reader) -> None:
    with pytest.raises(SourceError, match="camera 97"):
        next(reader.watch(97))


def test_a_camera_that_breaks_off_is_waited_for_with_a_warning(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = iter([SourceError("camera 0: unplugged"), None])

    class Camera(FakeSource):
        name = "camera 0"

        def __init__(self, _: int) -> None:
            super().__init__([250])
            self._error = next(plan)

        def __iter__(self) -> Iterator[Frame]:
            yield from super().__iter__()
            if self._error is not None:
                raise self._error

    monkeypatch.setattr("mien.sources.open.CameraSource", Camera)
    monkeypatch.setattr("mien.sources.open.Reconnecting", partial(Reconnecting, retry=0))
    with pytest.warns(RuntimeWarning, match="camera 0: unplugged; mien waits") as caught:
        assert [analysis.frame_index for analysis in reader.watch(0)] == [0, 1]
    (warning,) = caught
    assert warning.filename == __file__


def test_what_is_no_source_is_told(reader: Reader) -> None:
    with pytest.raises(SourceError, match=r"ndarray is no source; give a picture"):
        next(reader.watch(np.zeros((4, 4, 3), np.uint8)))  # type: ignore[arg-type]


def test_what_is_left_out_is_named_in_a_warning(reader: Reader, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "good.png").write_bytes(encode_png(np.full((60, 60, 3), 200, dtype=np.uint8)))
    for number in range(5):
        (folder / f"bad{number}.png").touch()
    with pytest.warns(RuntimeWarning, match=r"5 skipped: .*bad0\.png: .*empty.*; and 2 more"):
        assert len(list(reader.watch(folder))) == 1
    (folder / "good.png").unlink()
    with pytest.raises(SourceError, match=r"nothing could be read: .*bad0\.png"):
        list(reader.watch(folder))


def test_a_detector_is_named_or_brought(make_bundle: Callable[..., Path]) -> None:
    with pytest.raises(SettingsError, match="unknown detector"):
        mien.load(make_bundle(), detector="nothing")
    with pytest.raises(SettingsError, match="yunet"):
        mien.load(str(make_bundle("other")), detector="yunet")


def test_readings_become_a_pandas_frame(reader: Reader) -> None:
    pytest.importorskip("pandas", reason="needs the group dev")
    frame = mien.to_frame(reader.watch(FakeSource([250, 0, 60])))
    assert list(frame["frame"]) == [0, 2]
    assert list(frame["time"]) == [0.0, 0.2]
    assert list(frame["track_id"]) == [1, 1]
    columns = [f"p_{label}" for label in reader.labels]
    assert frame[columns].sum(axis=1).to_list() == pytest.approx([1, 1], abs=1e-5)


def test_no_faces_become_an_empty_frame() -> None:
    pytest.importorskip("pandas", reason="needs the group dev")
    frame = mien.to_frame([Analysis(0, 0.0, "x", (1, 1), ())])
    assert len(frame[frame["label"] == "happy"]) == 0


def test_without_pandas_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MienError, match="pip install pandas"):
        mien.to_frame([])


def test_importing_mien_loads_nothing_heavy() -> None:
    code = (
        "import sys, mien; print([m for m in ('numpy', 'cv2', 'onnxruntime') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there_and_documented() -> None:
    for name in mien.__all__:
        assert getattr(mien, name).__doc__
    assert set(mien.__all__) <= set(dir(mien))
    with pytest.raises(AttributeError, match="no_such_name"):
        mien.no_such_name  # noqa: B018


def test_the_real_detector_reads_the_portrait(
    make_bundle: Callable[..., Path], portrait: PixelArray
) -> None:
    reader = Reader(make_detector(), *make_classifier(make_bundle()))
    (reading,) = reader.read(portrait)
    assert reading.quality.ok
    assert reading.face.landmarks is not None
    x, y = reading.face.box.center
    # Her face stands in the upper middle of the 320x320 picture.
    assert 120 < x < 200
    assert 80 < y < 160


def test_the_shipped_model_finds_the_portrait_happy(portrait: PixelArray) -> None:
    if not DEFAULT_BUNDLE.is_dir():
        pytest.skip("the shipped bundle has not been trained yet")
    reader = mien.load()
    (reading,) = reader.read(portrait)
    assert reading.label == "happy"
    (smaller,) = reader.read(np.asarray(cv2.resize(portrait, (240, 240)), dtype=np.uint8))
    assert smaller.label == "happy"


def test_an_archive_is_read(
    make_bundle: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "make_detector", lambda *_, **__: OneFace())
    (tmp_path / "in").mkdir()
    bright = np.full((120, 160, 3), 250, np.uint8)
    (tmp_path / "in" / "a.png").write_bytes(encode_png(bright))
    seen = []
    summary = mien.read_archive(
        tmp_path / "in",
        tmp_path / "out",
        bundle=make_bundle(),
        on_progress=lambda *told: seen.append(told),
    )
    assert (summary.files, summary.faces) == (1, 1)
    assert seen[-2:] == [("files", 1, 1), ("faces", 1, None)]
    (row,) = mien.read_manifest(tmp_path / "out")
    assert (row.status, row.table) == ("read", "in/pictures.csv")
    with pytest.raises(SettingsError, match="--format"):
        mien.read_archive(tmp_path / "in", tmp_path / "out", format="xml")  # type: ignore[arg-type]
