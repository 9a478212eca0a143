"""Small videos made on the spot."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

TICKS = 1000


@pytest.fixture
def make_video(tmp_path: Path) -> Callable[..., Path]:
    """Write a video whose frames grow brighter.

    `times`, and how long the `last` is shown, are in seconds, `rotation` in degrees against the
    clock; `aspect` is the width of a pixel over its height. What comes through a `pipe` says
    nowhere how long it is.
    """

    def make(
        name: str = "clip.mp4",
        *,
        times: Sequence[float] = tuple(index / 10 for index in range(30)),
        size: tuple[int, int] = (64, 48),
        codec: str = "libx264",
        rotation: int = 0,
        mirrored: bool = False,
        aspect: Fraction | None = None,
        last: float | None = None,
        pipe: bool = False,
        fragmented: bool = False,
        rate: int = 10,
    ) -> Path:
        path = tmp_path / name
        options = {"movflags": "+faststart"} if path.suffix == ".mp4" else {}
        options |= {"movflags": "frag_keyframe+empty_moov"} if fragmented else {}
        options |= {"live": "1"} if path.suffix == ".webm" and pipe else {}
        with av.open(f"file:{path}", "w", options=options) as container:
            stream = container.add_stream(codec, rate, options={"g": "5"})
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p" if codec != "mjpeg" else "yuvj420p"
            stream.codec_context.time_base = Fraction(1, TICKS)
            if aspect is not None:
                stream.codec_context.sample_aspect_ratio = aspect
            if rotation or mirrored:
                stream.set_display_rotation(rotation, hflip=mirrored)
            rng = np.random.default_rng(0)
            for index, time in enumerate(times):
                image = rng.integers(0, 40, (size[1], size[0], 3), np.uint8)
                image[: size[1] // 2, : size[0] // 2] += 150
                image += np.uint8(index)
                picture = av.VideoFrame.from_ndarray(image, format="bgr24")
                picture.pts, picture.time_base = round(time * TICKS), Fraction(1, TICKS)
                container.mux(stream.encode(picture))
            packets = stream.encode()
            if last is not None:
                packets[-1].duration = round(last / packets[-1].time_base)
            container.mux(packets)
        return path

    return make
