"""Each row of a metadata.csv finds its file, however its path is written."""

import unicodedata

import pytest

from mien.datasets.inputs.file_notes import match_notes
from mien.datasets.inputs.metadata import FileNote

NOTE = FileNote("anna")
FILES = ("calm/Zoë 1.png", "tense/Zoë 1.png", "calm/b\\c.png", "tense/Only.JPG", "tense/only.png")


@pytest.mark.parametrize(
    ("row", "origin"),
    [
        ("calm/Zoë 1.png", "calm/Zoë 1.png"),
        ("./calm/Zoë 1.png", "calm/Zoë 1.png"),
        (unicodedata.normalize("NFD", "calm/Zoë 1.png"), "calm/Zoë 1.png"),
        ("calm\\Zoë 1.png", "calm/Zoë 1.png"),
        (".\\calm\\Zoë 1.png", "calm/Zoë 1.png"),
        ("Calm\\ZOË 1.PNG", "calm/Zoë 1.png"),
        ("faces/calm/Zoë 1.png", "calm/Zoë 1.png"),
        ("C:\\data\\Faces\\calm\\Zoë 1.png", "calm/Zoë 1.png"),
        ("/home/me/faces/calm/Zoë 1.png", "calm/Zoë 1.png"),
        ("calm/b\\c.png", "calm/b\\c.png"),
        ("Only.JPG", "tense/Only.JPG"),
        # Two files have this name.
        ("Zoë 1.png", None),
        ("calm/2.png", None),
        ("", None),
    ],
)
def test_paths_are_compared_however_they_are_written(row: str, origin: str | None) -> None:
    found, missing = match_notes({row: NOTE}, FILES, "faces")
    wanted = {FILES.index(origin): NOTE} if origin else {}
    assert (found, missing) == (wanted, [] if origin else [row])


def test_a_file_is_taken_by_the_most_exact_row() -> None:
    other = FileNote("ben")
    found, missing = match_notes({"ONLY.jpg": other, "tense/Only.JPG": NOTE}, FILES, "faces")
    assert found == {FILES.index("tense/Only.JPG"): NOTE}
    assert missing == ["ONLY.jpg"]
