"""Decoded faces are kept where there is room for them."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from mien.errors import TrainingError
from mien.training.expression.feeding import room
from mien.training.expression.feeding.room import choose_cache, free_disk, free_memory

GIB = 1 << 30


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A machine of 8 GiB of memory and 100 GiB of disk, unless a test says otherwise."""
    machine = SimpleNamespace(memory=8 * GIB, disk=100 * GIB)
    monkeypatch.setattr(room, "free_memory", lambda: machine.memory)
    monkeypatch.setattr(room, "free_disk", lambda _: machine.disk)
    return machine


@pytest.mark.parametrize(
    ("needed", "ranks", "wanted"),
    [
        (1 * GIB, 1, "memory"),
        (1 * GIB, 8, "disk"),
        (3 * GIB, 1, "disk"),
        (90 * GIB, 1, "off"),
    ],
)
def test_what_suits_is_chosen(
    there: SimpleNamespace, tmp_path: Path, needed: int, ranks: int, wanted: str
) -> None:
    assert choose_cache("auto", needed, tmp_path, ranks) == wanted


def test_where_nobody_knows_the_memory_the_disk_is_taken(
    there: SimpleNamespace, tmp_path: Path
) -> None:
    there.memory = None
    assert choose_cache("auto", 1, tmp_path) == "disk"
    assert choose_cache("memory", 10**15, tmp_path) == "memory"


def test_what_does_not_fit_is_one_line_with_figures(there: SimpleNamespace, tmp_path: Path) -> None:
    with pytest.raises(
        TrainingError, match=r"--cache memory: .* take 21\.47 GB, but of memory 8\.59 GB are free"
    ):
        choose_cache("memory", 10 * GIB, tmp_path, 2)
    with pytest.raises(TrainingError, match=r"--cache disk: .* take --cache off"):
        choose_cache("disk", 200 * GIB, tmp_path / "new")
    assert choose_cache("disk", 200 * GIB, tmp_path) == "disk"  # filled by an earlier run
    assert choose_cache("off", 10**15, tmp_path) == "off"


def test_this_machine_has_room(tmp_path: Path) -> None:
    assert free_disk(tmp_path / "not" / "made" / "yet") > 0
    memory = free_memory()
    assert memory is None or memory > 1_000_000


def test_a_container_has_what_is_left_of_its_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("_MEMORY", "MemAvailable: 1000 kB\n"), ("_MOST", "900000"), ("_USED", "1")):
        (tmp_path / name).write_text(text)
        monkeypatch.setattr(room, name, tmp_path / name)
    assert free_memory() == 899_999
    (tmp_path / "_MOST").write_text("max\n")
    assert free_memory() == 1_024_000
