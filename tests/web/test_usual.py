"""Somebody's usual face on the page: learnt by a button, said beside the person, and taken back."""

import dataclasses
import re

import pytest
from tests.web.fakes import FakeAnalyze

from mien.models.info import DataTerms, Terms
from mien.types import Analysis, Frame
from mien.web.protocol import ModelFacts

pytestmark = pytest.mark.timeout(120)
MODEL = ModelFacts("tiny", "3", Terms("MIT", (DataTerms("faces", "CC0"),)), usual=True)
BUTTON = "This is my usual face"
ON = re.compile("The usual face is taken into account")


@pytest.fixture
def open_sample(open_page, expect, services):
    """Open a page that shows faces, of a model that can be shown a usual face."""

    def opened(count=1, services=services, model=MODEL, **more):
        page = open_page(services=dataclasses.replace(services, model=model), **more)
        page.locator("#start-sample").click()
        expect(page.locator("#faces li")).to_have_count(count)
        return page

    return opened


class Two(FakeAnalyze):
    """Two people, of whom the second's usual face is learnt."""

    def __call__(self, frame: Frame) -> Analysis:
        analysis = super().__call__(frame)
        (second,) = analysis.readings
        first = dataclasses.replace(second, track_id=1, usual=None)
        return dataclasses.replace(
            analysis, readings=(first, dataclasses.replace(second, track_id=2))
        )


class Leaving(FakeAnalyze):
    """Whoever is learnt leaves, and comes back under their number or another."""

    LEARNING = 1_000_000
    number: int | None = 1

    def __call__(self, frame: Frame) -> Analysis:
        analysis = super().__call__(frame)
        (face,) = analysis.readings
        usual = face.usual if self.number == 1 else None
        there = [] if self.number is None else [self.number]
        return dataclasses.replace(
            analysis,
            readings=tuple(dataclasses.replace(face, track_id=n, usual=usual) for n in there),
        )


def test_the_one_face_in_view_is_learnt_and_read_as_before_again(
    open_sample, expect, violations, analyzers
):
    page = open_sample()
    line, button = page.locator("#faces .usual"), page.locator("#usual")
    expect(line).to_be_hidden()
    FakeAnalyze.LEARNING, usual = 12, FakeAnalyze.LEARNING
    try:
        button.click()
        expect(line.get_by_role("progressbar")).to_be_visible()
        expect(line).to_contain_text("For ten seconds")
        assert violations(page) == []
    finally:
        FakeAnalyze.LEARNING = usual
    expect(line).to_have_text(ON)
    expect(page.locator("#usual-spoken")).to_have_text(re.compile("^Person 1: The usual face is"))
    expect(line.get_by_role("progressbar")).to_have_count(0)
    assert violations(page) == []
    line.get_by_role("button", name="Read as before").click()
    expect(line).to_be_hidden()
    expect(page.locator("#usual")).to_be_focused()
    assert analyzers[-1].usual == [("learn", 1), ("forget", 1)]
    assert page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })") == "{}"


def test_what_could_not_be_learnt_is_said_and_tried_again_or_left(open_sample, expect, violations):
    page = open_sample()
    line = page.locator("#faces .usual")
    page.locator("#usual").click()
    expect(line).to_have_text(ON)
    page.locator("#usual").click()  # of a second time, the fake face changes its look
    expect(line).to_contain_text("the face changed its look")
    assert violations(page) == []
    line.get_by_role("button", name="Try again").click()
    expect(line.get_by_role("progressbar")).to_be_visible()
    expect(line).to_contain_text("the face changed its look")
    line.get_by_role("button", name="Close").click()
    expect(line).to_be_hidden()


def test_of_several_people_one_is_chosen_by_the_keyboard(open_sample, expect, services, violations):
    analyze = Two()
    page = open_sample(2, dataclasses.replace(services, make_analyzer=lambda: analyze))
    button = page.get_by_role("button", name=BUTTON)
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#usual-spoken")).to_have_text(re.compile("Choose a person"))
    assert violations(page) == []
    page.get_by_role("button", name="Choose Person 2").focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#faces li").nth(1)).to_contain_text(ON)
    expect(page.locator("#faces li").nth(0).locator(".usual")).to_be_hidden()
    # What had the focus has it still: the button under it says the way back.
    expect(page.get_by_role("button", name="Read as before")).to_be_focused()
    assert analyze.usual == [("learn", 2)]


def test_it_ends_with_the_stream(open_sample, expect):
    page = open_sample()
    page.locator("#usual").click()
    expect(page.locator("#faces .usual")).to_have_text(ON)
    page.get_by_role("button", name="Stop", exact=True).click()
    page.locator("#start-sample").click()
    expect(page.locator("#faces li")).to_have_count(1)
    expect(page.locator("#faces .usual")).to_be_hidden()


def test_who_leaves_while_being_learnt_is_told(open_sample, expect, services, violations):
    analyze = Leaving()
    page = open_sample(services=dataclasses.replace(services, make_analyzer=lambda: analyze))
    told, learning = page.locator("#usual-left"), page.locator("#faces").get_by_role("progressbar")
    expect(told).to_be_hidden()
    page.locator("#usual").click()
    expect(learning).to_be_visible()
    analyze.number = None
    expect(told).to_contain_text("Person 1 was out of view before")
    expect(page.locator("#usual-spoken")).to_have_text(re.compile("^Person 1 was out of view"))
    assert violations(page) == []
    analyze.number = 1  # it goes on
    expect(learning).to_be_visible()
    expect(told).to_be_hidden()
    analyze.number = 2  # for the engine, somebody else
    expect(told).to_be_visible()
    expect(learning).to_have_count(0)
    told.get_by_role("button", name="Close").click()
    expect(told).to_be_hidden()
    expect(page.locator("#usual")).to_be_focused()


def test_who_left_is_forgotten_with_the_stream(open_sample, expect, services):
    analyze = Leaving()
    page = open_sample(services=dataclasses.replace(services, make_analyzer=lambda: analyze))
    page.locator("#usual").click()
    expect(page.locator("#faces").get_by_role("progressbar")).to_be_visible()
    analyze.number = None
    expect(page.locator("#usual-left")).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    analyze.number = 2
    page.locator("#start-sample").click()
    expect(page.locator("#faces li")).to_have_count(1)
    expect(page.locator("#usual-left")).to_be_hidden()


@pytest.mark.parametrize("model", [None, ModelFacts("tiny", "3", MODEL.terms)])
def test_a_model_that_can_be_shown_none_has_no_button(open_sample, expect, model):
    expect(open_sample(model=model).locator("#usual")).to_be_hidden()


def test_it_is_said_in_german(open_sample, expect):
    page = open_sample(locale="de-DE")
    page.locator("#usual").click()
    expect(page.locator("#faces .usual")).to_contain_text("Das übliche Gesicht wird berücksichtigt")
