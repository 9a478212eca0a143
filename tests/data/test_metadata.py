"""metadata.csv adds groups and shares; a wrong one is named by its line."""

import unicodedata
from pathlib import Path

import pytest

from mien.data.metadata import FileNote, note_key, read_metadata
from mien.errors import DatasetError

CLASSES = ("calm", "tense")


def read(folder: Path, text: str) -> dict[str, FileNote]:
    path = folder / "metadata.csv"
    path.write_text(text, encoding="utf-8")
    return read_metadata(path, CLASSES)


def test_absent_file_says_nothing(tmp_path: Path) -> None:
    assert read_metadata(tmp_path / "metadata.csv", CLASSES) == {}


def test_groups_and_shares(tmp_path: Path) -> None:
    notes = read(
        tmp_path,
        '\ufefffile_name,group,tense,calm\ncalm/1.png,Zoë,1,3\n"calm/a, b.png",,,\n',
    )
    assert notes == {
        "calm/1.png": FileNote("Zoë", (0.75, 0.25)),
        "calm/a, b.png": FileNote(),
    }


def test_accents_are_compared_however_they_are_written() -> None:
    assert note_key(unicodedata.normalize("NFD", "calm/Zoë.png")) == note_key("./calm/Zoë.png")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("name,group\nx,y\n", ":1: unknown column 'name'"),
        ("group\ny\n", ":1: no column 'file_name'"),
        ("file_name,calm\nx,1\n", ":1: no column for class 'tense'"),
        ("file_name,calm,tense\nx,1,1\ny,much,2\n", ":3: the shares much, 2"),
        ("file_name,calm,tense\nx,0,0\n", ":2: the shares"),
        ("file_name,calm,tense\nx,-1,2\n", ":2: the shares"),
        ("file_name,calm,tense\nx,nan,2\n", ":2: the shares"),
        ("file_name,group\n,Anna\n", ":2: no file name"),
        ("file_name,group\nx,Anna,more\n", ":2: no file name, or too many columns"),
        ('file_name\n"x\n', ": not a csv file"),
    ],
)
def test_wrong_row_is_named(tmp_path: Path, text: str, wanted: str) -> None:
    with pytest.raises(DatasetError) as caught:
        read(tmp_path, text)
    assert f"metadata.csv{wanted}" in str(caught.value)


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "metadata.csv"
    path.write_bytes("file_name\nZoë\n".encode("latin-1"))
    with pytest.raises(DatasetError, match="UTF-8"):
        read_metadata(path, CLASSES)
