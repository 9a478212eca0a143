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


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits(open_page, expect, width):
    page = open_page(viewport={"width": width, "height": 844})
    box = page.locator("#notice").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    expect(page.locator("#start-camera")).to_be_in_viewport()
