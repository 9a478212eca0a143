"""What is seen at once: on a phone, upright and sideways, and with one large word."""

import pytest

pytestmark = pytest.mark.timeout(120)
UPRIGHT, SIDEWAYS = {"width": 390, "height": 844}, {"width": 844, "height": 390}
LAPTOP = {"width": 1280, "height": 800}
STORE = "values => localStorage.setItem('mien', JSON.stringify(values))"


@pytest.fixture
def open_live(open_page, expect):
    """Open a page that shows a face, in a window of this size and with these settings."""

    def opening(size, **values):
        page = open_page(viewport=size)
        page.evaluate(STORE, values)
        page.reload()
        page.locator("#start-sample").click()
        expect(page.locator("#faces li")).to_have_count(1)
        return page

    return opening


def box(page, selector):
    found = page.locator(selector).first.bounding_box()
    return found["x"], found["y"], found["x"] + found["width"], found["y"] + found["height"]


def assert_in_sight(page, size, *selectors):
    for selector in selectors:
        left, top, right, bottom = box(page, selector)
        seen = left >= 0 and top >= 0 and right <= size["width"] and bottom <= size["height"]
        assert seen, (selector, left, top, right, bottom)


@pytest.mark.parametrize("size", [UPRIGHT, SIDEWAYS, LAPTOP])
def test_every_way_to_begin_is_in_sight_at_once(open_page, size):
    page = open_page(viewport=size)
    ways = ("#start-camera", "#start-window", "#choose-file", "#start-sample", "#start-practice")
    assert_in_sight(page, size, *ways)


@pytest.mark.parametrize("text", ["normal", "larger"])
@pytest.mark.parametrize("size", [UPRIGHT, SIDEWAYS], ids=["upright", "sideways"])
def test_who_looks_how_and_pause_are_on_one_screen(open_live, size, text):
    page = open_live(size, text=text)
    assert_in_sight(page, size, "#pause", "#stop", "#tools-open", "#faces .look")
    assert box(page, "#faces .look")[3] <= box(page, "#pause")[1]
    if size is SIDEWAYS:
        assert box(page, "#stage")[2] <= box(page, "#panel")[0]


@pytest.mark.parametrize("size", [UPRIGHT, SIDEWAYS, {"width": 320, "height": 568}])
def test_all_that_is_pressed_is_large_enough_and_the_rest_is_in_a_menu(open_live, expect, size):
    page = open_live(size)
    assert page.locator("#keep").is_hidden()
    page.get_by_role("button", name="More").click()
    for button in page.locator("#live button:visible, header button:visible").all():
        found = button.bounding_box()
        assert min(found["width"], found["height"]) >= 44, button.text_content()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    page.keyboard.press("Escape")
    expect(page.locator("#keep")).to_be_hidden()
    expect(page.locator("#tools-open")).to_be_focused()


@pytest.mark.parametrize("text", ["normal", "larger"])
@pytest.mark.parametrize("size", [LAPTOP, UPRIGHT, SIDEWAYS], ids=["laptop", "upright", "sideways"])
def test_one_large_word_fills_its_place_and_comes_first(open_live, size, text):
    page = open_live(size, nearest=True, text=text)
    assert_in_sight(page, size, "#faces .look", "#faces .shape", "#pause")
    panel, stage = box(page, "#panel"), box(page, "#stage")
    assert panel[1] <= stage[1]
    assert (panel[2] - panel[0]) * (panel[3] - panel[1]) > 0.35 * size["width"] * size["height"]
    height = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.look')).fontSize)")
    assert height >= 0.075 * min(size["width"], 800)


def test_beside_one_large_word_the_strips_still_say_whose_they_are(open_live):
    page = open_live(LAPTOP, nearest=True)
    page.get_by_role("button", name="Keep the last minutes").click()
    left, top, right, bottom = box(page, "#history-strips .person")
    assert min(right - left, bottom - top) > 16


@pytest.mark.parametrize("size", [LAPTOP, SIDEWAYS], ids=["laptop", "sideways"])
def test_what_is_said_at_the_end_leaves_the_picture_its_room(open_page, source, expect, size):
    source.count = 1
    page = open_page(viewport=size)
    page.locator("#start-sample").click()
    expect(page.get_by_role("alert")).to_have_text("The end of the sample.")
    assert_in_sight(page, size, "#message", "#stage", "#pause", "#faces .look")
    assert box(page, "#stage")[3] <= box(page, "#pause")[1]


def test_the_picture_is_hidden_while_reading_goes_on_and_that_is_remembered(
    open_live, analyzers, expect
):
    page = open_live(LAPTOP)
    button = page.get_by_role("button", name="Hide the picture")
    button.click()
    expect(page.locator("#stage")).to_have_css("opacity", "0")
    count = len(analyzers[-1].frames)
    page.wait_for_timeout(500)
    assert len(analyzers[-1].frames) > count
    expect(page.locator("#faces .look")).to_have_text("looks happy")
    assert box(page, "#history")[1] - box(page, ".bar")[3] < 60  # nothing is left of its room
    page.reload()
    page.locator("#start-sample").click()
    expect(page.locator("#stage")).to_have_css("opacity", "0")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(page.locator("#stage")).to_have_css("opacity", "1")
    page.locator("#pause").click()
    button.click()
    expect(page.locator("#cover-word")).to_be_visible()
