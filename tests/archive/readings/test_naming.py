import os
import unicodedata
from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from mien.archive.inputs import Item
from mien.archive.readings import naming
from mien.archive.readings.manifest import MANIFEST, Row
from mien.archive.readings.naming import parts_of
from mien.archive.shards import share
from mien.sinks.files import as_written

# Also bytes that are no Unicode, as names on a disk may be.
letters = st.characters(exclude_characters="/\0", exclude_categories=["Cs"])
NAMES = st.text(letters | st.just("\udce9"), min_size=1, max_size=80).filter(
    lambda name: name not in (".", "..")
)
WAYS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


def item(below: str, *, picture: bool = False, named: bool = False, size: int = 1) -> Item:
    return Item(f"{os.sep}root{os.sep}{below}", below, picture, named, size)


def items(*belows: str) -> list[Item]:
    return [item(below, picture=below.endswith(".png")) for below in belows]


def tables(parts: list[naming.Part]) -> set[str]:
    return {part.table for part in parts}


@given(st.lists(st.tuples(WAYS, st.booleans(), st.integers(0, 9)), unique_by=lambda one: one[0]))
def test_every_file_has_one_table_and_no_two_are_one(found: list[tuple[str, bool, int]]) -> None:
    listed = [item(below, picture=picture, size=size) for below, picture, size in found]
    parts = parts_of(listed, ".csv", {})
    assert sorted(one.name for part in parts for one in part.items) == sorted(
        one.name for one in listed
    )
    keys = {unicodedata.normalize("NFC", as_written(part.table)).casefold() for part in parts}
    assert len(keys) == len(parts)
    for part in parts:
        path = PurePosixPath(part.table)
        assert not path.is_absolute()
        assert ".." not in path.parts
        assert path.suffix == ".csv"
        assert len(os.fsencode(path.name)) <= naming.LONGEST + 10
        assert part.table != MANIFEST
    sizes = [part.size for part in parts]
    assert sizes == sorted(sizes, reverse=True)
    for count in (1, 2, 5):
        shards = [share(parts, (number, count)) for number in range(1, count + 1)]
        assert sorted(p.table for shard in shards for p in shard) == sorted(tables(parts))


@given(st.lists(st.tuples(WAYS, st.booleans()), unique_by=lambda one: one[0]))
def test_what_was_read_keeps_its_tables(found: list[tuple[str, bool]]) -> None:
    listed = [item(below, picture=picture) for below, picture in found]
    parts = parts_of(listed, ".csv", {})
    rows = {
        one.file: Row(file=one.file, table=as_written(part.table), status="read")
        for part in parts
        for one in part.items
    }
    assert parts_of(listed, ".csv", rows) == parts


def test_equal_names_are_told_apart() -> None:
    found = tables(
        parts_of(items("a/x.mp4", "a/X.mp4", "manifest", "a/1.png", "a/pictures"), ".csv", {})
    )
    assert {"a/x.mp4.csv", "a/pictures.csv"} <= found
    assert len(found) == 5
    assert MANIFEST not in found
    # A folder is called like a table.
    assert "a.csv" not in tables(parts_of(items("a", "a.csv/x.mp4"), ".csv", {}))


def test_a_large_folder_is_several_tables(monkeypatch: object) -> None:
    listed = items(*(f"a/{number:05}.png" for number in range(naming.SLICE + 1)))
    parts = parts_of(listed, ".parquet", {})
    assert [(part.table, len(part.items)) for part in parts] == [
        ("a/pictures.parquet", naming.SLICE),
        ("a/pictures-2.parquet", 1),
    ]


def test_pictures_that_were_named_share_a_table() -> None:
    listed = [item(f"{name}.png", picture=True, named=True) for name in "ab"]
    assert tables(parts_of(listed, ".csv", {})) == {"pictures.csv"}


def test_another_first_picture_does_not_rename_a_table() -> None:
    def folder(way: str, *names: str) -> list[Item]:
        root = f"{os.sep}{way}{os.sep}pics{os.sep}"
        return [Item(f"{root}{name}", f"pics/{name}", True, False, 1) for name in names]

    before = tables(parts_of([*folder("x", "1.png"), *folder("y", "1.png")], ".csv", {}))
    after = parts_of([*folder("x", "1.png"), *folder("y", "0.png", "1.png")], ".csv", {})
    assert len(before) == 2
    assert tables(after) == before
