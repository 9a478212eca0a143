"""A detector that needs no weights."""

from mien.types import Box, Face, PixelArray


class OneFace:
    """A detector that sees a face in the middle of every picture that is not black."""

    name = "one face"
    face_side = 48.0

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        height, width = image.shape[:2]
        box = Box(width / 4, height / 4, width * 3 / 4, height * 3 / 4)
        return (Face(box, 0.9),) if image.any() else ()
