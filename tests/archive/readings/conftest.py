"""A small archive: videos and pictures in folders, one of each broken, and odd names."""

import os
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from tests.detectors.fakes import OneFace

from mien import registry
from mien.archive.readings.read import ArchiveSummary, read_archive
from mien.archive.readings.recipe import Recipe
from mien.archive.readings.settings import ArchiveSettings
from mien.vision.images.reading import encode_png

BROKEN, CUT = "broken.mp4", "cut.mp4"


def write_video(path: Path, gray: int, frames: int = 6) -> Path:
    """Write a video of one gray, ten frames a second."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 160, 120
        for _ in range(frames):
            image = np.full((120, 160, 3), gray, np.uint8)
            image[::4, ::4] = gray // 2
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
    return path


def write_picture(path: Path, gray: int) -> Path:
    path.write_bytes(encode_png(np.full((120, 160, 3), gray, np.uint8)))
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """The folder."""
    folder = tmp_path / "in"
    (folder / "sub" / "d\u00e9j\u00e0 vu").mkdir(parents=True)
    write_video(folder / "bright.mp4", 250)
    write_video(folder / "sub" / "bright.mp4", 200, frames=4)
    (folder / "sub" / BROKEN).write_bytes(b"no video")
    write_picture(folder / "a.png", 250)
    write_picture(folder / "black.png", 0)
    (folder / "notes.txt").write_text("nothing to read")
    write_picture(folder / "sub" / "d\u00e9j\u00e0 vu" / 'one\nline, "two".png', 240)
    (folder / "sub" / "d\u00e9j\u00e0 vu" / "bad.png").write_bytes(b"no picture")
    (folder / "sub" / os.fsdecode(b"caf\xe9.mp4")).write_bytes((folder / "bright.mp4").read_bytes())
    return folder


@pytest.fixture
def one_face(monkeypatch: pytest.MonkeyPatch) -> None:
    """Find a face in all that is not black, in this process."""
    monkeypatch.setattr(registry, "make_detector", lambda *_, **__: OneFace())


Read = Callable[..., ArchiveSummary]


@pytest.fixture
def read(make_bundle: Callable[..., Path], one_face: None) -> Read:
    """Read files into a folder with a tiny model, in this process."""
    bundle = make_bundle()

    def call(
        sources: object,
        out: object,
        *,
        shard: str | None = None,
        overwrite: bool = False,
        **words: object,
    ) -> ArchiveSummary:
        settings = ArchiveSettings(shard=shard)
        recipe = Recipe(**{"bundle": bundle, **words})
        return read_archive(sources, out, recipe=recipe, settings=settings, overwrite=overwrite)

    return call


def files_of(out: Path) -> dict[str, bytes]:
    """Return all files of a folder by name; also what begins with a dot, which should not be."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }
