import hashlib
import sys

import pytest

from mien.detectors.weights import package_folder, read_known
from mien.errors import BundleError


def test_reads_a_known_file(tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(b"right")
    known = {hashlib.sha256(b"right").hexdigest(): "the weights"}
    assert read_known(path, known) == (b"right", "the weights")


def test_refuses_an_unknown_file_and_says_what_it_takes(tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(b"wrong")
    with pytest.raises(BundleError) as caught:
        read_known(path, {"ab" * 32: "the weights"})
    message = str(caught.value)
    given = hashlib.sha256(b"wrong").hexdigest()[:12]
    assert all(part in message for part in (str(path), given, "the weights", "abababababab"))
    assert "\n" not in message


@pytest.mark.parametrize("name", ["absent.bin", "."])
def test_names_a_file_that_cannot_be_read(tmp_path, name):
    with pytest.raises(BundleError, match="cannot be read"):
        read_known(tmp_path / name, {})


def test_finds_a_package_without_importing_it(tmp_path, monkeypatch):
    package = tmp_path / "never_imported"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    assert package_folder("never_imported") == package
    assert "never_imported" not in sys.modules


@pytest.mark.parametrize("name", ["no_such_package_anywhere", "bisect"])
def test_knows_no_folder_of_what_is_no_package(name):
    assert package_folder(name) is None
