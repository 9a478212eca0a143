"""Files as a table: what went in comes out, for names of any bytes."""

import os
from pathlib import Path

import pytest

from mien.datasets.inputs.listing import Column, Listing


def test_files_come_back_as_they_are(tmp_path: Path) -> None:
    names = ["calm/1.png", "calm/Zoë 日本.png", "tense/a b/'x\".png"]
    listing = Listing(tmp_path)
    for number, name in enumerate(names):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * number)
        os.utime(path, ns=(0, 10**18 + number))
        listing.add(path, number)
    assert list(listing.origins) == names
    assert list(listing.paths) == [tmp_path / name for name in names]
    assert listing.folders.tolist() == [0, 1, 2]
    assert [listing.stamp(row) for row in range(3)] == [(n, 10**18 + n) for n in range(3)]
    assert list(listing.paths[::2]) == [tmp_path / names[0], tmp_path / names[2]]


def test_names_that_are_no_text_keep_their_bytes(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))
    try:
        path.write_bytes(b"")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    listing = Listing(tmp_path)
    listing.add(path, 0)
    assert listing.origin(0) == "caf\\xe9.png"
    assert listing.path(0) == path
    assert listing.path(0).is_file()


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    listing = Listing(tmp_path)
    with pytest.raises(FileNotFoundError):
        listing.add(tmp_path / "1.png", 0)
    assert len(listing) == 0


def test_a_column_is_read_as_a_list_is() -> None:
    column, wanted = Column(10, lambda row: row * row), [n * n for n in range(10)]
    assert (column[3], column[-1], len(column)) == (9, 81, 10)
    assert list(column[2:9:3]) == wanted[2:9:3]
    assert list(column[::-1][1:3]) == wanted[::-1][1:3]
    with pytest.raises(IndexError):
        column[10]
