"""Arrays in files come back as they were written, and what is cut short is known for it."""

from pathlib import Path

import numpy as np
import pytest

from mien.datasets.arrays import DamagedError, map_array, new_array

SHAPE = (4, 3, 2)
VALUES = np.arange(24, dtype=np.float32).reshape(SHAPE)


def written(path: Path) -> Path:
    with new_array(path, np.float32, SHAPE) as write:
        write(VALUES[:1])
        write(VALUES[1:].astype(np.float64))
    return path


def test_what_is_written_row_by_row_comes_back(tmp_path: Path) -> None:
    path = written(tmp_path / "a.npy")
    array = map_array(path, np.float32, SHAPE)
    assert isinstance(array, np.memmap)
    np.testing.assert_array_equal(array, VALUES)
    np.testing.assert_array_equal(np.load(path), VALUES)
    assert map_array(path, np.float32, (None, 3, 2)).shape == SHAPE


def test_rows_for_another_shape_are_a_mistake(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="another shape"),
        new_array(tmp_path / "a.npy", np.float32, SHAPE) as write,
    ):
        write(VALUES[:3])


def test_no_rows_are_an_array_too(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.empty((0, 2), dtype=np.int64))
    assert map_array(tmp_path / "a.npy", np.int64, (None, 2)).shape == (0, 2)


def test_what_is_cut_short_anywhere_is_damaged(tmp_path: Path) -> None:
    whole = written(tmp_path / "a.npy").read_bytes()
    for length in range(0, len(whole), 3):
        (tmp_path / "a.npy").write_bytes(whole[:length])
        with pytest.raises(DamagedError):
            map_array(tmp_path / "a.npy", np.float32, SHAPE)


@pytest.mark.parametrize(
    ("dtype", "shape"), [(np.float64, SHAPE), (np.float32, (4, 3)), (np.float32, (5, 3, 2))]
)
def test_another_array_is_damaged(tmp_path: Path, dtype: type, shape: tuple[int, ...]) -> None:
    with pytest.raises(DamagedError):
        map_array(written(tmp_path / "a.npy"), dtype, shape)


@pytest.mark.parametrize(
    "data", [b"nothing", b"PK\x03\x04" * 9, b"\x80\x04.", b"\x93NUMPY\x01\0(("]
)
def test_what_is_no_array_is_damaged(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.npy").write_bytes(data)
    for path in (tmp_path / "a.npy", tmp_path / "none.npy", tmp_path):
        with pytest.raises(DamagedError):
            map_array(path, np.float32, SHAPE)
