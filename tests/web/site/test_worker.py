"""The service worker of the site: what it keeps, and what it answers."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from mien.web.page.page_files import STATIC


@pytest.fixture(scope="module")
def said():
    """What became of all cases of `worker.mjs`: node runs once."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node 18 or later")
    command = [node, str(Path(__file__).with_name("worker.mjs")), str(STATIC / "site" / "sw.js")]
    result = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_the_whole_site_is_kept(said):
    assert said["wholeSite"] == [said["site"]]


def test_other_models_are_kept_once_they_were_asked_for(said):
    assert said["askedFor"] == "c"
    assert said["keptThen"] == [said["host"]]
    assert said["wrongLater"] == "refused"
    assert said["keptFromBefore"] == said["host"]


def test_only_the_page_and_its_files_are_answered(said):
    """Below a site may lie licences, and on the root of a host all other sites of it."""
    assert set(said["pages"]) == {said["page"]}
    assert said["file"] == "a"
    assert set(said["hostsAnswers"].values()) == {None}


def test_what_is_not_of_the_version_is_never_kept(said):
    assert said["partOfSite"] == []
    assert said["rememberedWrongly"] == [said["site"]]


def test_a_storage_that_was_emptied_is_filled_again(said):
    assert said["emptied"] == "host"
    assert said["keptAgain"] == [said["site"]]


def test_the_next_version_begins_only_where_no_page_of_the_old_one_stays(said):
    assert said["nextBegins"] == [
        [0, False, True],
        [1, True, True],
        [1, False, False],
        [2, True, False],
    ]
