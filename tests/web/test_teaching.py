"""Faces that are read wrongly: kept, named, learnt from, compared, read with, saved, forgotten."""

import csv
import dataclasses
import io
import re
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.web.fakes import FakeTeach

from mien.errors import DatasetError
from mien.web.session.teacher import Says

pytestmark = pytest.mark.timeout(120)
MODULES = "/static/live/teaching/vocabulary.js", "/static/core/zip.js"


@pytest.fixture
def teach() -> FakeTeach:
    teach = FakeTeach()
    teach.goes.set()
    return teach


@pytest.fixture
def open_sample(open_page, expect, services, teach):
    """Open a page that shows a face, with the faces that are kept open."""

    def opened(teach=teach, **more):
        page = open_page(services=dataclasses.replace(services, teach=teach), **more)
        page.locator("#start-sample").click()
        expect(page.locator("#faces li")).to_have_count(1)
        if page.locator("#tools-open").is_visible():
            page.locator("#tools-open").click()
        page.locator("#wrong").click()
        expect(page.locator("#teaching-title")).to_be_focused()
        return page

    return opened


def keep(page, expect, word: str, count: int = 2) -> None:
    """Keep faces of one word of the list."""
    page.locator("#teaching-word").select_option(label=word)
    kept = page.locator("#teaching-kept li")
    for _ in range(count):
        before = kept.count()
        page.locator("#teaching-people button").click()
        expect(kept).to_have_count(before + 1)


def add(page, expect, word: str) -> None:
    page.get_by_label("Another word").fill(word)
    page.keyboard.press("Enter")
    expect(page.locator("#teaching-word")).to_be_focused()


def learn(page, expect) -> None:
    add(page, expect, "tired")
    keep(page, expect, "tired")
    keep(page, expect, "sad")
    page.get_by_role("button", name="Learn from them").click()
    expect(page.locator("#teaching-result")).to_be_focused()


def said(page):
    return page.locator("#teaching-said")


def test_faces_are_kept_learnt_from_and_read_with(open_sample, expect, teach, violations):
    page = open_sample()
    assert violations(page) == []
    learn(page, expect)
    assert [(face.word, face.person) for face in teach.lessons[0]] == [
        *[("tired", "1-1")] * 2,
        *[("sad", "1-1")] * 2,
    ]
    expect(said(page)).to_contain_text("may be chance")
    rows = [row.inner_text().split("\t") for row in page.locator("#teaching-figures tr").all()]
    assert rows == [["happy", "2 of 3", "3 of 3"], ["tired", "not a word yet", "0 of 2"]]
    remarks = page.locator("#teaching-remarks")
    for words in ("one in 5", "tired. Do not rely", "1 face was left out", "70% rightly", "71%"):
        expect(remarks).to_contain_text(words)
    assert violations(page) == []
    look = page.locator("#faces li .look")
    expect(look).to_have_text("looks happy")
    page.get_by_role("button", name="Read with it").click()
    expect(look).to_have_text("looks tired")
    expect(page.locator("#teaching-using")).to_be_visible()
    assert violations(page) == []
    page.locator("#teaching").get_by_role("button", name="Read as before").click()
    expect(look).to_have_text("looks happy")
    expect(page.locator("#teaching-using")).to_be_hidden()
    assert page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })") == "{}"


def test_what_is_kept_is_saved_as_class_folders(open_sample, expect):
    page = open_sample()
    add(page, expect, "in pain / tired")
    keep(page, expect, "in pain tired")
    keep(page, expect, "sad", 1)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the faces").click()
    expect(said(page)).to_contain_text("mien adapt faces")
    with zipfile.ZipFile(Path(download.value.path())) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        notes = archive.read("faces/metadata.csv").decode()
        pictures = [archive.read(name) for name in names if name.endswith(".jpg")]
    rows = list(csv.DictReader(io.StringIO(notes)))
    files = ["in pain tired/1.jpg", "in pain tired/2.jpg", "sad/1.jpg"]
    assert [(row["file_name"], row["group"]) for row in rows] == [(one, "1-1") for one in files]
    assert names == [*(f"faces/{one}" for one in files), "faces/metadata.csv"]
    for data in pictures:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert max(image.shape) <= 256
        assert abs(int(image.mean()) - 200) < 5


def test_a_word_that_can_be_no_folder_everywhere_gets_another_one(open_sample, expect):
    page = open_sample()
    for word in ("con", "NUL.x", "metadata.csv", "console"):
        add(page, expect, word)
        keep(page, expect, word, 1)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the faces").click()
    with zipfile.ZipFile(Path(download.value.path())) as archive:
        folders = [name.split("/")[1] for name in archive.namelist()]
    assert folders == ["_con", "_NUL.x", "_metadata.csv", "console", "metadata.csv"]


def test_the_model_is_saved(open_sample, expect):
    page = open_sample()
    learn(page, expect)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the model").click()
    with zipfile.ZipFile(Path(download.value.path())) as archive:
        assert archive.read("mine/model.onnx") == b"a graph"
    expect(said(page)).to_contain_text("mien live --model mine")


def test_a_face_is_named_anew_and_taken_away_by_the_keyboard(open_sample, expect):
    page = open_sample()
    keep(page, expect, "sad")
    second = page.get_by_label("Word for kept face 2")
    second.focus()
    second.select_option(label="angry")
    page.get_by_role("button", name="Take away kept face 1").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#teaching-kept li")).to_have_count(1)
    expect(page.get_by_label("Word for kept face 1")).to_have_value("angry")
    expect(page.get_by_role("button", name="Take away kept face 1")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#teaching-kept")).to_be_hidden()
    expect(page.locator("#teaching-title")).to_be_focused()


def test_a_word_that_is_there_is_not_added_again(open_sample, expect):
    page = open_sample()
    offered = page.locator("#teaching-word option")
    words = [("Happiness", "happy"), (" SAD ", "sad"), ("?", "sad"), ("x=1", "x=1")]
    for word, chosen in [*words, ("x\u200b=1", "x=1")]:
        page.get_by_label("Another word").fill(word)
        page.get_by_role("button", name="Add").click()
        expect(page.locator("#teaching-word")).to_have_value(chosen)
    expect(offered).to_have_text(["angry", "sad", "happy", "neutral", "x=1"])


def test_what_is_missing_is_said(open_sample, expect, teach):
    page = open_sample()
    keep(page, expect, "sad")
    button = page.get_by_role("button", name="Learn from them")
    button.click()
    expect(said(page)).to_contain_text("at least two words")
    keep(page, expect, "happy", 1)
    button.click()
    expect(said(page)).to_contain_text("one face only of “happy”")
    assert teach.lessons == []
    teach.fails = DatasetError(Says.ONE_PHOTO(word="sad"))
    keep(page, expect, "happy", 1)
    button.click()
    expect(said(page)).to_contain_text("sad: all its faces are one picture")
    expect(button).to_be_visible()


def test_learning_is_cancelled(open_sample, expect, teach, violations):
    teach.goes.clear()
    page = open_sample()
    keep(page, expect, "sad")
    keep(page, expect, "happy")
    page.get_by_role("button", name="Learn from them").click()
    expect(page.get_by_role("progressbar")).to_have_attribute("max", "4")
    expect(page.locator("#teaching-cancel")).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(said(page)).to_have_text("Nothing was learnt.")
    expect(page.locator("#teaching-learn")).to_be_focused()
    assert teach.ended.wait(20)
    expect(page.locator("#teaching-outcome")).to_be_hidden()


def test_all_is_forgotten_by_one_button(open_sample, expect):
    page = open_sample()
    learn(page, expect)
    page.get_by_role("button", name="Read with it").click()
    look = page.locator("#faces li .look")
    expect(look).to_have_text("looks tired")
    page.locator("#teaching-forget").click()
    expect(look).to_have_text("looks happy")
    expect(said(page)).to_contain_text("Nothing is kept")
    expect(page.locator("#teaching-kept li")).to_have_count(0)
    expect(page.locator("#teaching-outcome")).to_be_hidden()
    expect(page.locator("#teaching-word option")).to_have_text(["angry", "sad", "happy", "neutral"])


def test_a_face_that_is_being_kept_is_deleted_with_the_others(open_sample, expect):
    page = open_sample()
    keep(page, expect, "sad", 1)
    page.evaluate("""() => {
      document.querySelector("#teaching-people button").click();
      document.getElementById("teaching-forget").click();
    }""")
    expect(said(page)).to_contain_text("Nothing is kept")
    page.wait_for_timeout(500)  # in which it was kept
    expect(page.locator("#teaching-kept li")).to_have_count(0)
    expect(said(page)).to_contain_text("Nothing is kept")


def test_what_is_not_seen_is_not_kept(open_sample, expect):
    page = open_sample()
    expect(page.locator("#teaching-people button")).to_have_text("Keep Person 1")
    page.locator("#pause").click()
    expect(page.locator("#teaching-people button")).to_have_count(0)
    expect(page.locator("#teaching-nobody")).to_be_visible()
    page.locator("#pause").click()
    expect(page.locator("#teaching-people button")).to_have_count(1)


def test_without_learning_the_faces_are_saved_for_it(open_sample, expect, violations):
    page = open_sample(None)
    keep(page, expect, "sad", 1)
    expect(page.locator("#teaching-learn")).to_be_hidden()
    expect(page.locator("#teaching-cannot")).to_contain_text("mien adapt faces --out mine")
    expect(page.locator("#teaching-save")).to_be_visible()
    assert violations(page) == []


def test_it_is_closed_and_opened_again(open_sample, expect):
    page = open_sample()
    keep(page, expect, "sad", 1)
    page.locator("#teaching-close").click()
    expect(page.locator("#teaching")).to_be_hidden()
    expect(page.locator("#wrong")).to_be_focused()
    expect(page.locator("#wrong")).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    expect(page.locator("#teaching-kept li")).to_have_count(1)


@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
def test_a_phone_has_room_for_it(open_sample, expect, locale, violations):
    page = open_sample(locale=locale, viewport={"width": 320, "height": 640})
    page.locator("#teaching-new").fill("unheimlich müde oder erschöpft vor Schmerz")
    page.keyboard.press("Enter")
    page.locator("#teaching-people button").click()
    expect(page.locator("#teaching-kept li")).to_have_count(1)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 320
    assert violations(page) == []


def test_no_word_of_a_button_is_broken_on_a_phone(open_sample, expect):
    page = open_sample(locale="de-DE", viewport={"width": 360, "height": 740})
    keep(page, expect, "traurig")
    count = """(buttons) => buttons.map((button) => {
      const words = document.createRange();
      words.selectNodeContents(button);
      return new Set([...words.getClientRects()].map(({ top }) => Math.round(top))).size;
    })"""
    for buttons in ("#teaching-kept button", "#stop"):
        lines = page.locator(buttons).evaluate_all(count)
        assert set(lines) == {1}, buttons


def test_it_speaks_german(open_sample, expect, teach):
    page = open_sample(locale="de-DE")
    page.get_by_label("Anderes Wort").fill("Traurig")
    page.keyboard.press("Enter")
    expect(page.locator("#teaching-word")).to_have_value("sad")
    page.locator("#teaching-people button").click()
    expect(said(page)).to_have_text(re.compile("1 Gesicht ist als „traurig“ behalten"))
    keep(page, expect, "traurig", 1)
    keep(page, expect, "fröhlich")
    teach.fails = DatasetError(Says.ONE_PHOTO(word="sad"))
    page.get_by_role("button", name="Daraus lernen").click()
    expect(said(page)).to_contain_text("traurig: Alle Gesichter")


def test_a_connection_that_breaks_off_leaves_the_faces(open_sample, expect):
    """What was learnt was in the memory of the server's side of it."""
    keep_socket = """
    const Socket = WebSocket;
    window.WebSocket = class extends Socket {
      constructor(...given) { super(...given); window.socket = this; }
    };
    """
    page = open_sample(script=keep_socket)
    learn(page, expect)
    page.get_by_role("button", name="Read with it").click()
    look = page.locator("#faces li .look")
    expect(look).to_have_text("looks tired")
    page.evaluate("window.socket.close()")
    expect(said(page)).to_contain_text("what was learnt is gone")
    expect(page.locator("#teaching-outcome")).to_be_hidden()
    expect(look).to_have_text("looks happy")
    expect(page.locator("#teaching-kept li")).to_have_count(4)
    page.get_by_role("button", name="Learn from them").click()
    expect(page.locator("#teaching-result")).to_be_focused()
