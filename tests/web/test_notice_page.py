"""That others have to be told is said once, and is in nobody's way."""

import pytest

pytestmark = pytest.mark.timeout(120)


def test_it_is_said_until_it_was_seen(open_page, expect, violations):
    page = open_page()
    expect(page.locator("#notice")).to_contain_text("article 50(3)")
    assert violations(page) == []
    page.get_by_role("button", name="Understood").click()
    expect(page.locator("#notice")).to_be_hidden()
    expect(page.locator("#start-camera")).to_be_focused()
    page.reload()
    expect(page.locator("#start-camera")).to_be_visible()
    expect(page.locator("#notice")).to_be_hidden()


def test_who_passes_it_over_can_begin(open_page, expect):
    page = open_page()
    page.locator("#start-sample").click()
    expect(page.locator("#faces li")).to_have_count(1)


@pytest.mark.parametrize("place", ["#notice", "footer"])
def test_the_card_is_a_page_to_print_and_there_at_any_time(open_page, expect, place):
    """With its own look, which the policy of the page itself would forbid."""
    page = open_page()
    if place == "footer":
        page.get_by_role("button", name="Understood").click()
    problems = []
    page.context.on("console", lambda line: line.type == "error" and problems.append(line.text))
    with page.context.expect_page() as opened:
        page.locator(place).get_by_role("link", name="A notice to print").click()
    card = opened.value
    expect(card.locator("h1").first).to_have_text("A computer reads faces here")
    assert card.locator("article").first.evaluate("e => getComputedStyle(e).borderRadius") == "14px"
    assert problems == []
    card.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits(open_page, expect, width):
    page = open_page(viewport={"width": width, "height": 844})
    box = page.locator("#notice").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    expect(page.locator("#start-camera")).to_be_in_viewport()
