"""Fakes at the seams: a classifier that reads brightness, a data set in memory, a detector."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.pages import COUNTS, PNG, UNKNOWN, Page, near, page_of

from mien.evaluation.figures.slicing import Slice
from mien.evaluation.figures.summary import Estimate, Summary, summarise
from mien.evaluation.predictions import Answers, Evaluation
from mien.evaluation.robustness.corrupted import CorruptionPoint
from mien.evaluation.studies.compare import Comparison
from mien.evaluation.studies.crop_scales import CropScalePoint
from mien.evaluation.studies.others import OtherClass, Others
from mien.models.info import FORMAT, DataTerms, InputInfo, ModelInfo, Terms
from mien.types import Box, Face, InputSpec, PixelArray, ProbabilityArray
from mien.vision.images.reading import encode_png

LABELS = ("angry", "sad", "happy", "neutral")
SURE = 0.7


class BrightnessClassifier:
    """Four classes by four levels of gray; remembers how it was called."""

    labels = LABELS
    spec = InputSpec(48, 1, 1.0)
    other = False

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.means: list[float] = []

    def __call__(self, faces: PixelArray) -> ProbabilityArray:
        self.calls.append(len(faces))
        means = faces.mean(axis=(1, 2, 3))
        self.means += means.tolist()
        result = np.full((len(faces), 4), (1 - SURE) / 3, np.float32)
        result[np.arange(len(faces)), (means // 64).astype(int)] = SURE
        return result


class FixedDetector:
    """Finds the same faces in every picture that is not black; counts how often it looked."""

    name = "fixed"
    face_side = 48.0

    def __init__(self, *boxes: Box, landmarks: np.ndarray | None = None) -> None:
        self.boxes, self.landmarks, self.looked = boxes, landmarks, 0

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        self.looked += 1
        faces = tuple(Face(box, 0.9, self.landmarks) for box in self.boxes)
        return faces if image.any() else ()


@dataclass(frozen=True)
class FakeRows:
    images: list[bytes]
    labels: np.ndarray
    soft: np.ndarray
    origins: list[str]
    groups: list[str]
    sources: list[str]


class FakeDataset:
    """Rows of gray faces: (class, gray level or None for a broken picture, group).

    The label has `agreement` of the votes; the other classes share the rest.
    """

    def __init__(
        self,
        rows: Sequence[tuple[str, int | None, str]],
        classes: Sequence[str] = LABELS,
        agreement: float = 1.0,
        sources: Sequence[str] = (),
    ) -> None:
        self.path, self.classes, self._rows = Path("somewhere/faces"), tuple(classes), rows
        self._agreement = agreement
        self._sources = [*sources] or [""] * len(rows)

    def count(self, split: str) -> int:
        return len(self._rows) if split == "test" else 0

    def rows(self, split: str, *, batch_size: int = 512) -> Iterator[FakeRows]:
        chosen = self._rows if split == "test" else []
        for start in range(0, len(chosen), 3):
            part = chosen[start : start + 3]
            labels = np.array([self.classes.index(name) for name, _, _ in part])
            rest = (1 - self._agreement) / max(1, len(self.classes) - 1)
            soft = np.full((len(part), len(self.classes)), rest, np.float32)
            soft[np.arange(len(part)), labels] = self._agreement
            yield FakeRows(
                [gray_png(level) for _, level, _ in part],
                labels,
                soft,
                [f"{name}/{start + i}.png" for i, (name, _, _) in enumerate(part)],
                [group for _, _, group in part],
                self._sources[start : start + 3],
            )


def gray_png(level: int | None, side: int = 48) -> bytes:
    if level is None:
        return b"not a picture"
    return encode_png(np.full((side, side, 1), level, np.uint8))


@pytest.fixture
def info() -> ModelInfo:
    return ModelInfo(
        format=FORMAT,
        name="gray",
        version="1.0",
        labels=LABELS,
        input=InputInfo(48, 1, 1.0, "none"),
        sha256="0" * 64,
        temperature=1.0,
        not_sure_below=0.5,
        terms=Terms("MIT", (DataTerms("gray squares", "nobody's"),)),
        command="a test",
        seed=0,
    )


@pytest.fixture
def classifier() -> BrightnessClassifier:
    return BrightnessClassifier()


@pytest.fixture
def fixed_detector() -> type[FixedDetector]:
    return FixedDetector


@pytest.fixture
def make_dataset() -> type[FakeDataset]:
    return FakeDataset


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[..., Path]:
    """Write `tmp_path/faces/<file>` for each file → gray level (None for a broken picture)."""

    def make(files: dict[str, int | None], side: int = 48) -> Path:
        for name, level in files.items():
            path = tmp_path / "faces" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(gray_png(level, side))
        return tmp_path / "faces"

    return make


@pytest.fixture
def others() -> Others:
    """Faces of two classes that the bundle does not know: 9 of 30 get a word."""
    fear = OtherClass("fear", 20, 1, Estimate(0.4, 0.25, 0.5), (0.1, 0.0, 0.25, 0.05))
    contempt = OtherClass("contempt", 10, 0, Estimate(0.1, 0.0, 0.3), (0.0, 0.0, 0.0, 0.1))
    named, answered = Estimate(0.3, 0.2, 0.4), Estimate(0.8, 0.75, 0.85)
    return Others((fear, contempt), 30, named, "fear", Estimate(0.9, 0.85, 0.95), answered)


@pytest.fixture
def evaluation(info: ModelInfo) -> Evaluation:
    """Six faces of three classes, five read rightly or not, one not found."""
    probabilities = np.array(
        [
            [0.7, 0.1, 0.1, 0.1],
            [0.4, 0.2, 0.2, 0.2],
            [0.1, 0.8, 0.05, 0.05],
            [0.9, 0.1, 0.0, 0.0],
            [0.0, 0.0, 1.0, 0.0],
            [np.nan] * 4,
        ],
        np.float32,
    )
    truth = np.array([0, 0, 1, 1, 2, 2])
    origins = tuple(f"{LABELS[number]}/{row}, 'q'.jpg" for row, number in enumerate(truth))
    groups = ("ann", "ann", "bob", "bob", "", "")
    return Evaluation(
        model=info,
        dataset="six",
        split="full pictures, fixed",
        answers=Answers(truth, probabilities, origins, groups),
        detector="fixed",
        crop_scale=1.0,
        skipped={"fear": 3},
    )


@pytest.fixture
def make_summary(info: ModelInfo) -> Callable[..., Summary]:
    """Summarise faces with a confusion matrix, all answered with the same confidence."""

    def make(
        counts: Sequence[Sequence[int]] = COUNTS,
        *,
        confidence: float = 0.82,
        resamples: int = 0,
        model: ModelInfo = info,
    ) -> Summary:
        cells = [
            (truth, answer)
            for truth, row in enumerate(counts)
            for answer, times in enumerate(row)
            for _ in range(times)
        ]
        truths, answers = (np.array(column) for column in zip(*cells, strict=True))
        shape, rest = (len(cells), len(model.labels)), (1 - confidence) / (len(model.labels) - 1)
        probabilities = np.full(shape, rest, np.float32)
        probabilities[np.arange(len(cells)), answers] = confidence
        nobody = ("",) * len(cells)
        evaluation = Evaluation(
            model, "six", "test", Answers(truths, probabilities, nobody, nobody)
        )
        return summarise(evaluation, resamples=resamples)

    return make


@pytest.fixture
def make_page(make_summary: Callable[..., Summary]) -> Callable[..., Page]:
    """Write and read the page of a summary; see `tests.evaluation.pages.page_of`."""
    pytest.importorskip("jinja2", reason="a report needs the extra [train]")
    return lambda summary=None, **parts: page_of(summary or make_summary(), **parts)


@pytest.fixture
def make_slice() -> Callable[..., Slice]:
    def make(
        part: str, accuracy: Estimate, balanced: Estimate, *, lacks: int = 0, faces: int = 90
    ) -> Slice:
        recalls = (near(0.8),) * (4 - lacks) + (UNKNOWN,) * lacks
        balanced = UNKNOWN if lacks else balanced
        return Slice("brightness", part, faces, accuracy, balanced, recalls, 0.8, 0.9)

    return make


@pytest.fixture
def make_points() -> Callable[..., list[CorruptionPoint]]:
    """One corruption in steps of (accuracy, confidence)."""

    def make(name: str, *steps: tuple[float, float], first: int = 0) -> list[CorruptionPoint]:
        return [
            CorruptionPoint(name, severity, "", 9, near(right), near(right), 0.01, sure, 0.9)
            for severity, (right, sure) in enumerate(steps, start=first)
        ]

    return make


@pytest.fixture
def everything(
    make_slice: Callable[..., Slice],
    make_points: Callable[..., list[CorruptionPoint]],
    others: Others,
) -> dict[str, object]:
    """All parts that a page may have."""
    return {
        "plots": {"Confusion matrix": PNG, "Corruptions": PNG, "Framing": PNG},
        "slices": [make_slice("dark", near(0.5), near(0.5)), make_slice("none", UNKNOWN, UNKNOWN)],
        "corruptions": make_points("blur", (0.84, 0.82), (0.5, 0.6)),
        "comparison": Comparison("old", "new", 400, 300, 12, 31, 57, 0.004, near(0.04), near(0.03)),
        "others": others,
        "crop_scales": [CropScalePoint(1.07, 400, near(0.84), near(0.84), 0.02)],
    }
