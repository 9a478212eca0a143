"""Pickles are told, whatever they are called and packed in, and none is opened."""

import bz2
import gzip
import io
import lzma
import pickle
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from mien.errors import DatasetError
from mien.files.pickles import is_pickle, refuse_pickle

DATA = [[np.zeros((48, 48), np.uint8)] * 3, np.eye(3)]


class Trap:
    """Says so where it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return pytest.fail, ("a pickle was opened",)


def array(value: object) -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([value], dtype=object))
    return file.getvalue()


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_pkl", ".pkl"), data)
    return file.getvalue()


def objects_beside_numbers() -> bytes:
    file = io.BytesIO()
    np.savez(file, numbers=np.zeros(3), objects=np.array([Trap()], dtype=object))
    return file.getvalue()


PLAIN = pickle.dumps([Trap(), DATA])
PICKLES = {
    **{f"protocol {n}": pickle.dumps([Trap(), DATA], protocol=n) for n in range(6)},
    "large": pickle.dumps(b"x" * 100_000),
    "gzip": gzip.compress(PLAIN),
    "zlib": zlib.compress(PLAIN),
    "bzip2": bz2.compress(PLAIN),
    "xz": lzma.compress(PLAIN),
    "array": array(Trap()),
    "arrays": objects_beside_numbers(),
    "torch": zipped(model__data_pkl=PLAIN, model__version=b"3"),
    "packed": zipped(data_pkl=PLAIN),
}
OTHERS = {
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(64),
    "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(64),
    "text": b"class\nhappy\n",
    "table": gzip.compress(b"a,b\n1,2\n"),
    "numbers": (lambda f: (np.save(f, np.zeros(3)), f.getvalue())[1])(io.BytesIO()),
    "demo as zip": zipped(demo__data_pkl=PLAIN, demo__README=b"text"),
    "empty": b"",
    "cut": b"\x80",
    "broken zip": b"PK\x03\x04" + bytes(40),
}


@pytest.mark.parametrize("kind", PICKLES)
def test_a_pickle_is_told_by_what_it_holds(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "data"
    path.write_bytes(PICKLES[kind])
    assert is_pickle(path)


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_none_is_not_taken_for_one(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(OTHERS[kind])
    assert not is_pickle(path)


@pytest.mark.parametrize("name", ["data.pkl", "DATA.PKL", "a.b.pickle", "m.pt", "d.pkl.gz"])
def test_a_name_tells_where_the_content_does_not(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert is_pickle(path)
    path.touch()
    assert is_pickle(path)
    assert not is_pickle(path, by_name=False)
    path.unlink()
    path.mkdir()
    assert not is_pickle(path)


@pytest.mark.parametrize("name", ["pkl", ".gz", "faces", "faces.zip", "a.pkl.jpg", "\0.jpg"])
def test_other_names_say_nothing(tmp_path: Path, name: str) -> None:
    assert not is_pickle(tmp_path / name)


def test_the_line_names_the_file_and_what_to_name(tmp_path: Path) -> None:
    path = tmp_path / "data.pkl"
    path.write_bytes(PLAIN)
    with pytest.raises(DatasetError, match=r"data\.pkl: mien reads no pickles.*: name faces$"):
        refuse_pickle(path, DatasetError, "name faces")
