"""What a soak calls a leak."""

import pytest
from tests.benchmarks.results import Importer


@pytest.mark.parametrize(
    ("values", "leaks"),
    [((200, 230, 231), False), ((200, 201, 240), False), ((200, 216, 232), True)],
    ids=["taken early", "taken late", "taken each time"],
)
def test_a_soak_tells_a_leak_from_what_is_taken_once(
    bench: Importer, values: tuple[float, ...], leaks: bool
) -> None:
    soak = bench("soak")
    rows = [soak.judged("memory", list(values), 15.0)]
    assert soak.grown(rows) == (["memory"] if leaks else [])
