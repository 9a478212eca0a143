"""What is said of sources can be said in other languages, too."""

import ast
from pathlib import Path

import pytest

import mien.sources
from mien.errors import SourceError, Told
from mien.sources.saying import Name, Says, called, camera_name

PLACE = Path(mien.sources.__file__).parent
KINDS = {"SourceError", "RecordingError", "NothingFoundError"}
# `mien live` says these before there is a page.
BEFORE = ("f'no source; ", "'an empty name; ", "f'{skipped[-1].path}: ")


def plain_errors(path: Path) -> list[str]:
    """Return the words of errors that are raised with a text of their own."""
    raised = [
        node.exc for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Raise)
    ]
    return [
        ast.unparse(call.args[0])
        for call in raised
        if isinstance(call, ast.Call) and ast.unparse(call.func) in KINDS
        if isinstance(call.args[0], ast.Constant | ast.JoinedStr)
    ]


@pytest.mark.parametrize("path", sorted(PLACE.rglob("*.py")), ids=lambda path: path.stem)
def test_no_error_of_a_source_can_be_said_in_english_only(path):
    assert [words for words in plain_errors(path) if not words.startswith(BEFORE)] == []


@pytest.mark.parametrize("number", [0, 12])
def test_a_camera_is_called_by_its_number(number):
    name = called(camera_name(number))
    assert name == Name.CAMERA(number=number)
    assert str(name) == f"camera {number}"


@pytest.mark.parametrize("name", ["clip.mp4", "camera", "camera 0.mp4", "my camera 0", ""])
def test_a_name_of_its_own_is_the_same_in_all_languages(name):
    assert called(name) == name


def test_an_error_is_its_english_and_what_it_is_made_of():
    error = SourceError(Says.NO_PICTURE(name=called("camera 3"), seconds=1.5))
    assert str(error) == "camera 3: no picture for 1.5 seconds; check the camera or the network"
    assert isinstance(error.told, Told)
    assert error.told.values == {"name": Name.CAMERA(number=3), "seconds": 1.5}
    assert SourceError("camera 3: unplugged").told is None
