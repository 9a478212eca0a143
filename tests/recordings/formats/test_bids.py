"""BIDS, judged by its validator where that is installed, and else by the specification's names."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mien.errors import SettingsError
from mien.recordings.formats.bids import Bids, label_of
from mien.recordings.values import Interval, Lane, Timeline

VALIDATOR = shutil.which("bids-validator-deno")


@pytest.fixture
def dataset(timeline: Timeline, tmp_path: Path) -> Path:
    bids = Bids()
    for path, data in [*bids.files(timeline), *bids.files(timeline), *bids.of_all()]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    return tmp_path


def test_the_names_are_those_of_the_specification(dataset: Path) -> None:
    found = sorted(one.relative_to(dataset).as_posix() for one in dataset.rglob("*.tsv"))
    assert len(found) == 5
    pattern = re.compile(r"(sub-[a-zA-Z0-9]+)/beh/\1_task-recording_run-[12]_events\.tsv")
    assert all(pattern.fullmatch(one) for one in found if one != "participants.tsv")
    assert "sub-Ben/beh/sub-Ben_task-recording_run-2_events.tsv" in found


def test_events_say_what_the_timeline_says(dataset: Path, timeline: Timeline) -> None:
    (path,) = dataset.glob("sub-Anna*/beh/*run-1_events.tsv")
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    assert rows[0] == ["onset", "duration", "trial_type"]
    assert rows[1:3] == [["0.000", "0.500", "not seen"], ["0.500", "0.750", "happy"]]
    sidecar = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert set(sidecar["trial_type"]["Levels"]) == {"happy", "sad", "not sure", "not seen"}
    assert sidecar["Recording"] == "clip.mp4"


def test_a_name_is_kept_beside_its_label(dataset: Path, timeline: Timeline) -> None:
    lines = (dataset / "participants.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "participant_id\tname"
    assert [line.split("\t")[1] for line in lines[1:]] == [lane.name for lane in timeline.lanes]


def test_labels_are_letters_and_digits_and_each_persons_own() -> None:
    assert label_of("Ann-Müller 3") == "AnnMuller3"
    assert re.fullmatch("[0-9a-f]{8}", label_of("安娜"))
    lanes = tuple(Lane(name, (Interval(0, 1, "sad"),)) for name in ("A b", "a-B", "A b"))
    bids = Bids()
    found = {path.split("/")[0] for path, _ in bids.files(Timeline("a", "a", 0, 1, 1, lanes))}
    assert len(found) == 2


def test_a_task_is_letters_and_digits() -> None:
    with pytest.raises(SettingsError, match="--task must be letters and digits"):
        Bids("my task")


@pytest.mark.skipif(VALIDATOR is None, reason="pip install bids-validator-deno (100 MB)")
def test_the_validator_finds_no_error(dataset: Path) -> None:
    words = [str(VALIDATOR), str(dataset), "--format", "json", "--ignoreWarnings"]
    done = subprocess.run(words, capture_output=True, check=False, timeout=60)
    issues = json.loads(done.stdout)["issues"]["issues"]
    assert [one for one in issues if one.get("severity") == "error"] == []
    assert done.returncode == 0
