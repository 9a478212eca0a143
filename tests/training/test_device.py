"""Device and precision are chosen by what the hardware has."""

import ctypes
import platform

import numpy as np
import pytest
import torch

from mien.errors import TrainingError
from mien.training.device import Compute, keep_freed_memory
from mien.training.settings import Machine


@pytest.mark.parametrize(
    ("abilities", "precision", "bf16"),
    [
        ({"amx_bf16": True}, "auto", True),
        ({"avx512_bf16": True, "amx_bf16": False}, "auto", True),
        ({"avx512_f": True}, "auto", False),
        ({}, "auto", False),
        ({"amx_bf16": True}, "fp32", False),
        ({}, "bf16", True),
    ],
)
def test_bf16_where_the_hardware_computes_in_it(
    monkeypatch: pytest.MonkeyPatch, abilities: dict[str, bool], precision: str, bf16: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: abilities)
    compute = Compute.choose(Machine(device="cpu", precision=precision))  # type: ignore[arg-type]
    assert compute.bf16 is bf16
    assert compute.describe().startswith("cpu, bf16" if bf16 else "cpu, fp32")
    with compute.autocast():
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype is (torch.bfloat16 if bf16 else torch.float32)


@pytest.mark.parametrize("name", ["toaster", "openvino", "hpu", "meta", "opengl"])
def test_unknown_device_is_named_with_those_that_are_known(name: str) -> None:
    with pytest.raises(TrainingError) as caught:
        Compute.choose(Machine(device=name))
    assert str(caught.value) == (
        f"--device {name}: not usable here; try --device cpu (known are auto, cpu and cuda)"
    )


def test_pictures_keep_their_values() -> None:
    faces = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
    pictures = Compute(torch.device("cpu"), bf16=False).pictures(faces)
    assert pictures.shape == (2, 3, 4, 4)
    assert np.allclose(pictures.permute(0, 2, 3, 1).numpy() * 255, faces)


def test_memory_of_a_step_is_kept_where_that_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not keep_freed_memory() or platform.libc_ver()[0] == "glibc"
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    assert not keep_freed_memory()
