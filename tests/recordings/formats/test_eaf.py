"""ELAN's files, read back by pympi."""

from pathlib import Path

import pympi

from mien.recordings.formats.eaf import to_eaf
from mien.recordings.values import Timeline


def read(data: bytes, folder: Path) -> pympi.Eaf:
    path = folder / "a.eaf"
    path.write_bytes(data)
    return pympi.Eaf(path)


def test_a_tier_for_each_person(timeline: Timeline, tmp_path: Path) -> None:
    data = to_eaf(timeline)
    assert data.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    found = read(data, tmp_path)
    assert list(found.get_tier_names()) == [lane.name for lane in timeline.lanes]
    anna, ben = (found.get_annotation_data_for_tier(lane.name) for lane in timeline.lanes)
    assert anna == [
        (0, 500, "not seen"),
        (500, 1250, "happy"),
        (1250, 2000, "not seen"),
        (2000, 3500, "not sure"),
        (3500, 4000, "not seen"),
    ]
    # What is shorter than a millisecond cannot be said in ELAN.
    assert ben == [(0, 3661500, "sad")]
    tier = found.get_parameters_for_tier("Ben")
    assert tier["PARTICIPANT"] == "Ben"


def test_looks_are_a_vocabulary(timeline: Timeline, tmp_path: Path) -> None:
    found = read(to_eaf(timeline), tmp_path)
    kind = found.get_parameters_for_tier("Ben")["LINGUISTIC_TYPE_REF"]
    (name,) = found.get_controlled_vocabulary_names()
    assert found.get_parameters_for_linguistic_type(kind)["CONTROLLED_VOCABULARY_REF"] == name
    words = [values[0][0] for values, _ in found.get_cv_entries(name).values()]
    assert words == ["happy", "sad", "not sure", "not seen"]


def test_the_video_is_linked(timeline: Timeline, tmp_path: Path) -> None:
    (beside,) = read(to_eaf(timeline, "a & b.mp4"), tmp_path).get_linked_files()
    assert beside["RELATIVE_MEDIA_URL"] == "./a & b.mp4"
    assert beside["MIME_TYPE"] == "video/mp4"
    (above,) = read(to_eaf(timeline, "../in/a.strange"), tmp_path).get_linked_files()
    assert above["RELATIVE_MEDIA_URL"] == "../in/a.strange"
    assert above["MIME_TYPE"] == "unknown"
    assert read(to_eaf(timeline), tmp_path).get_linked_files() == []
