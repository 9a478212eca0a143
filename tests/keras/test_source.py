"""What is no model of Keras, or is damaged, is refused with one clear line."""

import importlib.util
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

if importlib.util.find_spec("keras") is None or importlib.util.find_spec("h5py") is None:
    pytest.skip("needs Keras: pip install 'mien[keras]'", allow_module_level=True)

from mien.errors import BundleError
from mien.keras.source import read_source

# Keras asks NumPy for copies in what NumPy calls an outdated way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
NO_JSON = "the architecture is no JSON"
Edited = Callable[[Callable[[Any], None]], Path]


def test_files_that_are_no_model_are_refused(keras_files: Path, tmp_path: Path) -> None:
    def cut(name: str) -> bytes:
        return (keras_files / name).read_bytes()[:2000]

    cases = {
        "a.keras": (b"no model", "no Keras model"),
        "b.keras": (cut("model.keras"), "not a whole .keras file"),
        "c.h5": (cut("model.h5"), "damaged or incomplete"),
        "d.h5": (b"", "no Keras model"),
    }
    for name, (content, message) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BundleError, match=f"{name}: {message}"):
            read_source(tmp_path / name)
    with pytest.raises(BundleError, match=r"absent\.h5: cannot be read"):
        read_source(tmp_path / "absent.h5")
    with pytest.raises(BundleError, match=r"absent\.json: cannot be read"):
        read_source(keras_files / "model.h5", tmp_path / "absent.json")
    with pytest.raises(BundleError, match=NO_JSON):
        read_source(keras_files / "model.h5", tmp_path / "a.keras")
    with zipfile.ZipFile(tmp_path / "e.keras", "w") as archive:
        archive.writestr("other.json", "{}")
    with pytest.raises(BundleError, match=r"not a whole \.keras file"):
        read_source(tmp_path / "e.keras")


def test_hdf5_that_does_not_fit_is_refused(edited: Edited) -> None:
    def clear(file: Any) -> None:
        del file["model_weights"]

    cases: dict[str, Callable[[Any], None]] = {
        "no weights of Keras": clear,
        "saved with Theano": lambda file: file.attrs.update(backend="theano"),
        "holds weights only; .* --architecture": lambda file: file.attrs.pop("model_config"),
        NO_JSON: lambda file: file.attrs.update(model_config="{"),
    }
    for message, edit in cases.items():
        with pytest.raises(BundleError, match=message):
            read_source(edited(edit))
