"""One pass over pictures, for tests that look at what is answered in it."""

from collections.abc import Sequence

from mien.evaluation.pictures.collect import collect
from mien.evaluation.pictures.inputs import InputSettings, open_pictures
from mien.evaluation.pictures.picture import Watcher
from mien.evaluation.predictions import Evaluation
from mien.types import OnProgress, ignore_progress


def one_pass(
    classifier,
    info,
    data,
    detector=None,
    *,
    watchers: Sequence[Watcher] = (),
    others: Sequence[Watcher] = (),
    on_progress: OnProgress = ignore_progress,
    **settings,
) -> Evaluation:
    """Ask about every picture of a data set or folder."""
    chosen = InputSettings(**settings)
    pictures = open_pictures(data, detector, info.labels, chosen, others=bool(others))
    spec = chosen.spec(classifier.spec)
    return collect(
        pictures,
        classifier,
        info,
        spec=spec,
        watchers=watchers,
        others=others,
        on_progress=on_progress,
    )
