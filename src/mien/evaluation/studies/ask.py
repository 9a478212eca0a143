"""What is asked of a bundle beside its figures, all in one pass over the pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

from mien.datasets.inputs.patterns import SlicePattern
from mien.evaluation.collect import Collector
from mien.evaluation.inputs import Watcher, with_crop_scale
from mien.evaluation.intervals import RESAMPLES
from mien.evaluation.predictions import Evaluation
from mien.evaluation.studies.compare import Comparison, InOrder, compare
from mien.evaluation.studies.corruptions import CorruptionPoint, Sampler, evaluate_corruptions
from mien.evaluation.studies.crop_scales import CropScalePoint, crop_scale_points
from mien.evaluation.studies.others import Others, OthersCollector, others_figures
from mien.evaluation.studies.persons import Persons, by_person
from mien.evaluation.studies.slices import Slice, slices
from mien.models.bundle import ModelInfo
from mien.protocols import Classifier
from mien.types import InputSpec, OnProgress, ignore_progress


@dataclass(frozen=True, slots=True)
class Studies:
    """What was found beside the figures; empty for what was not asked.

    Attributes:
        slices: Figures by how well the faces can be seen, and by what is told of them.
        corruptions: Figures as pictures get worse.
        comparison: Against another bundle.
        crop_scales: Figures over the framing.
        persons: How evenly people are read; None where it is not known who is who.
        others: Whether faces of classes that the bundle does not know get a word.
    """

    slices: tuple[Slice, ...] = ()
    corruptions: tuple[CorruptionPoint, ...] = ()
    comparison: Comparison | None = None
    crop_scales: tuple[CropScalePoint, ...] = ()
    persons: Persons | None = None
    others: Others | None = None


@dataclass(frozen=True, slots=True)
class StudySettings:
    """What to ask.

    Attributes:
        corruption_faces: Most faces to corrupt, drawn by `seed`; 0 for no corruptions.
        crop_scales: Framings to try; full pictures only.
        slice_patterns: What else to split faces by.
        others: Ask about the classes that the bundle does not know.
        resamples: Draws for the intervals; 0 for none.
        seed: Seed of all draws and of the corruptions' noise.
    """

    corruption_faces: int = 0
    crop_scales: tuple[float, ...] = ()
    others: bool = False
    resamples: int = RESAMPLES
    seed: int = 0
    slice_patterns: tuple[SlicePattern, ...] = ()


class Study:
    """Watches the pictures of an evaluation and says afterwards what was found.

    Args:
        classifier: The bundle's classifier.
        info: The bundle's description.
        settings: What to ask.
        spec: How the evaluation crops the faces; as the classifier says unless given.
        other: The classifier and description of a bundle to compare with.

    Raises:
        SettingsError: A crop scale is out of range.
        BundleError: The other bundle reads other classes.
    """

    def __init__(
        self,
        classifier: Classifier,
        info: ModelInfo,
        settings: StudySettings,
        *,
        spec: InputSpec | None = None,
        other: tuple[Classifier, ModelInfo] | None = None,
    ) -> None:
        self._classifier, self._info, self._settings = classifier, info, settings
        self._scales = {
            scale: Collector(classifier, with_crop_scale(classifier.spec, scale))
            for scale in settings.crop_scales
        }
        self._sampler: Sampler | None = None
        if settings.corruption_faces:
            count = settings.corruption_faces
            self._sampler = Sampler(spec or classifier.spec, count, settings.seed)
        self._other: tuple[Collector, ModelInfo] | None = None
        if other is not None:
            rival, rival_info = other
            answers = Collector(InOrder(rival, rival_info.name, info.labels))
            self._other = answers, rival_info
        self._others = OthersCollector(classifier, spec) if settings.others else None

    @property
    def watchers(self) -> Sequence[Watcher]:
        """Who must see the pictures go by."""
        watchers: list[Watcher] = [*self._scales.values()]
        if self._sampler is not None:
            watchers.append(self._sampler)
        if self._other is not None:
            watchers.append(self._other[0])
        return watchers

    @property
    def others(self) -> Watcher | None:
        """Who must see those of classes that the bundle does not know; None where nobody asks."""
        return self._others

    def finish(self, evaluation: Evaluation, on_progress: OnProgress = ignore_progress) -> Studies:
        """Say what was found.

        Args:
            evaluation: What the bundle answered while this watched.
            on_progress: Told of the faces corrupted and of the draws done.
        """
        return Studies(
            self._slices(evaluation, on_progress),
            self._corruptions(on_progress),
            self._comparison(evaluation, on_progress),
            self._crop_scales(on_progress),
            self._persons(evaluation, on_progress),
            self._other_classes(evaluation, on_progress),
        )

    def _slices(self, evaluation: Evaluation, on_progress: OnProgress) -> tuple[Slice, ...]:
        return slices(
            evaluation,
            self._settings.slice_patterns,
            resamples=self._settings.resamples,
            seed=self._settings.seed,
            on_progress=on_progress,
        )

    def _persons(self, evaluation: Evaluation, on_progress: OnProgress) -> Persons | None:
        return by_person(
            evaluation,
            resamples=self._settings.resamples,
            seed=self._settings.seed,
            on_progress=on_progress,
        )

    def _corruptions(self, on_progress: OnProgress) -> tuple[CorruptionPoint, ...]:
        if self._sampler is None:
            return ()
        return evaluate_corruptions(
            self._classifier,
            self._info,
            self._sampler.finish(),
            resamples=self._settings.resamples,
            seed=self._settings.seed,
            on_progress=on_progress,
        )

    def _comparison(self, evaluation: Evaluation, on_progress: OnProgress) -> Comparison | None:
        if self._other is None:
            return None
        collector, info = self._other
        return compare(
            evaluation,
            collector.finish(),
            info,
            resamples=self._settings.resamples,
            seed=self._settings.seed,
            on_progress=on_progress,
        )

    def _crop_scales(self, on_progress: OnProgress) -> tuple[CropScalePoint, ...]:
        if not self._scales:
            return ()
        return crop_scale_points(
            {scale: collector.finish() for scale, collector in self._scales.items()},
            resamples=self._settings.resamples,
            seed=self._settings.seed,
            on_progress=on_progress,
        )

    def _other_classes(self, evaluation: Evaluation, on_progress: OnProgress) -> Others | None:
        if self._others is None:
            return None
        return others_figures(
            evaluation,
            *self._others.finish(),
            resamples=self._settings.resamples,
            seed=self._settings.seed,
            on_progress=on_progress,
        )
