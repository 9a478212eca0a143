"""What a name means: files, a camera, an address, or the sample.

A folder may well be called `2024`, `0` or `sample`: what is on disk is meant before a camera or
mien's own sample is, and a `Path` is never anything else. `camera:0` and `mien:sample` mean those
for sure.
"""

import os
from dataclasses import dataclass
from pathlib import Path

ADDRESSES = ("http://", "https://", "rtsp://", "rtsps://")
CAMERA, SAMPLE = "camera:", "mien:sample"
SHORT_SAMPLE = "sample"
# More digits are a date or an identity, and no system has so many cameras.
MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera of this machine, by its number."""

    number: int


@dataclass(frozen=True, slots=True)
class Address:
    """A stream, or a video on a web server."""

    url: str


@dataclass(frozen=True, slots=True)
class Sample:
    """The sample that mien brings."""


@dataclass(frozen=True, slots=True)
class Files:
    """A file, a folder or a pattern."""

    spec: str | Path


Meant = Camera | Address | Sample | Files


def meant(spec: str | Path | int) -> Meant:
    """Return what a name means.

    Args:
        spec: What a user named; a number is a camera's.
    """
    if isinstance(spec, Path):
        return Files(spec)
    text = f"{CAMERA}{spec}" if isinstance(spec, int) else spec
    named = Sample() if text in (SAMPLE, SHORT_SAMPLE) else device(text)
    is_short = text == SHORT_SAMPLE or text.isdecimal()
    if named is None or (is_short and os.path.lexists(text)):
        return Files(text)
    return named


def device(name: str) -> Camera | Address | None:
    """Return the camera or address that a name means where it can be no file; None for others."""
    if name.lower().startswith(ADDRESSES):
        return Address(name)
    number = name.removeprefix(CAMERA)
    is_number = number.isdecimal() and len(number) <= MOST_DIGITS
    return Camera(int(number)) if is_number else None
