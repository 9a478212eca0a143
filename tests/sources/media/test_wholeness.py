"""A file that says how large it is, is that or is not whole."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mien.sources.media.wholeness import is_whole


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


def test_what_is_not_there_is_not_whole(tmp_path: Path) -> None:
    assert not is_whole(tmp_path / "absent.mkv")
