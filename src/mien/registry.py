"""Where parts become a whole: the only module that names concrete classes.

Optional and heavy parts are imported when they are asked for.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from mien import plugins
from mien.errors import BundleError, SettingsError
from mien.files.pickles import is_pickle
from mien.files.writes import sweep
from mien.models.bundle import INFO, load_bundle, load_detector_bundle
from mien.models.classifier import OnnxClassifier
from mien.models.devices import CPU, Asked, Device, find_devices
from mien.models.info import ModelInfo
from mien.models.neutral import can_be_shown, reference
from mien.pipeline.analyzer import Analyzer, AnalyzerSettings
from mien.pipeline.baseline import Baseline, UsualFaces
from mien.protocols import Classifier, Detector
from mien.settings import check_threads

LOG = logging.getLogger(__name__)
M = TypeVar("M", Detector, OnnxClassifier)
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
    device: str | Asked = CPU,
) -> Detector:
    """Make a face detector by its name.

    Args:
        name: One of `DETECTORS`.
        model: Its weights: for mien a bundle's folder, for dlib-cnn a file, which both have where
            None; for yunet a file, which it has not.
        threads: Threads of each of its networks; dlib does without.
        any_angle: Also find heads that lie on their side or are upside down.
        device: Where its networks run, as `mien.models.devices.find_devices` takes it; those of
            dlib run on the CPU.

    Raises:
        SettingsError: The name is unknown, the model is missing or not taken, there are fewer
            threads than one, or the device is not there.
        BundleError: The weights are missing, damaged or unknown.
        MissingExtraError: dlib is not installed.
    """
    factory = _DETECTORS.get(name) or _of_plugin(name)
    if factory is None:
        raise SettingsError(f"unknown detector {name!r}; choose one of {', '.join(detectors())}")
    if model is not None and isinstance(factory, _OwnWeights):
        raise SettingsError(f"the detector {name} has its own weights; leave out {model}")
    make = partial(factory, model, _checked(threads))
    devices = find_devices(device) if name in _WITH_DEVICE else Asked()
    detector: Detector = _placed(devices, f"the detector {name}", make)
    LOG.info("detector %s", name)
    return at_any_angle(detector) if any_angle else detector


def make_movable(name: str, model: Path | None = None) -> Detector:
    """Make a detector that can be sent to other processes, which make it again.

    Args:
        name: As for `make_detector`.
        model: As for `make_detector`.

    Raises:
        MienError: As `make_detector`.
    """
    from mien.detectors.movable import MovableDetector

    return MovableDetector(partial(make_detector, name, model=model))


def detectors() -> tuple[str, ...]:
    """Return the names of all detectors: mien's, and those of other packages (`mien.plugins`)."""
    return DETECTORS + plugins.names(plugins.DETECTORS, DETECTORS)


def _of_plugin(name: str) -> "_Factory | None":
    plugin = plugins.find(plugins.DETECTORS, name, DETECTORS)
    if plugin is None:
        return None
    from mien.detectors.plugin import PluginDetector

    return lambda model, threads, _: PluginDetector(plugin, model=model, threads=threads)


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
    bundle: Path | None = None, *, threads: int = THREADS, device: str | Asked = CPU
) -> tuple[OnnxClassifier, ModelInfo]:
    """Load a bundle and make what runs it.

    Args:
        bundle: Its folder, or the name of a shipped one; the default where None.
        threads: Threads of the network.
        device: Where it runs, as `mien.models.devices.find_devices` takes it.

    Raises:
        BundleError: The bundle is missing, damaged or inconsistent.
        SettingsError: There are fewer threads than one, or the device is not there.
    """
    path = find_bundle(bundle)
    loaded = load_bundle(path)
    info, devices = loaded.info, find_devices(device)
    LOG.info("model %s %s, from %s", info.name, info.version, path)

    def make(where: Device | None) -> OnnxClassifier:
        return OnnxClassifier(loaded, threads=_checked(threads), device=where)

    return _placed(devices, f"the model {info.name}", make), info


def make_models(
    bundle: Path | None = None,
    *,
    detector: str | Detector = DEFAULT_DETECTOR,
    detector_model: Path | None = None,
    any_angle: bool = False,
    threads: int = THREADS,
    device: str | Asked = CPU,
) -> tuple[Detector, OnnxClassifier, ModelInfo]:
    """Make what finds faces and what reads them.

    Args:
        bundle: As `make_classifier`.
        detector: Its name, or one that was made already.
        detector_model: Its weights, where it takes some.
        any_angle: Whether faces of heads that lie are found, too.
        threads: Threads of each network.
        device: Where the networks run, as `mien.models.devices.find_devices` takes it; one that
            fails is given up for all of them.

    Raises:
        MienError: As `make_detector` and `make_classifier`.
    """
    where = find_devices(device)
    if isinstance(detector, str):
        finds = make_detector(
            detector, model=detector_model, threads=threads, any_angle=any_angle, device=where
        )
    else:
        finds = _made(detector, detector_model)
        finds = at_any_angle(finds) if any_angle else finds
    return finds, *make_classifier(bundle, threads=threads, device=where)


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


def _placed(devices: Asked, name: str, make: Callable[[Device | None], M]) -> M:
    """Make a model where it was asked for; with "auto", where that is worth it."""
    if not devices.auto:
        return make(devices.device)
    from mien.pipeline.placing import place

    return place(devices, name, make)


def _made(detector: Detector, model: Path | None) -> Detector:
    if isinstance(detector, type) or not isinstance(detector, Detector):
        raise SettingsError(
            "a detector of your own is an object that is called with a picture, and has a name and "
            f"a face_side (mien.Detector); got {detector!r}"
        )
    if model is not None:
        raise SettingsError(f"{model}: weights are for a detector that is named; leave them out")
    return detector


def _checked(threads: int) -> int:
    check_threads("threads", threads)
    return threads


def _mien(model: Path | None, threads: int, device: Device | None) -> Detector:
    from mien.detectors.single_shot import SingleShotDetector

    bundle = load_detector_bundle(model or DETECTOR_BUNDLE)
    return SingleShotDetector(bundle, threads=threads, device=device)


@dataclass(frozen=True, slots=True)
class _OwnWeights:
    """Makes a detector that has its own weights, by the number of its threads and its device."""

    make: Callable[[int, Device | None], Detector]

    def __call__(self, _: Path | None, threads: int, device: Device | None) -> Detector:
        return self.make(threads, device)


def _mtcnn(threads: int, device: Device | None) -> Detector:
    from mien.detectors.mtcnn.detector import MtcnnDetector

    return MtcnnDetector(threads=threads, device=device)


def _yunet(model: Path | None, threads: int, device: Device | None) -> Detector:
    from mien.detectors.yunet import YunetDetector

    if model is None:
        raise SettingsError(
            "the detector yunet needs the file of its weights: --detector-model FILE, "
            "or detector_model= in Python"
        )
    return YunetDetector(model, threads=threads, device=device)


def _dlib_cnn(model: Path | None, _: int, __: Device | None) -> Detector:
    from mien.detectors.dlib import DlibCnnDetector

    return DlibCnnDetector(model)


def _dlib_hog(_: int, __: Device | None) -> Detector:
    from mien.detectors.dlib import DlibHogDetector

    return DlibHogDetector()


# A new detector is its file and a row here.
_Factory = Callable[[Path | None, int, Device | None], Detector]
_DETECTORS: dict[str, _Factory] = {
    DEFAULT_DETECTOR: _mien,
    "mtcnn": _OwnWeights(_mtcnn),
    "yunet": _yunet,
    "dlib-cnn": _dlib_cnn,
    "dlib-hog": _OwnWeights(_dlib_hog),
}
DETECTORS: tuple[str, ...] = tuple(_DETECTORS)
# onnxruntime runs their networks; dlib and what other packages bring run their own.
_WITH_DEVICE = (DEFAULT_DETECTOR, "mtcnn", "yunet")
