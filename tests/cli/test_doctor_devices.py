"""Devices are compared with the CPU, and packages that hide each other are told."""

from functools import partial
from importlib import metadata
from typing import Any

import numpy as np
import pytest
from tests.models.fakes import FakeSession, has, with_fake

from mien.cli.doctor import CORE
from mien.cli.doctor_devices import collisions, devices
from mien.cli.findings import all_tried
from mien.models.device_kinds import KINDS

CUDA = KINDS["cuda"].provider


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeSession]:
    return with_fake(monkeypatch, CUDA)


def test_without_another_device_it_says_where_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    (found,) = devices().values()
    assert found.ok
    assert "docs/devices.md" in found.detail


def test_a_device_is_compared_with_the_cpu(fake: type[FakeSession]) -> None:
    found = devices()["cuda"]
    assert found.ok
    assert found.detail.startswith(
        "answers as the CPU, 9 of 21 nodes run there (face: scores within"
    )
    assert found.facts["fer4"]["figures"] == {"probability": 0.0}
    assert found.facts["fer4"]["ms"] > 0


def test_a_device_that_answers_otherwise_is_told(fake: type[FakeSession]) -> None:
    def turned(value: Any) -> Any:
        """Turn probabilities, which are of more columns than boxes, by one class."""
        return np.roll(value, 1, axis=1) if value.ndim == 2 and value.shape[1] > 4 else value

    fake.answer = staticmethod(turned)
    found = devices()["cuda"]
    assert not found.ok
    assert found.detail.startswith("answers otherwise than the CPU")


@pytest.mark.parametrize("attribute", ["fails", "breaks"])
def test_a_device_that_fails_is_told(attribute: str, fake: type[FakeSession]) -> None:
    setattr(fake, attribute, RuntimeError("no driver"))
    found = devices()["cuda"]
    assert not found.ok
    assert "no driver" in found.detail


@pytest.mark.parametrize(
    ("module", "names", "kept"),
    [
        ("onnxruntime", ["onnxruntime-gpu", "onnxruntime"], "onnxruntime-gpu"),
        ("onnxruntime", ["onnxruntime", "onnxruntime-directml"], "onnxruntime-directml"),
        ("cv2", ["opencv-python-headless", "opencv-python"], "opencv-python-headless"),
        ("cv2", ["opencv-contrib-python", "opencv-python"], "opencv-python-headless"),
        ("PIL", ["pillow", "pillow-simd"], "pillow"),
    ],
)
def test_packages_that_hide_each_other_are_told(
    module: str, names: list[str], kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought: dict[str, Any] = {"numpy": ["numpy", "numpy"], module: names, "other": ["a", "b"]}
    monkeypatch.setattr(metadata, "packages_distributions", lambda: brought)
    monkeypatch.setattr(metadata, "version", lambda name: f"{len(name)}.0")
    ((found_module, found),) = collisions(CORE).items()
    assert (found_module, found.ok) == (module, False)
    assert f"{names[0]} {len(names[0])}.0" in found.detail
    assert f"pip uninstall -y {' '.join(sorted(names))}, then" in found.detail
    assert found.detail.endswith(f"pip install --no-deps {kept}")


def test_here_no_package_hides_another() -> None:
    assert collisions({"numpy": "numpy"})["none"].ok


def test_metadata_that_cannot_be_read_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise UnicodeDecodeError("utf-8", b"x", 0, 1, "invalid start byte")

    monkeypatch.setattr(metadata, "packages_distributions", fail)
    found = all_tried("packages", partial(collisions, CORE))
    assert not found["packages"].ok
    assert "invalid start byte" in found["packages"].detail
