"""The shipped models as Keras models, also read without mien."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.keras.export.run import TOLERANCE, export_keras
from mien.registry import MODELS

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
READ_WITHOUT_MIEN = """
import sys, numpy, keras
model = keras.saving.load_model(sys.argv[1])
numpy.save(sys.argv[3], model.predict(numpy.load(sys.argv[2]), verbose=0))
assert not [name for name in sys.modules if name.partition(".")[0] == "mien"]
"""


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["fer4", "fer8", "fer4-open"])
def test_shipped_models_are_exported(keras: Any, tmp_path: Path, name: str) -> None:
    out, faces, given = (tmp_path / one for one in ("out.keras", "faces.npy", "given.npy"))
    assert export_keras(MODELS / name, out).parity <= TOLERANCE
    np.save(faces, np.random.default_rng(0).integers(0, 256, (3, 64, 64, 1), np.uint8))
    environment = {**os.environ, "KERAS_BACKEND": "torch", "KERAS_HOME": str(tmp_path)}
    words = [sys.executable, "-c", READ_WITHOUT_MIEN, str(out), str(faces), str(given)]
    subprocess.run(words, env=environment, check=True, timeout=100)
    here = keras.saving.load_model(out).predict(np.load(faces), verbose=0)
    np.testing.assert_allclose(np.load(given), here, atol=TOLERANCE)
