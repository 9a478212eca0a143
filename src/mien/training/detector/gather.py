"""Asks the teachers about pictures, and keeps what they say: made once, for all runs."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import BinaryIO

import cv2
import msgspec
import numpy as np

from mien.datasets.preparation import duplicates
from mien.datasets.preparation.linking import clusters
from mien.datasets.preparation.splits import assign_splits
from mien.errors import TrainingError
from mien.evaluation.detection import Labels
from mien.files.locks import alone_on
from mien.files.writes import new_folder
from mien.sources.files import find_pictures
from mien.training.detector.material import (
    FRACTIONS,
    INFO,
    PIXELS,
    KnownFace,
    Material,
    MaterialInfo,
    Picture,
    level_sizes,
    load_material,
)
from mien.training.detector.notes import Notes
from mien.training.detector.origin import check_origin, made_from_of
from mien.training.detector.request import Request
from mien.training.detector.teachers import label
from mien.types import Box, Face, FloatArray, OnProgress, PixelArray, ignore_progress
from mien.vision.images.reading import decode_picture

# How cropped faces are shown to the teachers: with an edge of half their side, this much enlarged.
EDGE, ENLARGED = 0.5, 3
# Faces of this side and more are compared with each other to find photos that are there twice.
COMPARED, SURROUNDINGS, NEAR = 40.0, 1.2, 0.86
AT_ONCE = 64  # pictures in memory


@dataclass(frozen=True, slots=True)
class _Seen:
    """A picture with its pixels and small views of its faces."""

    picture: Picture
    image: PixelArray
    thumbs: list[PixelArray]


def make_material(
    folder: Path, request: Request, on_progress: OnProgress = ignore_progress
) -> Material:
    """Ask the teachers about all pictures, and deal these to splits.

    A folder that is there stays, where it came from the same pictures, teachers and settings.

    Pictures of one person, and photos that are there twice, share a split. Cropped faces are for
    training only, and left out where they are near-duplicates of a face that is held out.

    Raises:
        TrainingError: The folder cannot be written or read, or what is in it came from other
            pictures, teachers or settings.
        InUseError: Another process makes it.
        SourceError: A folder of pictures is missing or holds none.
        PictureError: A picture is broken.
    """
    made_from = made_from_of(request)
    try:
        with alone_on(folder):
            if not folder.is_dir():
                with new_folder(folder) as place:
                    _fill(place, request, made_from, on_progress)
                return load_material(folder)
    except OSError as error:
        raise TrainingError(f"{folder}: cannot be written: {error.strerror}") from error
    material = load_material(folder)
    check_origin(material, request, made_from)
    return material


def _fill(
    place: Path, request: Request, made_from: dict[str, str], on_progress: OnProgress
) -> None:
    pictures: list[Picture] = []
    thumbs: list[PixelArray] = []
    owners: list[int] = []
    jobs, total = _jobs(request)
    # Reading goes hand in hand with the work, so that few pictures wait in memory.
    with ThreadPoolExecutor() as pool, (place / PIXELS).open("wb") as file:
        while group := list(islice(jobs, AT_ONCE)):
            for seen in pool.map(lambda job: job(), group):
                _append(file, seen.image, request.channels)
                owners += [len(pictures)] * len(seen.thumbs)
                thumbs += seen.thumbs
                pictures.append(seen.picture)
            on_progress("asking the teachers", len(pictures), total)
    units = _units(pictures, thumbs, owners, on_progress)
    info = MaterialInfo(
        teachers=tuple(request.teachers),
        judge=None if request.judge is None else request.judge.name,
        seed=request.seed,
        channels=request.channels,
        pictures=tuple(_dealt(pictures, units, request.seed)),
        made_from=made_from,
    )
    (place / INFO).write_bytes(msgspec.json.encode(info))


def _jobs(request: Request) -> tuple[Iterator[Callable[[], _Seen]], int]:
    """Return what has to be done for each picture, and for how many."""
    files = [(folder, path) for folder in request.folders for path in find_pictures(folder)]
    crops = 0 if request.faces is None else request.faces.count("train")

    def jobs() -> Iterator[Callable[[], _Seen]]:
        notes = {folder: Notes.read(folder) for folder in request.folders}
        for folder, path in files:
            yield lambda f=folder, p=path: _look(f, p, notes[f], request)  # type: ignore[misc]
        if request.faces is None:
            return
        for rows in request.faces.rows("train"):
            for data, origin in zip(rows.images, rows.origins, strict=True):
                yield lambda d=data, o=origin: _look_at_crop(d, o, request)  # type: ignore[misc]

    return jobs(), len(files) + crops


def _look(folder: Path, path: Path, notes: Notes, request: Request) -> _Seen:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read: {error.strerror}") from error
    image, name = decode_picture(data, str(path)), path.relative_to(folder).as_posix()
    labels = Labels()
    if name not in notes.faceless:
        people = notes.boxes.get(name, ())
        labels = label(image, request.teachers, people, request.judge)
    found = re.search(request.group_pattern, path.stem)
    picture = _picture(
        str(path),
        data,
        image,
        labels,
        source=path.parent.name if path.parent != folder else folder.name,
        group=found.group(1) if found else "",
        tricky=name in notes.faceless,
    )
    return _Seen(picture, image, _thumbnails(image, labels))


def _look_at_crop(data: bytes, origin: str, request: Request) -> _Seen:
    """Show a cropped face to the teachers, with an edge and enlarged, as they want faces."""
    image = decode_picture(data, origin)
    edge = round(EDGE * max(image.shape))
    framed = cv2.copyMakeBorder(image, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
    shown = cv2.resize(framed, None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC)
    labels = label(np.asarray(shown, np.uint8), request.teachers)
    labels = Labels(
        tuple(_shrunk(face, edge) for face in labels.faces),
        tuple(_shrunk(Face(box, 0.0), edge).box for box in labels.unknown),
    )
    picture = _picture(origin, data, image, labels, source="cropped", group="", cropped=True)
    return _Seen(picture, image, [duplicates.thumbnail(_gray(image)[..., None])])


def _picture(
    origin: str,
    data: bytes,
    image: PixelArray,
    labels: Labels,
    *,
    source: str,
    group: str,
    cropped: bool = False,
    tricky: bool = False,
) -> Picture:
    faces = tuple(
        KnownFace(
            face.box.to_tuple(),
            face.score,
            None if face.landmarks is None else tuple(face.landmarks.ravel().tolist()),
        )
        for face in labels.faces
    )
    return Picture(
        origin=origin,
        sha256=hashlib.sha256(data).hexdigest(),
        source=source,
        group=group,
        size=(image.shape[1], image.shape[0]),
        cropped=cropped,
        tricky=tricky,
        faces=faces,
        unknown=tuple(box.to_tuple() for box in labels.unknown),
    )


def _append(file: BinaryIO, image: PixelArray, channels: int) -> None:
    level = _gray(image) if channels == 1 else image
    for size in level_sizes((image.shape[1], image.shape[0])):
        if level.shape[1::-1] != size:
            level = np.asarray(cv2.resize(level, size, interpolation=cv2.INTER_AREA), np.uint8)
        file.write(np.ascontiguousarray(level).data)


def _thumbnails(image: PixelArray, labels: Labels) -> list[PixelArray]:
    gray = _gray(image)
    views = []
    for face in labels.faces:
        if face.box.side >= COMPARED:
            side = SURROUNDINGS * face.box.side / 2
            x, y = face.box.center
            x1, y1 = max(0, round(x - side)), max(0, round(y - side))
            view = gray[y1 : round(y + side), x1 : round(x + side), None]
            views.append(duplicates.thumbnail(view))
    return views


def _units(
    pictures: Sequence[Picture],
    thumbs: Sequence[PixelArray],
    owners: Sequence[int],
    on_progress: OnProgress,
) -> list[int]:
    """Return for each picture the number of those that must stay together with it."""
    links = []
    groups = defaultdict(list)
    for index, picture in enumerate(pictures):
        if picture.group:
            groups[picture.group].append(index)
    for members in groups.values():
        links += list(pairwise(members))
    shape = (len(thumbs), duplicates.THUMB, duplicates.THUMB)
    stack = np.array(thumbs, dtype=np.uint8).reshape(shape)
    pairs, _ = duplicates.near_pairs(stack, NEAR, on_progress)
    links += [(owners[a], owners[b]) for a, b in pairs.tolist()]
    array = np.array(links, dtype=np.int64).reshape(-1, 2)
    return [int(unit) for unit in clusters(array, len(pictures))]


def _dealt(pictures: Sequence[Picture], units: Sequence[int], seed: int) -> Iterator[Picture]:
    """Give whole pictures their splits; leave near-duplicates of held-out ones out of training."""
    whole = [index for index, picture in enumerate(pictures) if not picture.cropped]
    names = sorted({pictures[index].source for index in whole})
    splits = assign_splits(
        np.array([names.index(pictures[index].source) for index in whole], dtype=np.int64),
        np.array([units[index] for index in whole], dtype=np.int64),
        tuple(FRACTIONS.values()),
        seed=seed,
    )
    of_unit = {
        units[index]: list(FRACTIONS)[split] for index, split in zip(whole, splits, strict=True)
    }
    for picture, unit in zip(pictures, units, strict=True):
        yield msgspec.structs.replace(picture, split=of_unit.get(unit, "train"))


def _shrunk(face: Face, edge: int) -> Face:
    box = [value / ENLARGED - edge for value in face.box.to_tuple()]
    points: FloatArray | None = None
    if face.landmarks is not None:
        points = (face.landmarks / ENLARGED - edge).astype(np.float32)
    return Face(Box(*box), face.score, points)


def _gray(image: PixelArray) -> PixelArray:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
