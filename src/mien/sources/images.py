"""Still pictures as a source: in order, and one that is broken does not end the batch."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from mien.errors import PictureError
from mien.protocols import Source
from mien.types import Frame, Skipped
from mien.vision.images.reading import Picture, open_picture


class PictureSource(Source):
    """A `Source` of still pictures.

    Every frame's `source` is its path, its `timestamp` 0, and its `index` the picture's place in
    the list, so that a skipped picture leaves a gap. An animation is a short video: its frames have
    their own times, and numbers from 0.
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
        self._skipped: list[Skipped] = list(skipped)
        self._paths = tuple(paths)
        self._named = named
        self._closed = False

    @property
    def names(self) -> Sequence[str]:
        """The pictures' paths."""
        return tuple(map(str, self._paths))

    @property
    def skipped(self) -> Sequence[Skipped]:
        """What could not be read so far: pictures, and the further pages and views of some."""
        return self._skipped

    @property
    def frames(self) -> int:
        """How many pictures there are; an animation among them has more frames than one."""
        return len(self._paths)

    def __iter__(self) -> Iterator[Frame]:
        """Yield every picture that can be read."""
        for index, path in enumerate(self._paths):
            if self._closed:
                return
            try:
                # Nothing of a picture stays here while it is looked at: a large one takes much.
                yield from self._frames(index, path)
            except PictureError as error:
                # The message of an error is one line, which a path need not be.
                prefix = f"{PictureError(str(path))}: "
                reason, named = str(error).removeprefix(prefix), str(path) in self._named
                self._skipped.append(Skipped(str(path), reason, named))

    def close(self) -> None:
        """Read no more pictures."""
        self._closed = True

    def _frames(self, index: int, path: Path) -> Iterator[Frame]:
        with open_picture(path) as picture:
            if picture.frames > 1:
                for number, (time, image) in enumerate(picture.play()):
                    if self._closed:
                        return
                    yield Frame(image, number, time, str(path), moving=True)
                return
            left_out = _left_out(picture)
            stills = [picture.read()]
        del picture
        yield Frame(stills.pop(), index, 0.0, str(path), alone=True)
        if left_out:
            self._skipped.append(Skipped(str(path), left_out))


def _left_out(picture: Picture) -> str:
    if picture.pages > 1:
        return f"holds {picture.pages} pages, of which only the first was read"
    if picture.beside:
        return f"holds {picture.beside + 1} pictures, of which only the main one was read"
    return ""
