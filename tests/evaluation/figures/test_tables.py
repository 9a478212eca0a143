"""Many tables at once say what the plain metrics say of each alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.evaluation.figures import metrics
from mien.evaluation.figures.tables import ABSENT, cells, estimate_tables, table_figures

CLASSES = 3
CELLS = st.integers(ABSENT, CLASSES * CLASSES - 1)


def test_a_cell_is_truth_and_answer() -> None:
    probabilities = np.array([[0.1, 0.7, 0.2], [0.8, 0.1, 0.1]], np.float32)
    assert cells(np.array([2, 0]), probabilities).tolist() == [7, 0]


@given(st.lists(st.tuples(CELLS, CELLS), max_size=30))
def test_every_table_has_the_figures_of_its_confusion_matrix(rows: list[tuple[int, int]]) -> None:
    sets = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    for figures, row in zip(table_figures(sets, CLASSES), sets, strict=True):
        row = row[row != ABSENT]
        matrix = metrics.confusion_matrix(row // CLASSES, row % CLASSES, CLASSES)
        expected = [metrics.accuracy(matrix), metrics.balanced_accuracy(matrix)]
        np.testing.assert_allclose(figures, [*expected, *metrics.recalls(matrix)])


def test_estimates_are_drawn_over_groups_and_named_right() -> None:
    sets = np.array([[0, 0, 4, 5, 5, 4], [0, ABSENT, ABSENT, ABSENT, ABSENT, 5]])
    kinds = {"resamples": 300, "seed": 1, "stage": "some draws"}
    seen = []
    whole, part = estimate_tables(
        sets, CLASSES, np.arange(6), on_progress=lambda *args: seen.append(args), **kinds
    )
    assert whole.accuracy.value == pytest.approx(4 / 6)
    assert whole.accuracy.low < 4 / 6 < whole.accuracy.high
    assert whole.balanced_accuracy.value == pytest.approx(0.75)
    assert [recall.value for recall in whole.recalls[:2]] == [1, 0.5]
    assert np.isnan(whole.recalls[2].value)
    assert (part.accuracy.value, part.recalls[1].value) == (0.5, 0)
    assert seen[-1] == ("some draws", 300, 300)
    (alone, _) = estimate_tables(sets, CLASSES, np.zeros(6, np.int64), **kinds)
    assert np.isnan(alone.accuracy.low)
