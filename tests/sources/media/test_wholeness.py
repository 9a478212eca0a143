"""A file that says how large it is, is that or is not whole; the end of others is torn or not."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mien.sources.media.wholeness import ROW, is_torn, is_whole

KINDS = ("mpegts", "matroska,webm", "asf", "mjpeg")


@pytest.mark.parametrize("name", ["clip.mkv", "clip.webm", "clip.avi"])
def test_a_file_is_whole_until_a_byte_is_missing(
    make_video: Callable[..., Path], name: str
) -> None:
    codec = {"clip.webm": "libvpx", "clip.avi": "mjpeg"}.get(name, "libx264")
    path = make_video(name, codec=codec, times=[0.0, 0.1])
    assert is_whole(path)
    path.write_bytes(path.read_bytes()[:-2])
    assert not is_whole(path)


@given(
    st.sampled_from([b"", b"RIFF", b"\x1a\x45\xdf\xa3", b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67"]),
    st.binary(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_are_too_odd(tmp_path: Path, head: bytes, data: bytes) -> None:
    path = tmp_path / "odd"
    path.write_bytes(head + data)
    assert is_whole(path) in (True, False)
    assert all(is_torn(path, kind) in (True, False) for kind in KINDS)


@pytest.mark.parametrize(
    ("name", "kind", "codec"),
    [
        ("clip.ts", "mpegts", "mpeg4"),
        ("clip.webm", "matroska,webm", "libvpx"),
        ("clip.wmv", "asf", "wmv2"),
        ("clip.mjpeg", "mjpeg", "mjpeg"),
    ],
)
@pytest.mark.parametrize("missing", [1, 3, 99])
def test_a_file_that_ends_within_a_piece_is_torn(
    make_video: Callable[..., Path], name: str, kind: str, codec: str, missing: int
) -> None:
    path = make_video(name, codec=codec, pipe=True, times=[0.0, 0.1, 0.2])
    assert not is_torn(path, kind)
    assert not is_torn(path, "mov,mp4,m4a,3gp,3g2,mj2")
    path.write_bytes(path.read_bytes()[:-missing])
    assert is_torn(path, kind)


@pytest.mark.parametrize(
    ("before", "after", "torn"), [(0, 0, (1, 187)), (4, 0, (1, 3, 4, 191)), (0, 16, (1, 187))]
)
def test_packets_of_recorders_and_broadcasts_are_known(
    tmp_path: Path, before: int, after: int, torn: tuple[int, ...]
) -> None:
    path, packet = tmp_path / "clip.m2ts", bytes(before) + b"G" + bytes(187 + after)
    path.write_bytes(2 * ROW * packet)
    assert not is_torn(path, "mpegts")
    for extra in torn:
        path.write_bytes(2 * ROW * packet + packet[:extra])
        assert is_torn(path, "mpegts")


@pytest.mark.parametrize(("name", "codec"), [("clip.ts", "mpeg4"), ("clip.webm", "libvpx")])
def test_space_that_was_kept_for_what_never_came_is_no_end(
    make_video: Callable[..., Path], name: str, codec: str
) -> None:
    path = make_video(name, codec=codec, pipe=True, times=[0.0, 0.1])
    path.write_bytes(path.read_bytes().ljust(40_000, b"\0"))
    assert is_torn(path, "mpegts" if name == "clip.ts" else "matroska,webm")


def test_what_does_not_end_as_its_kind_does_is_not_judged(tmp_path: Path) -> None:
    path = tmp_path / "odd"
    path.write_bytes(b"neither packets nor pictures" * 100)
    assert not any(is_torn(path, kind) for kind in ("mpegts", "asf", "mjpeg"))


def test_what_is_not_there_is_not_whole(tmp_path: Path) -> None:
    assert not is_whole(tmp_path / "absent.mkv")
    assert not is_torn(tmp_path / "absent.ts", "mpegts")
