"""The test of detectors: its pictures, hard cases, counts and table."""

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from tests.benchmarks.results import Importer

from mien.evaluation.detection import Labels, Tally
from mien.protocols import Detector
from mien.registry import make_detector
from mien.training.detector.material import (
    INFO,
    PIXELS,
    KnownFace,
    MaterialInfo,
    Picture,
    level_sizes,
)
from mien.types import Box, Face, PixelArray


def shown_portrait(bench: Importer, portrait: PixelArray) -> Any:
    truth = bench("detectors.truth")
    points = ((144, 102), (187, 103), (165, 128), (142, 140), (186, 141))
    face = truth.CheckedFace((118, 66, 206, 172), tuple(n for point in points for n in point))
    picture = truth.CheckedPicture("0" * 16, "test", (face,), ((0, 300, 20, 320),))
    return truth._shown(picture, bench("faces").to_jpeg(portrait), "portrait.jpg")


def test_faces_stay_where_hard_cases_show_them(bench: Importer, portrait: PixelArray) -> None:
    """Our detector finds the face of every changed picture near to where it is said to be."""
    shown, detector = shown_portrait(bench, portrait), make_detector(any_angle=True)
    for change in bench("detectors.slices").CHANGES:
        image, truth = change.apply(shown, np.random.default_rng(0))
        assert image.dtype == np.uint8
        assert not np.array_equal(image, shown.image)
        tally = Tally()
        missed, _ = tally.add(detector(image), truth)
        assert not missed, change.name
        assert tally.overlap(0) > 0.55, change.name


def test_the_table_of_detectors_has_a_row_for_each_slice(
    bench: Importer, mtcnn: Detector, portrait: PixelArray, tmp_path: Path
) -> None:
    module, shown = bench("detectors.__main__"), shown_portrait(bench, portrait)
    detectors = {"mien": make_detector(), "mtcnn": mtcnn}
    scores = module.test(detectors, [shown], tmp_path)
    result = module.table(scores, "1 picture")
    rows = {row["slice"]: row for row in result.rows}
    assert rows["48 px and more"]["mien"] == 1
    assert rows["48 px and more"]["faces"] == 1
    assert "96 px and more" in rows
    assert {change.name for change in bench("detectors.slices").CHANGES} <= set(rows)
    assert result.findings[0].startswith("mien: score above")


def test_recall_is_compared_with_the_reference_on_the_same_faces(bench: Importer) -> None:
    module = bench("detectors.table")
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
    (shown,) = bench("detectors.truth").validation(tmp_path)
    assert shown.image.shape == portrait.shape
    assert [face.box for face in shown.truth.faces] == [Box(118, 66, 206, 172)]
    assert shown.tags == ((),)


def test_the_checked_faces_are_sound(bench: Importer) -> None:
    pictures = bench("detectors.truth").load()
    assert len(pictures) > 500
    for picture in pictures.values():
        for face in picture.faces:
            assert face.box[0] < face.box[2]
            assert face.box[1] < face.box[3]
            assert face.landmarks is None or len(face.landmarks) == 10


def test_checked_pictures_are_found_by_their_hash(
    bench: Importer, portrait: PixelArray, tmp_path: Path
) -> None:
    truth = bench("detectors.truth")
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
