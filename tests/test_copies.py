"""What mien gives may be copied and sent to other processes, and is the same there."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import BundleError, MienError, MissingExtraError, Told
from mien.models.occlusion import PartEffect
from mien.pipeline.analyzer import AnalyzerSettings
from mien.pipeline.baseline import Baseline
from mien.types import Analysis, Box, Face, Frame, Prediction, Quality, Reading, UsualFace, Verdict

shares = st.floats(0, 1)
places = st.floats(-1e4, 1e4, width=32)
texts = st.text(max_size=8)
boxes = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h), places, places, *[st.floats(1, 99)] * 2
)
points = st.lists(places, min_size=10, max_size=10)
landmarks = points.map(lambda values: np.array(values, np.float32).reshape(5, 2))
faces = st.builds(Face, boxes, shares, st.none() | landmarks, st.integers(0, 3))
words = st.sampled_from(["a", "b", None])


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    share = draw(shares)
    one, label = Prediction(("a", "b"), (share, 1 - share), draw(shares)), draw(words)
    return Reading(
        draw(st.integers(1, 99)),
        draw(faces),
        one,
        one,
        label,
        Quality(draw(shares), draw(shares), draw(shares), None, ("dark",)),
        None if label else "dark",
        draw(st.none() | st.just(Verdict("a"))),
        draw(st.none() | st.builds(UsualFace, st.just("learning"), shares)),
    )


analyses = st.builds(
    Analysis,
    st.integers(0, 9),
    shares,
    texts,
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.lists(readings(), max_size=3).map(tuple),
    st.dictionaries(texts, shares, max_size=2),
    st.none() | shares,
)
offsets = st.lists(shares, min_size=2, max_size=4).map(np.array)
numbered = st.dictionaries(st.integers(1, 9), offsets, max_size=2)
baselines = st.builds(
    Baseline, st.dictionaries(texts, numbered, max_size=2), st.none() | offsets, st.just(("x",))
)
regions = st.just(np.ones((4, 2), np.float32))
effects = st.builds(PartEffect, st.sampled_from(["brows", "mouth"]), shares, regions)
frames = st.builds(Frame, st.just(np.zeros((2, 3, 3), np.uint8)), st.integers(0, 9), shares, texts)


@given(st.one_of(analyses, readings(), faces, baselines, effects, frames))
def test_copies_are_equal(value: object) -> None:
    for made in (pickle.loads(pickle.dumps(value)), copy.deepcopy(value), copy.copy(value)):
        assert made == value
        assert type(made) is type(value)
    assert value != object()


@given(faces)
def test_equal_faces_have_one_hash(one: Face) -> None:
    assert len({one, pickle.loads(pickle.dumps(one))}) == 1


def test_what_holds_other_arrays_differs() -> None:
    assert Baseline(alone=np.zeros(2)) != Baseline(alone=np.ones(2))
    assert Baseline(alone=np.zeros(2)) != Baseline()
    assert Baseline({"a": {1: np.zeros(2)}}) != Baseline({"a": {2: np.zeros(2)}})


def test_arrays_stay_read_only() -> None:
    face = Face(Box(0, 0, 1, 1), 0.5, np.zeros((5, 2), np.float32))
    frame = Frame(np.zeros((2, 2, 3), np.uint8), 0, 0.0, "x")
    made = pickle.loads(pickle.dumps((face, frame)))
    assert not made[0].landmarks.flags.writeable
    assert not made[1].image.flags.writeable
    assert pickle.loads(pickle.dumps(AnalyzerSettings(hold=2))) == AnalyzerSettings(hold=2)


@pytest.mark.parametrize(
    "error", [BundleError("a\nb"), MissingExtraError("x", "train"), MienError(Told("a", "b", {}))]
)
def test_errors_are_sent_as_they_are(error: MienError) -> None:
    made = pickle.loads(pickle.dumps(error))
    assert (type(made), str(made), made.told) == (type(error), str(error), error.told)
