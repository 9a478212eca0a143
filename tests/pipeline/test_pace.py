"""How far apart frames are: steady, and not misled by one gap."""

import pytest

from mien.pipeline.pace import Pace


@pytest.mark.parametrize(
    ("stamps", "stands"),
    [
        ([0.0], [0.0]),
        ([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 1.0, 1.0]),
        ([0.0, 0.1, 0.2, 1.2, 1.3], [0.0, 0.1, 0.1, 0.1, 0.1]),
        ([0.0, 0.1, 1.1, 2.1, 3.1], [0.0, 0.1, 0.1, 0.1, 1.0]),
        ([5.0, 3.0], [0.0, 0.0]),
    ],
    ids=["first", "slow", "a gap", "grows slow", "back"],
)
def test_it_is_the_shortest_of_the_last_steps(stamps: list[float], stands: list[float]) -> None:
    pace = Pace()
    assert [pace(stamp) for stamp in stamps] == pytest.approx(stands)
    pace.reset()
    assert pace(9.0) == 0.0
