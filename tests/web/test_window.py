"""A call is read: the faces in a window that is shared, and one word above other programs."""

import base64
import dataclasses
import re

import cv2
import numpy as np
import pytest

from mien.registry import DEFAULT_BUNDLE, make_classifier, make_detector
from mien.types import Analysis, Box, Frame

pytestmark = pytest.mark.timeout(120)

# Shares the tab itself, as no window can be chosen without a screen. `window.asked` keeps what was
# asked for, and `window.shared` the tracks.
CALL = """
window.asked = [];
window.shared = [];
const ask = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getDisplayMedia = async (options) => {
  window.asked.push(options);
  if (window.refuse) throw new DOMException("", window.refuse);
  const { selfBrowserSurface, ...others } = options;
  const stream = await ask({ ...others, preferCurrentTab: true });
  window.shared.push(...stream.getTracks());
  return stream;
};
"""
# Shows a face in the tab as a call would.
SHOW_FACE = """
([width, height, data]) => {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const bytes = Uint8ClampedArray.from(atob(data), (letter) => letter.charCodeAt(0));
  const context = canvas.getContext("2d");
  context.putImageData(new ImageData(bytes, width, height), 0, 0);
  canvas.style.cssText = "position: fixed; z-index: 9; top: 60px; left: 900px";
  document.body.append(canvas);
  // As in a call, something always moves: of a tab where nothing does, Chromium may share no frame.
  let step = 0;
  setInterval(() => context.fillRect(0, 0, 1 + (step = (step + 1) % 9), 1), 50);
}
"""
UNSEEN = """
(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}
"""


@pytest.fixture(scope="module")
def sharing_browser(launch):
    with launch(whole=True, shares=True) as browser:
        yield browser


@pytest.fixture
def open_call(sharing_browser, open_in, portrait):
    """Open a page whose tab shows a face, and which shares its own tab when it is asked to."""
    pixels = base64.b64encode(cv2.cvtColor(portrait, cv2.COLOR_BGR2RGBA).tobytes()).decode()
    size = {"width": 1280, "height": 800}

    def opening(services):
        page = open_one(services=services, script=CALL, viewport=size)
        page.evaluate(SHOW_FACE, [*portrait.shape[1::-1], pixels])
        return page

    with open_in(sharing_browser) as open_one:
        yield opening


@pytest.mark.heavy
def test_a_window_is_read_at_its_own_size_until_it_is_no_longer_shared(
    real_services, open_call, expect
):
    classifier, info = make_classifier(DEFAULT_BUNDLE)
    services = real_services(make_detector(), classifier, info)
    sizes = []

    def make():
        analyze = services.make_analyzer()

        def seen(frame: Frame) -> Analysis:
            sizes.append(frame.size)
            return analyze(frame)

        return seen

    page = open_call(dataclasses.replace(services, make_analyzer=make))
    page.get_by_role("button", name="Read a window").click()
    # The tab shows itself, too, and the face in it once more.
    expect(page.locator("#faces li .look").first).to_have_text(re.compile("^looks "))
    expect(page.locator("#source")).to_have_text("Reading what you share")
    asked = page.evaluate("window.asked")
    assert [options["selfBrowserSurface"] for options in asked] == ["exclude"]
    assert not asked[0]["audio"]
    assert sizes[0] == (1280, 800)
    page.evaluate("window.shared[0].stop(); window.shared[0].dispatchEvent(new Event('ended'))")
    expect(page.locator("#message")).to_have_text("You no longer share a window.")
    expect(page.get_by_role("button", name="Read a window")).to_be_focused()


@pytest.mark.heavy
def test_a_call_is_read_while_the_page_is_out_of_sight(services, analyzers, open_call, expect):
    page = open_call(services)
    page.locator("#start-window").click()
    expect(page.locator("#faces li")).to_have_count(1)
    page.evaluate(UNSEEN, True)
    count = len(analyzers[0].frames)
    page.wait_for_function("document.hidden")
    for _ in range(200):
        page.wait_for_timeout(50)
        if len(analyzers[0].frames) > count + 5:
            break
    assert len(analyzers[0].frames) > count + 5
    page.evaluate(UNSEEN, False)
    page.locator("#pause").click()
    expect(page.locator("#cover-word")).to_have_text("Paused.")
    page.wait_for_timeout(300)
    paused = len(analyzers[0].frames)
    page.wait_for_timeout(300)
    assert len(analyzers[0].frames) == paused


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("NotAllowedError", "No window was shared. Press “Read a window” and choose one."),
        ("NotFoundError", "does not share windows"),
    ],
)
def test_says_why_no_window_is_read(services, open_page, expect, error, text):
    page = open_page(script=f"window.refuse = {error!r};" + CALL)
    page.locator("#start-window").click()
    expect(page.locator("#message")).to_contain_text(text)
    expect(page.locator("#welcome")).to_be_visible()


def test_a_phone_that_cannot_share_does_not_offer_it(open_page, expect):
    page = open_page(script="delete MediaDevices.prototype.getDisplayMedia;")
    expect(page.locator("#connection")).to_have_text("Ready")
    expect(page.locator("#start-window")).to_be_hidden()


def two_people(services):
    """Return services that see a happy face, and a larger one that is sad."""
    bright = Frame(np.full((90, 160, 3), 200, np.uint8), 0, 0.0, "a")
    (one,) = services.make_analyzer()(bright).readings

    boxes = {"happy": np.array([0.1, 0.3, 0.3, 0.6]), "sad": np.array([0.4, 0.1, 0.9, 0.9])}

    def analyze(frame: Frame) -> Analysis:
        faces = (
            dataclasses.replace(one.face, box=Box(*(box * [*frame.size, *frame.size]).tolist()))
            for box in boxes.values()
        )
        readings = tuple(
            dataclasses.replace(one, track_id=number, label=label, face=face)
            for number, (label, face) in enumerate(zip(boxes, faces, strict=True), 1)
        )
        return Analysis(frame.index, frame.timestamp, frame.source, frame.size, readings, {})

    return dataclasses.replace(services, make_analyzer=lambda: analyze)


@pytest.mark.heavy
def test_a_floating_word_follows_the_nearest_or_the_chosen_face(
    services, open_call, expect, violations
):
    page = open_call(two_people(services))
    page.locator("#start-window").click()
    expect(page.locator("#faces li")).to_have_count(2)
    button = page.get_by_role("button", name="Floating word")
    with page.context.expect_page() as opened:
        button.click()
    word = opened.value
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(word.locator(".look")).to_have_text("looks sad")
    expect(word.locator(".person")).to_have_text("The largest face")
    assert word.locator(".sign svg").count() == 1
    assert word.evaluate("innerWidth") >= 240
    assert violations(word) == []
    word.get_by_role("button", name="Another person").click()
    expect(word.locator(".person")).to_have_text("Person 1")
    expect(word.locator(".look")).to_have_text("looks happy")
    word.get_by_role("button", name="Pause").click()
    expect(page.locator("#cover-word")).to_have_text("Paused.")
    expect(word.locator(".look")).to_have_text("Paused.")
    word.get_by_role("button", name="Go on").click()
    expect(word.locator(".look")).to_have_text("looks happy")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#float")).to_have_attribute("aria-pressed", "false")
    assert word.is_closed()


def test_without_such_windows_the_floating_word_has_one_of_its_own(services, open_page, expect):
    page = open_page(
        services=two_people(services), script="delete window.documentPictureInPicture;"
    )
    page.locator("#start-sample").click()
    with page.context.expect_page() as opened:
        page.locator("#float").click()
    expect(opened.value.locator(".look")).to_have_text("looks sad")
    opened.value.close()
    expect(page.locator("#float")).to_have_attribute("aria-pressed", "false")
