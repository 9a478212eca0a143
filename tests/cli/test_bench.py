"""`mien bench` prints what it measured, and a camera that fails leaves the rest good."""

import dataclasses
import itertools
import json
from typing import Any

import pytest

from mien import bench as measures
from mien.bench import Live, Speed
from mien.cli import bench, main
from mien.errors import SourceError
from mien.sources.sample import SampleSource

QUICK = Speed(100, 1.0, 500.0, 1.5, 4.0, 1.8)
LIVE = Live(90, 1, (640, 480), 1.0, 3.0, 30.0, 2.0, 5.0, 9.0, 0.0, 4.0, 0.09)


def speeds(one: float = 500.0, hd: float = 250.0) -> dict[str, Speed]:
    rates = {bench.ONE: one, bench.TWO: one, bench.TWO_HD: hd}
    return {name: dataclasses.replace(QUICK, fps=rate) for name, rate in rates.items()}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No camera of this machine, a short sample, and measures that take no time."""
    sample = list(itertools.islice(SampleSource(), 2))
    monkeypatch.setattr(bench, "list_cameras", list)
    monkeypatch.setattr(bench, "open_source", lambda _: sample)
    monkeypatch.setattr(bench, "measure_speed", lambda *_: QUICK)
    monkeypatch.setattr(bench, "measure_live", lambda *_: LIVE)
    monkeypatch.setattr(bench, "measure_start", lambda _: 0.4)


def test_it_prints_a_row_for_each_measure_and_advice(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("500") == 3
    assert "sample at 30 per second" in printed
    assert "first reading 0.4 s" in printed
    assert "no camera" in printed
    assert "keeps up" in printed


def test_json_holds_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--json", "--source", "3"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["speed"][bench.TWO_HD] == dataclasses.asdict(QUICK)
    assert report["camera"]["size"] == [640, 480]
    assert (report["source"], report["problem"]) == ("3", "")
    assert report["start_seconds"] == 0.4


def test_the_first_camera_is_measured_unless_none_is_wanted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "list_cameras", lambda: [2, 5])
    assert main(["bench"]) == 0
    assert "camera 2, 640x480" in capsys.readouterr().out
    assert main(["bench", "--source", "none"]) == 0
    assert "camera 2" not in capsys.readouterr().out


@pytest.mark.parametrize(("words", "status"), [([], 0), (["--source", "2"], 1)])
def test_a_camera_that_fails_is_told_and_the_rest_stays(
    words: list[str],
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def measure(source: Any, *_: Any) -> Live:
        if source.name.startswith("camera"):
            raise SourceError("camera 2: is busy")
        return LIVE

    monkeypatch.setattr(bench, "list_cameras", lambda: [2])
    monkeypatch.setattr(bench, "measure_live", measure)
    assert main(["bench", *words]) == status
    printed = capsys.readouterr()
    assert "camera 2: is busy" in printed.err
    assert "500" in printed.out


@pytest.mark.parametrize("words", [["--source", "x.mp4"], ["--seconds", "0"], ["--seconds", "no"]])
def test_a_bad_setting_is_one_line_before_anything_is_measured(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "measure_speed", lambda *_: pytest.fail("measured"))
    try:
        status = main(["bench", *words])
    except SystemExit as ended:
        status = int(str(ended.code))
    assert status != 0
    assert words[1] in capsys.readouterr().err


@pytest.mark.heavy
def test_the_whole_measure_runs_on_the_real_path(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(bench, "STARTS", 1)
    monkeypatch.setattr(measures, "WARM_UP_FRAMES", 3)
    assert main(["bench", "--json", "--seconds", "0.2", "--source", "none"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["speed"][bench.TWO]["faces"] > 1.5
    assert report["sample"]["faces"] > 0.9
    assert report["advice"]


@pytest.mark.parametrize(
    ("speed", "sample", "camera", "words"),
    [
        (speeds(), LIVE, None, "takes 9% of one core"),
        (speeds(one=12), LIVE, None, "reads 12 frames per second"),
        (speeds(hd=20), LIVE, None, "640x480"),
        (speeds(), dataclasses.replace(LIVE, core=0.8), None, "search=0.3"),
        (speeds(), LIVE, dataclasses.replace(LIVE, fps=10.0), "better light"),
        (speeds(), LIVE, dataclasses.replace(LIVE, faces=0.0), "No face"),
    ],
)
def test_advice_follows_the_figures(
    speed: dict[str, Speed], sample: Live, camera: Live | None, words: str
) -> None:
    assert words in bench.advise(speed, sample, camera)
