"""Makes a model of the faces that a page has kept, as `mien adapt` does of a folder."""

from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mien.errors import DatasetError, PictureError, Sentence
from mien.models.classifier import OnnxClassifier
from mien.models.occlusion import explain
from mien.protocols import Detector
from mien.registry import make_analyzer
from mien.types import OnProgress
from mien.vision.images.reading import decode_picture
from mien.web.protocol import facts_of
from mien.web.session.services import Taught
from mien.web.teaching import (
    MOST_SIDE,
    Adapted,
    ComparedFigures,
    KeptFace,
    Verdict,
    WordFigures,
)

if TYPE_CHECKING:
    from mien.training.adapt.figures import Comparison
    from mien.training.adapt.gather import Gathered
    from mien.training.adapt.run import Adapted as Learnt
    from mien.training.adapt.sources import Moment

# What the faces are called, as a folder is by its name.
NAME = "faces kept on the page"
COMMAND = "mien live, from faces that were kept on the page"
NEEDED = ("onnx", "safetensors")  # the extra [adapt], but for what draws
FEWEST_WORDS = FEWEST_FACES = 2


class Says(Sentence):
    """What the page is told of faces that nothing can be learnt from."""

    FEW_WORDS = "at least two words are needed, with two faces of each"
    FEW_FACES = "{word}: there is one face only; keep another, or take it away"
    ONE_PHOTO = "{word}: all its faces are one picture; keep it at other moments, too"


def can_teach(classifier: OnnxClassifier) -> bool:
    """Whether a model can be made of this one: its graph gives features, and packages are there."""
    return classifier.has_features and all(find_spec(name) is not None for name in NEEDED)


class Teacher:
    """Learns from faces, beginning with a model and its detector."""

    def __init__(self, classifier: OnnxClassifier, detector: Detector) -> None:
        """Take what reads faces and what finds them, which threads may share."""
        self._classifier, self._detector = classifier, detector

    def __call__(self, faces: Sequence[KeptFace], on_progress: OnProgress) -> Taught:
        """Learn from faces.

        Args:
            faces: The faces.
            on_progress: Called with the pictures read, then with the folds done; what it raises
                ends the lesson.

        Raises:
            DatasetError: Nothing can be learnt from these faces.
            BundleError: The graph has no last layer that can be changed.
        """
        from mien.training.adapt.gather import gather_from
        from mien.training.adapt.run import adapt
        from mien.training.adapt.settings import AdaptSettings
        from mien.training.adapt.sources import Moments

        _check_words(faces)
        moments = Moments([_moment(face) for face in faces], self._classifier.spec, self._detector)
        gathered = gather_from(moments, NAME, self._classifier, on_progress)
        _check_photos(gathered)
        settings = AdaptSettings()
        learnt = adapt(self._classifier.bundle, self._classifier, gathered, settings, on_progress)
        return self._taught(learnt, settings.seed)

    def _taught(self, learnt: "Learnt", seed: int) -> Taught:
        from mien.training.adapt.write import make
        from mien.training.settings import AnyModelSettings

        name = f"{self._classifier.bundle.info.name}-adapted"
        made, files = make(Path(name), learnt, AnyModelSettings(name=name, command=COMMAND), seed)
        classifier, detector = OnnxClassifier(made), self._detector
        return Taught(
            told=_told(learnt),
            labels=classifier.labels,
            model=facts_of(made.info),
            make_analyzer=lambda: make_analyzer(detector, classifier, made.info),
            explain=lambda image, face: explain(image, face, classifier),
            files=files,
        )


def _moment(face: KeptFace) -> "Moment":
    from mien.training.adapt.sources import Moment

    try:
        picture = decode_picture(face.jpeg, "picture", max_pixels=MOST_SIDE**2)
    except PictureError:
        return Moment("unreadable picture", face.word)
    return Moment(picture, face.word, face.person)


def _check_words(faces: Sequence[KeptFace]) -> None:
    counts = Counter(face.word for face in faces)
    if len(counts) < FEWEST_WORDS:
        raise DatasetError(Says.FEW_WORDS())
    for word, count in counts.items():
        if count < FEWEST_FACES:
            raise DatasetError(Says.FEW_FACES(word=word))


def _check_photos(faces: "Gathered") -> None:
    for number, word in enumerate(faces.classes):
        if len(np.unique(faces.photos[faces.labels == number])) < FEWEST_FACES:
            raise DatasetError(Says.ONE_PHOTO(word=word))


def _told(learnt: "Learnt") -> Adapted:
    gain, known = learnt.gain, learnt.forgotten
    return Adapted(
        labels=learnt.classes.labels,
        own=_compared(gain),
        known=None if known is None else _compared(known),
        left_out=sum(learnt.faces.left_out.values()),
        verdict=_verdict(gain),
    )


def _verdict(gain: "Comparison") -> Verdict:
    if not gain.is_better:
        return "no better"
    return "better" if gain.is_sure else "perhaps"


def _compared(found: "Comparison") -> ComparedFigures:
    words = [
        WordFigures(
            one.label,
            one.faces,
            None if one.before is None else round(one.before * one.faces),
            round(one.after * one.faces),
        )
        for one in found.classes
    ]
    return ComparedFigures(found.faces, found.before.value, found.after.value, tuple(words))
