"""What a bundle says of faces whose classes it does not know: any word for them is wrong.

Such faces are in no other figure. What is asked is whether they get a word, and how well certainty
tells them from faces of the classes that the bundle knows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import msgspec
import numpy as np
from rich.markup import escape
from rich.table import Table as TerminalTable

from mien.errors import SettingsError
from mien.evaluation.figures import metrics
from mien.evaluation.figures.intervals import (
    RESAMPLES,
    bootstrap,
    group_numbers,
    groups_of,
)
from mien.evaluation.figures.summary import Estimate, Summary
from mien.evaluation.pictures.collect import OthersCollector
from mien.evaluation.predictions import Answers, Evaluation
from mien.evaluation.report.markdown import figure, head, names, row
from mien.evaluation.report.parts import (
    Bar,
    Definitions,
    Note,
    Paragraph,
    Section,
    Table,
    Value,
    Words,
)
from mien.evaluation.report.texts import UNKNOWN, terminal_cells, terminal_table
from mien.evaluation.report.words import count, hundred, is_known
from mien.evaluation.study import Finding, Recorded, Run, Started, Study
from mien.models.info import MetricsInfo, ModelInfo
from mien.types import BoolArray, IntArray, OnProgress, RealArray, ignore_progress

STAGE = "intervals of other classes"
# Names in model.json: how many faces of a class get a word, and of all these together.
NAMED, OTHERS = "named_", "others_"


class OthersOptions(msgspec.Struct, frozen=True):
    """What turns it on.

    Attributes:
        others: Ask about the classes that the model does not know, too: how many of their faces get
            a word, which is wrong, instead of 'not sure'; all other figures are without them.
    """

    others: bool = False


@dataclass(frozen=True, slots=True)
class OthersStudy(Study[OthersOptions]):
    """Asks about the classes that the bundle does not know."""

    options = OthersOptions

    @classmethod
    def asked(cls, options: OthersOptions, given: Mapping[str, Any]) -> Self | None:
        """Return the study where it was asked for."""
        if options.others and given.get("ignore_unknown"):
            raise SettingsError(
                "--others asks about the classes that --ignore-unknown leaves out; leave out one "
                "of the two"
            )
        return cls() if options.others else None

    def start(self, run: Run) -> Started:
        """Collect the answers to these classes."""
        collector = OthersCollector(run.classifier, run.spec)

        def finish(evaluation: Evaluation) -> Others:
            return others_figures(evaluation, *collector.finish(), **run.draws)

        return Started(finish, others=collector)

    @classmethod
    def card(cls, metrics: Sequence[MetricsInfo]) -> list[str]:
        """Return a table of the shares that get a word."""
        asked = [info for info in metrics if f"{OTHERS}faces" in info.values]
        if not asked:
            return []
        classes = list(dict.fromkeys(name for info in asked for name in names(info, NAMED)))
        titles = ["data set", "split", "faces", "all", *classes, "AUROC", "of its own classes"]
        about = (
            "Faces of classes that it does not know: share that gets a word, which is wrong, "
            'instead of "not sure". AUROC: how well certainty tells them from those of its own '
            "classes."
        )
        return ["", about, "", *head(titles), *(_card_row(info, classes) for info in asked)]


@dataclass(frozen=True, slots=True)
class OtherClass:
    """What is predicted for the faces of one class that the bundle does not know.

    Attributes:
        name: The class.
        faces: Faces of it.
        without_face: Pictures of it in which no face was found.
        named: Share of the faces that get a word, all of them wrong.
        words: Share of the faces that get each word, in the order of the labels; their sum is
            `named`.
    """

    name: str
    faces: int
    without_face: int
    named: Estimate
    words: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Others(Finding):
    """What is predicted for faces of classes that the bundle does not know.

    Attributes:
        classes: Each of these classes, in the order in which they came.
        faces: Faces of all of them together.
        named: Share of these that get a word.
        worst: Name of the class of which the largest share does; "" where there is no face.
        auroc: How often, of a face of a known class and one of another, the known one's answer has
            the higher certainty: the probability of the most probable label, among all that a face
            may show where the bundle tells something else apart.
        answered: Share of the faces of known classes that get a word.
    """

    classes: tuple[OtherClass, ...]
    faces: int
    named: Estimate
    worst: str
    auroc: Estimate
    answered: Estimate

    def figures(self) -> Mapping[str, Any]:
        """Return all figures."""
        return {"others": self}

    def shown(self, summary: Summary) -> Sequence[TerminalTable]:
        """Return one table."""
        table = terminal_table("other class", narrow=True)
        for title in ("faces", "get a word", "95% interval", "most often"):
            table.add_column(title, justify="right", no_wrap=True)
        table.columns[0].no_wrap = True
        for one in self.classes:
            word = escape(frequent_word(one, summary.evaluation.model.labels))
            table.add_row(escape(one.name), f"{one.faces:,}", *terminal_cells(one.named), word)
        table.add_section()
        table.add_row("all of these", f"{self.faces:,}", *terminal_cells(self.named))
        table.add_row("its own classes", "", *terminal_cells(self.answered))
        table.add_row("AUROC of certainty", "", *terminal_cells(self.auroc, share=False))
        if self.worst:
            table.caption = escape(f"every word is wrong; worst: {self.worst}")
        return [table]

    def section(self, summary: Summary) -> Section:
        """Say how many get a word, over the figures of each class."""
        labels = summary.evaluation.model.labels
        rows = [
            (
                one.name,
                f"{one.faces:,}",
                f"{one.without_face:,}",
                Bar(one.named),
                Words(frequent_word(one, labels)),
            )
            for one in self.classes
        ]
        facts = (
            ("their faces that get a word", Value(self.named)),
            ("faces of its own classes that do", Value(self.answered)),
            ("AUROC of certainty", Value(self.auroc, share=False)),
        )
        heads = ("class", "faces", "no face found", "get a word", "most often")
        note = (
            "They are in no other figure. AUROC: of a face of its own classes and one of another, "
            "how often the answer to its own is the surer one; 0.5 would be chance."
        )
        table = Table("Faces of classes that the model does not know", heads, rows)
        parts = (Paragraph(" ".join(self.verdict())), Definitions(facts), table)
        return Section("Faces of other classes", parts, [Note(note)], is_early=True)

    def verdict(self) -> list[str]:
        """Say how often faces get a word for which there is no right one."""
        if not is_known(self.named):
            return ["No face of a class that the model does not know was found."]
        lines = [
            f"{hundred(self.named, 'of 100 faces')} of classes that the model does not know get a "
            "word all the same, which is wrong; the others get “not sure”."
        ]
        worst = next(one for one in self.classes if one.name == self.worst)
        if len(self.classes) > 1:
            lines.append(
                f"Most often {worst.name} gets one: {hundred(worst.named, 'of 100')} "
                f"({count(worst.faces, 'face')})."
            )
        return lines

    def recorded(self) -> Recorded:
        """Return the share of each class that gets a word, and the figures of all together."""
        values = {f"{OTHERS}faces": float(self.faces)}
        values |= self.named.named(f"{OTHERS}named") | self.auroc.named(f"{OTHERS}auroc")
        for one in self.classes:
            values |= one.named.named(f"{NAMED}{one.name}")
        return Recorded(values)


def frequent_word(one: OtherClass, labels: Sequence[str]) -> str:
    """Return the word that the faces of a class get most often, and how many do."""
    share = max(one.words)
    return f"{labels[one.words.index(share)]}, {share:.0%}" if share else UNKNOWN


def _card_row(info: MetricsInfo, classes: Sequence[str]) -> str:
    shares = (f"{OTHERS}named", *(NAMED + name for name in classes))
    values = info.values
    return row(
        [
            *(info.dataset, info.split, f"{values[f'{OTHERS}faces']:,.0f}"),
            *(figure(values, share, share=True) for share in shares),
            figure(values, f"{OTHERS}auroc", share=False),
            figure(values, "answered", share=True),
        ]
    )


def others_figures(
    evaluation: Evaluation,
    answers: Answers,
    names: Sequence[str],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    on_progress: OnProgress = ignore_progress,
) -> Others:
    """Make the figures of the classes that a bundle does not know.

    Args:
        evaluation: The answers to faces of known classes.
        answers: Those to faces of other classes.
        names: The class of each of these pictures.
        resamples: Draws for the intervals, over the groups of both together; 0 for none.
        seed: Seed of the draws.
        on_progress: Called with the draws done.
    """
    known, below = evaluation.answers.of_faces(), evaluation.model.not_sure_below
    found, other = answers.found, answers.of_faces()
    classes = tuple(dict.fromkeys(names))
    which = np.array([classes.index(name) for name in names], dtype=np.int64)
    # Known faces first, as class -1.
    numbers = np.concatenate([np.full(len(known.truth), -1), which[found]])
    certainty = np.concatenate([known.certainty, other.certainty])
    sure = np.concatenate([known.sure(below), other.sure(below)])

    def statistic(rows: IntArray) -> RealArray:
        of, said = numbers[rows], sure[rows]
        scores, is_known = certainty[rows], of < 0
        shares = [_share(said[of == number]) for number in range(len(classes))]
        area = metrics.auroc(scores[is_known], scores[~is_known])
        return np.array([*shares, _share(said[~is_known]), area, _share(said[is_known])])

    groups = group_numbers([*known.groups, *other.groups])
    values = statistic(np.arange(len(groups), dtype=np.int64))
    each = [groups_of(groups, numbers == number) for number in range(len(classes))]
    counts = [*each, groups_of(groups, numbers >= 0), 0, groups_of(groups, numbers < 0)]
    low, high = bootstrap(
        statistic,
        groups,
        resamples=resamples,
        seed=seed,
        counts=np.array(counts),
        stage=STAGE,
        on_progress=on_progress,
    )
    *shares, named, area, answered = map(Estimate, values.tolist(), low.tolist(), high.tolist())
    made = tuple(
        _other_class(name, share, which == number, answers, evaluation.model)
        for number, (name, share) in enumerate(zip(classes, shares, strict=True))
    )
    present = [one for one in made if one.faces]
    worst = max(present, key=lambda one: one.named.value).name if present else ""
    return Others(made, int(found.sum()), named, worst, area, answered)


def _other_class(
    name: str, named: Estimate, chosen: BoolArray, answers: Answers, model: ModelInfo
) -> OtherClass:
    faces = chosen & answers.found
    said = answers.probabilities[faces & answers.sure(model.not_sure_below)].argmax(axis=1)
    counts = np.bincount(said, minlength=len(model.labels)) / max(1, int(faces.sum()))
    return OtherClass(
        name=name,
        faces=int(faces.sum()),
        without_face=int((chosen & ~answers.found).sum()),
        named=named,
        words=tuple(counts.tolist()),
    )


def _share(said: BoolArray) -> float:
    return float(said.mean()) if said.size else float("nan")


STUDY = OthersStudy
