"""A broken picture is listed and the batch goes on."""

from pathlib import Path

import numpy as np
from PIL import Image

from mien.protocols import Source
from mien.sources.images import PictureSource
from mien.types import Skipped


def save(path: Path, value: int) -> Path:
    Image.fromarray(np.full((8, 10, 3), value, np.uint8)).save(path, "PNG")
    return path


def test_pictures_come_in_order_with_their_paths(tmp_path: Path) -> None:
    paths = [save(tmp_path / f"{name}.png", value) for name, value in (("b", 10), ("a", 20))]
    source = PictureSource(paths)
    frames = list(source)
    assert isinstance(source, Source)
    assert not source.live
    assert [frame.source for frame in frames] == [str(path) for path in paths]
    assert [(frame.index, frame.timestamp) for frame in frames] == [(0, 0.0), (1, 0.0)]
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [10, 20]
    assert source.frames == 2


def test_what_cannot_be_read_is_listed_and_leaves_a_gap(tmp_path: Path) -> None:
    good = save(tmp_path / "good.png", 1)
    broken = tmp_path / "brok\nen.png"
    broken.write_bytes(good.read_bytes()[:40])
    empty = tmp_path / "empty.png"
    empty.touch()
    before = Skipped("before.txt", "no format that is read here")
    source = PictureSource([broken, good, tmp_path / "absent.png", empty], skipped=[before])
    assert [frame.index for frame in source] == [1]
    paths = [item.path for item in source.skipped]
    assert paths == ["before.txt", str(broken), str(tmp_path / "absent.png"), str(empty)]
    for item in source.skipped:
        assert "\n" not in item.reason
        assert str(tmp_path) not in item.reason


def test_closing_ends_the_batch(tmp_path: Path) -> None:
    source = PictureSource([save(tmp_path / "a.png", 1), save(tmp_path / "b.png", 1)])
    frames = iter(source)
    next(frames)
    source.close()
    assert list(frames) == []
