"""A strict reader of pages, and summaries and studies to make pages of."""

import math
from collections.abc import Callable, Sequence
from html.parser import HTMLParser

import numpy as np
import pytest

from mien.evaluation.predictions import Answers, Evaluation
from mien.evaluation.report.document import html_report
from mien.evaluation.studies.compare import Comparison
from mien.evaluation.studies.corruptions import CorruptionPoint
from mien.evaluation.studies.crop_scales import CropScalePoint
from mien.evaluation.studies.others import Others
from mien.evaluation.studies.slices import Slice
from mien.evaluation.summary import Estimate, Summary, summarise
from mien.models.bundle import ModelInfo
from mien.vision.images.reading import encode_png

UNKNOWN = Estimate(math.nan, math.nan, math.nan)
VOID = {"meta", "img", "br", "hr", "link", "input"}
FACTS = {"command": "mien evaluate gray six", "date": "2025-01-31"}
PNG = encode_png(np.zeros((20, 25, 1), np.uint8))
# angry, sad, happy, neutral; 20 of 100 sad faces are taken for neutral.
COUNTS = ((80, 10, 0, 10), (5, 75, 0, 20), (0, 0, 100, 0), (6, 13, 0, 81))


class Page(HTMLParser):
    """Reads a page strictly: every tag must close, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag not in VOID
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.texts.setdefault(tag, []).append(data)

    def values(self, tag: str, name: str) -> list[str | None]:
        return [value for owner, key, value in self.attributes if (owner, key) == (tag, name)]

    @property
    def text(self) -> str:
        return "".join(self.texts["body"])


def near(value: float, width: float = 0.02) -> Estimate:
    return Estimate(value, value - width, value + width)


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
    """Write and read the page of a summary, with some of the studies."""

    def make(summary: Summary | None = None, **parts: object) -> Page:
        given = {**FACTS, "plots": {}, **parts}
        html = html_report(summary or make_summary(), **given)  # type: ignore[arg-type]
        assert html.encode().decode() == html
        return Page(html)

    return make


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
