"""The benchmarks run, in sizes that say nothing about speed; no figure is judged here."""

import dataclasses
import hashlib
import importlib
import json
import math
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import pytest

import mien.bench
from mien.detectors.mtcnn.detector import MtcnnDetector
from mien.evaluation.detection import Labels, Tally
from mien.models.bundle import load_bundle
from mien.models.classifier import OnnxClassifier
from mien.registry import make_detector
from mien.training.detector.material import (
    INFO,
    PIXELS,
    KnownFace,
    MaterialInfo,
    Picture,
    level_sizes,
)
from mien.types import Analysis, Box, Face, PixelArray, Prediction, Quality, Reading

ROOT = Path(__file__).parent.parent
Importer = Callable[[str], ModuleType]
STAGES = {"detect", "track", "crop", "quality", "classify", "smooth"}


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Importer]:
    """Import a module of `benchmarks`, which is no part of the package."""
    monkeypatch.syspath_prepend(ROOT)
    return lambda name: importlib.import_module(f"benchmarks.{name}")


@pytest.fixture
def short(bench: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    """One scene of half a second in the place of all, few frames and pictures before and beside."""
    identity = bench("identity")
    all_scenes = identity.scenes

    def scenes(*cast: Any) -> Iterator[Any]:
        yield dataclasses.replace(next(all_scenes(*cast)), seconds=0.5)

    monkeypatch.setattr(identity, "scenes", scenes)
    monkeypatch.setattr(mien.bench, "WARM_UP_FRAMES", 3)
    for name in ("realtime", "scaling"):
        monkeypatch.setattr(bench(name), "CYCLE", 2)


def check(result: Any, rows: int) -> None:
    """Every row has its numbers, all finite; none but a difference of memory is below zero."""
    assert len(result.rows) == rows
    for row in result.rows:
        numbers = {key: value for key, value in row.items() if isinstance(value, int | float)}
        assert len(numbers) >= 3
        for key, value in numbers.items():
            assert math.isfinite(value), key
            assert value >= 0 or key == "growth", key
    assert all(cells[0] for cells in result.cells())


def test_prepare_is_timed(bench: Importer) -> None:
    result = bench("prepare").measure(MtcnnDetector(), counts=(40, 80), scenes=8, repeats=1)
    check(result, rows=6)
    assert result.rows[1]["read_ms"] > 0
    assert result.rows[1]["ratio"] > 0


@pytest.mark.usefixtures("tiny_network")
def test_training_is_timed(bench: Importer) -> None:
    torch = pytest.importorskip("torch")
    from mien.training.expression.settings import TrainSettings
    from mien.training.settings import Machine

    result = bench("training").measure(
        machine=Machine(threads=torch.get_num_threads()),
        settings=TrainSettings(batch_size=2, size=16),
        steps=3,
        repeats=1,
    )
    check(result, rows=6)
    assert result.rows[0]["ratio"] == 1


def test_the_classifier_is_timed(bench: Importer, make_bundle: Callable[..., Path]) -> None:
    classifier = OnnxClassifier(load_bundle(make_bundle()))
    result = bench("classifier").measure(classifier, "tiny 0", batches=(1, 2), repeats=2)
    check(result, rows=2)
    assert result.rows[0]["ratio"] == 1
    assert "tiny 0" in result.title


def test_a_frame_is_timed_stage_by_stage(bench: Importer, make_bundle: Callable[..., Path]) -> None:
    bundle = load_bundle(make_bundle())
    result = bench("frame").measure(
        MtcnnDetector(),
        OnnxClassifier(bundle),
        bundle.info,
        sizes=((320, 240),),
        counts=(1, 2),
        repeats=1,
    )
    check(result, rows=2)
    assert [row["found"] for row in result.rows] == [1, 2]
    for row in result.rows:
        stages = [value for key, value in row.items() if key.removesuffix("_ms") in STAGES]
        assert len(stages) == len(STAGES)


def test_memory_is_measured(bench: Importer, make_bundle: Callable[..., Path]) -> None:
    memory = bench("memory")
    if not memory.is_measurable():
        pytest.skip("needs /proc/self/status")
    live = memory.measure_live(make_bundle(), frames=(1, 3))
    check(live, rows=2)
    assert live.rows[0]["megabytes"] > 10
    few = memory.measure_prepare(counts=(40,), side=64)
    check(few, rows=1)
    assert few.rows[0]["peak"] >= few.rows[0]["before"] > 10
    photo = memory.measure_photo(side=800, kinds=("JPEG on its side",))
    assert photo.rows[0]["value"] > 10
    assert photo.findings == ("Every goal was met.", "All faces were found.")


def test_the_command_prints_and_writes(
    bench: Importer,
    make_bundle: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = tmp_path / "kept.json"
    arguments = ["--quick", "--only", "classifier", "--bundle", str(make_bundle())]
    assert bench("__main__").main([*arguments, "--json", str(kept), "--markdown"]) == 0
    printed = capsys.readouterr().out
    assert "ms per face" in printed
    assert "| 8 | " in printed
    found = json.loads(kept.read_text())
    assert found["environment"]["cores"] >= 1
    assert [row["batch"] for row in found["measures"]["classifier"]["rows"]] == [1, 8, 32]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--only", "classifier", "--bundle", "nowhere"], "nowhere: no such bundle"),
        (["--quick", "--bundle", "nowhere", "--write", "a.md"], "leave out --quick"),
        (["--bundle", "nowhere", "--write", "LICENSE"], "LICENSE: needs the lines"),
        (["--bundle", "nowhere", "--write", "a.md"], "a.md: cannot be read"),
        (["--bundle", "nowhere", "--json", "nowhere/a.json"], "nowhere: no such folder"),
    ],
)
def test_what_cannot_be_measured_is_said(
    bench: Importer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    part: str,
) -> None:
    monkeypatch.chdir(ROOT)
    assert bench("__main__").main(arguments) == 1
    error = capsys.readouterr().err
    assert part in error
    assert error.count("\n") == 1


def test_only_what_is_between_the_marks_is_replaced(bench: Importer, tmp_path: Path) -> None:
    report = bench("report")
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n")
    report.replace_marked(page, "new")
    assert page.read_text() == "before\n<!-- bench -->\n\nnew\n\n<!-- /bench -->\nafter\n"
    page.write_text("no marks")
    with pytest.raises(ValueError, match=r"page\.md: needs the lines"):
        report.replace_marked(page, "new")
    assert page.read_text() == "no marks"


def test_the_documents_marks_are_there() -> None:
    text = (ROOT / "docs" / "performance.md").read_text()
    assert text.index("<!-- bench -->") < text.index("<!-- /bench -->")


def test_a_ratio_is_that_of_pairs(bench: Importer) -> None:
    timing = bench("timing")
    slow = timing.Samples(wall=[2.0, 20.0, 3.0], cpu=[1.0, 1.0, 1.0])
    fast = timing.Samples(wall=[1.0, 10.0, 1.0], cpu=[2.0, 2.0, 2.0])
    assert timing.ratio(slow, fast) == 2
    assert timing.cpu_ratio(slow, fast) == 0.5
    assert slow.seconds == 3


def test_tasks_take_turns(bench: Importer) -> None:
    calls: list[str] = []
    tasks = {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}
    samples = bench("timing").take_turns(tasks, 2, shortest=0)
    assert calls == ["a", "b", "a", "b", "a", "b"]
    assert [len(taken.wall) for taken in samples.values()] == [2, 2]


def test_written_faces_differ_but_for_twins(bench: Importer, tmp_path: Path) -> None:
    prepare = pytest.importorskip("mien.datasets.preparation.prepare").prepare
    folders = pytest.importorskip("mien.datasets.inputs.folders")
    bench("faces").write_folder(tmp_path / "in", 80, side=64)
    dataset = prepare(folders.FolderInput(tmp_path / "in"), tmp_path / "out")
    assert dataset.info.clusters == 8
    assert dataset.info.conflicts == 0


def test_scenes_have_the_faces_they_say(bench: Importer) -> None:
    faces = bench("faces")
    scene: PixelArray = faces.scene(320, 240, 2)
    assert scene.shape == (240, 320, 3)
    assert len(MtcnnDetector()(scene)) == 2
    assert (scene == faces.scene(320, 240, 2)).all()
    assert (scene != faces.scene(320, 240, 2, seed=1)).any()


def test_detectors_are_timed_against_each_other(bench: Importer) -> None:
    detector = bench("detector")
    result = detector.measure(
        {"mien": make_detector(), "mtcnn": make_detector("mtcnn")},
        sizes=((320, 240),),
        counts=(1, 2),
        repeats=1,
    )
    check(result, rows=4)
    assert [row["ratio"] for row in result.rows][1::2] == [1, 1]
    assert "reference: mtcnn" in result.title
    assert list(detector.installed())[:3] == ["mien", "mien-48", "mtcnn"]


def shown_portrait(bench: Importer, portrait: PixelArray) -> Any:
    truth = bench("detector_truth")
    points = ((144, 102), (187, 103), (165, 128), (142, 140), (186, 141))
    face = truth.CheckedFace((118, 66, 206, 172), tuple(n for point in points for n in point))
    picture = truth.CheckedPicture("0" * 16, "test", (face,), ((0, 300, 20, 320),))
    return truth._shown(picture, bench("faces").to_jpeg(portrait), "portrait.jpg")


def test_faces_stay_where_hard_cases_show_them(bench: Importer, portrait: PixelArray) -> None:
    """Our detector finds the face of every changed picture near to where it is said to be."""
    shown, detector = shown_portrait(bench, portrait), make_detector(any_angle=True)
    for change in bench("detector_slices").CHANGES:
        image, truth = change.apply(shown, np.random.default_rng(0))
        assert image.dtype == np.uint8
        assert not np.array_equal(image, shown.image)
        tally = Tally()
        missed, _ = tally.add(detector(image), truth)
        assert not missed, change.name
        assert tally.overlap(0) > 0.55, change.name


def test_the_table_of_detectors_has_a_row_for_each_slice(
    bench: Importer, portrait: PixelArray, tmp_path: Path
) -> None:
    module, shown = bench("detectors"), shown_portrait(bench, portrait)
    detectors = {name: make_detector(name) for name in ("mien", "mtcnn")}
    scores = module.test(detectors, [shown], tmp_path)
    result = module.table(scores, "1 picture")
    rows = {row["slice"]: row for row in result.rows}
    assert rows["48 px and more"]["mien"] == 1
    assert rows["48 px and more"]["faces"] == 1
    assert "96 px and more" in rows
    assert {change.name for change in bench("detector_slices").CHANGES} <= set(rows)
    assert result.findings[0].startswith("mien: score above")


def test_recall_is_compared_with_the_reference_on_the_same_faces(bench: Importer) -> None:
    module = bench("detector_table")
    truth = Labels((Face(Box(0, 0, 60, 60), 1.0),))
    scores = {name: module.Scores(Tally(), [()] * 20, {}) for name in ("mien", "yunet-s")}
    for number in range(20):
        scores["mien"].tally.add(truth.faces if number % 2 else (), truth)
        scores["yunet-s"].tally.add(truth.faces, truth)
    findings = module.table(scores, "20 pictures").findings
    assert len(findings) == 3
    assert findings[2].startswith(
        "mien finds, compared with yunet-s: -50.0 points (-75.0 to -25.0) of 48 px"
    )
    assert "96 px" not in findings[2]  # there is none of that size


def test_validation_pictures_of_material_are_shown_with_what_teachers_said(
    bench: Importer, portrait: PixelArray, tmp_path: Path
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(bench("faces").to_jpeg(portrait))
    known = KnownFace((118, 66, 206, 172), 0.9, None)
    same = {"origin": str(path), "sha256": "", "source": "", "group": "", "size": (320, 320)}
    pictures = tuple(
        Picture(split=split, cropped=cropped, faces=(known,), **same)
        for split, cropped in (("train", False), ("validation", False), ("validation", True))
    )
    info = MaterialInfo(teachers=(), judge=None, seed=0, channels=1, pictures=pictures)
    (tmp_path / INFO).write_bytes(msgspec.json.encode(info))
    sizes = [size for picture in pictures for size in level_sizes(picture.size)]
    (tmp_path / PIXELS).write_bytes(bytes(sum(width * height for width, height in sizes)))
    (shown,) = bench("detector_truth").validation(tmp_path)
    assert shown.image.shape == portrait.shape
    assert [face.box for face in shown.truth.faces] == [Box(118, 66, 206, 172)]
    assert shown.tags == ((),)


def test_large_soft_faces_are_counted_missed_and_doubled(
    bench: Importer, portrait: PixelArray
) -> None:
    """A detector that sees nothing misses all, one that sees halves doubles all."""
    enlarged = bench("enlarged")

    def halves(image: PixelArray) -> tuple[Face, ...]:
        height, width = image.shape[:2]
        box = Box(width * 0.4, 0, width * 0.6, height)
        return Face(box, 0.9), Face(Box(box.x1, 0, width * 0.55, height), 0.5)

    detectors = {"nothing": lambda _: (), "halves": halves, "ours": make_detector()}
    photos = [(portrait, Box(118, 66, 206, 172))]
    result = enlarged.measure(detectors, photos, sizes=((192, 108),))
    for row in result.rows:
        assert (row["missed nothing"], row["doubled nothing"]) == (1, 0)
        assert row["doubled halves"] == 1
        assert (row["missed ours"], row["doubled ours"]) == (0, 0)
    assert [row["frames"] for row in result.rows] == [3, 3, 3]


def test_the_checked_faces_are_sound(bench: Importer) -> None:
    pictures = bench("detector_truth").load()
    assert len(pictures) > 500
    for picture in pictures.values():
        for face in picture.faces:
            assert face.box[0] < face.box[2]
            assert face.box[1] < face.box[3]
            assert face.landmarks is None or len(face.landmarks) == 10


def test_checked_pictures_are_found_by_their_hash(
    bench: Importer, portrait: PixelArray, tmp_path: Path
) -> None:
    truth = bench("detector_truth")
    data = bench("faces").to_jpeg(portrait)
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        archive.writestr("wild/happy/a.jpg", data)
        archive.writestr("wild/happy/b.jpg", data[:-1])
    known = truth.CheckedPicture(hashlib.sha256(data).hexdigest()[:16], "wild", (), ())
    checked = {known.sha256: known}
    (found,) = truth.find([tmp_path / "some.zip"], checked)
    assert found.origin == "wild/happy/a.jpg"
    truth.copy([tmp_path / "some.zip"], checked, tmp_path / "copied")
    assert (tmp_path / "copied" / "wild" / "happy" / "a.jpg").read_bytes() == data
    assert len(list((tmp_path / "copied").rglob("*.jpg"))) == 1


def test_people_in_a_moving_scene_are_where_the_truth_says(bench: Importer) -> None:
    moving = bench("moving")
    walk = moving.Walk([(0.0, (160.0, 240.0)), (1.0, (480.0, 240.0))], [(0.4, 0.6)])
    scene = moving.Scene((moving.Actor([(0.0, moving.portrait())], walk, 120.0),), 1.0)
    detector = make_detector()
    for index in (0, 10, 29):
        frame, there = scene.frame(index)
        (face,) = detector(frame.image)
        x, y = there[0].center
        assert abs(face.box.center[0] - x) < 20
        assert abs(face.box.center[1] - y) < 20
    assert scene.frame(15)[1] == {}
    again = scene.frame(10)[0].image
    assert np.array_equal(again, scene.frame(10)[0].image)


def test_switches_and_identity_are_counted(bench: Importer) -> None:
    identity = bench("identity")
    truth = identity.Truth()
    left, right = Box(0, 0, 50, 50), Box(100, 0, 150, 50)
    for numbers in ((1, 2), (1, 2), (2, 1), (2, 1)):
        truth.add({0: left, 1: right}, analysis_of(dict(zip(numbers, (left, right), strict=True))))
    assert (truth.faces, truth.found, truth.switches) == (8, 8, 2)
    assert truth.idf1 == pytest.approx(0.5)


def test_flicker_and_delay_are_counted(bench: Importer) -> None:
    steadiness = bench("steadiness")
    times = np.arange(180) / 30
    probabilities = np.full((180, 4), 0.05, np.float32)
    probabilities[:90, 0] = probabilities[90:, 1] = 0.85
    still = steadiness.Recording(times, probabilities, 0, 1)
    point = steadiness.judge(0.0, 0.2, [still], 0.5)
    assert point.flicker == 0
    assert point.delay == pytest.approx(0.2, abs=0.05)
    shaky = probabilities.copy()
    shaky[30:45] = probabilities[100:115]
    point = steadiness.judge(0.0, 0.2, [steadiness.Recording(times, shaky, 0, 1)], 0.5)
    assert point.flicker == pytest.approx(2 / 6 * 60)


@pytest.mark.usefixtures("short")
def test_promises_are_held_against_their_goals(
    bench: Importer, make_bundle: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    realtime = bench("realtime")
    monkeypatch.setattr(realtime, "WILD", Path("nowhere"))
    lengths = realtime.Lengths(speed=0.05, live=0.1, still=0.2, starts=1)
    result = realtime.measure(make_bundle(), lengths)
    assert len(result.rows) == 12
    for row in result.rows:
        assert math.isfinite(row["value"])
        good = row["value"] >= row["limit"] if "≥" in row["goal"] else row["value"] <= row["limit"]
        assert row["met"] == ("yes" if good else "no")
    assert "nowhere" in result.findings[0]


def test_the_page_is_measured_in_a_browser(bench: Importer) -> None:
    pytest.importorskip("playwright", reason="needs playwright")
    page = bench("page")
    if not any(map(shutil.which, page.BROWSERS)):
        pytest.skip("needs a browser")
    rows = {row["case"]: row for row in page.measure(page.QUICK).rows}
    assert len(rows) == 7
    assert 0 < rows["what a browser loads"]["value"] < rows["the page's files as they are"]["value"]
    lags = [rows[f"grab to overlay, {part}"]["value"] for part in ("p50", "p95")]
    assert 0 < lags[0] <= lags[1]


@pytest.mark.usefixtures("short")
def test_growth_and_searching_are_measured_and_drawn(bench: Importer, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    scaling = bench("scaling")
    growth = scaling.measure_growth(0.02)
    searching = scaling.measure_searching(0.02, intervals=(0.0, 0.15))
    assert [round(row["faces"]) for row in growth.rows] == [1, 2, 4, 8, 16, 1, 1, 1, 1]
    assert all(0 < row["found"] <= 1 for row in searching.rows)
    scaling.draw_growth(tmp_path / "growth.png", growth)
    scaling.draw_searching(tmp_path / "searching.png", searching, 0.15)
    scaling.draw_stages(tmp_path / "stages.png", 10)
    assert len(list(tmp_path.glob("*.png"))) == 3


def analysis_of(boxes: dict[int, Box]) -> Analysis:
    prediction = Prediction(("happy",), (1.0,))
    readings = tuple(
        Reading(number, Face(box, 0.9), prediction, prediction, "happy", Quality(50, 50, 100))
        for number, box in boxes.items()
    )
    return Analysis(0, 0.0, "scene", (640, 480), readings)


def test_peers_labels_are_counted(bench: Importer) -> None:
    figures = bench("peers.figures")
    labels = [None, "sad", None, "sad", "happy", None, "sad"]
    assert figures.changes(labels) == 2
    assert figures.found(labels) == pytest.approx(4 / 7)
    assert list(figures.choose(7, 3)) == [0, 3, 6]
    assert list(figures.choose(2, 120)) == [0, 1]
    assert figures.seconds_shown([1.0, 1.5, 2.0, 2.5]) == 2.0
    with pytest.raises(ValueError, match="two frames or more"):
        figures.seconds_shown([0.0])


def test_peers_are_held_against_the_runs_beside_them(bench: Importer, tmp_path: Path) -> None:
    peers, clip = bench("peers.__main__"), bench("peers.clip")
    image = np.zeros((2, 4, 3), np.uint8)
    frames = [clip.Frame(image, index, index / 2, "clip") for index in range(4)]
    written = clip.write(iter(frames), tmp_path, "clip")
    assert (tmp_path / clip.PIXELS).stat().st_size == 4 * image.size
    mine = iter((1.0, 3.0, 1.0))

    def run(turn: Any, every: int) -> Any:
        if turn.system == "broken":
            raise peers.RunError("broken: no such weights")
        seconds = next(mine) if turn == peers.MIEN else 8.0
        assert every == (1 if turn.every_frame else 2)
        return peers.Run("1.2", seconds, seconds, ("sad", "happy"))

    turns = [peers.Turn(name, f"{name} {{}}", tmp_path) for name in ("other", "broken")]
    result = peers.measure(written, run, turns, most=2, rounds=2)
    check(result, rows=2)
    assert [row["system"] for row in result.rows] == ["mien 1.2", "other 1.2"]
    assert [row["ratio"] for row in result.rows] == [1, 4]
    assert result.rows[1]["changes"] == 30
    assert result.findings[1] == "broken: no such weights"


def test_peers_largest_face_is_read_and_overlaps_go(bench: Importer) -> None:
    reading = bench("peers.reading")
    image = np.zeros((2, 4, 3), np.uint8)

    def read(frames: Any) -> Iterator[Any]:
        yield from ([(1.0, "sad"), (2.0, "happy")] if stamp else [] for stamp, _ in frames)

    assert reading.measure(read, [0, 1], [image, image])["labels"] == [None, "happy"]
    boxes = np.array([[0, 0, 9, 9], [0, 0, 10, 10], [0, 0, 10, 9], [20, 0, 30, 9]], np.float32)
    scores, groups = np.array([0.9, 0.8, 0.7, 1.0]), np.array([0, 0, 1, 0])
    assert reading.suppress(boxes, scores, groups, 0.5).tolist() == [3, 0, 2]


@pytest.mark.parametrize(
    ("values", "leaks"),
    [((200, 230, 231), False), ((200, 201, 240), False), ((200, 216, 232), True)],
    ids=["taken early", "taken late", "taken each time"],
)
def test_a_soak_tells_a_leak_from_what_is_taken_once(
    bench: Importer, values: tuple[float, ...], leaks: bool
) -> None:
    soak = bench("soak")
    rows = [soak.judged("memory", list(values), 15.0)]
    assert soak.grown(rows) == (["memory"] if leaks else [])
