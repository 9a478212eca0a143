"""metadata.csv adds groups and shares; a wrong one is named by its line."""

import string
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mien.datasets.inputs.metadata import FileNote, Metadata, read_metadata
from mien.errors import DatasetError

CLASSES = ("calm", "tense")


def read(folder: Path, text: str, encoding: str = "utf-8") -> Metadata:
    path = folder / "metadata.csv"
    path.write_bytes(text.encode(encoding))
    return read_metadata(path, CLASSES)


def test_absent_file_says_nothing(tmp_path: Path) -> None:
    assert read_metadata(tmp_path / "metadata.csv", CLASSES) == Metadata()


def test_groups_and_shares(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        '\ufefffile_name,group,tense,calm\ncalm/1.png,Zoë,1,3\n\n"calm/a, b.png",,,\n',
    )
    assert found.notes == {
        "calm/1.png": FileNote("Zoë", (0.75, 0.25)),
        "calm/a, b.png": FileNote(),
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_spreadsheets_write_is_read(
    tmp_path: Path, delimiter: str, encoding: str, end: str
) -> None:
    rows = (("file_name", "age", "Subject ID"), ("calm\\ü 1.png", "30", " S01 "))
    text = end.join(delimiter.join(row) for row in rows) + end
    found = read(tmp_path, text, encoding)
    assert found.notes == {"calm\\ü 1.png": FileNote("S01")}
    assert (found.group_column, found.unused) == ("Subject ID", ("age",))


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("file_name,group", "group"),
        ("path,participant", "participant"),
        ("Image,Person-No,id", "Person-No"),
        ("id,filename", "id"),
        ("FILE NAME,PARTICIPANT.ID", "PARTICIPANT.ID"),
        ("file_name,identity,subject", "subject"),
        ("file_name,age", ""),
    ],
)
def test_usual_names_of_columns_are_known(tmp_path: Path, header: str, column: str) -> None:
    cells = [
        "x.png" if "i" in name.lower() and name != "id" else "anna" for name in header.split(",")
    ]
    found = read(tmp_path, f"{header}\n{','.join(cells)}\n")
    assert found.group_column == column


def test_semicolons_leave_commas_to_numbers(tmp_path: Path) -> None:
    found = read(tmp_path, "file_name;calm;tense\nx;0,25;0,75\n")
    assert found.notes == {"x": FileNote("", (0.25, 0.75))}


def test_same_row_twice_is_one_and_another_one_is_named(tmp_path: Path) -> None:
    assert len(read(tmp_path, "file_name,group\nx,anna\nx,anna\n").notes) == 1
    with pytest.raises(DatasetError, match=r"metadata\.csv:4: x has another row"):
        read(tmp_path, "file_name,group\nx,anna\ny,ben\nx,ben\n")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("title,group\nx,y\n", ":1: no column 'file_name' among title, group"),
        ("group\ny\n", ":1: no column 'file_name'"),
        ("", ":1: no column 'file_name'"),
        ("file_name,group,group\nx,y,z\n", ":1: two columns are called 'group'"),
        ("file_name,calm\nx,1\n", ":1: no column for class 'tense'"),
        ("file_name,calm,tense\nx,1,1\ny,much,2\n", ":3: the shares much, 2"),
        ("file_name,calm,tense\nx,0,0\n", ":2: the shares"),
        ("file_name,calm,tense\nx,-1,2\n", ":2: the shares"),
        ("file_name,calm,tense\nx,nan,2\n", ":2: the shares"),
        ("file_name,group\n,Anna\n", ":2: no file name"),
        ("file_name,group\nx,Anna,more\n", ":2: no file name, or too many columns"),
        ('file_name,group\n"x\ny",a\nz,b,c\n', ":4: no file name, or too many columns"),
        ('file_name\n"x\n', ": not a csv file"),
        (f"file_name\n{'x' * 200_000}\n", ": not a csv file"),
        (f"file_name,calm,tense\nx,{'9' * 5000},1\n", ":2: the shares 999"),
    ],
)
def test_wrong_row_is_named(tmp_path: Path, text: str, wanted: str) -> None:
    with pytest.raises(DatasetError) as caught:
        read(tmp_path, text)
    assert f"metadata.csv{wanted}" in str(caught.value)
    assert len(str(caught.value).removeprefix(str(tmp_path))) < 400


@pytest.mark.parametrize("data", ["file_name\nZoë\n".encode("latin-1"), b"\xff\xfex"])
def test_other_encodings_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "metadata.csv"
    path.write_bytes(data)
    with pytest.raises(DatasetError, match="UTF-8"):
        read_metadata(path, CLASSES)


GOOD = b'\xef\xbb\xbffile_name;subject;calm;tense\n"calm/1.png";S1;1;3\ncalm/2.png;S2;;\n'


@given(
    st.integers(0, len(GOOD)),
    st.integers(0, 8),
    st.one_of(
        st.binary(max_size=12), st.text(string.printable + "\0é", max_size=12).map(str.encode)
    ),
)
@example(3, 0, b"\0")
def test_whatever_it_holds_it_is_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, place: int, cut: int, inserted: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "mutated.csv"
    path.write_bytes(GOOD[:place] + inserted + GOOD[place + cut :])
    reason = ""
    try:
        read_metadata(path, CLASSES)
    except DatasetError as error:
        reason = str(error)
    assert not reason or "mutated.csv" in reason
    assert len(reason.splitlines()) <= 1
