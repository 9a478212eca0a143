"""How a bundle reads corrupted faces, and whether it then gets less sure.

The corruptions are applied to the face as the network gets it; see
`mien.evaluation.robustness.corrupt`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import msgspec
from rich.table import Table as TerminalTable

from mien.errors import SettingsError
from mien.evaluation.figures.summary import Summary
from mien.evaluation.predictions import Evaluation
from mien.evaluation.report.parts import Bar, Heading, Paragraph, Part, Plot, Section, Table, Words
from mien.evaluation.report.texts import decimal, percent, terminal_table
from mien.evaluation.report.words import capital
from mien.evaluation.robustness.corrupted import (
    CorruptionPoint,
    Verdict,
    confidence_trends,
    evaluate_corruptions,
)
from mien.evaluation.robustness.sample import MAX_FACES, Sampler
from mien.evaluation.study import Finding, Run, Started, Study
from mien.settings import check_number

if TYPE_CHECKING:  # drawing needs an extra
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE, PLOT = "As pictures get worse", "corruptions"
PANELS = 4  # in a row of the plot
# Confidence that is above accuracy by more is told, in the worst pictures.
TOO_SURE = 0.05

# What needs attention first.
VERDICTS: Mapping[Verdict, str] = {
    "does not fall": "confidence does not fall although accuracy does",
    "falls too little": "confidence falls, but too little",
    "falls": "confidence falls as pictures get worse",
    "need not fall": "accuracy holds, so confidence need not fall",
}


class CorruptionOptions(msgspec.Struct, frozen=True):
    """What turns it on.

    Attributes:
        corruptions: Read the faces again blurred, coarse, dark, noisy and partly covered.
        corruption_faces: Corrupt at most so many, drawn by the seed.
    """

    corruptions: bool = False
    corruption_faces: int = MAX_FACES


@dataclass(frozen=True, slots=True)
class CorruptionsStudy(Study[CorruptionOptions]):
    """Reads faces again, corrupted.

    Attributes:
        faces: Most faces to corrupt, drawn by the seed.
    """

    options = CorruptionOptions
    plots = (PLOT,)

    faces: int = MAX_FACES

    @classmethod
    def asked(cls, options: CorruptionOptions, given: Mapping[str, Any]) -> Self | None:
        """Return the study where it was asked for."""
        if "corruption_faces" in given and not options.corruptions:
            raise SettingsError("--corruption-faces is for --corruptions; give both or none")
        check_number("--corruption-faces", options.corruption_faces, 1)
        return cls(options.corruption_faces) if options.corruptions else None

    def start(self, run: Run) -> Started:
        """Sample faces."""
        sampler = Sampler(run.spec, self.faces, run.draws["seed"])

        def finish(_: Evaluation) -> Corruptions:
            sample = sampler.finish()
            return Corruptions(evaluate_corruptions(run.classifier, run.info, sample, **run.draws))

        return Started(finish, (sampler,))


@dataclass(frozen=True, slots=True)
class Corruptions(Finding):
    """Figures over the severity of corruptions.

    Attributes:
        points: All of one corruption together, from the mildest on.
    """

    points: tuple[CorruptionPoint, ...]

    def figures(self) -> Mapping[str, Any]:
        """Return all points, and the trend of each corruption."""
        return {"corruptions": self.points, "confidence_trends": confidence_trends(self.points)}

    def shown(self, summary: Summary) -> Sequence[TerminalTable]:  # noqa: ARG002
        """Return one table: of each corruption the ends."""
        heads = ("accuracy", "confidence", "coverage", "ECE at 5")
        table = terminal_table("severity 0 → 5", *heads, narrow=True)
        table.columns[0].no_wrap = True
        table.add_column("verdict")
        trends = confidence_trends(self.points)
        for name, points in self._by_name().items():
            best, worst = points[0], points[-1]
            table.add_row(
                name,
                f"{best.accuracy.value:.0%} → {worst.accuracy.value:.0%}",
                f"{best.confidence:.0%} → {worst.confidence:.0%}",
                f"{best.answered:.0%} → {worst.answered:.0%}",
                f"{worst.ece:.3f}",
                trends[name].verdict,
            )
        table.caption = (
            f"{self.points[0].faces:,} faces, corrupted as the network gets them; "
            "verdict: on confidence, which must fall where accuracy does"
        )
        return [table]

    def section(self, summary: Summary) -> Section:  # noqa: ARG002
        """Say where confidence falls, over the figures of each corruption."""
        parts: list[Part] = [Paragraph(self._overview())]
        points = self._by_name()
        for name, verdict in self.verdicts().items():
            parts += [Heading(capital(name)), Paragraph(verdict), _table(name, points[name])]
        return Section(TITLE, parts)

    def verdicts(self) -> dict[str, str]:
        """Say in plain words for every corruption whether confidence falls."""
        trends, texts = confidence_trends(self.points), {}
        for name, points in self._by_name().items():
            first, last = points[0], points[-1]
            texts[name] = (
                f"Accuracy goes from {percent(first.accuracy.value)} to "
                f"{percent(last.accuracy.value)}, confidence from {percent(first.confidence)} to "
                f"{percent(last.confidence)}: {VERDICTS[trends[name].verdict]}."
            )
            if last.confidence - last.accuracy.value > TOO_SURE:
                texts[name] += " In the worst pictures it is too sure."
        return texts

    def plots(self, summary: Summary) -> Sequence[Plot]:
        """Return accuracy, confidence and coverage over severity."""
        verdicts = self.verdicts().items()
        text = " ".join(f"{capital(name)}: {verdict}" for name, verdict in verdicts)
        return [Plot(PLOT, TITLE, text, lambda: self.draw(summary))]

    def draw(self, summary: Summary) -> "Figure":
        """Draw accuracy, confidence and coverage over severity, a panel per corruption."""
        from mien.evaluation.report import plots

        by_name = self._by_name()
        rows = -(-len(by_name) // PANELS)
        figure = plots.new_figure(2.9 * PANELS, 2.8 * rows + 1.1)
        panels = figure.subplots(rows, PANELS, sharex=True, sharey=True, squeeze=False).ravel()
        for axes, points in zip(panels, by_name.values(), strict=False):
            _draw(axes, points)
            axes.label_outer()
        for axes in panels[len(by_name) :]:
            axes.set_visible(False)
        what = "over the severity of corruptions"
        title = f"{plots.subject(summary)} {what}, {self.points[0].faces:,} faces"
        figure.suptitle(title, size=12)
        lines = panels[0].get_legend_handles_labels()
        figure.legend(*lines, loc="outside lower center", ncols=len(lines[0]), frameon=False)
        return figure

    def _by_name(self) -> dict[str, list[CorruptionPoint]]:
        names = dict.fromkeys(point.corruption for point in self.points)
        return {name: [one for one in self.points if one.corruption == name] for name in names}

    def _overview(self) -> str:
        names: dict[Verdict, list[str]] = {verdict: [] for verdict in VERDICTS}
        for name, trend in confidence_trends(self.points).items():
            names[trend.verdict].append(name)
        found = {VERDICTS[verdict]: ", ".join(those) for verdict, those in names.items() if those}
        return " ".join(f"{capital(text)}: {those}." for text, those in found.items())


def _table(corruption: str, points: Sequence[CorruptionPoint]) -> Table:
    rows = [
        (
            f"{point.severity}",
            Words(point.setting),
            Bar(point.accuracy),
            percent(point.confidence),
            percent(point.answered),
            Bar(point.balanced_accuracy),
            decimal(point.ece),
            f"{point.faces:,}",
        )
        for point in points
    ]
    heads = ("severity", "setting", "accuracy", "mean confidence", "coverage")
    more = ("balanced accuracy", "ECE", "faces")
    return Table(f"Figures by severity of {corruption}", (*heads, *more), rows)


def _draw(axes: "Axes", points: Sequence[CorruptionPoint]) -> None:
    from mien.evaluation.report import plots

    severities = [point.severity for point in points]
    accuracy = [point.accuracy for point in points]
    plots.draw_estimates(axes, severities, accuracy, plots.BLUE, "o-", "accuracy")
    for line, color, label, values in (
        ("s--", plots.ORANGE, "mean confidence", [point.confidence for point in points]),
        ("^:", plots.GREEN, 'coverage (not "not sure")', [point.answered for point in points]),
    ):
        axes.plot(severities, values, line, color=color, markersize=4, label=label)
    axes.set(ylim=(0, 1.02), xticks=severities, xlabel="severity")
    # On small panels one line each: what it is, and how bad it gets.
    title = f"{points[0].corruption}\nto {points[-1].setting}"
    axes.set_title(title, fontsize=10, color=plots.INK)
    plots.percent_axes(axes, x=False, y=True)


STUDY = CorruptionsStudy
