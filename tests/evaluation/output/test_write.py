"""The report's files: complete, readable back, and never lost half-way."""

import csv
import dataclasses
import io
import json
import math
from pathlib import Path

import msgspec
import numpy as np
import pytest

from mien.errors import SinkError
from mien.evaluation.evaluate import Evaluated
from mien.evaluation.figures.slicing import slices
from mien.evaluation.figures.summary import Estimate, summarise
from mien.evaluation.pictures.measures import BRIGHTNESS
from mien.evaluation.predictions import Evaluation
from mien.evaluation.robustness.corrupted import CorruptionPoint
from mien.evaluation.studies.compare import Comparison
from mien.evaluation.studies.corruptions import Corruptions
from mien.evaluation.studies.crop_scales import CropScalePoint, CropScales
from mien.evaluation.studies.others import Others
from mien.evaluation.studies.slices import Slices
from mien.evaluation.study import Finding
from mien.files.writes import replace_files

pytest.importorskip("matplotlib", reason="needs the extra [train]")
from mien.evaluation.output.write import metrics_json, predictions_csv, write_report
from mien.vision import figures

FACTS = {"command": "mien evaluate gray six", "date": "2025-01-31"}
FILES = {
    *("confusion.png", "metrics.json", "predictions.csv", "reliability.png", "report.html"),
    "risk_coverage.png",
}


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the drawing, which takes most of the time, to `test_plots.py`."""
    monkeypatch.setattr(figures, "render", lambda _, kind="png": f"a {kind}".encode())


def test_metrics_are_strict_json_with_null_for_what_is_unknown(evaluation: Evaluation) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(name)

    data = metrics_json(Evaluated(summarise(evaluation, resamples=20)), **FACTS)
    content = json.loads(data, parse_constant=refuse)
    assert content["figures"]["accuracy"]["value"] == pytest.approx(0.8)
    assert content["figures"]["recall_neutral"] == {"value": None, "low": None, "high": None}
    assert content["classes"]["happy"] == {"faces": 1, "without_face": 1}
    assert content["absent_classes"] == ["neutral"]
    assert content["skipped_classes"] == {"fear": 3}
    assert content["confusion"][1] == [1, 1, 0, 0]
    assert (content["pictures"], content["faces"]) == (6, 5)
    assert content["command"] == FACTS["command"]
    assert content["risk_coverage"][-1] == {"coverage": 1.0, "accuracy": pytest.approx(0.8)}
    assert sum(entry["faces"] for entry in content["reliability"]) == 5


def test_predictions_come_back_as_they_were(evaluation: Evaluation) -> None:
    rows = list(csv.DictReader(io.StringIO(predictions_csv(summarise(evaluation, resamples=0)))))
    assert [row["origin"] for row in rows] == list(evaluation.answers.origins)
    assert (rows[3]["label"], rows[3]["predicted"], rows[3]["group"]) == ("sad", "angry", "bob")
    assert float(rows[3]["confidence"]) == float(rows[3]["p_angry"]) == pytest.approx(0.9)
    assert (rows[5]["predicted"], rows[5]["confidence"], rows[5]["p_sad"]) == ("no face", "", "")
    assert "p_other" not in rows[0]


def test_predictions_have_something_else_where_the_bundle_does(evaluation: Evaluation) -> None:
    other = np.array([0.5, 0, 0, 0, 0, 0], np.float32)
    wide = dataclasses.replace(
        evaluation,
        model=msgspec.structs.replace(evaluation.model, other=True),
        answers=dataclasses.replace(evaluation.answers, other=other),
    )
    rows = list(csv.DictReader(io.StringIO(predictions_csv(summarise(wide, resamples=0)))))
    assert [rows[row]["p_other"] for row in (0, 1, 5)] == ["0.500000", "0.000000", ""]
    assert float(rows[0]["confidence"]) == pytest.approx(0.7)


def test_a_report_leaves_other_files_alone(evaluation: Evaluation, tmp_path: Path) -> None:
    out = tmp_path / "new" / "report"
    summary = summarise(evaluation, resamples=0)
    assert {path.name for path in write_report(out, Evaluated(summary), **FACTS)} == FILES
    (out / "notes.txt").write_text("mine")
    (out / "metrics.json").write_text("old")
    write_report(out, Evaluated(summary), **FACTS)
    assert {path.name for path in out.iterdir()} == FILES | {"notes.txt"}
    assert json.loads((out / "metrics.json").read_text())["dataset"] == "six"


@pytest.fixture
def findings(evaluation: Evaluation) -> tuple[Finding, ...]:
    measures = {BRIGHTNESS: np.array([10, 30, 60, 90, 120, np.nan])}
    part = Estimate(0.5, 0.25, math.nan)
    points = tuple(
        CorruptionPoint("blur", severity, "", 9, part, part, 0.1, 0.9 - 0.1 * severity, 1)
        for severity in range(3)
    )
    scales = (CropScalePoint(1.0, 5, part, part, 0.1), CropScalePoint(1.2, 5, part, part, 0.1))
    return (
        Slices(slices(dataclasses.replace(evaluation, measures=measures), resamples=20)),
        Corruptions(points),
        Comparison("gray 1.0", "other 2", 5, 3, 1, 1, 0, 1.0, part, part),
        CropScales(scales),
    )


def test_studies_are_in_the_figures(evaluation: Evaluation, findings: tuple[Finding, ...]) -> None:
    summary = summarise(evaluation, resamples=0)
    content = json.loads(metrics_json(Evaluated(summary, findings), **FACTS))
    first = content["slices"][0]
    assert (first["measure"], first["part"], first["faces"]) == (
        "brightness of the face",
        "below 25 of 255 (dark)",
        1,
    )
    assert [recall["value"] for recall in first["recalls"]] == [1, None, None, None]
    assert [point["severity"] for point in content["corruptions"]] == [0, 1, 2]
    assert content["confidence_trends"]["blur"]["correlation"] == pytest.approx(-1)
    assert content["comparison"]["only_first"] == 1
    assert content["comparison"]["accuracy_difference"] == {"value": 0.5, "low": 0.25, "high": None}
    assert [point["crop_scale"] for point in content["crop_scales"]] == [1.0, 1.2]
    # What was not asked is not there, so that no zero is taken for an answer.
    plain = json.loads(metrics_json(Evaluated(summary), **FACTS))
    asked = {"corruptions", "confidence_trends", "comparison", "crop_scales", "others"}
    assert not asked & plain.keys()


def test_other_classes_are_in_the_figures(evaluation: Evaluation, others: Others) -> None:
    summary = summarise(evaluation, resamples=0)
    content = json.loads(metrics_json(Evaluated(summary, (others,)), **FACTS))["others"]
    assert (content["faces"], content["worst"]) == (30, "fear")
    assert content["classes"][0]["named"] == {"value": 0.4, "low": 0.25, "high": 0.5}


def test_studies_have_plots_and_are_on_the_page(
    evaluation: Evaluation, findings: tuple[Finding, ...], tmp_path: Path
) -> None:
    summary = summarise(evaluation, resamples=0)
    files = {path.name for path in write_report(tmp_path, Evaluated(summary, findings), **FACTS)}
    assert files == FILES | {"corruptions.png", "crop_scales.png"}
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for words in ("below 25 of 255 (dark)", "other 2", "As pictures get worse", FACTS["command"]):
        assert words in page
    # A plot of an older evaluation would be taken for this one's.
    write_report(tmp_path, Evaluated(summary), **FACTS)
    assert {path.name for path in tmp_path.iterdir()} == FILES
    write_report(tmp_path, Evaluated(summary), **FACTS, plots="svg")
    assert {path.name for path in tmp_path.iterdir()} == {
        name.replace(".png", ".svg") for name in FILES
    }
    assert (tmp_path / "confusion.svg").read_bytes() == b"a svg"


def test_a_folder_that_cannot_be_made_is_one_clear_line(
    evaluation: Evaluation, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match=r"file.*cannot be written"):
        write_report(tmp_path / "file", Evaluated(summarise(evaluation, resamples=0)), **FACTS)


def test_a_full_disk_loses_no_former_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"old a")
    write = Path.write_bytes

    def fail(path: Path, data: bytes) -> int:
        if path.name == "b":
            raise OSError(28, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match="No space"):
        replace_files(tmp_path, {"a": b"new a", "b": b"new b"})
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old a"
