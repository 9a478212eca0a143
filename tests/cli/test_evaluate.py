"""`mien evaluate` from the words typed to the files written."""

import json
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from mien.cli import evaluate, main
from mien.datasets.records import LabelledFace, one_hot
from mien.files.locks import alone_in
from mien.models.bundle import load_bundle
from mien.types import Box, Face, PixelArray
from mien.vision.images.reading import encode_png

pytest.importorskip("matplotlib", reason="evaluating draws plots: needs the extra [train]")
from mien.evaluation import studies
from mien.evaluation.report.main_plots import NAMES
from mien.vision import figures
from mien.vision.figures import render

# The tiny bundle reads dark faces as its first class, bright ones as its last.
LEVELS = {"angry": 20, "neutral": 240}


class FakeDetector:
    name = "fake"
    face_side = 48.0

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        return (Face(Box(0, 0, 48, 48), 0.9),) if image.max() > 0 else ()


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The default report goes into the current folder.
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the drawing, which takes most of the time, to the one test that looks for it."""
    monkeypatch.setattr(figures, "render", lambda _, kind="png": b"a plot")


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """Four faces of each class, one of them black, and a class that the bundle does not know."""
    folder = tmp_path / "press photos"
    for name, level in {**LEVELS, "fear": 10}.items():
        (folder / name).mkdir(parents=True)
        for number in range(4):
            picture = encode_png(np.full((48, 48, 1), 0 if number == 3 else level, np.uint8))
            (folder / name / f"Person_{number}.png").write_bytes(picture)
    return folder


@pytest.fixture
def made_with(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Path | None]]:
    """Put the fake in the place of every detector; list how it was asked for."""
    made: list[tuple[str, Path | None]] = []

    def make(name: str, *, model: Path | None = None, device: object = None) -> FakeDetector:
        made.append((name, model))
        return FakeDetector()

    monkeypatch.setattr(evaluate, "make_detector", make)
    return made


def run(*words: object) -> int:
    return main(["evaluate", *map(str, words)])


def metrics(folder: Path) -> dict:
    return json.loads((folder / "metrics.json").read_text())


def test_a_folder_of_full_pictures(
    make_bundle: Callable[..., Path], faces: Path, made_with: list, capsys
) -> None:
    assert run(make_bundle(), faces, "--resamples", 20) == 0
    content = metrics(Path("tiny-press-photos-evaluation"))
    assert (content["pictures"], content["faces"]) == (8, 6)
    assert content["figures"]["face_found"]["value"] == pytest.approx(0.75)
    assert content["figures"]["accuracy"]["value"] == 1
    assert content["figures"]["accuracy_all_pictures"]["value"] == pytest.approx(0.75)
    assert content["skipped_classes"] == {"fear": 4}
    assert made_with == [("mien", None)]
    shown = capsys.readouterr().out
    assert "6 faces in 8 pictures" in shown
    assert "fear 4" in shown
    assert "tiny-press-photos-evaluation" in shown


def test_cropped_faces_and_groups(
    make_bundle: Callable[..., Path], faces: Path, made_with: list, capsys
) -> None:
    words = ("--whole-face", "--group-pattern", r"(.+)_\d", "--out", "there", "--name", "mine")
    assert run(make_bundle(), faces, *words, "--resamples", 20) == 0
    content = metrics(Path("there"))
    assert (content["faces"], content["dataset"], content["split"]) == (8, "mine", "cropped faces")
    assert content["intervals"]["groups"] == 1
    assert content["figures"]["accuracy"]["low"] is None
    assert not made_with
    assert "groups: 1" in capsys.readouterr().out


def test_options_reach_the_detector(
    make_bundle: Callable[..., Path], faces: Path, made_with: list
) -> None:
    words = ("--detector", "yunet", "--detector-model", "w.onnx", "--crop-scale", 1.4)
    assert run(make_bundle(), faces, *words, "--out", "there", "--resamples", 0) == 0
    assert made_with == [("yunet", Path("w.onnx"))]
    assert metrics(Path("there"))["crop_scale"] == 1.4


def test_a_closer_look_is_shown_written_and_drawn(
    make_bundle: Callable[..., Path],
    faces: Path,
    made_with: list,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(figures, "render", render)
    other = make_bundle("other", labels=("neutral", "happy", "sad", "angry"), size=32)
    words = ("--corruptions", "--corruption-faces", 4, "--against", other, "--slices")
    looks = (*words, "--crop-scales", "1.2,0.9", "--resamples", 10, "--out", "there")
    assert run(make_bundle(), faces, *looks) == 0
    content = metrics(Path("there"))
    assert content["corruptions"][0]["faces"] == 4
    assert [point["crop_scale"] for point in content["crop_scales"]] == [0.9, 1.2]
    # The other's graph is the same, its labels are the other way round.
    assert (content["comparison"]["only_first"], content["comparison"]["both_right"]) == (6, 0)
    assert content["slices"][0]["measure"] == "brightness of the face"
    assert content["command"] == (
        "mien evaluate tiny 'press photos' --crop-scales 0.9,1.2 --against other "
        "--corruption-faces 4 --corruptions --resamples 10"
    )
    shown = capsys.readouterr().out
    for part in ("size of the face", "mouth covered", "crop scale", "exact McNemar test"):
        assert part in shown
    assert Path("there/report.html").is_file()
    assert Path("there/corruptions.png").read_bytes().startswith(b"\x89PNG")


def test_slices_are_written_always_and_shown_on_request(
    make_bundle: Callable[..., Path], faces: Path, made_with: list, capsys
) -> None:
    assert run(make_bundle(), faces, "--resamples", 0, "--out", "there") == 0
    content = metrics(Path("there"))
    assert content["slices"]
    assert "corruptions" not in content
    assert content["command"] == "mien evaluate tiny 'press photos' --resamples 0"
    assert "brightness" not in capsys.readouterr().out


def test_slices_that_were_asked_for_by_name_are_shown(
    make_bundle: Callable[..., Path], faces: Path, made_with: list, capsys
) -> None:
    words = ("--slice-pattern", r"number=_([01])\.", "--slice-pattern", "none=(xyz)")
    assert run(make_bundle(), faces, *words, "--resamples", 0, "--out", "there", "--record") == 0
    content = metrics(Path("there"))
    found = [part for part in content["slices"] if part["measure"] == "number"]
    assert [(part["part"], part["faces"]) for part in found] == [("0", 2), ("1", 2)]
    assert content["command"] == (
        "mien evaluate tiny 'press photos' --slice-pattern 'number=_([01])\\.' "
        "--slice-pattern 'none=(xyz)' --resamples 0"
    )
    shown = capsys.readouterr().out
    assert "number" in shown
    assert "No picture's path fits the slice pattern of none." in shown
    assert "brightness" not in shown
    (entry,) = load_bundle(Path("tiny")).info.metrics
    assert {part.part for part in entry.slices if part.measure == "number"} == {"0", "1"}


def test_persons_are_shown_where_they_are_known(
    make_bundle: Callable[..., Path], faces: Path, capsys
) -> None:
    for name in ("angry", "neutral"):
        for number in range(5):
            picture = encode_png(np.full((48, 48, 1), 20, np.uint8))
            (faces / name / f"{name}_{number}.png").write_bytes(picture)
    words = ("--whole-face", "--group-pattern", r"^([a-z]+)_\d", "--resamples", 20)
    assert run(make_bundle(), faces, *words, "--out", "there") == 0
    found = metrics(Path("there"))["persons"]
    assert (found["persons"], found["faces"], found["worst_accuracy"]["value"]) == (2, 10, 0)
    assert found["accuracy"]["value"] == 0.5
    assert "worst tenth" in capsys.readouterr().out


def test_a_list_of_crop_scales_is_numbers(
    make_bundle: Callable[..., Path], faces: Path, capsys
) -> None:
    with pytest.raises(SystemExit):
        run(make_bundle(), faces, "--crop-scales", "1,wide")
    assert "'1,wide' is no list of numbers" in capsys.readouterr().err


def test_record_writes_figures_with_a_command_without_this_machines_folders(
    make_bundle: Callable[..., Path], faces: Path, made_with: list
) -> None:
    bundle = make_bundle()
    assert run(bundle, faces, "--record", "--resamples", 0, "--out", "there") == 0
    (entry,) = load_bundle(bundle).info.metrics
    assert entry.command == "mien evaluate tiny 'press photos' --resamples 0"
    assert entry.values["accuracy"] == 1
    assert entry.command in (bundle / "CARD.md").read_text()


def test_the_shipped_bundle_has_a_short_name(
    make_bundle: Callable[..., Path], faces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = make_bundle()
    monkeypatch.setattr("mien.registry.DEFAULT_BUNDLE", bundle)
    words = ("--whole-face", "--record", "--resamples", 0, "--out", "there")
    assert run("default", faces, *words) == 0
    (entry,) = load_bundle(bundle).info.metrics
    assert entry.command.startswith("mien evaluate default 'press photos' --whole-face")


def test_other_classes_are_asked_shown_written_and_recorded(
    make_bundle: Callable[..., Path], faces: Path, made_with: list, capsys
) -> None:
    bundle = make_bundle("wide", other=True, not_sure_below=0.5)
    assert run(bundle, faces, "--others", "--record", "--resamples", 0, "--out", "there") == 0
    content = metrics(Path("there"))
    assert content["skipped_classes"] == {}
    (fear,) = content["others"]["classes"]
    assert (fear["name"], fear["faces"] + fear["without_face"]) == ("fear", 4)
    assert content["others"]["named"]["value"] == fear["named"]["value"]
    assert content["command"] == "mien evaluate wide 'press photos' --others --resamples 0"
    assert "other class" in capsys.readouterr().out
    assert "Faces of other classes" in Path("there/report.html").read_text()
    (entry,) = load_bundle(bundle).info.metrics
    assert entry.values["named_fear"] == fear["named"]["value"]
    assert "Faces of classes that it does not know" in (bundle / "CARD.md").read_text()


# All of a new study: how dark the pictures are.
STUDY = """
from dataclasses import dataclass
import msgspec
from mien.evaluation.report.parts import Paragraph, Plot, Section
from mien.evaluation.study import Finding, Recorded, Started, Study

@dataclass(frozen=True)
class Darkness(Finding):
    darkest: float

    def figures(self):
        return {"darkness": self}

    def shown(self, summary):
        return [f"darkest: {self.darkest:g} [as it is]"]

    def section(self, summary):
        return Section("Darkness", [Paragraph(f"The darkest is {self.darkest:g} & no more.")])

    def plots(self, summary):
        from mien.evaluation.report.plots import new_figure
        return [Plot("darkness", "Darkness", "It is dark.", lambda: new_figure(1, 1))]

    def recorded(self):
        return Recorded({"darkest": self.darkest})

class Darkest:
    def __init__(self):
        self.least = 255.0

    def add(self, picture):
        self.least = min(self.least, float(picture.image.mean()))

class DarknessOptions(msgspec.Struct):
    darkness: float | None = None

@dataclass(frozen=True)
class DarknessStudy(Study[DarknessOptions]):
    options = DarknessOptions
    plots = ("darkness",)
    added: float

    @classmethod
    def asked(cls, options, given):
        return None if options.darkness is None else cls(options.darkness)

    def start(self, run):
        darkest = Darkest()
        return Started(lambda _: Darkness(darkest.least + self.added), (darkest,))

    @classmethod
    def card(cls, metrics):
        return [f"Darkest: {info.values['darkest']:g}" for info in metrics]

STUDY = DarknessStudy
"""


def test_a_new_study_is_one_file_and_its_name(
    make_bundle: Callable[..., Path],
    faces: Path,
    made_with: list,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    module = types.ModuleType("mien.evaluation.studies.darkness")
    exec(STUDY, module.__dict__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(studies, "NAMES", ("darkness", *studies.NAMES))
    words = ("--darkness", "0.5", "--record", "--plots", "pdf", "--resamples", 0, "--out", "there")
    assert run(bundle := make_bundle(), faces, *words) == 0
    content = metrics(Path("there"))
    assert content["darkness"] == {"darkest": 0.5}
    assert content["command"].endswith(" --darkness 0.5 --resamples 0")
    assert "darkest: 0.5 [as it is]" in capsys.readouterr().out
    page = Path("there/report.html").read_text()
    assert '<h2 id="darkness-title">Darkness</h2>' in page
    assert "The darkest is 0.5 &amp; no more." in page
    assert 'alt="Darkness. It is dark."' in page
    assert Path("there/darkness.pdf").is_file()
    assert load_bundle(bundle).info.metrics[0].values["darkest"] == 0.5
    assert "Darkest: 0.5" in (bundle / "CARD.md").read_text()
    # Without it, its plot does not stay behind.
    assert run(bundle, faces, "--resamples", 0, "--out", "there") == 0
    assert not list(Path("there").glob("darkness.*"))


def test_every_study_has_its_file_and_options_of_its_own() -> None:
    files = Path(studies.__file__).parent.glob("*.py")
    assert {path.stem for path in files} - {"__init__"} == set(studies.NAMES)
    found = studies.all_studies()
    options = [name for study in found for name in study.options.__struct_fields__]
    plots = [*NAMES, *(name for study in found for name in study.plots)]
    assert len(options) == len(set(options))
    assert len(plots) == len(set(plots))


def test_plots_are_written_as_asked_and_embedded_as_before(
    make_bundle: Callable[..., Path], faces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "render", lambda _, kind="png": f"a {kind}".encode())
    words = ("--whole-face", "--resamples", 0, "--out", "there", "--plots", "svg")
    assert run(make_bundle(), faces, *words) == 0
    assert {path.name for path in Path("there").iterdir()} == {
        *("confusion.svg", "reliability.svg", "risk_coverage.svg"),
        *("metrics.json", "predictions.csv", "report.html"),
    }
    assert Path("there/confusion.svg").read_bytes() == b"a svg"
    assert Path("there/report.html").read_text().count("data:image/png;base64,YSBwbmc=") == 3
    assert "--plots" not in metrics(Path("there"))["command"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--others", "--ignore-unknown"), "--ignore-unknown leaves out"),
        (("--split", "test"), "leave out --split"),
        (("--whole-face", "--detector", "mtcnn"), "--whole-face needs no detector"),
        (("--record", "--crop-scale", 1.2), "own framing"),
        (("--resamples", -1), "0 or more"),
        (("--out", "tiny/CARD.md"), "tiny/CARD.md is a file"),
        (("--group-pattern", "("), "not a regular expression"),
        (("--slice-pattern", "sex"), "write NAME=REGEX"),
        (("--slice-pattern", "a=(b)", "--slice-pattern", "a=(c)"), "'a' is there twice"),
        (("--corruption-faces", 5), "--corruption-faces is for --corruptions"),
        (("--corruptions", "--corruption-faces", 0), "1 or more"),
        (("--crop-scales", "1,1.2", "--whole-face"), "--crop-scales with --whole-face"),
        (("--crop-scales", "1,1.2", "--crop-scale", 1.2), "own framing"),
        (("--crop-scales", "1,99"), "crop scale 99"),
        (("--crop-scales", ","), "--crop-scales: no number"),
        (("--crop-scales", "1,inf"), "crop scale inf"),
        (("--resamples", 10**12), "--resamples must be 1,000,000 or less"),
        (("--against", "tiny", "--crop-scale", 1.2), "own framing"),
        (("--against", "nowhere"), "nowhere: no such bundle"),
    ],
)
def test_options_that_cannot_work_together_are_refused_in_one_line(
    words: tuple, reason: str, make_bundle: Callable[..., Path], faces: Path, capsys
) -> None:
    assert run(make_bundle(), faces, *words) == 1
    error = capsys.readouterr().err.strip()
    assert reason in error
    assert error.count("\n") == 0


def test_two_never_write_one_report(make_bundle: Callable[..., Path], faces: Path, capsys) -> None:
    with alone_in(Path("there")):
        assert run(make_bundle(), faces, "--out", "there") == 1
    assert "there: process" in capsys.readouterr().err
    assert not Path("there").exists()


def test_options_for_folders_are_refused_for_data_sets(
    make_bundle: Callable[..., Path], tmp_path: Path, capsys
) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "dataset.json").write_text("{}")
    assert run(make_bundle(), tmp_path / "set", "--detector", "mtcnn") == 1
    assert "--detector is for folders" in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["bundle", "data"])
def test_what_is_missing_is_named(
    missing: str, make_bundle: Callable[..., Path], faces: Path, made_with: list, capsys
) -> None:
    given = {"bundle": make_bundle(), "data": faces, missing: "nowhere"}
    assert run(given["bundle"], given["data"]) == 1
    assert "nowhere" in capsys.readouterr().err


class GrayFaces:
    """Faces of two levels of gray under noise, in a class order other than the bundle's."""

    name, classes, refused, splits_itself = "gray", ("neutral", "angry"), (), True

    def __len__(self) -> int:
        return 40

    def settings(self) -> dict[str, str]:
        return {"input": "gray"}

    def notes(self) -> tuple[str, ...]:
        return ()

    def fingerprint(self, start: int, stop: int) -> str:
        return f"{start} {stop}"

    def read(self, start: int, stop: int) -> Iterator[LabelledFace]:
        for row in range(start, stop):
            noise = np.random.default_rng(row).normal(0, 12, (48, 48, 1))
            label, held_out = row % 2, row < 12
            pixels = np.clip(LEVELS[self.classes[label]] + noise, 0, 255).astype(np.uint8)
            yield LabelledFace(
                pixels, label, one_hot(label, 2), f"row {row}", f"group {row}", held_out=held_out
            )


def test_a_data_set_of_more_classes_serves_a_bundle_of_fewer(
    make_bundle: Callable[..., Path], capsys
) -> None:
    pytest.importorskip("pyarrow", reason="needs the extra [train]")
    from mien.datasets.preparation.prepare import prepare

    prepare(GrayFaces(), Path("set"))
    bundle = make_bundle(labels=("fear", "angry"))
    assert run(bundle, "set", "--resamples", 0, "--out", "there") == 1
    assert "--ignore-unknown" in capsys.readouterr().err
    words = ("--ignore-unknown", "--corruptions", "--against", bundle, "--slices")
    assert run(bundle, "set", *words, "--resamples", 0, "--out", "there") == 0
    content = metrics(Path("there"))
    assert (content["faces"], content["skipped_classes"]) == (6, {"neutral": 6})
    assert content["corruptions"][0]["faces"] == content["comparison"]["faces"] == 6


def test_a_prepared_data_set_is_evaluated(make_bundle: Callable[..., Path], capsys) -> None:
    pytest.importorskip("pyarrow", reason="needs the extra [train]")
    from mien.datasets.preparation.prepare import prepare

    prepare(GrayFaces(), Path("set"))
    assert run(make_bundle(), "set", "--resamples", 20) == 0
    content = metrics(Path("tiny-set-test-evaluation"))
    assert (content["faces"], content["intervals"]["groups"]) == (12, 12)
    assert content["figures"]["accuracy"]["value"] == 1
    assert content["absent_classes"] == ["sad", "happy"]
    assert "face_found" not in content["figures"]
    assert content["command"] == "mien evaluate tiny set --resamples 20"
    assert "No face of: sad, happy" in capsys.readouterr().out


def test_features_are_written(
    faces: Path, make_bundle: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    from safetensors.numpy import load_file

    bundle = str(make_bundle(features=True))
    words = ["evaluate", bundle, str(faces), "--whole-face", "--resamples", "0"]
    assert main([*words, "--features", "f.safetensors", "--features-faces", "5"]) == 0
    assert "Features of 5 faces: f.safetensors" in capsys.readouterr().out
    tensors = load_file("f.safetensors")
    assert tensors["features"].shape == (5, 1)
    assert set(tensors["labels"].tolist()) == {0, 3}
    assert main([*words, "--features", "f.safetensors"]) == 0
    assert load_file("f.safetensors")["labels"].tolist() == [0] * 4 + [3] * 4


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--features-faces", "5"], "is for --features"),
        (["--features", "f", "--features-faces", "0"], "must be 1 or more"),
        (["--features", "absent/f"], "--features absent/f: there is no such folder"),
        (["--features", "f"], "the graph gives no features"),
    ],
)
def test_features_that_cannot_be_written_are_told_at_once(
    faces: Path,
    make_bundle: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    given: list[str],
    message: str,
) -> None:
    assert main(["evaluate", str(make_bundle()), str(faces), "--whole-face", *given]) == 1
    assert message in capsys.readouterr().err
    assert not Path("f").exists()
