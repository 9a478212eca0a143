"""What a user names becomes a source, or one clear line."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.sources.made import picture, read, video

from mien.errors import SettingsError, SourceError
from mien.protocols import Source
from mien.sources.batch import Batch
from mien.sources.images import PictureSource
from mien.sources.open import list_files, open_source, open_sources, refuse_unreachable
from mien.sources.reconnect import Notice, Reconnecting
from mien.types import Frame, Skipped


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


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("in", ["in/a.png", "in/sub/b.png"]),
        ("in/", ["in/a.png", "in/sub/b.png"]),
        ("./in/sub", ["sub/b.png"]),
        ("in/a.png", ["a.png"]),
        ("in/**/*.png", ["a.png", "sub/b.png"]),
        ("*/sub", ["in/sub/b.png"]),
        ("in/*/../sub/*.png", ["b.png"]),
        ("in/[a].png", ["[a].png"]),
    ],
)
def test_files_are_listed_as_a_mirror_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: str, wanted: list[str]
) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    for name in ("in/a.png", "in/sub/b.png", *(["in/[a].png"] if "[a]" in spec else [])):
        picture(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    found = list_files([spec], [])
    assert [file.below.as_posix() for file in found] == wanted
    assert all(file.is_picture for file in found)
    assert {file.named for file in found} == {spec not in ("in", "in/", "./in/sub")}


def test_files_of_this_folder_and_of_the_one_above_have_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    picture(tmp_path / "in" / "a.png")
    monkeypatch.chdir(tmp_path / "in" / "sub")
    assert [file.below.as_posix() for file in list_files([".."], [])] == ["in/a.png"]
    monkeypatch.chdir(tmp_path / "in")
    assert [file.below.as_posix() for file in list_files(["."], [])] == ["in/a.png"]


def test_only_files_are_listed(tmp_path: Path) -> None:
    skipped: list[Skipped] = []
    picture(tmp_path / "a.png")
    (tmp_path / "notes.txt").write_text("")
    assert len(list_files([tmp_path, tmp_path / "a.png"], skipped)) == 1
    assert [Path(one.path).name for one in skipped] == ["notes.txt"]
    with pytest.raises(SettingsError, match="sample: is no file"):
        list_files(["sample"], [])
    with pytest.raises(SourceError, match="no source"):
        list_files([], [])
