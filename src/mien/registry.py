"""Where parts become a whole: the only module that names concrete classes.

Optional and heavy parts are imported when they are asked for.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mien.errors import BundleError, SettingsError
from mien.files.pickles import is_pickle
from mien.files.writes import sweep
from mien.models.bundle import INFO, load_bundle, load_detector_bundle
from mien.models.classifier import OnnxClassifier
from mien.models.info import ModelInfo
from mien.models.neutral import can_be_shown, reference
from mien.pipeline.analyzer import Analyzer, AnalyzerSettings
from mien.pipeline.baseline import Baseline, UsualFaces
from mien.protocols import Classifier, Detector
from mien.settings import check_threads

LOG = logging.getLogger(__name__)
MODELS = Path(__file__).parent / "models" / "shipped"
DEFAULT, DEFAULT_BUNDLE = "default", MODELS / "fer4"
SHIPPED = (DEFAULT_BUNDLE, MODELS / "fer8")  # classifiers
DETECTOR_BUNDLE = MODELS / "face"
DEFAULT_DETECTOR = "mien"
# The networks are small: a second thread saves little time and costs more of the processor.
THREADS = 1


def make_detector(
    name: str = DEFAULT_DETECTOR,
    *,
    model: Path | None = None,
    threads: int = THREADS,
    any_angle: bool = False,
) -> Detector:
    """Make a face detector by its name.

    Args:
        name: One of `DETECTORS`.
        model: Its weights: for mien a bundle's folder, for dlib-cnn a file, which both have where
            None; for yunet a file, which it has not.
        threads: Threads of each of its networks; dlib does without.
        any_angle: Also find heads that lie on their side or are upside down.

    Raises:
        SettingsError: The name is unknown, the model is missing or not taken, or there are fewer
            threads than one.
        BundleError: The weights are missing, damaged or unknown.
        MissingExtraError: dlib is not installed.
    """
    factory = _DETECTORS.get(name)
    if factory is None:
        raise SettingsError(f"unknown detector {name!r}; choose one of {', '.join(DETECTORS)}")
    if model is not None and isinstance(factory, _OwnWeights):
        raise SettingsError(f"the detector {name} has its own weights; leave out {model}")
    detector = factory(model, _checked(threads))
    LOG.info("detector %s", name)
    return at_any_angle(detector) if any_angle else detector


def at_any_angle(detector: Detector) -> Detector:
    """Return a detector that also finds heads that lie on their side, in four times the time.

    Args:
        detector: Finds upright heads.
    """
    from mien.detectors.any_angle import AnyAngleDetector

    return AnyAngleDetector(detector)


def find_bundle(bundle: Path | None) -> Path:
    """Return a bundle's folder: the given one, or a shipped one by its name where there is none.

    Args:
        bundle: A folder, a name such as "fer8", or "default" or None for the default.

    Raises:
        BundleError: It is a single word, which names no folder here and no shipped bundle.
    """
    if bundle is None:
        return DEFAULT_BUNDLE
    # What is said of a pickle, loading says.
    if len(bundle.parts) != 1 or bundle.exists() or is_pickle(bundle):
        return bundle
    shipped = DEFAULT_BUNDLE if bundle == Path(DEFAULT) else MODELS / bundle
    if not shipped.is_dir():
        # A killed process may have left a folder of this name aside, which loading brings back.
        sweep(bundle.parent)
        if bundle.exists():
            return bundle
        folders = {path.parent for path in MODELS.glob(f"*/{INFO}")} - {DETECTOR_BUNDLE}
        names = ", ".join(sorted(folder.name for folder in folders))
        raise BundleError(
            f"{bundle}: no such bundle; name a folder, or one that mien ships: {names}"
        )
    return shipped


def make_classifier(
    bundle: Path | None = None, *, threads: int = THREADS
) -> tuple[OnnxClassifier, ModelInfo]:
    """Load a bundle and make what runs it.

    Args:
        bundle: Its folder, or the name of a shipped one; the default where None.
        threads: Threads of the network.

    Raises:
        BundleError: The bundle is missing, damaged or inconsistent.
        SettingsError: There are fewer threads than one.
    """
    path = find_bundle(bundle)
    loaded = load_bundle(path)
    LOG.info("model %s %s, from %s", loaded.info.name, loaded.info.version, path)
    return OnnxClassifier(loaded, threads=_checked(threads)), loaded.info


def make_models(
    bundle: Path | None = None,
    *,
    detector: str = DEFAULT_DETECTOR,
    detector_model: Path | None = None,
    any_angle: bool = False,
    threads: int = THREADS,
) -> tuple[Detector, OnnxClassifier, ModelInfo]:
    """Make what finds faces and what reads them.

    Args:
        bundle: As `make_classifier`.
        detector: The name of the detector.
        detector_model: Its weights, where it takes some.
        any_angle: Whether faces of heads that lie are found, too.
        threads: Threads of each network.

    Raises:
        MienError: As `make_detector` and `make_classifier`.
    """
    finds = make_detector(detector, model=detector_model, threads=threads, any_angle=any_angle)
    return finds, *make_classifier(bundle, threads=threads)


def make_analyzer(
    detector: Detector,
    classifier: Classifier,
    info: ModelInfo,
    *,
    settings: AnalyzerSettings | None = None,
    baseline: Baseline | None = None,
) -> Analyzer:
    """Make the analyzer of one stream; the models may be shared between several.

    Args:
        detector: Finds faces.
        classifier: Reads them.
        info: The bundle's description, for its "not sure" threshold and what it makes of neutral
            faces.
        settings: Times and limits.
        baseline: Usual faces that are known before, from `mien.pipeline.learning`.
    """
    usual = UsualFaces(reference(info) if can_be_shown(info) else None, baseline)
    return Analyzer(
        detector,
        classifier,
        not_sure_below=info.not_sure_below,
        settings=settings,
        usual=usual,
    )


def _checked(threads: int) -> int:
    check_threads("threads", threads)
    return threads


def _mien(model: Path | None, threads: int) -> Detector:
    from mien.detectors.single_shot import SingleShotDetector

    return SingleShotDetector(load_detector_bundle(model or DETECTOR_BUNDLE), threads=threads)


@dataclass(frozen=True, slots=True)
class _OwnWeights:
    """Makes a detector that has its own weights, by the number of its threads."""

    make: Callable[[int], Detector]

    def __call__(self, _: Path | None, threads: int) -> Detector:
        return self.make(threads)


def _mtcnn(threads: int) -> Detector:
    from mien.detectors.mtcnn.detector import MtcnnDetector

    return MtcnnDetector(threads=threads)


def _yunet(model: Path | None, threads: int) -> Detector:
    from mien.detectors.yunet import YunetDetector

    if model is None:
        raise SettingsError(
            "the detector yunet needs the file of its weights: --detector-model FILE, "
            "or detector_model= in Python"
        )
    return YunetDetector(model, threads=threads)


def _dlib_cnn(model: Path | None, _: int) -> Detector:
    from mien.detectors.dlib import DlibCnnDetector

    return DlibCnnDetector(model)


def _dlib_hog(_: int) -> Detector:
    from mien.detectors.dlib import DlibHogDetector

    return DlibHogDetector()


# A new detector is its file and a row here.
_DETECTORS: dict[str, Callable[[Path | None, int], Detector]] = {
    DEFAULT_DETECTOR: _mien,
    "mtcnn": _OwnWeights(_mtcnn),
    "yunet": _yunet,
    "dlib-cnn": _dlib_cnn,
    "dlib-hog": _OwnWeights(_dlib_hog),
}
DETECTORS: tuple[str, ...] = tuple(_DETECTORS)
