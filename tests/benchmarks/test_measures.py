"""Each measure of `make bench` runs, in sizes that say nothing about speed; no figure is judged."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.benchmarks.results import Importer, check

from mien.models.bundle import load_bundle
from mien.models.classifier import OnnxClassifier
from mien.protocols import Detector
from mien.registry import make_detector

pytestmark = pytest.mark.heavy
STAGES = {"detect", "track", "crop", "quality", "classify", "smooth"}


def test_prepare_is_timed(bench: Importer, mtcnn: Detector) -> None:
    result = bench("prepare").measure(mtcnn, counts=(40, 80), scenes=8, repeats=1)
    check(result, rows=6)
    assert result.rows[1]["read_ms"] > 0
    assert result.rows[1]["ratio"] > 0


@pytest.mark.usefixtures("tiny_network")
def test_training_is_timed(bench: Importer) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra [train]")
    from mien.training.expression.settings import TrainSettings
    from mien.training.settings import Machine

    result = bench("training").measure(
        machine=Machine(threads=torch.get_num_threads()),
        settings=TrainSettings(batch_size=4, size=16),
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


def test_a_frame_is_timed_stage_by_stage(
    bench: Importer, mtcnn: Detector, make_bundle: Callable[..., Path]
) -> None:
    bundle = load_bundle(make_bundle())
    result = bench("frame").measure(
        mtcnn,
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


def test_a_million_pictures_are_measured_by_few(bench: Importer) -> None:
    pytest.importorskip("faiss", reason="needs the extra [scale]")
    if not bench("memory").is_measurable():
        pytest.skip("needs /proc/self/status")
    result = bench("scale").measure(searched=(300, 600), planned=2000, listed=70)
    assert len(result.rows) == 10
    assert all(row["value"] > 0 for row in result.rows)
    values = {row["case"]: row["value"] for row in result.rows}
    assert 0.9 <= values["planted pairs found, of those that all pairs find"] <= 1


def test_detectors_are_timed_against_each_other(bench: Importer, mtcnn: Detector) -> None:
    detector = bench("detector")
    result = detector.measure(
        {"mien": make_detector(), "mtcnn": mtcnn},
        sizes=((320, 240),),
        counts=(1, 2),
        repeats=1,
    )
    check(result, rows=4)
    assert [row["ratio"] for row in result.rows][1::2] == [1, 1]
    assert "reference: mtcnn" in result.title
    assert list(detector.installed())[:3] == ["mien", "mien-48", "mtcnn"]


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


def test_archives_are_held_against_their_goals(bench: Importer) -> None:
    archive = bench("archive")
    sizes = archive.Sizes(clip=0.5, clips=2, pictures=3, short=8, long=12, repeats=1)
    result = archive.measure(sizes)
    assert len(result.rows) == (8 if archive.STATUS.is_file() else 6)
    assert all(math.isfinite(row["value"]) and row["value"] > 0 for row in result.rows)
    assert sum("met" in row for row in result.rows) == len(result.rows) // 2


def test_pictures_over_http_are_timed(bench: Importer) -> None:
    result = bench("serve").measure(repeats=1, shortest=0)
    check(result, rows=3)
    assert result.rows[0]["ratio"] == 1
