"""Another package adds a detector and an output, and a broken one breaks nothing else."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.cli import main
from mien.errors import SettingsError
from mien.registry import DETECTORS, detectors
from mien.sinks.layout import TableSettings
from mien.sinks.open import check_table, make_sinks
from mien.vision.images.reading import encode_png

CODE = """
from mien import Box, Face
class Middle:
    name, face_side = "middle", 48.0
    def __init__(self, *, model=None, threads=1): pass
    def __call__(self, image):
        height, width = image.shape[:2]
        return (Face(Box(width / 4, height / 4, width * 3 / 4, height * 3 / 4), 0.9),)
class Lines:
    def __init__(self, table):
        self.table, self.file = table, open(table.path, "w")
    def write(self, frame, analysis):
        for row in self.table.layout.rows(analysis):
            print(row["label"], file=self.file)
    def close(self):
        self.file.close()
"""
ENTRIES = """[mien.detectors]
middle = {0}:Middle
mtcnn = {0}:Middle
broken = {0}_none:Middle
[mien.sinks]
lines = {0}:Lines
bad = {0}:CODE
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place, module = tmp_path / "site", "mien_plugin_of_a_test"
    info = place / f"{module}-1.2.dist-info"
    info.mkdir(parents=True)
    (place / f"{module}.py").write_text(CODE)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(ENTRIES.format(module))
    (place / "damaged-1.dist-info").mkdir()
    (place / "damaged-1.dist-info" / "entry_points.txt").write_bytes(b"[mien.detectors\xff")
    monkeypatch.syspath_prepend(place)
    return place


def test_a_detector_is_used_by_its_name(installed: Path, make_bundle: Callable[..., Path]) -> None:
    assert detectors() == (*DETECTORS, "broken", "middle")
    reader = mien.load(make_bundle(), detector="middle")
    (reading,) = reader.read(np.full((120, 160, 3), 250, np.uint8))
    assert reading.label == "neutral"
    with pytest.raises(SettingsError, match=r"detector broken of mien_plugin\S* 1.2: cannot be"):
        mien.load(make_bundle("b"), detector="broken")


def test_an_output_is_written_whole(
    installed: Path, make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    picture, out = tmp_path / "a.png", tmp_path / "x.lines"
    picture.write_bytes(encode_png(np.full((120, 160, 3), 250, np.uint8)))
    words = ["predict", str(picture), "--out", str(out), "--model", str(make_bundle())]
    assert main([*words, "--detector", "middle"]) == 0
    assert out.read_text() == "neutral\n"
    assert main([*words, "--detector", "middle"]) == 1
    with pytest.raises(SettingsError, match=r"\.lines"):
        check_table(tmp_path / "x.unknown", TableSettings())
    with pytest.raises(mien.MienError, match="sink bad of"):
        make_sinks(("a", "b"), out=tmp_path / "x.bad")
    assert not (tmp_path / "x.bad").exists()


def test_doctor_lists_them(installed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from mien.cli.doctor import _plugins

    found = {name.partition(" of ")[0]: finding for name, finding in _plugins().items()}
    assert {name for name, one in found.items() if one.ok} == {
        "detector middle",
        "sink lines",
    }
    assert "one of its own" in found["detector mtcnn"].detail
