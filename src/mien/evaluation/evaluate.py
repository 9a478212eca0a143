"""Asks a bundle's classifier about every picture of a data set or folder.

The pictures go through the same `preprocess` and the same classifier as those of a camera. They go
by once, and whatever else is to be learnt from them is learnt by those who watch.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mien.errors import DatasetError, SettingsError
from mien.evaluation.collect import Collector
from mien.evaluation.inputs import DatasetPictures, FolderPictures, FolderSettings, Watcher
from mien.evaluation.measures import Measures
from mien.evaluation.predictions import Evaluation, Unreadable, in_unicode
from mien.models.bundle import ModelInfo
from mien.protocols import Classifier, Detector
from mien.types import OnProgress, ignore_progress

if TYPE_CHECKING:  # reading data sets needs an extra, evaluating a folder does not
    from mien.datasets.dataset import Dataset

CROPPED = "cropped faces"


def evaluate_dataset(
    classifier: Classifier,
    info: ModelInfo,
    dataset: "Dataset",
    split: str = "test",
    *,
    name: str | None = None,
    ignore_unknown: bool = False,
    watchers: Sequence[Watcher] = (),
    others: Watcher | None = None,
    on_progress: OnProgress = ignore_progress,
) -> Evaluation:
    """Ask about every face of one split of a prepared data set.

    Args:
        classifier: The bundle's classifier.
        info: The bundle's description.
        dataset: The data set; its classes are matched with the bundle's labels by name.
        split: "train", "validation" or "test".
        name: What to call the data set; the name of its folder unless given.
        ignore_unknown: Leave out, and count, classes that the bundle does not know. So one data
            set of many classes serves bundles that read some of them.
        watchers: Who else looks at the pictures.
        others: Who looks at those of classes that the bundle does not know, which are read then.
        on_progress: Told of the pictures done.

    Raises:
        DatasetError: A class is unknown to the bundle (or none, with `others`), or the split holds
            nothing to evaluate.
        BundleError: The classifier gave something that is no probability.
    """
    return _evaluate(
        DatasetPictures(
            dataset,
            split,
            info.labels,
            ignore_unknown=ignore_unknown,
            others=others is not None,
        ),
        Collector(classifier),
        info,
        dataset=name or dataset.path.resolve().name,
        split=split,
        watchers=watchers,
        others=others,
        on_progress=on_progress,
    )


def evaluate_folder(
    classifier: Classifier,
    info: ModelInfo,
    detector: Detector | None,
    folder: Path,
    *,
    settings: FolderSettings | None = None,
    name: str | None = None,
    watchers: Sequence[Watcher] = (),
    others: Watcher | None = None,
    on_progress: OnProgress = ignore_progress,
) -> Evaluation:
    """Ask about every picture of `folder/<class>/**`, the whole way that a camera's frame goes.

    In each picture the largest face counts. A picture without one is counted as such. Of a folder
    with train and test above the classes the test is judged; the result's split says so.

    Args:
        classifier: The bundle's classifier.
        info: The bundle's description.
        detector: Finds the faces; None where the pictures are cropped faces.
        folder: The folder; its subfolders are matched with the bundle's labels by name, and
            others are left out and counted, unless somebody looks at them.
        settings: Framing, groups, and the part where there are folders of splits.
        name: What to call the pictures; the name of the folder unless given.
        watchers: Who else looks at the pictures.
        others: Who looks at those of classes that the bundle does not know, which are read then.
        on_progress: Told of the pictures done.

    Raises:
        DatasetError: No subfolder has the name of a label (or each, with `others`), or there is
            nothing to evaluate.
        SettingsError: The framing is out of range, or given for cropped faces.
        BundleError: The classifier gave something that is no probability.
    """
    settings = settings or FolderSettings()
    if detector is None and settings.crop_scale is not None:
        raise SettingsError("crop scale: cropped faces have their framing already; leave it out")
    spec = settings.spec(classifier.spec)
    pictures = FolderPictures(folder, detector, info.labels, settings, others=others is not None)
    kind = CROPPED if detector is None else f"full pictures, {detector.name}"
    return _evaluate(
        pictures,
        Collector(classifier, spec),
        info,
        dataset=name or folder.resolve().name,
        split=f"{pictures.part}; {kind}" if pictures.part else kind,
        detector=None if detector is None else detector.name,
        crop_scale=None if detector is None else spec.crop_scale,
        watchers=watchers,
        others=others,
        on_progress=on_progress,
    )


def _evaluate(
    pictures: DatasetPictures | FolderPictures,
    collector: Collector,
    info: ModelInfo,
    *,
    dataset: str,
    split: str,
    watchers: Sequence[Watcher],
    others: Watcher | None,
    on_progress: OnProgress,
    detector: str | None = None,
    crop_scale: float | None = None,
) -> Evaluation:
    measures = Measures()
    everyone: tuple[Watcher, ...] = (collector, measures, *watchers)
    of_others = () if others is None else (others,)
    unreadable: list[Unreadable] = []
    sources: list[str] = []
    for picture in pictures.read(on_progress):
        if isinstance(picture, Unreadable):
            unreadable.append(picture)
            continue
        if not picture.unknown:
            sources.append(in_unicode(picture.source))
        for watcher in of_others if picture.unknown else everyone:
            watcher.add(picture)
    if not collector.pictures:
        reason = f" ({len(unreadable)} unreadable)" if unreadable else ""
        raise DatasetError(f"{pictures}: no picture to evaluate{reason}")
    if not collector.faces:
        raise DatasetError(
            f"{pictures}: no face was found in any of {collector.pictures} pictures; "
            "try another detector, or say that the pictures are faces already"
        )
    return Evaluation(
        model=info,
        dataset=dataset,
        split=split,
        answers=collector.finish(),
        detector=detector,
        crop_scale=crop_scale,
        skipped=pictures.skipped,
        unreadable=tuple(unreadable),
        measures=measures.finish(),
        sources=tuple(sources) if any(sources) else (),
    )
