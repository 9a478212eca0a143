import importlib.util
import os
import tempfile
from pathlib import Path

import pytest

from mien.cli.caches import CACHES, caches_kept_apart


def test_they_are_in_a_folder_that_goes(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.delenv(CACHES[0], raising=False)
    monkeypatch.setenv(CACHES[1], "a choice of the user's")
    with caches_kept_apart():
        cache = Path(os.environ[CACHES[0]])
        assert tmp_path in cache.parents
        cache.mkdir()
        (cache / "fonts.json").touch()
        assert os.environ[CACHES[1]] == "a choice of the user's"
    assert not list(tmp_path.iterdir())
    assert CACHES[0] not in os.environ
    assert os.environ[CACHES[1]] == "a choice of the user's"


def test_without_room_for_them_a_command_goes_on(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    monkeypatch.delenv(CACHES[0], raising=False)
    with caches_kept_apart():
        assert CACHES[0] not in os.environ


def test_the_libraries_look_there():
    matplotlib = pytest.importorskip("matplotlib", reason="needs the extra train")
    with caches_kept_apart():
        wanted = os.environ["MPLCONFIGDIR"]
        # Not what it remembers of an earlier test.
        assert matplotlib.get_configdir.__wrapped__() == wanted
        assert matplotlib.get_cachedir.__wrapped__() == wanted
    # Importing PyTorch for this would take seconds.
    torch = Path(importlib.util.find_spec("torch").origin).parent
    reader = torch / "_inductor" / "runtime" / "cache_dir_utils.py"
    assert 'os.environ.get("TORCHINDUCTOR_CACHE_DIR")' in reader.read_text()
