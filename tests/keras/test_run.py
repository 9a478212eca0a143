"""A Keras model becomes a bundle that gives the same probabilities; nothing unfit becomes one."""

import hashlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

if importlib.util.find_spec("keras") is None or importlib.util.find_spec("h5py") is None:
    pytest.skip("needs Keras: pip install 'mien[keras]'", allow_module_level=True)

from mien.datasets.dataset import Dataset
from mien.errors import BundleError, SettingsError, TrainingError
from mien.keras import run as module
from mien.keras import scale as scale_module
from mien.keras.run import UNFITTED_THRESHOLD, ImportResult, import_keras
from mien.models.bundle import load_bundle
from mien.models.classifier import OnnxClassifier
from mien.training.expression.settings import ModelSettings
from mien.types import PixelArray

# Keras asks NumPy for copies in what NumPy calls an outdated way.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.usefixtures("quick_export"),
]
Faces = Callable[..., PixelArray]
LABELS = ("angry", "sad", "happy", "neutral")
SETTINGS = ModelSettings(
    name="demo", crop_scale=1.1, weights_terms="MIT", command="mien import-keras"
)


@pytest.fixture(scope="module")
def imported(
    quick_export: None, keras_files: Path, tmp_path_factory: pytest.TempPathFactory
) -> ImportResult:
    """The bundle of the whole model as `.h5`."""
    out = tmp_path_factory.mktemp("imported") / "bundle"
    return import_keras(keras_files / "model.h5", LABELS, out, SETTINGS, scale="0..1")


def test_bundle_gives_the_probabilities_of_keras(
    demo: Any, imported: ImportResult, faces: Faces
) -> None:
    bundle = load_bundle(imported.bundle.path)
    classifier = OnnxClassifier(bundle)
    assert classifier.labels == LABELS
    assert classifier.spec.crop_scale == 1.1
    assert (bundle.info.temperature, bundle.info.not_sure_below) == (1.0, UNFITTED_THRESHOLD)
    for count in (1, 2, 9):
        wanted = demo.predict(faces(count) / np.float32(255), verbose=0)
        np.testing.assert_allclose(classifier(faces(count)), wanted, atol=1e-5)
    assert (wanted.max(axis=0) > 0.5).all(), "a network that answers all alike shows nothing"


def test_features_are_what_the_last_dense_layer_sees(
    keras: Any, demo: Any, imported: ImportResult, faces: Faces
) -> None:
    seen = keras.Model(demo.inputs, demo.layers[-2].output)
    wanted = seen.predict(faces(3) / np.float32(255), verbose=0)
    classifier = OnnxClassifier(imported.bundle)
    np.testing.assert_allclose(classifier.features(faces(3)), wanted, atol=1e-5)
    assert wanted.shape[1] > 4


def test_model_without_a_last_dense_layer_has_no_features(keras: Any, tmp_path: Path) -> None:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            layers.Conv2D(4, 3),
            layers.GlobalAveragePooling2D(),
            layers.Softmax(),
        ]
    )
    model.save(tmp_path / "model.keras")
    result = import_keras(
        tmp_path / "model.keras", LABELS, tmp_path / "bundle", SETTINGS, scale="0..1"
    )
    assert not OnnxClassifier(result.bundle).has_features


def test_every_form_gives_the_same_bundle(
    keras_files: Path, imported: ImportResult, tmp_path: Path, faces: Faces
) -> None:
    model, out = keras_files / "model.keras", tmp_path / "bundle"
    result = import_keras(model, LABELS, out, SETTINGS, scale="0..1")
    given, wanted = (OnnxClassifier(r.bundle)(faces(4)) for r in (result, imported))
    np.testing.assert_allclose(given, wanted, atol=1e-6)


def test_card_says_how_little_is_known(keras_files: Path, imported: ImportResult) -> None:
    card = " ".join((imported.bundle.path / "CARD.md").read_text().split())
    digest = hashlib.sha256((keras_files / "model.h5").read_bytes()).hexdigest()
    assert f"Imported from `model.h5`, sha256 {digest}. How it was trained is not known" in card
    for fact in ("MIT", "not calibrated", "0.50", "divided by 255", "<!-- metrics -->", "1.1 of"):
        assert fact in card


def test_calibrated_logits_of_a_channels_first_network(
    keras: Any, dataset: Dataset, tmp_path: Path, faces: Faces
) -> None:
    inputs = keras.Input((3, 16, 16))
    halves = keras.layers.AveragePooling2D((8, 16), data_format="channels_first")(inputs)
    values = keras.layers.Dense(2)(keras.layers.Flatten()(halves))
    model = keras.Model(inputs, values)
    sharp = 40 * np.array([[1, -1], [-1, 1]] * 3, np.float32)  # right, but far too sure
    model.layers[-1].set_weights([sharp, np.zeros(2, np.float32)])
    model.save(tmp_path / "halves.keras")
    result = import_keras(
        tmp_path / "halves.keras",
        ("up", "down"),
        tmp_path / "bundle",
        SETTINGS,
        scale="-1..1",
        validation=dataset,
    )
    info = result.bundle.info
    assert dataset.classes == ("down", "up"), "the labels are given in another order"
    assert result.calibrated_on == dataset.count("validation")
    assert info.temperature != 1.0
    assert info.not_sure_below > UNFITTED_THRESHOLD
    given = faces(5, 16, 3)
    scaled = given.transpose(0, 3, 1, 2) / np.float32(127.5) - 1
    logits = torch.from_numpy(model.predict(scaled, verbose=0)) / info.temperature
    np.testing.assert_allclose(
        OnnxClassifier(result.bundle)(given), torch.softmax(logits, 1), atol=1e-4
    )
    card = " ".join((tmp_path / "bundle" / "CARD.md").read_text().split())
    assert f"fitted on {result.calibrated_on} validation faces" in card
    bright = np.zeros((1, 16, 16, 3), np.uint8)
    bright[:, :8] = 255
    assert OnnxClassifier(result.bundle)(bright).argmax() == 0


def test_scale_that_nothing_tells_is_asked_for(keras_files: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"--scale is needed: .*model\.h5 does not say"):
        import_keras(keras_files / "model.h5", LABELS, tmp_path / "bundle", SETTINGS)
    assert not (tmp_path / "bundle").exists()


def test_model_that_divides_is_given_pixels_as_they_are(
    keras: Any, tmp_path: Path, faces: Faces
) -> None:
    layers = keras.layers
    parts = [layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(4, activation="softmax")]
    model = keras.Sequential([keras.Input((16, 16, 1)), *parts])
    model.save(tmp_path / "model.keras")
    result = import_keras(tmp_path / "model.keras", LABELS, tmp_path / "bundle", SETTINGS)
    assert result.scale.scale == "0..255"
    given = OnnxClassifier(result.bundle)(faces(3, 16))
    wanted = model.predict(faces(3, 16).astype(np.float32), verbose=0)
    np.testing.assert_allclose(given, wanted, atol=1e-5)
    card = " ".join((tmp_path / "bundle" / "CARD.md").read_text().split())
    assert "as they are, 0..255 (its first layers, Rescaling" in card


@pytest.fixture
def of_bytes(keras: Any, tmp_path: Path) -> Path:
    """A network that learnt from pixels in 0..255."""
    inputs = keras.Input((16, 16, 3))
    halves = keras.layers.AveragePooling2D((8, 16))(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(halves)))
    # What is brighter wins, but by hundreds: of pixels in 0..1 the bias makes one class.
    difference = np.array([[1, -1]] * 3 + [[-1, 1]] * 3, np.float32)
    model.layers[-1].set_weights([difference, np.array([0, 9], np.float32)])
    model.save(tmp_path / "bytes.keras")
    return tmp_path / "bytes.keras"


def test_validation_faces_tell_the_scale_and_refuse_a_wrong_one(
    of_bytes: Path, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = (of_bytes, ("up", "down"), tmp_path / "bundle", SETTINGS)
    monkeypatch.setattr(scale_module, "ENOUGH_FACES", 2)
    with pytest.raises(BundleError, match=r"0\.\.1 it answers 'down' for 100% .*=0\.\.255 it is"):
        import_keras(*words, scale="0..1", validation=dataset)
    assert not (tmp_path / "bundle").exists()
    result = import_keras(*words, validation=dataset)
    assert result.scale.scale == "0..255"
    assert result.scale.why.startswith("the best of 0..1 (")


def test_answers_that_never_change_are_refused_without_faces(
    of_bytes: Path, tmp_path: Path
) -> None:
    words = (("up", "down"), tmp_path / "bundle", SETTINGS)
    with pytest.raises(
        BundleError, match=r"=0\.\.1 its answers hardly .* say --scale=0\.\.255, or"
    ):
        import_keras(of_bytes, *words, scale="0..1")
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_code_in_the_file_is_never_run(keras: Any, name: str, tmp_path: Path) -> None:
    trace = str(tmp_path / "ran")
    layers = [
        keras.Input((16, 16, 1)),
        keras.layers.Lambda(lambda x: (Path(trace).touch(), x)[1]),
        keras.layers.Flatten(),
        keras.layers.Dense(4),
    ]
    keras.Sequential(layers).save(tmp_path / name)
    Path(trace).unlink(missing_ok=True)
    with pytest.raises(BundleError, match="'Lambda', code inside the file"):
        import_keras(tmp_path / name, LABELS, tmp_path / "bundle", SETTINGS)
    assert not Path(trace).exists()
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (("a",), "at least two labels"),
        (("a", "b", "a", "c"), "each once"),
        (("a", "", "b", "c"), "at least two labels, each once"),
        (("a", "b", "c"), "3 labels, but .*model.keras gives 4"),
    ],
)
def test_labels_that_do_not_fit_are_refused(
    keras_files: Path, labels: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=message):
        import_keras(keras_files / "model.keras", labels, tmp_path / "bundle", SETTINGS)


def test_settings_that_do_not_fit_are_refused(
    keras_files: Path, dataset: Dataset, tmp_path: Path
) -> None:
    model, out = keras_files / "model.keras", tmp_path / "bundle"
    with pytest.raises(SettingsError, match="its classes are down, up"):
        import_keras(model, LABELS, out, SETTINGS, validation=dataset)
    with pytest.raises(SettingsError, match="--crop-scale 99"):
        import_keras(model, LABELS, out, ModelSettings(name="x", crop_scale=99.0))
    (out / "kept").mkdir(parents=True)
    with pytest.raises(SettingsError, match="exists already"):
        import_keras(model, LABELS, out, SETTINGS)
    assert (out / "kept").is_dir()


def test_graph_that_differs_writes_no_bundle(
    keras_files: Path, imported: ImportResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "export_graph", lambda *_: imported.bundle.graph)
    with pytest.raises(TrainingError, match="differs from Keras"):
        import_keras(
            keras_files / "model.keras", LABELS, tmp_path / "bundle", SETTINGS, scale="-1..1"
        )
    assert not (tmp_path / "bundle").exists()


def test_what_pytorch_cannot_export_is_one_line(
    keras_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise ValueError("no\nsuch operator")

    monkeypatch.setattr(module, "export_graph", fail)
    model, out = keras_files / "model.keras", tmp_path / "bundle"
    with pytest.raises(TrainingError, match=r"model\.keras: PyTorch cannot export .*no such op"):
        import_keras(model, LABELS, out, SETTINGS, scale="0..1")
