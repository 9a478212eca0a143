"""Practice from its first screen to its last, by keys and by ear. In a real browser."""

import dataclasses
import json
import re

import pytest
from tests.web.practice.steps import (
    BRIGHT,
    COUNT_BITMAPS,
    DARK,
    FACELESS,
    QUESTION,
    answer,
    answer_all,
    begin,
    change,
    wait_for,
)

pytestmark = pytest.mark.timeout(120)
EIGHT = ("angry", "contempt", "disgust", "fear", "happy", "neutral", "sad", "surprise")
WIDTH = "document.documentElement.scrollWidth"


def stored(**values: object) -> str:
    return f"localStorage.setItem('mien', {json.dumps(json.dumps(values))});"


def test_keys_answer_too(practise, picture, expect):
    answers = {
        "3": ("happy", "You and mien say the same."),
        "2": ("sad", "You and mien see this differently. People also differ."),
        "5": ("not sure", "You were not sure. That is a good answer too."),
    }
    page = practise([picture(BRIGHT, f"{key}.jpg") for key in answers])
    for key, (you, verdict) in answers.items():
        expect(page.locator("#practice-round")).to_have_attribute("data-stage", "question")
        for other in ("9", "a", " "):
            page.keyboard.press(other)
        expect(page.locator("#practice-verdict")).to_be_hidden()
        page.keyboard.press(key)
        expect(page.locator("#practice-said .said-look").first).to_have_text(you)
        expect(page.locator("#practice-verdict")).to_have_text(verdict)
        page.keyboard.press("1")  # no second answer
        expect(page.locator("#practice-said .said-look").first).to_have_text(you)
        page.locator("#practice-next").click()


def test_all_with_the_keyboard(open_page, picture, expect):
    page = open_page()
    page.on("filechooser", lambda _: None)  # the browser knows early that they are caught
    expect(page.locator("#connection")).to_have_text("Ready")
    page.get_by_role("button", name="Show the sample").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Practice")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="How does this face look?")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Practise reading faces")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Practise with drawn faces")).to_be_focused()
    for _ in range(5):
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Choose pictures")).to_be_focused()
    with page.expect_file_chooser() as waiting:
        page.keyboard.press("Enter")
    waiting.value.set_files([picture(BRIGHT, "a.jpg"), picture(BRIGHT, "b.jpg")])
    expect(page.get_by_role("heading", name="How does this face look?")).to_be_focused()
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Happy")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#practice-verdict")).to_have_text("You and mien say the same.")
    expect(page.get_by_role("button", name="Next")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Finish")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="How does this face look?")).to_be_focused()
    expect(page.locator("#practice-number")).to_have_text("Face 2")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Your practice")).to_be_focused()
    page.keyboard.press("3")  # no answer: no face is shown
    expect(page.locator("#practice-looked")).to_have_text("You looked at 1 face.")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Go on")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#practice-number")).to_have_text("Face 2")  # which was not answered
    expect(page.locator("#practice-verdict")).to_be_hidden()
    page.keyboard.press("5")
    page.keyboard.press("Enter")
    expect(page.locator("#practice-looked")).to_have_text("You looked at 2 faces.")
    expect(page.get_by_role("button", name="Go on")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Practice")).to_be_focused()
    expect(page.locator("#practice")).to_be_hidden()


def test_back_and_escape_leave_the_first_screen(open_page, expect):
    page = open_page()
    practice = page.get_by_role("button", name="Practice")
    for leave in ("Back", "Escape"):
        practice.click()
        expect(page.get_by_role("region", name="Practice")).to_be_visible()
        expect(page.get_by_role("button", name="Start camera")).to_be_hidden()
        page.locator(QUESTION).wait_for()
        page.keyboard.press("Escape")
        if leave == "Back":
            page.get_by_role("button", name="Back").click()
        else:
            page.keyboard.press("Escape")
        expect(practice).to_be_focused()
        expect(page.get_by_role("region", name="Live view")).to_be_visible()


def test_escape_in_the_settings_closes_only_these(practise, picture, expect):
    page = practise([picture(BRIGHT)])
    page.get_by_role("button", name="Settings").click()
    page.keyboard.press("3")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("heading", name="How does this face look?")).to_be_visible()


def test_space_pauses_nothing_here(practise, picture, expect):
    page = practise([picture(BRIGHT)])
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    answer(page, "Happy")
    page.get_by_role("button", name="Finish").click()
    page.get_by_role("button", name="Back to the start").click()
    page.get_by_role("button", name="Show the sample").click()
    expect(page.locator("#faces li")).to_have_count(1)
    expect(page.locator("#cover")).to_be_hidden()


def test_the_summary_counts(practise, picture, expect):
    grays = [BRIGHT, BRIGHT, DARK, BRIGHT]
    page = practise([picture(gray, f"{index}.jpg") for index, gray in enumerate(grays)])
    answer_all(page, expect, ["Happy", "Sad", "Sad", "Not sure"])
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#practice-looked")).to_have_text("You looked at 4 faces.")
    expect(page.locator("#practice-agreed")).to_have_text(
        "In 2 of them you and mien said the same."
    )
    expect(page.locator("#practice-looks li")).to_have_text(
        [
            "Sadyou said it 2 times, mien once",
            "Happyyou said it once, mien 3 times",
            "Not sureyou said it once, mien 0 times",
        ]
    )
    expect(page.locator("#practice-folders")).to_be_hidden()
    assert not re.search(r"%|score|points|right|wrong", page.inner_text("#practice-summary"))
    page.get_by_role("button", name="Choose other pictures").click()
    expect(page.get_by_role("heading", name="Practise reading faces")).to_be_focused()


def test_little_is_said_of_few_faces(practise, picture, expect):
    page = practise([picture(BRIGHT, f"{index}.jpg") for index in range(3)])
    answer_all(page, expect, ["Happy", "Happy"])
    page.get_by_role("button", name="Finish").click()
    expect(page.locator("#practice-looked")).to_have_text("You looked at 2 faces.")
    for name in ("agreed", "looks", "folders", "all"):
        expect(page.locator(f"#practice-{name}")).to_be_hidden()
    page.get_by_role("button", name="Go on").click()
    answer_all(page, expect, ["Sad"])
    page.get_by_role("button", name="Finish").click()
    expect(page.locator("#practice-agreed")).to_contain_text("In 2 of them")


def test_after_ten_faces_an_end_is_offered(practise, picture, expect):
    page = practise([picture(BRIGHT, f"{index}.jpg") for index in range(12)])
    answer_all(page, expect, ["Sad"] * 10)
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#practice-looked")).to_have_text("You looked at 10 faces.")
    expect(page.locator("#practice-agreed")).to_have_text(
        "You and mien saw them differently. People also differ."
    )
    expect(page.locator("#practice-all")).to_be_hidden()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#practice-number")).to_have_text("Face 11")
    answer_all(page, expect, ["Sad", "Sad"])
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#practice-looked")).to_have_text("You looked at 12 faces.")
    expect(page.locator("#practice-all")).to_be_visible()
    expect(page.get_by_role("button", name="Go on")).to_be_hidden()


def test_language_and_looks_may_change_in_the_middle(practise, picture, expect):
    page = practise([picture(BRIGHT, f"{index}.jpg") for index in range(3)])
    change(page, "Deutsch")
    expect(page.get_by_role("heading", level=2)).to_have_text("Wie sieht dieses Gesicht aus?")
    page.locator(".answer", has_text="Fröhlich").click()
    expect(page.locator("#practice-said li")).to_have_text(
        ["Deine Antwortfröhlich", "mien sagtsieht fröhlich aus70 % sicher"]
    )
    change(page, "English")
    expect(page.locator("#practice-said li").last).to_have_text("mien sayslooks happy70% sure")
    expect(page.locator("#practice-part")).to_have_text("For mien, the mouth mattered most.")
    # A look that is switched off is neither offered nor said.
    change(page, "happy")
    expect(page.locator("#practice-said li").last).to_have_text("mien saysnothing said")
    expect(page.locator("#practice-verdict")).to_contain_text("switched off in the settings")
    expect(page.locator("#practice-part")).to_be_hidden()
    assert page.locator(".mark-line").get_attribute("d") == ""
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("button", name="Angry")).to_be_visible()
    offered = page.locator(".answer:visible")
    expect(offered).to_have_text(["Angry1", "Sad2", "Neutral3", "Not sure4"])
    page.keyboard.press("3")
    expect(page.locator("#practice-said .said-look").first).to_have_text("neutral")
    page.get_by_role("button", name="Next").click()
    answer(page, "Sad")
    page.get_by_role("button", name="Finish").click()
    expect(page.locator("#practice-looks .said-look")).to_have_text(["Sad", "Neutral"])
    change(page, "happy")
    expect(page.locator("#practice-looks .said-look")).to_have_text(["Sad", "Happy", "Neutral"])
    change(page, "Deutsch")
    expect(page.locator("#practice-looked")).to_have_text("Du hast 3 Gesichter angesehen.")
    expect(page.locator("#practice-looks li").nth(1)).to_have_text(
        "Fröhlich1-mal deine Antwort, 3-mal die von mien"
    )


def test_a_look_that_was_off_at_first_has_its_shape(practise, picture, expect):
    page = practise([picture(BRIGHT)], script=stored(off=["happy"]))
    expect(page.locator(".answer:visible")).to_have_count(4)
    change(page, "happy")
    expect(page.get_by_role("button", name="Happy").locator(".shape-happy")).to_be_visible()
    answer(page, "Happy")
    change(page, "happy")
    expect(page.locator("#practice-said svg").first).to_have_class("shape shape-happy")
    expect(page.locator("#practice-said svg").last).to_have_class("shape shape-unsaid")


def test_words_or_icons_alone(practise, picture, expect):
    page = practise([picture(BRIGHT)], script=stored(show="icons"))
    word = page.locator(".answer .answer-word").first
    expect(word).to_have_css("clip-path", "inset(50%)")
    expect(page.get_by_role("button", name="Angry").locator("svg")).to_be_visible()
    answer(page, "Happy")
    expect(page.locator("#practice-said .said-look").first).to_have_css("clip-path", "inset(50%)")
    change(page, "Words only")
    expect(page.locator("#practice-said svg").first).to_be_hidden()
    expect(page.locator("#practice-said .said-look").first).to_have_css("clip-path", "none")


def test_goes_on_when_the_server_is_back(
    services, serve, browser, watch_pages, picture, expect, hurry
):
    files = [picture(BRIGHT, f"{index}.jpg") for index in range(6)]
    with watch_pages(browser, allowed="WebSocket connection") as open_one:
        with serve(services) as address:
            page = begin(open_one, expect, address, files, script=COUNT_BITMAPS + hurry)
            wait_for(page, "cut", 3)  # the one that is seen, and two more
        expect(page.get_by_role("alert")).to_contain_text("tries again by itself")
        # What was read ahead can still be looked at.
        answer_all(page, expect, ["Happy"] * 3)
        page.get_by_role("button", name="Next").click()
        expect(page.locator("#practice-waiting")).to_have_text("mien looks for the next face…")
        expect(page.locator("#practice-waiting")).to_be_visible()
        with serve(services, port=int(address.rsplit(":", 1)[1])):
            expect(page.get_by_role("alert")).to_have_text("mien is connected again.")
            answer_all(page, expect, ["Happy"])
            page.get_by_role("button", name="Next").click()
            answer_all(page, expect, ["Happy", "Sad"])
            page.get_by_role("button", name="Next").click()
            expect(page.locator("#practice-looked")).to_have_text("You looked at 6 faces.")
            expect(page.locator("#practice-left-out")).to_be_hidden()


def test_nothing_is_wider_than_a_phone(services, open_page, picture, expect):
    page = open_page(
        services=dataclasses.replace(services, labels=EIGHT),
        viewport={"width": 320, "height": 640},
        script=stored(text="larger", language="de"),
    )
    page.locator("#start-sample").click()
    expect(page.locator("#faces li")).to_have_count(1)
    page.locator("#tools-open").click()
    page.locator("#keep").click()
    expect(page.locator("#live .kept")).to_be_visible()
    assert page.evaluate(WIDTH) <= 320
    page.locator("#kept-practise").click()
    page.locator("#practice-finish").click()
    assert page.evaluate(WIDTH) <= 320
    page.set_input_files("#practice-files", [picture(BRIGHT, f"{i}.jpg") for i in range(3)])
    for _ in range(3):
        expect(page.locator("#practice-round")).to_have_attribute("data-stage", "question")
        expect(page.locator(".answer:visible")).to_have_count(9)
        assert page.evaluate(WIDTH) <= 320
        page.keyboard.press("9")
        expect(page.locator("#practice-verdict")).to_be_visible()
        assert page.evaluate(WIDTH) <= 320
        page.keyboard.press("Enter")
    expect(page.locator("#practice-looks li")).to_have_count(2)
    assert page.evaluate(WIDTH) <= 320


@pytest.mark.heavy
def test_axe_finds_nothing(open_page, picture, expect, violations):
    page = open_page(script=stored(theme="light"), reduced_motion="no-preference")
    page.get_by_role("button", name="Show the sample").click()
    expect(page.locator("#faces li")).to_have_count(1)
    page.get_by_role("button", name="Keep this moment").click()
    expect(page.locator("#live .kept")).to_be_visible()
    assert violations(page, "dark", "contrast") == []
    page.get_by_role("button", name="Practise with them").click()
    page.get_by_role("button", name="Finish").click()
    assert violations(page, "dark", "contrast") == []
    files = [picture(BRIGHT, f"{index}.jpg") for index in range(3)]
    page.set_input_files("#practice-files", [*files, picture(FACELESS, "dark.jpg")])
    for index in range(3):
        expect(page.locator("#practice-round")).to_have_attribute("data-stage", "question")
        if not index:
            assert violations(page, "dark", "contrast") == []
        answer(page, "Happy")
        expect(page.locator("#practice-mark")).to_have_css("opacity", "1")
        if not index:
            assert violations(page, "dark", "contrast") == []
        page.get_by_role("button", name="Next").click()
    expect(page.locator("#practice-looks li")).to_have_count(1)
    assert violations(page, "dark", "contrast") == []
