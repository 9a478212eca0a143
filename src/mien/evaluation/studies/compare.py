"""Whether one bundle reads faces better than another, on the same faces."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import msgspec
import numpy as np
from rich.markup import escape
from rich.table import Table as TerminalTable

from mien.datasets.inputs.class_names import pair_classes
from mien.errors import BundleError
from mien.evaluation.figures import metrics
from mien.evaluation.figures.intervals import RESAMPLES, bootstrap, group_numbers
from mien.evaluation.figures.summary import Estimate, Summary
from mien.evaluation.figures.tables import cells, table_figures
from mien.evaluation.pictures.collect import Collector, InOrder
from mien.evaluation.predictions import Answers, Evaluation
from mien.evaluation.report.parts import Cell, Note, Paragraph, Section, Table, Value, Words
from mien.evaluation.report.texts import UNKNOWN, terminal_table
from mien.evaluation.report.words import count
from mien.evaluation.study import Finding, Run, Started, Study, refuse_crop_scale
from mien.models.devices import CPU
from mien.models.info import ModelInfo
from mien.protocols import Classifier
from mien.registry import make_classifier
from mien.types import IntArray, OnProgress, RealArray, ignore_progress

STAGE = "intervals of differences"
SIGNIFICANT = 0.05


class CompareOptions(msgspec.Struct, frozen=True):
    """What turns it on.

    Attributes:
        against: Compare with this model on the same faces, of the classes that both know; 'default'
            for the shipped one.
    """

    against: Annotated[Path | None, msgspec.Meta(extra={"metavar": "BUNDLE"})] = None


@dataclass(frozen=True, slots=True)
class CompareStudy(Study[CompareOptions]):
    """Asks another bundle about the same faces.

    Attributes:
        classifier: The other bundle's classifier.
        info: Its description.
    """

    options = CompareOptions

    classifier: Classifier
    info: ModelInfo

    @classmethod
    def asked(cls, options: CompareOptions, given: Mapping[str, Any]) -> Self | None:
        """Return the study where another bundle is named."""
        if options.against is None:
            return None
        refuse_crop_scale("against", given)
        return cls(*make_classifier(options.against, device=given.get("device", CPU)))

    def start(self, run: Run) -> Started:
        """Collect the other's answers."""
        in_order = InOrder(self.classifier, self.info.name, run.info.labels)
        collector = Collector(in_order)

        def finish(evaluation: Evaluation) -> Comparison:
            return compare(evaluation, collector.finish(), self.info, **run.draws)

        return Started(finish, (collector,))


@dataclass(frozen=True, slots=True)
class Comparison(Finding):
    """Two bundles on the same faces.

    Attributes:
        first: The bundle that is evaluated.
        second: The one it is compared with.
        faces: Number of faces.
        both_right: Faces that both get right.
        only_first: Faces that only the first gets right.
        only_second: Faces that only the second gets right.
        neither: Faces that both get wrong.
        p_value: Exact two-sided McNemar test.
        accuracy_difference: Accuracy of the second minus that of the first.
        balanced_difference: The same for balanced accuracy.
        shared: The classes that both know, where they do not know the same: each answers with the
            most probable of these. Empty where they know the same.
        left_out: Faces of the first one's other classes, which are in no figure here.
    """

    first: str
    second: str
    faces: int
    both_right: int
    only_first: int
    only_second: int
    neither: int
    p_value: float
    accuracy_difference: Estimate
    balanced_difference: Estimate
    shared: tuple[str, ...] = ()
    left_out: int = 0

    def figures(self) -> Mapping[str, Any]:
        """Return all figures."""
        return {"comparison": self}

    def shown(self, summary: Summary) -> Sequence[TerminalTable]:  # noqa: ARG002
        """Return one table."""
        table = terminal_table("comparison", "value", "95% interval")
        table.columns[0].no_wrap = True
        table.add_row("accuracy, difference", *_points(self.accuracy_difference))
        table.add_row("balanced accuracy, difference", *_points(self.balanced_difference))
        for title, faces in (*self._counts(), ("neither right", self.neither)):
            table.add_row(escape(title), f"{faces:,}", "")
        table.add_row("p (exact McNemar test)", f"{self.p_value:.2g}", "")
        caption = f"differences: {self.second} minus {self.first}"
        if self.shared:
            caption += (
                f"; on {self.faces:,} faces of the classes that both know "
                f"({', '.join(self.shared)}), among which both had to choose; "
                f"{self.left_out:,} faces of other classes left out"
            )
        table.caption = escape(caption)
        return [table]

    def section(self, summary: Summary) -> Section:  # noqa: ARG002
        """Say which is better, over all figures."""
        chance = UNKNOWN if math.isnan(self.p_value) else f"{self.p_value:.2g}"
        counts = (*self._counts(), ("both wrong", self.neither))
        rows: list[tuple[Cell, Cell]] = [
            *((title, Words(f"{number:,}")) for title, number in counts),
            ("difference in accuracy", Value(self.accuracy_difference)),
            ("difference in balanced accuracy", Value(self.balanced_difference)),
            ("p (exact two-sided McNemar test)", Words(chance)),
        ]
        caption = f"{self.first} and {self.second} on the same {count(self.faces, 'face')}"
        note = f"Differences are {self.second} minus {self.first}, in points of 100, with 95% "
        table = Table(caption, ("outcome", "faces or figure"), rows)
        text = " ".join([*self._shared_classes(), *self.verdict()])
        notes = [Note(f"{note}intervals.")]
        return Section("Compared with another model", [Paragraph(text), table], notes)

    def verdict(self) -> list[str]:
        """Say which of the two reads faces better, and whether chance could explain it."""
        first, second = self.first, self.second
        lines = [
            f"{second} reads {count(self.only_second, 'face')} rightly that {first} misreads, "
            f"and misreads {self.only_first:,} that {first} reads rightly."
        ]
        if math.isnan(self.p_value):
            return lines
        lines.append(
            "If the two were equally good, a difference this large would come by chance in "
            f"{_chance(self.p_value)} of cases."
        )
        if self.p_value >= SIGNIFICANT:
            return [*lines, "So these faces do not show that one of them is better."]
        better = second if self.only_second > self.only_first else first
        return [*lines, f"So {better} is better on faces like these."]

    def _counts(self) -> list[tuple[str, int]]:
        return [
            ("both right", self.both_right),
            (f"only {self.first} right", self.only_first),
            (f"only {self.second} right", self.only_second),
        ]

    def _shared_classes(self) -> list[str]:
        if not self.shared:
            return []
        return [
            "The two do not know the same classes: they are compared on faces of those that both "
            f"know ({', '.join(self.shared)}), and each had to choose among these. Left out, of "
            f"other classes: {count(self.left_out, 'face')}."
        ]


def compare(
    evaluation: Evaluation,
    answers: Answers,
    info: ModelInfo,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    on_progress: OnProgress = ignore_progress,
) -> Comparison:
    """Compare two bundles on the faces that both were asked about.

    The difference of the two is drawn with the same faces for both, whole groups at a time, so its
    interval is that of a paired comparison. The test counts faces as independent, as McNemar's
    does: where groups are large (many pictures of one person), trust the interval.

    Where the two do not know the same classes, they are compared on the faces of those that both
    know, and each answers with the most probable of these.

    Args:
        evaluation: What the first bundle answered.
        answers: What the second answered to the same pictures, in the order of the first's labels.
        info: The second bundle's description.
        resamples: Draws for the intervals; 0 for none.
        seed: Seed of the draws.
        on_progress: Called with the draws done.

    Raises:
        BundleError: There is no face of a class that both know.
        ValueError: The faces are not the same.
    """
    first, second = evaluation.answers.of_faces(), answers.of_faces()
    if first.origins != second.origins:
        raise ValueError("both bundles must have been asked about the same faces")
    labels = evaluation.model.labels
    pairs = pair_classes(labels, info.labels)
    shared = tuple(labels[number] for number in pairs)
    columns = np.array(list(pairs), dtype=np.int64)
    kept = np.isin(first.truth, columns)
    if not kept.any():
        raise BundleError(
            f"{info.name}: there is no face of a class that both bundles know "
            f"({', '.join(shared)}); compare them on other faces"
        )
    truth, classes = np.searchsorted(columns, first.truth[kept]).astype(np.int64), len(shared)
    sets = np.stack(
        [cells(truth, part.probabilities[kept][:, columns]) for part in (first, second)]
    )

    def statistic(rows: IntArray) -> RealArray:
        one, other = table_figures(sets[:, rows], classes)
        return np.asarray((other - one)[:2])

    low, high = bootstrap(
        statistic,
        group_numbers(tuple(itertools.compress(first.groups, kept))),
        resamples=resamples,
        seed=seed,
        stage=STAGE,
        on_progress=on_progress,
    )
    values = statistic(np.arange(truth.size, dtype=np.int64))
    accuracy, balanced = map(Estimate, values.tolist(), low.tolist(), high.tolist())
    right, other_right = sets % classes == truth
    only_first, only_second = int((right & ~other_right).sum()), int((other_right & ~right).sum())
    names = _names(evaluation.model, info)
    return Comparison(
        first=names[0],
        second=names[1],
        faces=int(truth.size),
        both_right=int((right & other_right).sum()),
        only_first=only_first,
        only_second=only_second,
        neither=int((~right & ~other_right).sum()),
        p_value=metrics.mcnemar(only_first, only_second),
        accuracy_difference=accuracy,
        balanced_difference=balanced,
        shared=shared if len(pairs) < max(len(labels), len(info.labels)) else (),
        left_out=int((~kept).sum()),
    )


def _names(first: ModelInfo, second: ModelInfo) -> tuple[str, str]:
    names = f"{first.name} {first.version}", f"{second.name} {second.version}"
    if names[0] != names[1]:
        return names
    # Two trainings of one model differ by their weights only.
    return f"{names[0]} ({first.sha256[:7]})", f"{names[1]} ({second.sha256[:7]})"


def _points(difference: Estimate) -> tuple[str, str]:
    parts = (difference.value, difference.low, difference.high)
    value, low, high = (f"{100 * part:+.1f}" for part in parts)
    known = not math.isnan(difference.low)
    return f"{value} points", f"{low} to {high} points" if known else UNKNOWN


def _chance(p_value: float) -> str:
    if p_value < 0.0001:
        return "fewer than 0.01%"
    return f"{p_value:.2%}" if p_value < 0.001 else f"{p_value:.1%}"


STUDY = CompareStudy
