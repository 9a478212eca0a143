"""Says how good a bundle is: reads labelled pictures once, asks it about each, and makes figures.

classifier, info = make_classifier("fer8")
found = evaluate(classifier, info, Path("faces"), studies=[CorruptionsStudy(faces=500)])
write_report(Path("report"), found, command="", date="2025-01-31")
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien.evaluation.figures.intervals import RESAMPLES
from mien.evaluation.figures.summary import Summary, summarise
from mien.evaluation.pictures.collect import collect
from mien.evaluation.pictures.inputs import InputSettings, open_pictures
from mien.evaluation.pictures.picture import Watcher
from mien.evaluation.studies import asked
from mien.evaluation.study import Draws, Finding, Run, Study
from mien.models.info import ModelInfo
from mien.protocols import Classifier, Detector
from mien.types import OnProgress, ignore_progress

if TYPE_CHECKING:  # reading data sets needs an extra, evaluating a folder does not
    from mien.datasets.dataset import Dataset


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """What is known of a bundle afterwards.

    Attributes:
        summary: The figures.
        findings: What the studies found, in their order; nothing of those that had nothing to say.
    """

    summary: Summary
    findings: tuple[Finding, ...] = ()


def evaluate(
    classifier: Classifier,
    info: ModelInfo,
    data: "Dataset | Path",
    *,
    detector: Detector | None = None,
    settings: InputSettings | None = None,
    studies: Sequence[Study[Any]] | None = None,
    watchers: Sequence[Watcher] = (),
    resamples: int = RESAMPLES,
    seed: int = 0,
    on_progress: OnProgress = ignore_progress,
) -> Evaluated:
    """Say how well a bundle reads the faces of a data set, or of a folder of labelled pictures.

    In each picture the largest face counts. A picture without one is counted as such.

    Args:
        classifier: The bundle's classifier; see `mien.registry.make_classifier`.
        info: The bundle's description.
        data: A prepared data set, or a folder with one subfolder of pictures per class; classes
            are matched with the bundle's labels by name.
        detector: Finds the faces in full pictures; None for cropped faces and data sets.
        settings: Which pictures, and how they are read.
        studies: What else is asked, all in one pass; what is always asked unless given. See
            `mien.evaluation.study`.
        watchers: Who else looks at the pictures of classes that the bundle knows.
        resamples: Draws for the 95% intervals; 0 for none.
        seed: Seed of all that is drawn.
        on_progress: Called with the pictures done, then with what each study has done.

    Raises:
        DatasetError: The data cannot be read, holds classes that the bundle does not know (data
            sets, unless they are ignored or asked about) or none that it knows, or no face.
        SettingsError: The framing is out of range, or given for cropped faces.
        BundleError: The classifier gave something that is no probability.
        MissingExtraError: It is a data set, and what reads these is not installed.
    """
    settings = settings or InputSettings()
    draws = Draws(resamples=resamples, seed=seed, on_progress=on_progress)
    run = Run(classifier, info, settings.spec(classifier.spec), draws)
    started = [study.start(run) for study in (asked({}) if studies is None else studies)]
    others = [one.others for one in started if one.others is not None]
    pictures = open_pictures(data, detector, info.labels, settings, others=bool(others))
    evaluation = collect(
        pictures,
        classifier,
        info,
        spec=run.spec,
        watchers=[*(watcher for one in started for watcher in one.watchers), *watchers],
        others=others,
        on_progress=on_progress,
    )
    summary = summarise(evaluation, **draws)
    findings = (one.finish(evaluation) for one in started)
    return Evaluated(summary, tuple(found for found in findings if found is not None))
