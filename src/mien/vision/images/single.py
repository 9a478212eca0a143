"""Whether a file is one picture, where one is meant."""

from mien.errors import PictureError


def check_single(name: str, frames: int, pages: int) -> None:
    """Refuse an animation and a file of several pages: nobody knows which of them is meant.

    Args:
        name: What to call it.
        frames: Of an animation; 1 where it stands still.
        pages: Pictures of which none is the main one.

    Raises:
        PictureError: There are several.
    """
    if frames > 1:
        raise PictureError(
            f"{name}: an animation of {frames} frames, not one picture; save the frame "
            "that is meant as a picture, or read them all with mien predict"
        )
    if pages > 1:
        raise PictureError(
            f"{name}: {pages} pages, not one picture; save each as a picture of its own"
        )
