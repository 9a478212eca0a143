"""Several inputs as one, as a file in TOML says: labelled faces from many places, put together.

    classes = ["angry", "sad", "happy", "neutral"]
    hold_back = 0.2

    [sources.ferplus]
    fer2013 = "fer2013.csv"
    ferplus = "fer2013new.csv"

    [sources.lab]
    folder = "lab/faces"
    crop = "detector"
    crop_scale = 1.07
    classes = { anger = "angry", joy = "happy" }

    [sources.before]
    dataset = "datasets/before"

Paths are relative to the file, those of mien's own mixes (recipes/faces.toml) to where the command
is run. Classes are matched by name, those of other names where `classes` of the source says so.
Each source is framed in its own way. Groups, such as persons, are kept apart by source;
near-duplicates are found across all of them.

A part of every source, `hold_back`, is neither learnt from nor chosen by: whole groups (single
pictures where there are none), by a hash of their names, so that they are the same in every data
set that is ever made of that source. A source that has a test of its own keeps that.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mien.datasets.dataset import load_dataset
from mien.datasets.inputs.class_names import find_class
from mien.datasets.inputs.fer.fer2013 import Fer2013Input
from mien.datasets.inputs.folders import CropSettings, FolderInput
from mien.datasets.inputs.mix_file import MixSource, read_mix
from mien.datasets.inputs.patterns import GroupPattern
from mien.datasets.inputs.prepared import PreparedInput
from mien.datasets.records import FaceInput, LabelledFace, Rejection, Setting, digest
from mien.errors import DatasetError
from mien.protocols import Detector
from mien.settings import recipe_file


def held_back(source: str, group: str, part: float) -> bool:
    """Say whether a group is of the part that is held back: the same on every machine.

    Args:
        source: Name of the source.
        group: Name of the group within it.
        part: How many of all groups, 0 to 1.
    """
    return int(digest(f"{source}/{group}")[:8], 16) < part * 2**32


@dataclass(frozen=True, slots=True)
class _Part:
    """One source: its input, where its entries begin, and what its classes are in the mix."""

    name: str
    input: FaceInput
    start: int
    places: tuple[int | None, ...]
    hold_back: float


class MixedInput:
    """All sources of a mix, one after the other; see the module's text.

    Args:
        path: The mix's file.
        make_detector: Makes the detector for sources that are cropped by one; called at most once.

    Raises:
        DatasetError: The file or one of its sources is missing or wrong.
    """

    splits_itself = True

    def __init__(self, path: Path, make_detector: Callable[[], Detector]) -> None:
        self._path, self._mix = path, read_mix(path)
        # Sources lie beside the file; those of mien's own, where the command is run.
        self._beside = path.parent if recipe_file(path) == path else Path()
        self.classes = self._mix.classes
        self._parts: list[_Part] = []
        refused: list[Rejection] = []
        detector: Detector | None = None
        for name, source in self._mix.sources.items():
            if source.crop == "detector" and detector is None:
                detector = make_detector()
            part = self._part(name, source, detector)
            self._parts.append(part)
            refused += [_renamed(name, rejection) for rejection in part.input.refused]
        self.refused = tuple(refused)
        self._check_classes()

    @property
    def name(self) -> str:
        """The path of the file."""
        return str(self._path)

    def __len__(self) -> int:
        last = self._parts[-1]
        return last.start + len(last.input)

    def settings(self) -> dict[str, Setting]:
        """All settings that change what is read, those of each source under its name."""
        result: dict[str, Setting] = {"input": "mix", "file": self._path.name}
        for part in self._parts:
            own = part.input.settings() | {"hold_back": part.hold_back}
            result |= {f"{part.name}.{key}": value for key, value in own.items()}
        return result

    def notes(self) -> tuple[str, ...]:
        """Say what each source has to say, and what it may call otherwise than the mix does."""
        return tuple(
            f"{part.name}: {note}"
            for part in self._parts
            for note in (*self._unmatched(part), *part.input.notes())
        )

    def _unmatched(self, part: _Part) -> Iterator[str]:
        """Name wanted classes that a source lacks while it has others, which are left out."""
        there = part.input.classes
        other = [one for one, place in zip(there, part.places, strict=True) if place is None]
        lacking = [one for place, one in enumerate(self.classes) if place not in part.places]
        if other and lacking:
            yield (
                f"has no class {_listed(lacking)}; left out: {_listed(other)}. Where one of "
                f"these is such a look, say under [sources.{part.name}] which: "
                f'classes = {{ "{other[0]}" = "…" }}'
            )

    def fingerprint(self, start: int, stop: int) -> str:
        """Say which entries of which sources these are."""
        return repr(
            [
                (part.name, part.places, part.input.fingerprint(*slice_))
                for part, slice_ in self._slices(start, stop)
            ]
        )

    def read(self, start: int, stop: int) -> Iterator[LabelledFace | Rejection]:
        """Read the entries from `start` to `stop` through all sources."""
        for part, slice_ in self._slices(start, stop):
            for result in part.input.read(*slice_):
                if isinstance(result, Rejection):
                    yield _renamed(part.name, result)
                else:
                    yield self._face(part, result)

    def _part(self, name: str, source: MixSource, detector: Detector | None) -> _Part:
        made = _make_input(self._beside, source, detector, self._mix.classes)
        names = [source.classes.get(one, one) for one in made.classes]
        strange = [one for one in source.classes if one not in made.classes]
        if strange:
            raise DatasetError(
                f"{self._path}: sources.{name}.classes: {made.name} has no class {strange[0]!r}; "
                f"it has {', '.join(made.classes)}"
            )
        wanted = self._mix.classes
        places = tuple(find_class(one, wanted) for one in names)
        start = len(self) if self._parts else 0
        part = self._mix.hold_back if source.hold_back is None else source.hold_back
        return _Part(name, made, start, places, 0.0 if made.splits_itself else part)

    def _check_classes(self) -> None:
        found = {place for part in self._parts for place in part.places}
        missing = [name for place, name in enumerate(self.classes) if place not in found]
        if missing:
            raise DatasetError(
                f"{self._path}: no source has a class {missing[0]!r}; leave it out of classes, or "
                "say in the classes of a source what it is called there"
            )

    def _slices(self, start: int, stop: int) -> Iterator[tuple[_Part, tuple[int, int]]]:
        for part in self._parts:
            first = max(start - part.start, 0)
            last = min(stop - part.start, len(part.input))
            if first < last:
                yield part, (first, last)

    def _face(self, part: _Part, face: LabelledFace) -> LabelledFace | Rejection:
        origin = f"{part.name}/{face.origin}"
        label = part.places[face.label]
        if label is None:
            return Rejection(origin, "another class", f"({part.input.classes[face.label]})")
        group = face.group or face.origin
        held = face.held_out or held_back(part.name, group, part.hold_back)
        return replace(
            face,
            label=label,
            soft=_moved(face.soft, part.places, len(self.classes)),
            origin=origin,
            group=f"{part.name}/{face.group}" if face.group else "",
            held_out=held and not face.train_only,
            source=part.name,
            # Validation is dealt anew among all sources.
            validates=False,
        )


def _make_input(
    root: Path, source: MixSource, detector: Detector | None, wanted: Sequence[str]
) -> FaceInput:
    if source.folder is not None:
        crop = CropSettings(
            detector=detector if source.crop == "detector" else None,
            crop_scale=source.crop_scale,
            size=source.size,
            gray=source.channels == "gray",
        )
        pattern = None if source.group_pattern is None else GroupPattern(source.group_pattern)
        return FolderInput(root / source.folder, crop, pattern)
    if source.dataset is not None:
        return PreparedInput(load_dataset(root / source.dataset))
    ferplus = None if source.ferplus is None else root / source.ferplus
    classes = wanted if ferplus else ()
    path = root / str(source.fer2013)
    return Fer2013Input(
        path,
        ferplus,
        classes,
        keep_unclear=source.keep_unclear,
        majority=source.majority,
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))


def _moved(soft: Sequence[float], places: Sequence[int | None], classes: int) -> tuple[float, ...]:
    """Return shares in the order of the mix's classes; what others had is dealt to these."""
    result = np.zeros(classes)
    for share, place in zip(soft, places, strict=True):
        if place is not None:
            result[place] += share
    return tuple((result / result.sum()).tolist())


def _renamed(name: str, rejection: Rejection) -> Rejection:
    return replace(rejection, origin=f"{name}/{rejection.origin}")
