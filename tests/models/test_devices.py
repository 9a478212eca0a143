"""What a device's name stands for, and what becomes of one that is not there or fails."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from tests.models.fakes import FakeSession, has, with_fake

from mien.errors import BundleError, SettingsError
from mien.models import device_kinds, devices, onnx
from mien.models.bundle import load_bundle
from mien.models.classifier import OnnxClassifier
from mien.models.device_kinds import KINDS
from mien.models.devices import CPU_PROVIDER, NAMES, find_devices
from mien.registry import make_classifier


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeSession]:
    """onnxruntime with all kinds of devices."""
    return with_fake(monkeypatch, *(kind.provider for kind in KINDS.values()))


def faces() -> Any:
    return np.stack([np.full((48, 48, 1), value, np.uint8) for value in (0, 90, 255)])


def answers(path: Path, device: str) -> tuple[Any, devices.Asked]:
    asked = find_devices(device)
    return make_classifier(path, device=asked)[0](faces()), asked


@pytest.mark.parametrize("name", ["", "gpu", "CUDA", "cuda:", "tpu:1", "a b", "cuda:1:2", "ü"])
def test_an_unknown_device_is_told_which_there_are(name: str) -> None:
    with pytest.raises(SettingsError, match=f"unknown device .*{', '.join(NAMES)}"):
        find_devices(name)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("cuda:x", "write cuda:1"),
        ("cuda:-1", "unknown device"),
        ("cpu:1", "write cpu$"),
        ("auto:1", "write auto$"),
        ("coreml:1", "write coreml$"),
        ("openvino:1", "write openvino:cpu or openvino:gpu or openvino:npu$"),
    ],
)
def test_which_of_several_is_told_as_the_kind_has_it(name: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        find_devices(name)


@pytest.mark.parametrize(
    ("name", "system", "told"),
    [
        (
            "cuda",
            "linux",
            r"has cpu here; pip uninstall -y \S+, then .*onnxruntime-gpu\[",
        ),
        ("cuda:3", "win32", "device cuda:3: .*onnxruntime-gpu"),
        ("dml", "win32", "then pip install 'onnxruntime-directml'"),
        ("dml", "linux", "dml is for Windows$"),
        ("coreml", "linux", "coreml is for macOS$"),
        ("cuda", "darwin", "cuda is for Linux and Windows$"),
        ("openvino", "linux", r"pip install 'mien\[openvino\]'"),
    ],
)
def test_a_device_that_is_not_there_says_what_brings_it(
    name: str, system: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(monkeypatch)
    monkeypatch.setattr(devices.sys, "platform", system)
    monkeypatch.setattr(devices, "runtimes", lambda: ("onnxruntime",))
    monkeypatch.setattr(device_kinds.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=told) as caught:
        find_devices(name)
    assert "\n" not in str(caught.value)


def test_a_package_that_another_hides_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch)
    monkeypatch.setattr(devices.sys, "platform", "linux")
    monkeypatch.setattr(devices, "runtimes", lambda: ("onnxruntime", "onnxruntime-gpu"))
    with pytest.raises(SettingsError, match="onnxruntime-gpu is hidden by another; pip uninstall"):
        find_devices("cuda")


def test_each_kind_gets_the_options_that_it_takes(
    fake: type[FakeSession], make_bundle: Callable[..., Path]
) -> None:
    path, given = make_bundle(), {}
    for name in ("cuda:1", "dml", "openvino:gpu", "openvino", "coreml"):
        fake.made.clear()
        answers(path, name)
        ((options, ((provider, values), rest)),) = fake.made
        assert (provider, rest) == (KINDS[name.partition(":")[0]].provider, CPU_PROVIDER)
        assert all(isinstance(value, str) for value in values.values())
        assert options.enable_mem_pattern is (name != "dml")
        assert options.execution_mode == ort.ExecutionMode.ORT_SEQUENTIAL
        assert options.intra_op_num_threads == 1
        given[name] = values
    assert given["cuda:1"]["device_id"] == "1"
    assert given["cuda:1"]["use_tf32"] == "0"
    assert given["dml"] == {"device_id": "0"}
    assert given["coreml"] == {"ModelFormat": "MLProgram", "MLComputeUnits": "ALL"}
    assert given["openvino:gpu"]["device_type"] == "GPU"
    assert '"INFERENCE_NUM_THREADS": "1"' in given["openvino"]["load_config"]


def test_the_cpu_is_a_plain_session(
    fake: type[FakeSession], make_bundle: Callable[..., Path]
) -> None:
    answers(make_bundle(), "cpu")
    ((_, providers),) = fake.made
    assert providers == [CPU_PROVIDER]


def test_answers_and_nodes_come_from_the_device(
    fake: type[FakeSession], make_bundle: Callable[..., Path]
) -> None:
    path = make_bundle()
    there, asked = answers(path, "cuda")
    assert np.array_equal(there, answers(path, "cpu")[0])
    assert asked.device is not None
    assert (asked.device.lost, asked.device.nodes) == (False, (3, 7))


@pytest.mark.parametrize("silent", [False, True])
def test_a_device_that_does_not_start_leaves_all_to_the_cpu_and_says_so_once(
    silent: bool,
    fake: type[FakeSession],
    make_bundle: Callable[..., Path],
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake.silent, fake.fails = silent, None if silent else RuntimeError("no\ndriver")
    path, asked = make_bundle(), find_devices("cuda")
    both = [make_classifier(path, device=asked)[0](faces()) for _ in range(2)]
    assert np.array_equal(both[0], answers(path, "cpu")[0])
    (record,) = caplog.records
    told = record.getMessage()
    assert record.levelno == logging.WARNING
    assert told.startswith("device cuda: cannot be used (")
    assert ("libraries are missing" if silent else "no driver") in told
    assert told.endswith("the networks run on the CPU instead")


@pytest.mark.parametrize("wrong", ["raises", "nan"])
def test_a_device_that_fails_in_a_run_is_given_up_by_all_that_share_it(
    wrong: str,
    fake: type[FakeSession],
    make_bundle: Callable[..., Path],
    caplog: pytest.LogCaptureFixture,
) -> None:
    path, asked = make_bundle(), find_devices("cuda")
    first, second = (make_classifier(path, device=asked)[0] for _ in range(2))
    expected = first(faces())
    if wrong == "raises":
        fake.breaks = RuntimeError("device lost")
    else:
        fake.answer = staticmethod(lambda value: value * np.nan)
    assert np.array_equal(first(faces()), expected)
    assert np.array_equal(second(faces()), expected)
    assert asked.device is not None
    assert asked.device.lost
    (record,) = caplog.records
    told = "device lost" if wrong == "raises" else "not finite"
    assert told in record.getMessage()
    fake.breaks, fake.answer = None, staticmethod(lambda value: value * 0)  # it is not asked again
    assert np.array_equal(first(faces()), expected)


def test_a_graph_that_nothing_runs_is_the_graphs_fault(
    fake: type[FakeSession], caplog: pytest.LogCaptureFixture
) -> None:
    (device,) = find_devices("cuda").candidates
    with pytest.raises(BundleError, match="broken: not a graph that this onnxruntime runs"):
        onnx.make_session(b"no graph", "broken", 1, device)
    assert not device.lost
    assert not caplog.records


def test_an_input_that_is_wrong_everywhere_costs_no_device(
    fake: type[FakeSession], make_bundle: Callable[..., Path]
) -> None:
    (device,) = find_devices("cuda").candidates
    session = onnx.make_session(load_bundle(make_bundle()).graph, "graph", 1, device)
    with pytest.raises(Exception, match=r"(?i)invalid|unexpected"):
        session.run(None, {"faces": np.zeros((1, 9, 9, 1), np.float64)})
    assert not device.lost


def test_memory_is_given_back_on_a_device_too(
    fake: type[FakeSession], make_bundle: Callable[..., Path]
) -> None:
    (device,) = find_devices("cuda").candidates
    session = onnx.make_session(load_bundle(make_bundle()).graph, "graph", 1, device)
    name = session.get_inputs()[0].name
    assert session.run(None, {name: faces()}, onnx.giving_back())
    assert not device.lost


def test_directml_takes_one_call_at_a_time(
    fake: type[FakeSession], make_bundle: Callable[..., Path]
) -> None:
    bundle = load_bundle(make_bundle())
    locks = {}
    for name in ("dml", "cuda"):
        (device,) = find_devices(name).candidates
        classifier = OnnxClassifier(bundle, device=device)
        turn = classifier._session._turn  # type: ignore[attr-defined]
        held = []

        def look(value: Any, turn: Any = turn, held: list[bool] = held) -> Any:
            held.append(bool(getattr(turn, "locked", bool)()))
            return value

        fake.answer = staticmethod(look)
        classifier(faces())
        locks[name] = held
    assert locks == {"dml": [True], "cuda": [False]}


def test_a_plugin_brings_a_device_beside_a_plain_onnxruntime(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    has(monkeypatch)
    registered: list[Any] = []
    plugged = SimpleNamespace(ep_name=KINDS["openvino"].provider, ep_metadata={"ov_device": "CPU"})
    monkeypatch.setattr(device_kinds.importlib.util, "find_spec", lambda _: object())
    module = SimpleNamespace(get_library_path=lambda: "library.so")
    monkeypatch.setattr(devices.importlib, "import_module", lambda _: module)
    monkeypatch.setattr(devices.ort, "get_ep_devices", lambda: [plugged] if registered else [])

    def register(*call: str) -> None:
        if call in registered:
            raise RuntimeError(f"EP library is already registered under {call[0]}")
        registered.append(call)

    monkeypatch.setattr(devices.ort, "register_execution_provider_library", register)
    assert devices.there() == ("openvino",)
    for _ in range(2):
        (device,) = find_devices("openvino").candidates
        added: list[Any] = []
        options = SimpleNamespace(add_provider_for_devices=lambda *call, to=added: to.append(call))
        device.set_up(options, 2)
        ((found, values),) = added
        assert found == [plugged]
        assert values.keys() == {"load_config"}
        assert device.providers(2) is None
    assert registered == [(KINDS["openvino"].provider, "library.so")]
    (device,) = find_devices("openvino:npu").candidates
    with pytest.raises(RuntimeError, match="onnxruntime_ep_openvino finds no NPU"):
        device.set_up(options, 1)


def test_cudas_libraries_are_looked_for_without_a_word_in_the_table(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def load() -> None:
        sys.stdout.write("Failed to load libcudart\n")
        raise RuntimeError("no")

    monkeypatch.setattr(devices.ort, "preload_dlls", load, raising=False)
    devices.preload(KINDS["cuda"])
    assert capsys.readouterr().out == ""
