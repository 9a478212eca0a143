"""Markers: a word that is set by a button or a key, where they are kept."""

import csv
import dataclasses
from pathlib import Path

import pytest

from mien.sinks.markers import Markers
from mien.web.session.recorder import Recorder

pytestmark = pytest.mark.timeout(120)


class Kept(Markers):
    def __init__(self) -> None:
        super().__init__(None)
        self.words: list[str] = []

    def add(self, word: str, origin: str, moment: float) -> None:
        assert origin == "page"
        self.words.append(word)


@pytest.fixture
def markers() -> Kept:
    return Kept()


@pytest.fixture
def page(open_page, services, markers, expect):
    """A page that shows a face, of a server that keeps markers."""
    page = open_page(services=dataclasses.replace(services, recorder=Recorder([], markers)))
    page.locator("#start-sample").click()
    expect(page.locator("#marker")).to_be_visible()
    return page


def said(page, expect, word: str) -> None:
    """Wait until it is said that a marker was set; once it has gone, the server has it first."""
    expect(page.locator("#marker-said")).to_contain_text(word)


def test_a_key_and_a_button_set_the_word_that_was_typed(page, markers, expect, violations):
    page.locator("body").press("m")
    said(page, expect, "marker")
    page.get_by_label("Word for a marker").fill("film 2")
    page.get_by_role("button", name="Set a marker").click()
    said(page, expect, "film 2")
    page.locator("#pause").focus()
    page.keyboard.press("M")
    page.keyboard.press("Control+m")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("#marker")).to_be_hidden()
    page.locator("body").press("m")
    page.locator("#start-sample").click()
    page.get_by_label("Word for a marker").fill("end")
    page.keyboard.press("Enter")
    said(page, expect, "end")
    while len(markers.words) < 4:
        page.wait_for_timeout(20)
    assert markers.words == ["marker", "film 2", "film 2", "end"]
    assert violations(page) == []


def test_the_key_is_a_letter_while_one_types(page, markers, expect):
    field = page.get_by_label("Word for a marker")
    field.focus()
    page.keyboard.type("mm m")
    expect(field).to_have_value("mm m")
    expect(page.locator("#cover")).to_be_hidden()
    page.locator("#faces .naming").click()
    page.keyboard.type("Mimi")
    page.keyboard.press("Enter")
    expect(page.locator("#faces .person")).to_have_text("Mimi")
    page.locator("#open-settings").click()
    page.keyboard.press("m")
    page.get_by_label("The key M sets a marker").uncheck()
    page.keyboard.press("Escape")
    page.locator("body").press("m")
    expect(page.locator("#marker-key")).to_be_hidden()
    expect(page.locator("#marker-said")).to_have_text("")
    assert markers.words == []


def test_without_a_place_for_them_they_go_to_the_last_minutes(open_page, expect):
    page = open_page()
    page.locator("#start-sample").click()
    expect(page.locator("#faces li")).to_have_count(1)
    expect(page.locator("#marker")).to_be_hidden()
    page.get_by_role("button", name="Keep the last minutes").click()
    expect(page.locator("#history-strips li")).to_have_count(1)
    page.get_by_label("Word for a marker").fill("=start")
    page.get_by_role("button", name="Set a marker").click()
    said(page, expect, "=start")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV").click()
    with Path(download.value.path()).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    (marker,) = (row for row in rows if row["marker"])
    assert (marker["marker"], marker["person"], marker["confidence"]) == ("'=start", "", "")
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    page.get_by_role("button", name="Stop keeping").click()
    expect(page.locator("#marker")).to_be_hidden()
    page.get_by_role("button", name="Delete all").click()
    assert page.evaluate("document.querySelectorAll('#history-strips li').length") == 0


@pytest.mark.parametrize(("streams", "said"), [(True, "sent to other"), (False, "Nothing leaves")])
def test_the_page_says_whether_what_is_read_is_sent(open_page, services, expect, streams, said):
    recorder = Recorder([], Markers(None), streams=streams)
    page = open_page(services=dataclasses.replace(services, recorder=recorder))
    expect(page.locator("#connection")).to_have_text("Ready")
    expect(page.locator("#here")).to_contain_text(said)
    foot = "sent to other" if streams else "this machine only"
    expect(page.locator("#foot-here")).to_contain_text(foot)
