"""What clients are answered, as structs: the documents are made from them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from mien.models.occlusion import PartEffect
from mien.types import PixelArray, Reading
from mien.web.protocol import FaceFacts, ModelFacts, faces_of


class PictureFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is read from one picture.

    Its `size` is the width and height in pixels, once it is turned as its EXIF says; boxes refer to
    it. Of its `faces`, the surest comes first.
    """

    size: tuple[int, int]
    faces: tuple[FaceFacts, ...]


class NamedPictureFacts(PictureFacts, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is read from one of several pictures, by the name that it was sent with."""

    name: str


class PicturesFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is read from several pictures, in the order in which they came."""

    pictures: tuple[NamedPictureFacts, ...]


class ModelAnswer(ModelFacts, frozen=True, kw_only=True):
    """The model that reads, its labels, and the terms of its weights and of what it learnt from."""

    labels: tuple[str, ...]


class Health(msgspec.Struct, frozen=True):
    """That the server answers."""

    status: str = "ok"


class Trouble(msgspec.Struct, frozen=True):
    """Why a request was not answered, in one line."""

    error: str


def facts_of_picture(
    image: PixelArray,
    readings: Sequence[Reading],
    parts: Sequence[Sequence[PartEffect]] | None = None,
) -> dict[str, Any]:
    """Return a `PictureFacts` as plain values.

    Args:
        image: What was read, [H,W,3].
        readings: What was read of it.
        parts: Those of each face, where they were asked for.
    """
    height, width = image.shape[:2]
    return {"size": [width, height], "faces": faces_of(readings, parts)}
