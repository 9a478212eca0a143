"""People in view can be given names and colours, which are kept in the page and nowhere else."""

import re

import pytest

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def page(open_page, expect):
    """A page that shows a face."""
    page = open_page()
    page.locator("#start-sample").click()
    expect(page.locator("#faces li")).to_have_count(1)
    return page


def name(page, text: str) -> None:
    page.locator("#faces .naming").click()
    page.get_by_placeholder("Name", exact=True).fill(text)
    page.keyboard.press("Enter")


def test_a_name_is_said_everywhere_until_another_stream_begins(page, expect):
    name(page, "  Ada   Lovelace ")
    expect(page.locator("#faces .person")).to_have_text("Ada Lovelace")
    expect(page.locator("#faces .naming")).to_be_focused()
    expect(page.locator("#spoken")).to_have_text(re.compile("Ada Lovelace: looks happy"))
    stored = page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })")
    assert "Ada" not in stored
    page.get_by_role("button", name="Stop", exact=True).click()
    page.locator("#start-sample").click()
    expect(page.locator("#faces .person")).to_have_text("Person 1")


def test_a_name_is_written_with_the_keyboard_and_no_space_is_a_pause(page, expect):
    page.locator("#faces .naming").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("Dr Who")
    expect(page.locator("#cover")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("#faces .person")).to_have_text("Person 1")
    expect(page.locator("#faces .naming")).to_be_focused()


def test_a_colour_is_chosen_beside_the_name(page, expect, violations):
    page.locator("#faces .naming").click()
    expect(page.get_by_label("Give Person 1 a name")).to_be_focused()
    assert violations(page) == []
    blue = page.get_by_role("button", name="blue", exact=True)
    blue.click()
    expect(blue).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Done").click()
    expect(page.locator("#faces .person")).to_have_attribute("data-colour", "blue")
    expect(page.locator("#faces .person")).to_have_text("Person 1")
    name(page, "<b>x</b>" * 9)
    expect(page.locator("#faces .person")).to_have_text(("<b>x</b>" * 9)[:24])
