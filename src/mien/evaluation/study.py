"""What a study of `evaluate` is: a question asked of a bundle beside its figures.

A study is one file in `studies/` and its name in `studies.NAMES`. The file has a `Study`, which
says which options turn it on and what it watches in the one pass over the pictures, and a
`Finding`, which is its result and knows how it is written and shown; the study is its `STUDY`.
Evaluation, terminal, report, metrics.json and card go through all studies, and know none by name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypedDict, TypeVar

import msgspec
from rich.console import RenderableType

from mien.errors import SettingsError
from mien.evaluation.figures.summary import Summary
from mien.evaluation.pictures.picture import Watcher
from mien.evaluation.predictions import Evaluation
from mien.evaluation.report.parts import Plot, Section
from mien.models.info import MetricsInfo, ModelInfo, SliceInfo
from mien.protocols import Classifier
from mien.settings import flag
from mien.types import InputSpec, OnProgress


class Draws(TypedDict):
    """How intervals are drawn.

    Attributes:
        resamples: Draws for the intervals; 0 for none.
        seed: Seed of these and of all else that is drawn.
        on_progress: Called with the draws done.
    """

    resamples: int
    seed: int
    on_progress: OnProgress


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What is evaluated.

    Attributes:
        classifier: The bundle's classifier.
        info: The bundle's description.
        spec: How the evaluation crops the faces.
        draws: How intervals are drawn.
    """

    classifier: Classifier
    info: ModelInfo
    spec: InputSpec
    draws: Draws


def refuse_crop_scale(name: str, given: Mapping[str, Any]) -> None:
    """Refuse an option beside another framing, for a model is judged in its own.

    Args:
        name: The option.
        given: See `Study.asked`.

    Raises:
        SettingsError: There is another framing.
    """
    if given.get("crop_scale") is not None:
        raise SettingsError(
            f"{flag(name)} with --crop-scale: a model is judged in its own framing; "
            "leave out one of the two"
        )


# Of an option that changes what is shown, and no figure.
SHOWING = msgspec.Meta(extra={"showing": True})


@dataclass(frozen=True, slots=True)
class Recorded:
    """What model.json keeps of a study: figures by name, and slices."""

    values: Mapping[str, float] = field(default_factory=dict)
    slices: tuple[SliceInfo, ...] = ()


class Finding:
    """What a study found. What a finding does not have it leaves as it is here."""

    __slots__ = ()

    def figures(self) -> Mapping[str, Any]:
        """Return its part of metrics.json, as msgspec writes it; nan becomes null."""
        raise NotImplementedError

    def shown(self, summary: Summary) -> Sequence[RenderableType]:
        """Return what the terminal shows: tables, and lines without markup."""
        raise NotImplementedError

    def section(self, summary: Summary) -> Section | None:
        """Return its part of the report."""
        raise NotImplementedError

    def plots(self, summary: Summary) -> Sequence[Plot]:  # noqa: ARG002
        """Return its plots; their names must be in `Study.plots`."""
        return ()

    def tables(self) -> Mapping[str, bytes]:
        """Return files that are written beside the report; their names must be in `Study.files`."""
        return {}

    def recorded(self) -> Recorded:
        """Return what model.json keeps of it."""
        return Recorded()


@dataclass(frozen=True, slots=True)
class Started:
    """A study under way.

    Attributes:
        finish: Says what was found, once the pictures have gone by; None for nothing to say.
        watchers: Who must see the pictures go by.
        others: Who must see those of classes that the bundle does not know, which are read then.
    """

    finish: Callable[[Evaluation], Finding | None]
    watchers: tuple[Watcher, ...] = ()
    others: Watcher | None = None


class NoOptions(msgspec.Struct, frozen=True):
    """For a study that is always asked, and has no settings."""


Own = TypeVar("Own", bound=msgspec.Struct)


class Study(Generic[Own]):
    """A question that is asked beside the figures; its own attributes are its settings.

    Attributes:
        options: What turns it on, and its settings, each a field; see `mien.settings`. One that
            means nothing for a data set is marked with `mien.evaluation.pictures.inputs.FOLDERS`,
            one that changes no figure with `SHOWING`.
        plots: Names of the plots that its finding may have, as those of their files.
        files: Names of the tables that its finding may have.
    """

    options: ClassVar[type[msgspec.Struct]]
    plots: ClassVar[tuple[str, ...]] = ()
    files: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def asked(cls, options: Own, given: Mapping[str, Any]) -> "Study[Own] | None":
        """Return the study with the settings that the command line gives; None where not asked.

        Args:
            options: Its own.
            given: The values of all options that were typed, of the command and of other studies,
                by name.

        Raises:
            SettingsError: A value is out of range, or means nothing beside another.
            BundleError: A bundle that is named cannot be used.
        """
        raise NotImplementedError

    def start(self, run: Run) -> Started:
        """Begin, before the pictures go by.

        Raises:
            SettingsError: A setting is out of range.
            BundleError: The bundles do not go together.
        """
        raise NotImplementedError

    @classmethod
    def card(cls, metrics: Sequence[MetricsInfo]) -> list[str]:  # noqa: ARG003
        """Return its lines of a model's card, made of what model.json keeps; none for no part."""
        return []

    @classmethod
    def for_whom(cls, info: MetricsInfo) -> list[tuple[str, str, str]]:  # noqa: ARG003
        """Return its rows of a card's table of who is read worse: by what, worst, best."""
        return []
