"""How much depends on the framing: accuracy over crop scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Self

import msgspec
import numpy as np
from rich.table import Table as TerminalTable

from mien.errors import SettingsError
from mien.evaluation.figures import metrics
from mien.evaluation.figures.intervals import RESAMPLES, group_numbers
from mien.evaluation.figures.summary import Estimate, Summary
from mien.evaluation.figures.tables import cells, estimate_tables
from mien.evaluation.pictures.collect import Collector
from mien.evaluation.pictures.inputs import FOLDERS
from mien.evaluation.pictures.picture import with_crop_scale
from mien.evaluation.predictions import Answers, Evaluation
from mien.evaluation.report.parts import Bar, Note, Paragraph, Plot, Section, Table
from mien.evaluation.report.texts import decimal, percent, terminal_cells, terminal_table
from mien.evaluation.report.words import is_known
from mien.evaluation.study import Finding, Run, Started, Study, refuse_crop_scale
from mien.types import OnProgress, ignore_progress

if TYPE_CHECKING:  # drawing needs an extra
    from matplotlib.figure import Figure

STAGE = "intervals of crop scales"
PLOT = "crop_scales"
# Two framings that differ by no more count as alike, in accuracy.
ALIKE = 0.02


class CropScaleOptions(msgspec.Struct, frozen=True):
    """What turns it on.

    Attributes:
        crop_scales: Accuracy over framing: crop every face so many times, as in 0.8,1.0,1.2,1.4.
    """

    crop_scales: Annotated[
        tuple[float, ...],
        FOLDERS,
        msgspec.Meta(extra={"split": True, "sorted": True, "metavar": "X,X,…"}),
    ] = ()


@dataclass(frozen=True, slots=True)
class CropScalesStudy(Study[CropScaleOptions]):
    """Crops every face in several framings; full pictures only.

    Attributes:
        scales: The crop scales, one at least.
    """

    options = CropScaleOptions
    plots = (PLOT,)

    scales: tuple[float, ...]

    @classmethod
    def asked(cls, options: CropScaleOptions, given: Mapping[str, Any]) -> Self | None:
        """Return the study where there are scales."""
        if "crop_scales" not in given:
            return None
        if not options.crop_scales:
            raise SettingsError("--crop-scales: no number; write them as in 0.8,1.0,1.2")
        if given.get("whole_face"):
            raise SettingsError(
                "--crop-scales with --whole-face: cropped faces have their framing already; "
                "leave out one of the two"
            )
        refuse_crop_scale("crop_scales", given)
        return cls(options.crop_scales)

    def start(self, run: Run) -> Started:
        """Collect answers in every framing."""
        spec = run.classifier.spec
        collectors = {
            scale: Collector(run.classifier, with_crop_scale(spec, scale)) for scale in self.scales
        }

        def finish(_: Evaluation) -> CropScales:
            answers = {scale: collector.finish() for scale, collector in collectors.items()}
            return CropScales(crop_scale_points(answers, **run.draws))

        return Started(finish, tuple(collectors.values()))


@dataclass(frozen=True, slots=True)
class CropScalePoint:
    """How faces are read with one framing.

    Attributes:
        crop_scale: Side of the crop over the side of the detector's box.
        faces: Number of faces.
        accuracy: Share of right answers.
        balanced_accuracy: Mean recall over the classes.
        ece: Expected calibration error.
    """

    crop_scale: float
    faces: int
    accuracy: Estimate
    balanced_accuracy: Estimate
    ece: float


@dataclass(frozen=True, slots=True)
class CropScales(Finding):
    """Figures over the framing, in rising order.

    Attributes:
        points: One for each framing.
    """

    points: tuple[CropScalePoint, ...]

    def figures(self) -> Mapping[str, Any]:
        """Return all points."""
        return {"crop_scales": self.points}

    def shown(self, summary: Summary) -> Sequence[TerminalTable]:  # noqa: ARG002
        """Return one table."""
        heads = ("accuracy", "95% interval", "balanced", "95% interval", "ECE")
        table = terminal_table("crop scale", *heads)
        for point in self.points:
            shares = terminal_cells(point.accuracy) + terminal_cells(point.balanced_accuracy)
            table.add_row(f"{point.crop_scale:g}", *shares, f"{point.ece:.3f}")
        return [table]

    def section(self, summary: Summary) -> Section:  # noqa: ARG002
        """Say which framing is best, over all figures."""
        rows = [
            (
                f"{point.crop_scale:g}",
                f"{point.faces:,}",
                Bar(point.accuracy),
                Bar(point.balanced_accuracy),
                decimal(point.ece),
            )
            for point in self.points
        ]
        heads = ("crop scale", "faces", "accuracy", "balanced accuracy", "ECE")
        return Section(
            "How much depends on the framing",
            [
                *map(Paragraph, self.verdict()),
                Table("Figures by crop scale", heads, rows),
                Note("Crop scale: side of the crop over the side of the detector's box."),
            ],
        )

    def verdict(self) -> list[str]:
        """Say which framing is best, and over what range others are about as good."""
        known = [point for point in self.points if is_known(point.accuracy)]
        if not known:
            return []
        values = [point.accuracy.value for point in known]
        best = start = end = int(np.argmax(values))
        while start > 0 and values[best] - values[start - 1] <= ALIKE:
            start -= 1
        while end + 1 < len(known) and values[best] - values[end + 1] <= ALIKE:
            end += 1
        highest = f"{known[best].crop_scale:g} most is read rightly, {percent(values[best])}"
        text, near = f"At crop scale {highest}", f"within {100 * ALIKE:.0f} points of that"
        if len(known) == 1:
            return [f"{text}."]
        if start == end:
            return [f"{text}; its neighbours are not {near}."]
        low, high = known[start].crop_scale, known[end].crop_scale
        return [f"{text}; from {low:g} to {high:g} accuracy stays {near}."]

    def plots(self, summary: Summary) -> Sequence[Plot]:
        """Return accuracy over crop scale."""
        text = " ".join(self.verdict())
        return [Plot(PLOT, "Accuracy over crop scale", text, lambda: self.draw(summary))]

    def draw(self, summary: Summary) -> "Figure":
        """Draw accuracy and balanced accuracy over the framing, with the bundle's own marked."""
        from mien.evaluation.report import plots

        figure, points = plots.new_figure(6.6, 4.8), self.points
        axes = figure.add_subplot()
        scales = [point.crop_scale for point in points]
        accuracy, balanced = zip(*((p.accuracy, p.balanced_accuracy) for p in points), strict=True)
        plots.draw_estimates(axes, scales, accuracy, plots.BLUE, "o-", "accuracy")
        plots.draw_estimates(axes, scales, balanced, plots.ORANGE, "s--", "balanced accuracy")
        own = summary.evaluation.model.input.crop_scale
        label = f"the model's own framing, {own:g}"
        axes.axvline(own, color=plots.MIDDLE, linestyle=":", label=label)
        axes.set_xlabel("crop scale: side of the crop over side of the detector's box")
        axes.set_ylabel("share")
        axes.legend(loc="upper right", frameon=False)
        plots.percent_axes(axes, x=False, y=True)
        best = max(points, key=lambda point: point.balanced_accuracy.value)
        highest = f"{best.balanced_accuracy.value:.1%} at crop scale {best.crop_scale:g}"
        plots.add_title(axes, summary, f"highest balanced accuracy {highest}")
        return figure


def crop_scale_points(
    answers: Mapping[float, Answers],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    on_progress: OnProgress = ignore_progress,
) -> tuple[CropScalePoint, ...]:
    """Make the figures of every framing.

    Args:
        answers: Crop scale → the answers to the same pictures, in which the same faces were found;
            at least one.
        resamples: Draws for the intervals, over groups and the same for all; 0 for none.
        seed: Seed of the draws.
        on_progress: Called with the draws done.

    Returns:
        One point per crop scale, in rising order.
    """
    scales = sorted(answers)
    faces = [answers[scale].of_faces() for scale in scales]
    truth = faces[0].truth
    tables = estimate_tables(
        np.stack([cells(truth, part.probabilities) for part in faces]),
        faces[0].probabilities.shape[1],
        group_numbers(faces[0].groups),
        resamples=resamples,
        seed=seed,
        stage=STAGE,
        on_progress=on_progress,
    )
    points = []
    for scale, part, table in zip(scales, faces, tables, strict=True):
        correct = part.probabilities.argmax(axis=1) == truth
        ece = metrics.reliability(correct, part.probabilities.max(axis=1)).expected_error
        points.append(
            CropScalePoint(scale, truth.size, table.accuracy, table.balanced_accuracy, ece)
        )
    return tuple(points)


STUDY = CropScalesStudy
