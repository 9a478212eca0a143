"""HEIC and other HEIF pictures, as phones take them: whole, whatever tiles they are stored in."""

from typing import Any

import numpy as np

from mien.errors import MissingPackageError, PictureError
from mien.vision.images.pixels import ArrayPixels


class HeifStill:
    """The main picture of a HEIF file, which stands as it is meant to be seen."""

    def __init__(self, data: bytes, name: str) -> None:
        """Look into the file; nothing is decoded yet.

        Raises:
            PictureError: pi-heif is not installed. Whatever libheif raises comes as it is.
        """
        try:
            from pi_heif import open_heif
        except ImportError as error:
            needed = MissingPackageError("reading HEIC", "pi-heif")
            raise PictureError(f"{name}: a HEIC picture; {needed}") from error
        pictures: Any = open_heif(data)
        self._main: Any = pictures[pictures.primary_index]
        # What stands beside it at its own size is a picture like it; what is smaller belongs to it.
        self.beside = sum(one.size == self._main.size for one in pictures) - 1

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        width, height = self._main.size
        return width, height

    def load(self) -> ArrayPixels:
        """Decode it."""
        return ArrayPixels(np.asarray(self._main, dtype=np.uint8))
