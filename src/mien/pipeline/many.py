"""Single pictures, many at a time: their faces go through the classifier in one call."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import numpy as np

from mien.errors import PictureError
from mien.pipeline.analyzer import Analyzer, Looked
from mien.protocols import Classifier
from mien.types import Frame, Reading

T = TypeVar("T")
Readings = tuple[Reading, ...]
# Faces that are classified at once: of crowds no more are held before they are read.
MOST_FACES = 256
_Waiting = tuple[Analyzer, Looked] | PictureError


def read_many(
    pictures: Iterable[T],
    frame_of: Callable[[T], Frame],
    make_analyzer: Callable[[], Analyzer],
    classifier: Classifier,
    batch: int,
) -> Iterator[Readings | PictureError]:
    """Read pictures in order, each by itself, lazily.

    What is raised, by the pictures' own iterator or while one is read, comes after the readings of
    those before.

    Args:
        pictures: Of any number; so many as `batch` says are taken before the first is given.
        frame_of: Decodes one.
        make_analyzer: Makes what reads one.
        classifier: That of the analyzers.
        batch: How many are read together.

    Yields:
        For each picture its readings, or why it cannot be decoded.
    """
    waiting: list[_Waiting] = []
    faces = 0
    try:
        for picture in pictures:
            one = _look(picture, frame_of, make_analyzer)
            del picture  # of large ones no more than one is held
            waiting.append(one)
            faces += 0 if isinstance(one, PictureError) else len(one[1].faces)
            if len(waiting) >= batch or faces >= MOST_FACES:
                done, waiting, faces = waiting, [], 0
                yield from _read(done, classifier)
    except Exception:
        yield from _read(waiting, classifier)
        raise
    yield from _read(waiting, classifier)


def _look(
    picture: T, frame_of: Callable[[T], Frame], make_analyzer: Callable[[], Analyzer]
) -> _Waiting:
    try:
        frame = frame_of(picture)
    except PictureError as error:
        return error
    analyzer = make_analyzer()
    return analyzer, analyzer.look(frame)


def _read(waiting: list[_Waiting], classifier: Classifier) -> Iterator[Readings | PictureError]:
    crops = [one[1].crops for one in waiting if not isinstance(one, PictureError)]
    outcomes = classifier(np.concatenate(crops)) if crops else np.empty((0, 0), np.float32)
    start = 0
    for one in waiting:
        if isinstance(one, PictureError):
            yield one
            continue
        analyzer, looked = one
        rows = outcomes[start : start + len(looked.faces)]
        start += len(rows)
        yield analyzer.finish(looked, rows).readings
