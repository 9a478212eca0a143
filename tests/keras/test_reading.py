"""What a file claims is bounded before it is read, and nothing outside it is."""

import importlib.util
import json
import os
import signal
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

if importlib.util.find_spec("h5py") is None:
    pytest.skip("needs h5py: pip install 'mien[keras]'", allow_module_level=True)

import h5py

from mien.errors import BundleError
from mien.keras import reading, source

PARENT_READS = source._read_apart
KERNEL = "model_weights/dense/dense/kernel:0"


def write_h5(path: Path) -> None:
    """Write a file as Keras 2 does: one dense layer."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = '{"class_name": "Sequential", "config": {}}'
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = ["flatten", "dense"]
        group.create_group("flatten").attrs["weight_names"] = np.array([], float)
        dense = group.create_group("dense")
        dense.attrs["weight_names"] = [b"dense/kernel:0", b"dense/bias:0"]
        dense["dense/kernel:0"] = np.ones((3, 2))
        dense["dense/bias:0"] = np.zeros(2, np.float16)


def write_keras(path: Path, method: int = zipfile.ZIP_DEFLATED, **replaced: bytes) -> None:
    """Write a zip as Keras 3 does."""
    with h5py.File(path.with_suffix(".part"), "w") as file:
        file["layers/dense/vars/0"] = np.ones((3, 2), np.float32)
        file["optimizer/vars/0"] = np.ones(9, np.float32)
    members = {reading.CONFIG: b"{}", reading.WEIGHTS: path.with_suffix(".part").read_bytes()}
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in (
            members | {k: v for k, v in replaced.items() if v != b"none"}
        ).items():
            if replaced.get(name) != b"none":
                archive.writestr(name, content)


@pytest.fixture
def h5(tmp_path: Path) -> Path:
    """A file as Keras 2 writes it."""
    write_h5(tmp_path / "m.h5")
    return tmp_path / "m.h5"


def replace(file: Any, **wanted: Any) -> None:
    del file[KERNEL]
    file.create_dataset(KERNEL, **wanted)


def link(target: Any) -> Callable[[Any], None]:
    def edit(file: Any) -> None:
        del file["model_weights/dense"]
        file["model_weights/dense"] = target

    return edit


def virtual(file: Any) -> None:
    layout = h5py.VirtualLayout((3, 2), "f4")
    layout[...] = h5py.VirtualSource("other.h5", "x", (3, 2))
    del file[KERNEL]
    file.create_virtual_dataset(KERNEL, layout)


REFUSED: dict[str, tuple[Callable[[Any], None], str]] = {
    "another file": (link(h5py.ExternalLink("/etc/passwd", "/x")), "'dense' is a link to else"),
    "a circle": (link(h5py.SoftLink("/model_weights/dense")), "'dense' is a link to else"),
    "a virtual array": (virtual, "kernel:0' does not lie in the file"),
    "an array outside": (
        lambda file: replace(file, shape=(3, 2), dtype="f4", external=[("/etc/passwd", 0, 24)]),
        "kernel:0' does not lie in the file",
    ),
    "a gigabyte of nothing": (
        lambda file: replace(file, shape=(1 << 14, 1 << 14), dtype="f4", chunks=True),
        "more weights than a file of this size can hold",
    ),
    "words": (lambda file: replace(file, data=["a"]), "holds no numbers"),
    "nothing": (lambda file: replace(file, data=h5py.Empty("f4")), "holds no numbers"),
    "a group": (
        lambda file: (file.pop(KERNEL), file.create_group(KERNEL)),
        "does not lie in the file",
    ),
    "no list": (
        lambda file: file["model_weights"].attrs.update(layer_names=3),
        "damaged or incomplete",
    ),
    "no text": (lambda file: file.attrs.update(model_config=[1, 2]), "architecture is no text"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_hdf5_is_refused(h5: Path, name: str) -> None:
    edit, message = REFUSED[name]
    with h5py.File(h5, "a") as file:
        edit(file)
    with pytest.raises(BundleError, match=rf"m\.h5: .*{message}"):
        reading.read(h5)


def test_long_lists_of_names_are_spread_over_attributes(h5: Path) -> None:
    with h5py.File(h5, "a") as file:
        attrs = file["model_weights"].attrs
        del attrs["layer_names"]
        attrs.update(layer_names0=["flatten"], layer_names1=["dense"])
    _, legacy, weights = reading.read(h5)
    assert legacy
    assert [(layer, [name for name, _ in arrays]) for layer, arrays in weights] == [
        ("flatten", []),
        ("dense", ["dense/kernel:0", "dense/bias:0"]),
    ]
    assert {array.dtype for _, arrays in weights for _, array in arrays} == {np.dtype("float32")}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_holds_what_lies_under_layers(tmp_path: Path, method: int) -> None:
    write_keras(tmp_path / "m.keras", method)
    config, legacy, weights = reading.read(tmp_path / "m.keras")
    assert (config, legacy) == (b"{}", False)
    ((place, ((number, array),)),) = weights
    assert (place, number, array.shape) == ("layers/dense", "0", (3, 2))


@pytest.mark.parametrize("member", [reading.CONFIG, reading.WEIGHTS])
def test_each_member_of_a_zip_is_bounded(tmp_path: Path, member: str) -> None:
    write_keras(tmp_path / "m.keras", **{member: bytes(20 << 20)})
    with pytest.raises(BundleError, match=rf"m\.keras: its {member} unpacks from [\d,]+ to 20,97"):
        reading.read(tmp_path / "m.keras")
    write_keras(tmp_path / "m.keras", **{member: b"none"})
    with pytest.raises(BundleError, match=rf"not a whole \.keras file .*{member}"):
        reading.read(tmp_path / "m.keras")


@pytest.mark.parametrize(("place", "value"), [(10, 97), (8, 1)])
def test_zip_of_another_compression_or_with_a_password(
    tmp_path: Path, place: int, value: int
) -> None:
    path = tmp_path / "m.keras"
    write_keras(path)
    content = bytearray(path.read_bytes())
    for start, shift in ((b"PK\x03\x04", -2), (b"PK\x01\x02", 0)):
        at = content.find(start)
        while at >= 0:
            content[at + place + shift : at + place + shift + 2] = struct.pack("<H", value)
            at = content.find(start, at + 4)
    path.write_bytes(content)
    with pytest.raises(BundleError, match=r"m\.keras: not a whole \.keras file"):
        reading.read(path)


def test_every_cut_is_one_line(h5: Path, tmp_path: Path) -> None:
    write_keras(tmp_path / "m.keras")
    for whole in (h5, tmp_path / "m.keras"):
        content = whole.read_bytes()
        for end in range(8, len(content), len(content) // 20):
            whole.write_bytes(content[:end])
            with pytest.raises(BundleError, match=whole.name):
                reading.read(whole)


def test_another_process_reads_the_same(h5: Path) -> None:
    config, legacy, weights = PARENT_READS(h5)
    wanted = reading.read(h5)
    assert (config, legacy) == wanted[:2]
    assert [group for group, _ in weights] == [group for group, _ in wanted[2]]
    for (_, given), (_, arrays) in zip(weights, wanted[2], strict=True):
        for one, other in zip(given, arrays, strict=True):
            assert one[0] == other[0]
            np.testing.assert_array_equal(one[1], other[1])


def test_message_of_the_process_comes_through(tmp_path: Path) -> None:
    (tmp_path / "ü\n.h5").write_bytes(reading.HDF5)
    with pytest.raises(BundleError, match=r"ü .h5: damaged or incomplete"):
        PARENT_READS(tmp_path / "ü\n.h5")


def test_reader_that_never_ends_is_ended(h5: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "PATIENCE", 0)
    with pytest.raises(BundleError, match=r"m\.h5: not read within 0 seconds"):
        PARENT_READS(h5)


@pytest.mark.skipif(os.name == "nt", reason="needs a shell")
@pytest.mark.parametrize(
    ("script", "message"),
    [("kill -SEGV $$", f"ended with -{signal.SIGSEGV:d}"), ("echo no room >&2; exit 1", "no room")],
)
def test_reader_that_breaks_is_one_line(
    h5: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    broken = tmp_path / "python"
    broken.write_text(f"#!/bin/sh\n{script}\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    with pytest.raises(BundleError, match=rf"m\.h5: cannot be read \(.*{message}"):
        PARENT_READS(h5)


def test_architecture_file_is_bounded(h5: Path, tmp_path: Path) -> None:
    (tmp_path / "big.json").write_text(json.dumps(" " * reading.MAX_CONFIG))
    with pytest.raises(BundleError, match=r"big\.json: no architecture"):
        source.read_source(h5, tmp_path / "big.json")
    os.mkfifo(tmp_path / "pipe.h5")
    with pytest.raises(BundleError, match=r"pipe\.h5: no Keras model"):
        source.read_source(tmp_path / "pipe.h5")
