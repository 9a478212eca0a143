"""How mien and others are held against each other."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from tests.benchmarks.results import Importer, check

from mien.errors import SettingsError
from mien.sources.sample import SampleSource


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


def test_peers_in_a_browser_are_served_pinned_and_weighed(
    bench: Importer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peers, clip = bench("peers.browser"), bench("peers.clip")
    pinned = json.loads(peers.PACKAGES.read_text())
    assert set(peers.OF.values()) < set(pinned)
    assert {turn.system for turn in peers.TURNS} == set(peers.OF)
    image = np.full((32, 48, 3), 90, np.uint8)
    frames = [clip.Frame(image, index, index / 30, "clip") for index in range(2)]
    written = clip.write(iter(frames), tmp_path, "clip")
    package = tmp_path / "@some" / "thing" / "package"
    package.mkdir(parents=True)
    (package / "main.js").write_bytes(b"1;")
    monkeypatch.setattr(peers.runtime, "check", lambda: None)
    read = peers.files(written, tmp_path)
    assert read("npm/@some/thing/main.js") == b"1;"
    assert read("npm/@some/thing/nothing.js") is None
    assert read("static/engine/worker.js")
    assert json.loads(read("frames/times.json")) == [0, 1 / 30]
    picture = cv2.imdecode(np.frombuffer(read("frames/1.jpg"), np.uint8), cv2.IMREAD_COLOR)
    assert abs(int(picture.mean()) - 90) <= 1


@pytest.mark.parametrize(("slow", "said"), [(4.0, "at least 3 times"), (2.0, "not the 3 times")])
def test_peers_in_a_browser_are_held_against_the_goal(
    bench: Importer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, slow: float, said: str
) -> None:
    peers, clip = bench("peers.browser"), bench("peers.clip")

    def run(reader: Any, turn: Any, every: int) -> Any:
        seconds = {"mien": 1.0, "human-cached": 0.1}.get(turn.system, slow)
        reader.weights[turn.title.format("1")] = 2.0
        return peers.Run("1", seconds, seconds, ("sad", "happy"))

    monkeypatch.setattr(peers.Reader, "run", run)
    written = clip.Clip(tmp_path, "clip", (4, 2), (0.0, 0.5))
    browser, host = SimpleNamespace(version="1"), SimpleNamespace()
    result = peers.compare(written, browser, host, most=2, rounds=1)
    check(result, rows=4)
    assert [row["weight"] for row in result.rows] == [2.0] * 4
    assert said in result.findings[-1]


@pytest.mark.heavy
@pytest.mark.timeout(300)
def test_mien_reads_in_a_browser_as_peers_do(bench: Importer, tmp_path: Path) -> None:
    peers, clip, page = bench("peers.browser"), bench("peers.clip"), bench("browser")
    try:
        page.find_browser()
        peers.runtime.check()
    except SettingsError as error:
        pytest.skip(str(error))
    frames = islice(SampleSource(), 6)
    written = clip.write(frames, tmp_path, "sample")
    with (
        bench("hosting").hosting(peers.files(written, tmp_path)) as host,
        page.browsing() as browser,
    ):
        reader = peers.Reader(browser, host, {}, {})
        found = reader.run(peers.MIEN, 2)
        with pytest.raises(peers.RunError, match="human"):
            peers.Reader(browser, host, dict.fromkeys(peers.OF.values(), "1"), {}).run(
                peers.TURNS[0], 2
            )
    assert len(found.labels) == 3
    assert None not in found.labels
    assert found.seconds > 0
    assert found.cpu_seconds > 0
    assert min(reader.weights.values()) > 1
