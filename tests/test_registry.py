"""Assembly: what a user names becomes parts, or one clear line."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.errors import BundleError, SettingsError, SinkError, SourceError
from mien.pipeline.analyzer import AnalyzerSettings
from mien.protocols import Classifier, Detector, Source
from mien.registry import (
    DEFAULT_BUNDLE,
    DETECTOR_BUNDLE,
    DETECTORS,
    find_bundle,
    make_analyzer,
    make_classifier,
    make_detector,
)
from mien.sinks.open import make_sinks
from mien.sources.batch import Batch
from mien.sources.images import PictureSource
from mien.sources.open import open_source, open_sources, refuse_unreachable
from mien.sources.reconnect import Notice, Reconnecting
from mien.types import Analysis, Frame, PixelArray
from mien.vision.images.reading import encode_png

LABELS = ("angry", "sad", "happy", "neutral")


def picture(path: Path, gray: int = 100) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_png(np.full((20, 30, 3), gray, dtype=np.uint8)))
    return path


def video(path: Path, frames: int = 3) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    assert writer.isOpened()
    for _ in range(frames):
        writer.write(np.full((48, 64, 3), 80, dtype=np.uint8))
    writer.release()
    return path


def read(source: Source) -> list[Frame]:
    try:
        return list(source)
    finally:
        source.close()


def test_the_default_detector_works_offline() -> None:
    detector = make_detector()
    assert isinstance(detector, Detector)
    assert detector(np.zeros((64, 64, 3), dtype=np.uint8)) == ()


def test_an_unknown_detector_is_told_which_there_are() -> None:
    with pytest.raises(SettingsError, match=r"retina.*" + ", ".join(DETECTORS)):
        make_detector("retina")


def test_yunet_needs_its_weights() -> None:
    with pytest.raises(SettingsError, match="--detector-model"):
        make_detector("yunet")


def test_the_default_detector_takes_a_bundle_of_ones_own(
    tmp_path: Path, portrait: PixelArray
) -> None:
    own = shutil.copytree(DETECTOR_BUNDLE, tmp_path / "own")
    one, other = make_detector(model=own), make_detector()
    assert [face.box for face in one(portrait)] == [face.box for face in other(portrait)]
    with pytest.raises(BundleError, match="nowhere: no such bundle"):
        make_detector(model=tmp_path / "nowhere")
    with pytest.raises(BundleError, match="the model of a classifier"):
        make_detector(model=DEFAULT_BUNDLE)


@pytest.mark.parametrize("name", ["mtcnn", "dlib-hog"])
def test_a_model_that_would_be_ignored_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="own weights"):
        make_detector(name, model=Path("weights.onnx"))


def test_a_bundle_gives_its_classifier_and_threshold(make_bundle: Callable[..., Path]) -> None:
    classifier, info = make_classifier(make_bundle(not_sure_below=0.7))
    assert isinstance(classifier, Classifier)
    assert classifier.labels == info.labels
    analyzer = make_analyzer(make_detector(), classifier, info, settings=AnalyzerSettings(hold=0))
    assert analyzer.labels == info.labels


def test_a_bundle_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no-such"):
        make_classifier(tmp_path / "no-such")


def test_the_threshold_of_the_bundle_decides_what_is_sure(
    make_bundle: Callable[..., Path], portrait: PixelArray
) -> None:
    labels = []
    for threshold in (0.0, 1.0):
        classifier, info = make_classifier(make_bundle(f"b{threshold}", not_sure_below=threshold))
        analyzer = make_analyzer(make_detector(), classifier, info)
        (reading,) = analyzer(Frame(portrait, 0, 0.0, "test")).readings
        labels.append(reading.label)
    assert labels[0] in info.labels
    assert labels[1] is None


def test_a_picture_is_a_source(tmp_path: Path) -> None:
    path = picture(tmp_path / "it's [a] ü face.png")
    source = open_source(str(path))
    assert isinstance(source, PictureSource)
    assert [frame.source for frame in read(source)] == [str(path)]


def test_a_pattern_is_its_pictures_in_order(tmp_path: Path) -> None:
    names = [picture(tmp_path / name).name for name in ("b.png", "a.png", "c.png")]
    picture(tmp_path / "other.jpg")
    found = [Path(frame.source).name for frame in read(open_source(str(tmp_path / "*.png")))]
    assert found == sorted(names)


def test_a_folder_is_all_its_pictures_and_videos(tmp_path: Path) -> None:
    picture(tmp_path / "deep" / "er" / "a.png")
    picture(tmp_path / "z.png")
    picture(tmp_path / ".hidden" / "h.png")
    video(tmp_path / "m.avi")
    frames = read(open_source(str(tmp_path)))
    assert [Path(frame.source).name for frame in frames] == ["a.png", *["m.avi"] * 3, "z.png"]


def test_a_video_is_a_source(tmp_path: Path) -> None:
    frames = read(open_source(str(video(tmp_path / "clip.avi"))))
    assert [frame.timestamp for frame in frames] == pytest.approx([0, 0.1, 0.2])


def test_the_sample_ends_unless_it_is_live() -> None:
    source = open_source("sample")
    assert next(iter(source)).source == "sample"
    source.close()
    assert not source.live
    assert open_source("sample", realtime=True).live


@pytest.mark.parametrize(
    ("spec", "name"),
    [("3", "camera 3"), ("http://user:secret@host:81/a.mjpg", "http://host:81/a.mjpg")],
)
@pytest.mark.parametrize("opened", [open_source, lambda spec: open_sources([spec])])
def test_a_camera_or_stream_is_waited_for(
    spec: str, name: str, opened: Callable[[str], Source]
) -> None:
    source = opened(spec)
    source.close()
    assert isinstance(source, Reconnecting)
    assert source.name == name


class BreaksOff(Source):
    """In place of a camera: 30 frames, of which a busy consumer sees the newest, and an error."""

    live = True

    def __init__(self, index: int) -> None:
        self.name = f"camera {index}"

    def __iter__(self) -> Iterator[Frame]:
        for index in range(30):
            yield Frame(np.zeros((4, 4, 3), np.uint8), index, index / 30, self.name)
        raise SourceError(f"{self.name}: unplugged")

    def close(self) -> None:
        pass


@pytest.mark.parametrize("spec", ["2024", "sample", Path("2024"), Path("sample")])
def test_a_folder_is_read_whatever_it_is_called(
    spec: str | Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    picture(Path(spec) / "a.png")
    for source in (open_source(spec), open_sources([spec])):
        assert [frame.source for frame in read(source)] == [str(Path(spec) / "a.png")]


def test_what_comes_after_a_camera_is_not_passed_over_in_silence() -> None:
    refuse_unreachable(["a.png", "b.mp4", "0"])
    with pytest.raises(SettingsError, match=r"0: a camera has no end.*--seconds"):
        refuse_unreachable(["0", "camera:1"])


def test_who_opens_a_camera_is_told_of_its_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mien.sources.open.CameraSource", BreaksOff)
    notices: list[Notice] = []

    def take(notice: Notice) -> None:
        notices.append(notice)
        source.close()

    source = open_source("3", on_notice=take)
    indices = [frame.index for frame in source]
    assert indices[-1] == 29
    assert indices == sorted(indices)
    (notice,) = notices
    assert notice.message.startswith("camera 3: unplugged; mien waits")


def test_of_several_cameras_none_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mien.sources.open.CameraSource", BreaksOff)
    notices: list[Notice] = []
    source = open_sources(["3", "4"], on_notice=notices.append)
    assert {frame.source for frame in read(source)} == {"camera 3", "camera 4"}
    assert isinstance(source, Batch)
    assert [skipped.path for skipped in source.skipped] == ["3", "4"]
    assert notices == []


@pytest.mark.parametrize("spec", ["nowhere.jpg", "no/*.png", "ftp://host/a.jpg", ""])
def test_what_is_not_there_is_named_with_what_is_accepted(
    spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match="give a picture") as caught:
        open_source(spec)
    assert spec in str(caught.value)


def test_a_folder_without_pictures_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(SourceError, match=tmp_path.name):
        open_source(str(tmp_path))


def test_no_source_at_all_is_an_error() -> None:
    with pytest.raises(SourceError, match="give a picture"):
        open_sources([])


def test_several_sources_are_read_in_turn(tmp_path: Path) -> None:
    first, second = picture(tmp_path / "b.png"), picture(tmp_path / "a.png")
    clip = video(tmp_path / "m.avi", frames=2)
    frames = read(open_sources([str(first), str(clip), str(second)]))
    assert [frame.source for frame in frames] == [str(p) for p in (first, clip, clip, second)]


def test_a_batch_goes_on_and_lists_what_could_not_be_read(tmp_path: Path) -> None:
    good, clip = picture(tmp_path / "good.png"), video(tmp_path / "clip.avi")
    broken, no_video = tmp_path / "broken.png", tmp_path / "no.mp4"
    broken.write_bytes(b"not a picture")
    no_video.write_bytes(b"not a video")
    specs = [str(p) for p in (broken, no_video, clip, good)]
    source = open_sources(specs)
    assert isinstance(source, Batch)
    frames = read(source)
    assert [Path(frame.source).name for frame in frames] == ["clip.avi"] * 3 + ["good.png"]
    assert [skipped.path for skipped in source.skipped] == [str(broken), str(no_video)]
    assert all(skipped.reason and skipped.named for skipped in source.skipped)
    found = open_sources([str(tmp_path)])
    assert len(read(found)) == 4
    assert [skipped.named for skipped in found.skipped] == [False, False]


def test_a_folder_lists_what_is_of_no_known_format(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "notes.txt").touch()
    source = open_source(str(tmp_path))
    assert len(read(source)) == 1
    assert isinstance(source, Batch)
    assert [Path(skipped.path).name for skipped in source.skipped] == ["notes.txt"]


def test_a_single_video_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "no.mp4"
    path.touch()
    with pytest.raises(SourceError, match=r"no\.mp4"):
        read(open_source(str(path)))


def test_a_closed_batch_opens_nothing_more(tmp_path: Path) -> None:
    first = picture(tmp_path / "a.png")
    clips = [video(tmp_path / f"{i}.avi") for i in range(2)]
    source = open_sources([str(first), *map(str, clips)])
    frames = iter(source)
    next(frames)
    shutil.rmtree(tmp_path)
    source.close()
    assert list(frames) == []
    assert isinstance(source, Batch)
    assert source.skipped == []


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    path = video(tmp_path / "clips" / "a.avi")
    frames = read(open_sources([str(path), str(tmp_path / "clips"), str(path)]))
    assert [frame.index for frame in frames] == [0, 1, 2]


def test_a_folder_of_nothing_but_locked_files_says_so(tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / "a.jpg").symlink_to(tmp_path / "gone.jpg")
    with pytest.raises(SourceError, match=r"a\.jpg: a link that leads nowhere"):
        open_sources([str(tmp_path / "faces")])


def test_of_several_a_folder_without_pictures_is_left_out_and_listed(tmp_path: Path) -> None:
    good = picture(tmp_path / "good.png")
    for name in ("raw", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "raw" / "a.nef").touch()
    folders = [str(tmp_path / name) for name in ("raw", "empty")]
    source = open_sources([folders[0], str(good), folders[1]])
    assert isinstance(source, Batch)
    assert [Path(frame.source).name for frame in read(source)] == ["good.png"]
    assert [(Path(one.path).name, one.named) for one in source.skipped] == [
        ("a.nef", False),
        ("raw", True),
        ("empty", True),
    ]
    with pytest.raises(SourceError, match=r"empty: no picture or video that is read here; give"):
        open_sources(folders)


def test_a_source_is_never_overwritten_also_where_it_is_not_the_first(tmp_path: Path) -> None:
    first, second = video(tmp_path / "a.avi"), video(tmp_path / "b.mp4")
    before = second.read_bytes()
    source = open_sources([str(first), str(second)])
    with pytest.raises(SettingsError, match=r"b\.mp4: is to be read"):
        make_sinks(LABELS, annotate=second, overwrite=True, source=source)
    assert second.read_bytes() == before


def test_no_picture_that_is_read_is_replaced_by_the_copy_of_another(tmp_path: Path) -> None:
    inner, outer = picture(tmp_path / "sub" / "a.png"), picture(tmp_path / "a.png", gray=9)
    clip, before = video(tmp_path / "clip.avi"), outer.read_bytes()
    for specs in ([inner, outer], [inner, clip, outer]):
        source = open_sources(list(map(str, specs)))
        (sink,) = make_sinks(LABELS, annotate=tmp_path, overwrite=True, source=source)
        with contextlib.closing(sink), pytest.raises(SinkError, match=r"a\.png: is to be read"):
            sink.write(next(iter(source)), Analysis(0, 0.0, str(inner), (30, 20), ()))
        assert outer.read_bytes() == before


def test_an_output_that_cannot_be_made_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    old, blocked = tmp_path / "old.csv", tmp_path / "file" / "x.mp4"
    old.write_text("precious")
    blocked.parent.touch()
    with pytest.raises(SinkError):
        make_sinks(LABELS, out=old, annotate=blocked, overwrite=True)
    with pytest.raises(SinkError):
        make_sinks(LABELS, out=tmp_path / "new.csv", annotate=blocked)
    assert old.read_text() == "precious"
    assert not (tmp_path / "new.csv").exists()


def test_shipped_bundles_are_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_bundle(None) == DEFAULT_BUNDLE
    assert find_bundle(Path("fer4")) == DEFAULT_BUNDLE
    assert find_bundle(Path("runs/fer4")) == Path("runs/fer4")
    assert find_bundle(Path("unknown")) == Path("unknown")
    (tmp_path / "fer4").mkdir()
    assert find_bundle(Path("fer4")) == Path("fer4")


@pytest.mark.parametrize("threads", [0, -3])
def test_fewer_threads_than_one_are_refused(threads: int) -> None:
    with pytest.raises(SettingsError, match=f"threads must be 1 or more, got {threads}"):
        make_detector(threads=threads)
    with pytest.raises(SettingsError, match="threads"):
        make_classifier(threads=threads)


def test_threads_change_no_reading(portrait: PixelArray) -> None:
    readings = []
    for threads in (1, 2):
        detector, (classifier, info) = (
            make_detector(threads=threads),
            make_classifier(threads=threads),
        )
        analysis = make_analyzer(detector, classifier, info)(Frame(portrait, 0, 0.0, "test"))
        readings.append(analysis.readings[0])
    assert readings[0].raw.probabilities == pytest.approx(readings[1].raw.probabilities, abs=1e-3)
    assert readings[0].face.box.to_tuple() == pytest.approx(
        readings[1].face.box.to_tuple(), abs=0.1
    )
