"""Bad models, detectors and installations at every door: one clear line, before any work."""

import contextlib
import importlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from tests.extras import brought

import mien
from mien import registry
from mien.cli import main
from mien.errors import MienError
from mien.installing import CPU_INDEX
from mien.types import PixelArray
from mien.vision.images.reading import encode_png

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, portrait: PixelArray) -> None:
    """Work in a folder that holds one labelled face, with a detector that costs nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(registry._DETECTORS, "mien", lambda *_: lambda image: ())
    Path("faces/happy").mkdir(parents=True)
    Path("faces/happy/face.png").write_bytes(encode_png(portrait))


@pytest.fixture
def bundle(make_bundle: Callable[..., Path]) -> str:
    return str(make_bundle())


def last_line(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the message, which must be the only thing said but for counts and bars."""
    lines = capsys.readouterr().err.splitlines()
    told = [line for line in lines if line.startswith("mien: ")]
    assert len(told) == 1, lines
    return told[0]


def edit_info(path: Path, old: str, new: str) -> None:
    file = path / "model.json"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")


BAD_BUNDLES = {
    "a changed graph": (lambda path: (path / "model.onnx").write_bytes(b"x"), "sha256"),
    "no graph": (lambda path: (path / "model.onnx").unlink(), r"model\.onnx: cannot be read"),
    "no description": (lambda path: (path / "model.json").unlink(), r"model\.json: cannot be read"),
    "an unknown key": (lambda path: edit_info(path, '"name"', '"x": 1, "name"'), "unknown field"),
    "a label too many": (lambda path: edit_info(path, '"sad"', '"sad", "glad"'), "5 labels"),
    "a label twice": (lambda path: edit_info(path, '"sad"', '"happy"'), "labels must differ"),
    "nothing": (shutil.rmtree, "no such bundle"),
}


@pytest.mark.parametrize("name", BAD_BUNDLES)
def test_a_bad_bundle_is_one_line_at_every_door(
    name: str, bundle: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil, reason = BAD_BUNDLES[name]
    spoil(Path(bundle))
    with pytest.raises(MienError, match=reason) as caught:
        mien.load(bundle)
    assert bundle in str(caught.value)
    doors = [["predict", "faces"], ["live", "--port", "0"]]
    for words in doors:
        assert main([*words, "--bundle", bundle]) == 1
        assert last_line(capsys) == f"mien: {caught.value}"
    assert main(["evaluate", bundle, "faces"]) == 1
    assert last_line(capsys) == f"mien: {caught.value}"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--detector", "yunet"], "--detector-model FILE"),
        (["--detector", "yunet", "--detector-model", "wrong.onnx"], "wrong.onnx: sha256 is"),
        (["--detector", "yunet", "--detector-model", "none.onnx"], "none.onnx: cannot be read"),
        (["--detector", "mtcnn", "--detector-model", "wrong.onnx"], "has its own weights"),
    ],
)
def test_a_bad_detector_is_one_line_at_every_door(
    words: list[str], reason: str, bundle: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("wrong.onnx").write_bytes(b"wrong")
    doors = [["predict", "faces", "--bundle", bundle], ["live", "--port", "0", "--bundle", bundle]]
    for door in (*doors, ["evaluate", bundle, "faces"]):
        assert main([*door, *words]) == 1
        assert reason in last_line(capsys)


def test_an_unknown_detector_is_told_which_there_are(
    bundle: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["predict", "faces", "--bundle", bundle, "--detector", "retina"])
    assert ended.value.code == 2
    assert "yunet" in capsys.readouterr().err.splitlines()[-1]


def imported(package: str) -> dict[str, ModuleType]:
    return {name: one for name, one in sys.modules.items() if name.split(".")[0] == package}


@contextlib.contextmanager
def missing_package(name: str) -> Iterator[None]:
    """Have a package not installed, and mien imported anew by whoever needs it."""
    before = imported("mien")
    with pytest.MonkeyPatch.context() as patch:
        for module in (name, *imported(name)):
            patch.setitem(sys.modules, module, None)
        for module in before:
            del sys.modules[module]
        try:
            yield
        finally:
            for module in imported("mien"):
                del sys.modules[module]
            sys.modules.update(before)


@pytest.mark.parametrize(
    ("words", "missing", "extra"),
    [
        (["train", "set"], "torch", "train"),
        (["train", "set"], "pyarrow", "train"),
        (["prepare", "faces", "set"], "pyarrow", "train"),
        (["evaluate", "BUNDLE", "faces"], "matplotlib", "train"),
        (["evaluate", "BUNDLE", "faces"], "jinja2", "train"),
        (["evaluate", "BUNDLE", "set"], "pyarrow", "train"),
        (["predict", "faces", "--bundle", "BUNDLE", "--detector", "dlib-hog"], "dlib", "dlib"),
        (["live", "--lan"], "cryptography", "lan"),
        (["live", "--lan"], "segno", "lan"),
    ],
)
def test_a_missing_extra_is_named_with_how_to_install_it(
    words: list[str],
    missing: str,
    extra: str,
    bundle: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("set").mkdir()
    Path("set/dataset.json").write_text("{}")
    words = [bundle if word == "BUNDLE" else word for word in words]
    with missing_package(missing):
        assert importlib.import_module("mien.cli").main(words) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "needs packages that are not installed: " in line
    assert f"pip install -e '{ROOT}[{extra}]'" in line.replace(
        f" --extra-index-url {CPU_INDEX}", ""
    )


def test_reading_needs_no_extra(bundle: str) -> None:
    missing = [name for name, place in brought().items() if place != "the group test"]
    code = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({[*missing, 'joblib']!r}))\n"
        "from mien.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", code, "predict", "faces", "--bundle", bundle]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
