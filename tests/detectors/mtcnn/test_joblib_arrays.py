import io
import os
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.detectors.mtcnn.joblib_arrays import read_arrays
from mien.errors import BundleError

joblib = pytest.importorskip("joblib", reason="needs the extra [mtcnn]")
ARRAYS = [
    np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    np.array([1.5], dtype=np.float32),
    np.empty((0, 3), dtype=np.float32),
]


def stored(value):
    stream = io.BytesIO()
    joblib.dump(value, stream)
    return stream.getvalue()


class Touch:
    """Makes a file when it is unpickled by a reader that runs what it is given."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_reads_what_joblib_wrote():
    found = read_arrays(stored(ARRAYS), "some.file")
    assert len(found) == len(ARRAYS)
    for got, wanted in zip(found, ARRAYS, strict=True):
        assert got.dtype == np.float32
        assert np.array_equal(got, wanted)


@pytest.mark.parametrize("wrap", [lambda evil: evil, lambda evil: [ARRAYS[0], evil]])
def test_runs_nothing_that_a_file_asks_for(tmp_path, wrap):
    target = tmp_path / "made"
    data = stored(wrap(Touch(target)))
    with pytest.raises(BundleError, match=r"some\.file: .*it asks for \w+\.mkdir"):
        read_arrays(data, "some.file")
    assert not target.exists()
    pickle.loads(stored(Touch(target)))
    assert target.exists()  # so the file would have done it


@pytest.mark.parametrize(
    "value",
    [
        [np.array([1.0])],
        [np.array([1], dtype=np.int32)],
        [np.array([1], dtype=">f4")],
        [np.array([{}], dtype=object)],
        [np.ma.array([1], dtype=np.float32)],
        [np.float32(1)],
        ["text"],
        {"a": ARRAYS[0]},
        ARRAYS[0],
        [np.dtype(np.float32)],
    ],
    ids=repr,
)
def test_admits_lists_of_plain_float32_arrays_only(value):
    with pytest.raises(BundleError, match=r"some\.file: not a list of arrays"):
        read_arrays(stored(value), "some.file")


@pytest.mark.parametrize("name", ["ndarray", "dtype"])
def test_makes_no_numpy_object_outside_a_wrapper(name):
    # `GLOBAL numpy.<name>`, an empty tuple, REDUCE, in a list.
    data = b"]cnumpy\n" + name.encode() + b"\n)Ra."
    with pytest.raises(BundleError):
        read_arrays(data, "some.file")


@given(st.data())
def test_a_truncated_file_is_refused(data):
    whole = stored(ARRAYS)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(BundleError):
        read_arrays(whole[:cut], "some.file")
