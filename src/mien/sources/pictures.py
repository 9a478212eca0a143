"""Still pictures as a source: in order, and one that is broken does not end the batch."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from mien.errors import PictureError
from mien.pictures import read_picture
from mien.sources.files import Skipped, find_pictures
from mien.types import Frame

__all__ = ["PictureSource", "Skipped", "find_pictures"]


class PictureSource:
    """A `Source` of still pictures.

    Every frame's `source` is its path, its `timestamp` 0, and its `index` the picture's place in
    the list, so that a skipped picture leaves a gap.

    Attributes:
        skipped: The pictures that could not be read so far, and why.
    """

    live = False

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        skipped: Sequence[Skipped] = (),
        named: Collection[str] = (),
    ) -> None:
        """Take the pictures.

        Args:
            paths: The files, in order; see `find_pictures`.
            skipped: What was left out already when they were looked for.
            named: Those that were asked for by name, and not only found in a folder.
        """
        self.name = str(paths[0]) if len(paths) == 1 else f"{len(paths)} pictures"
        self.skipped: list[Skipped] = list(skipped)
        self._paths = tuple(paths)
        self._named = named
        self._closed = False

    def __len__(self) -> int:
        return len(self._paths)

    def __iter__(self) -> Iterator[Frame]:
        """Yield every picture that can be read."""
        for index, path in enumerate(self._paths):
            if self._closed:
                return
            try:
                image = read_picture(path)
            except PictureError as error:
                # The message of an error is one line, which a path need not be.
                prefix = f"{PictureError(str(path))}: "
                reason, named = str(error).removeprefix(prefix), str(path) in self._named
                self.skipped.append(Skipped(str(path), reason, named))
                continue
            yield Frame(image, index, 0.0, str(path))

    def close(self) -> None:
        """Read no more pictures."""
        self._closed = True
