"""Where labelled faces come from: folders, a prepared data set but for its test, or memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mien.datasets.inputs.folders import NO_FACE, CropSettings, FolderInput, cropped
from mien.datasets.inputs.patterns import GroupPattern
from mien.datasets.records import INFO, LabelledFace, Rejection, one_hot
from mien.errors import MissingExtraError
from mien.protocols import Detector
from mien.types import Face, InputSpec, PixelArray
from mien.vision.images.reading import decode_picture

# Longest side of a crop before the network's own size: as much as a picture can have.
FINEST = 1024
# A face that is so large beside the largest may be the one that is meant.
ALIKE = 0.6
SHOWN = 3  # names in a note


def open_source(
    path: Path, spec: InputSpec, detector: Detector | None, group_pattern: GroupPattern | None
) -> "Source":
    """Open what is there; arguments and errors as those of `gather`."""
    if (path / INFO).is_file():
        return _DatasetSource(path)
    return _FolderSource(path, spec, detector, group_pattern)


class Source:
    """Where labelled faces come from."""

    classes: tuple[str, ...]
    total: int

    def faces(self) -> Iterator[LabelledFace | Rejection]:
        """Yield each face, or why it is left out."""
        raise NotImplementedError

    def notes(self) -> Sequence[str]:
        """Say what the user should know of them."""
        return ()


class _Several:
    """A detector that knows whether it could be doubted whose face a picture is of."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.name, self.face_side = detector.name, detector.face_side
        self.doubtful = False

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        faces = self._detector(image)
        sides = sorted((face.box.side for face in faces), reverse=True)
        self.doubtful = len(sides) > 1 and sides[1] >= ALIKE * sides[0]
        return faces


class _FolderSource(Source):
    def __init__(
        self,
        path: Path,
        spec: InputSpec,
        detector: Detector | None,
        group_pattern: GroupPattern | None,
    ) -> None:
        self._detector = None if detector is None else _Several(detector)
        self._input = FolderInput(path, _crop(spec, self._detector), group_pattern)
        self.classes = self._input.classes
        self.total = len(self._input) + len(self._input.refused)
        self._tested = 0
        self._doubtful: list[str] = []

    def faces(self) -> Iterator[LabelledFace | Rejection]:
        yield from self._input.refused  # links, and what is in no class folder
        for face in self._input.read(0, len(self._input)):
            if isinstance(face, LabelledFace) and face.held_out:
                self._tested += 1
                continue
            if self._detector and self._detector.doubtful and isinstance(face, LabelledFace):
                self._doubtful.append(face.origin)
            yield face

    def notes(self) -> Sequence[str]:
        return (
            *self._input.notes(),
            *_tested_note(self._tested),
            *_several_note(self._doubtful),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """A picture of a face, kept in memory.

    Attributes:
        picture: BGR uint8 [H,W,3], or why there is none.
        word: What the face shows.
        person: Who it is; "" where nobody says.
    """

    picture: PixelArray | str
    word: str
    person: str = ""


class Moments(Source):
    """Pictures that are in memory: cropped as those of a folder are."""

    def __init__(
        self, moments: Sequence[Moment], spec: InputSpec, detector: Detector | None
    ) -> None:
        """Take pictures of at least two words.

        Args:
            moments: The pictures.
            spec: How the model wants faces cropped.
            detector: Finds the face in each; None where they are faces already.
        """
        self.classes = tuple(sorted({moment.word for moment in moments}))
        self.total = len(moments)
        self._moments, self._crop = moments, _crop(spec, detector)

    def faces(self) -> Iterator[LabelledFace | Rejection]:
        """Yield each face, or why it is left out."""
        for number, moment in enumerate(self._moments, start=1):
            yield self._face(moment, f"{moment.word} {number}")

    def _face(self, moment: Moment, origin: str) -> LabelledFace | Rejection:
        if isinstance(moment.picture, str):
            return Rejection(origin, moment.picture)
        pixels = cropped(moment.picture, self._crop)
        if pixels is None:
            return Rejection(origin, NO_FACE)
        label = self.classes.index(moment.word)
        soft = one_hot(label, len(self.classes))
        return LabelledFace(pixels, label, soft, origin, moment.person)


class _DatasetSource(Source):
    def __init__(self, path: Path) -> None:
        try:
            from mien.datasets.dataset import load_dataset
        except ModuleNotFoundError as error:
            raise MissingExtraError("adapting to a data set", "train") from error
        self._dataset = load_dataset(path)
        self.classes = self._dataset.classes
        self.total = self._dataset.count("train") + self._dataset.count("validation")

    def faces(self) -> Iterator[LabelledFace | Rejection]:
        for split in ("train", "validation"):
            for rows in self._dataset.rows(split):
                for data, label, soft, origin, group, source in zip(
                    rows.images,
                    rows.labels.tolist(),
                    rows.soft.tolist(),
                    rows.origins,
                    rows.groups,
                    rows.sources,
                    strict=True,
                ):
                    pixels = decode_picture(data, origin)[..., ::-1]
                    yield LabelledFace(pixels, label, tuple(soft), origin, group, source=source)

    def notes(self) -> Sequence[str]:
        return _tested_note(self._dataset.count("test"))


def _crop(spec: InputSpec, detector: Detector | None) -> CropSettings:
    return CropSettings(detector, spec.crop_scale, FINEST, alignment=spec.alignment)


def _tested_note(count: int) -> list[str]:
    return [f"{count:,} faces of its test are left for `mien evaluate`"] if count else []


def _several_note(origins: list[str]) -> list[str]:
    if not origins:
        return []
    more = ["…"] * (len(origins) > SHOWN)
    shown = ", ".join([*(origin[-60:] for origin in origins[:SHOWN]), *more])
    return [
        f"{len(origins):,} with several large faces ({shown}), of which the largest was learnt "
        "from: where that is somebody else, crop the picture"
    ]
