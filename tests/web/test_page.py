"""The page in a real browser. Judged by what it says, never by how fast."""

import dataclasses
import itertools
import re
import threading

import cv2
import pytest
from tests.web.fakes import FakeSource
from tests.web.servers import BARE

from mien.errors import SourceError
from mien.models.info import DataTerms, Terms
from mien.protocols import Source
from mien.registry import DEFAULT_BUNDLE, make_classifier, make_detector
from mien.sources.open import open_source
from mien.sources.reconnect import Notice
from mien.sources.saying import Says, called
from mien.types import Analysis, Box, Face, Prediction, Quality, Reading
from mien.web.protocol import ModelFacts
from mien.web.session.services import OfferedSource, Services

LABELS = ("angry", "sad", "happy", "neutral")
pytestmark = pytest.mark.timeout(120)
PAINTED = (
    "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)"
    ".data.some(value => value > 0)"
)
# No camera opens, for the reason that `error` names.
REFUSING = """
navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", window.error));
"""


@pytest.fixture(scope="session")
def detector():
    return make_detector()


@pytest.fixture
def simple_services(detector, make_bundle, real_services) -> Services:
    """The real parts, but for a bundle whose answer only follows brightness."""
    classifier, info = make_classifier(make_bundle(not_sure_below=0.0))
    sample = OfferedSource("the sample", lambda _: open_source("sample", realtime=True))
    return real_services(detector, classifier, info, {"sample": sample})


def test_first_view(open_page, expect):
    page = open_page()
    expect(page.locator("#connection")).to_have_text("Ready")
    expect(page.locator("#not-begun")).not_to_be_attached()
    expect(page.get_by_role("heading", level=2)).to_have_text("See how a face looks")
    expect(page.get_by_role("button", name="Start camera")).to_be_visible()
    expect(page.get_by_role("button", name="Show the sample")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    assert "Nothing leaves this machine" in page.inner_text("main")


def test_a_page_that_cannot_begin_says_so(open_page, expect):
    """As one that was opened as a file: no module runs there."""
    page = open_page(java_script_enabled=False)
    note = page.locator("#not-begun")
    expect(note).to_be_hidden()
    page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")
    expect(note).to_be_visible()
    expect(note).to_contain_text("opened as a file")


def test_tells_of_the_model_and_its_terms(services, open_page, expect, violations):
    terms = Terms(
        "MIT", (DataTerms("<b>faces</b>", "for research only"), DataTerms("stock", "CC0"))
    )
    services = dataclasses.replace(services, model=ModelFacts("tiny", "3", terms))
    page = open_page(services=services)
    page.get_by_text("About this model").click()
    about = page.locator("#about")
    expect(about.locator("p")).to_contain_text("Model tiny, version 3.")
    assert about.locator("dt").all_text_contents() == ["Its weights", "<b>faces</b>", "stock"]
    assert about.locator("dd").all_text_contents() == ["MIT", "for research only", "CC0"]
    assert violations(page) == []
    page.locator("#open-settings").click()
    page.get_by_role("radio", name="Deutsch").check()
    expect(about.locator("dt").first).to_have_text("Seine Gewichte")


def test_says_nothing_of_a_model_that_is_not_told(open_page, expect):
    page = open_page()
    expect(page.locator("#connection")).to_have_attribute("data-state", "connected")
    expect(page.locator("#about")).to_be_hidden()


def test_the_sample_shows_a_face(simple_services, open_page, expect):
    page = open_page(services=simple_services)
    page.get_by_role("button", name="Show the sample").click()
    faces = page.locator("#faces li")
    expect(faces.first.locator(".person")).to_have_text("Person 1")
    look = re.compile("^looks (angry|sad|happy|neutral)$")
    expect(faces.first.locator(".look")).to_have_text(look)
    expect(page.locator("#spoken")).to_have_text(re.compile("Person 1: looks "))
    expect(page.locator("#source")).to_have_text("Showing the sample")
    assert painted(page, "#overlay")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Show the sample")).to_be_focused()
    expect(faces).to_have_count(0)


@pytest.mark.parametrize(
    ("locale", "look", "reason"),
    [
        ({}, "not sure", "looks like something else, blurred"),
        ({"locale": "de-DE"}, "nicht sicher", "sieht nach etwas anderem aus, unscharf"),
    ],
    ids=["English", "German"],
)
def test_says_that_a_face_looks_like_something_else(
    services, open_page, expect, locale, look, reason
):
    def analyze(frame):
        quality = Quality(100, 5, 128, None, ("blurred",))
        prediction = Prediction(LABELS, (0.9, 0.1, 0.0, 0.0), 0.7)
        reading = Reading(
            *(1, Face(Box(100, 20, 200, 150), 0.9), prediction, prediction, None),
            *(quality, "something else"),
        )
        return Analysis(frame.index, frame.timestamp, frame.source, frame.size, (reading,), {})

    services = dataclasses.replace(services, make_analyzer=lambda: analyze)
    page = open_page(services=services, **locale)
    page.locator("#start-sample").click()
    expect(page.locator("#faces .look")).to_have_text(look)
    expect(page.locator("#faces .reasons")).to_have_text(reason)
    expect(page.locator("#spoken")).to_have_text(f"Person 1: {look}.")
    assert painted(page, "#overlay")


def test_the_camera_reads_a_real_face(simple_services, launch, open_in, expect, portrait, tmp_path):
    clip = tmp_path / "portrait.y4m"
    write_clip(clip, [cv2.copyMakeBorder(portrait, 80, 80, 160, 160, cv2.BORDER_REPLICATE)], fps=5)
    with launch(film=clip) as browser, open_in(browser) as open_page:
        page = open_page("/?stats", services=simple_services)
        page.get_by_role("button", name="Start camera").click()
        expect(page.locator("#faces li .look")).to_have_text(re.compile("^looks "))
        expect(page.locator("#source")).to_have_text("Your camera")
        expect(page.locator("#stats")).to_contain_text("frames per second")
        expect(page.locator("#stats")).to_contain_text("grab to overlay")
        expect(page.locator("#video")).to_have_css("transform", "matrix(-1, 0, 0, 1, 0, 0)")


def test_stop_frees_the_camera(open_page, expect):
    page = open_page()
    page.get_by_role("button", name="Start camera").click()
    expect(page.locator("#faces li")).to_have_count(1)
    track = page.evaluate_handle("document.getElementById('video').srcObject.getTracks()[0]")
    page.get_by_role("button", name="Stop").click()
    assert track.evaluate("track => track.readyState") == "ended"
    expect(page.get_by_role("button", name="Start camera")).to_be_focused()


def test_the_keyboard_is_enough(open_page, expect):
    page = open_page()
    expect(page.locator("#connection")).to_have_text("Ready")
    for _ in range(5):
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show the sample")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#faces li .look")).to_have_text("looks happy")
    expect(page.get_by_role("button", name="Pause")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the focus is on Stop
    expect(page.get_by_role("button", name="Show the sample")).to_be_visible()


COUNT_DRAWINGS = """
window.drawings = 0;
const clear = CanvasRenderingContext2D.prototype.clearRect;
CanvasRenderingContext2D.prototype.clearRect = function (...given) {
  if (this.canvas.id === "overlay") window.drawings += 1;
  return clear.apply(this, given);
};
"""
DRAWINGS_OF_A_SECOND = """
async () => {
  const before = window.drawings;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return window.drawings - before;
}
"""


def test_a_face_that_stays_as_it_is_is_drawn_once(open_page, expect):
    page = open_page(script=COUNT_DRAWINGS, reduced_motion="no-preference")
    page.get_by_role("button", name="Show the sample").click()
    expect(page.locator("#faces li")).to_have_count(1)
    page.evaluate(DRAWINGS_OF_A_SECOND)  # it fades in
    assert page.evaluate(DRAWINGS_OF_A_SECOND) == 0
    assert painted(page, "#overlay")
    page.set_viewport_size({"width": 700, "height": 600})
    page.evaluate(DRAWINGS_OF_A_SECOND)
    assert painted(page, "#overlay")


# Counts in `asked` how often the page asks to draw, and lets so many of the display's frames pass.
COUNT_FRAMES = """
window.asked = 0;
const ask = window.requestAnimationFrame;
window.requestAnimationFrame = (call) => ((window.asked += 1), ask(call));
window.frames = async (count) => {
  const before = window.asked;
  for (let i = 0; i < count; i++) await new Promise(ask);
  return window.asked - before;
};
"""
RESTS = """
async () => {
  for (let i = 0; i < 10; i++) if ((await frames(20)) === 0) return true;
  return false;
}
"""


class HeldSource(FakeSource):
    """Gives a few frames, and no more before it is closed."""

    def __iter__(self):
        yield from itertools.islice(super().__iter__(), 3)
        self.closed.wait(60)


def test_a_page_on_which_nothing_moves_leaves_the_display_alone(services, open_page, expect):
    """To ask for each of its frames keeps a processor busy, even where none of them is drawn."""
    sample = OfferedSource("the sample", lambda _: HeldSource())
    services = dataclasses.replace(services, sources={"sample": sample})
    page = open_page(services=services, script=COUNT_FRAMES, reduced_motion="no-preference")
    page.get_by_role("button", name="Show the sample").click()
    expect(page.locator("#faces li")).to_have_count(1)
    assert page.evaluate(RESTS)
    assert painted(page, "#overlay")
    page.set_viewport_size({"width": 700, "height": 600})
    assert page.evaluate(RESTS)
    assert painted(page, "#overlay")


def test_says_when_no_face_is_in_view(open_page, source, expect):
    source.gray = 0
    page = open_page()
    page.get_by_role("button", name="Show the sample").click()
    expect(page.locator("#note")).to_have_text("No face in view")
    expect(page.locator("#nobody")).to_be_visible()
    expect(page.locator("#spoken")).to_have_text("No face in view")


def test_says_why_there_is_no_camera(open_page, expect):
    reasons = {
        "NotAllowedError": "The camera was refused",
        "NotFoundError": "No camera was found",
        "NotReadableError": "in use by another program",
        "TypeError": "could not start (TypeError)",
    }
    page = open_page(script=REFUSING)
    for error, words in reasons.items():
        page.evaluate("error => { window.error = error; }", error)
        page.get_by_role("button", name="Start camera").click()
        expect(page.get_by_role("alert")).to_contain_text(words)
        expect(page.get_by_role("button", name="Start camera")).to_be_visible()


def test_says_that_the_camera_was_unplugged(open_page, expect):
    page = open_page()
    page.get_by_role("button", name="Start camera").click()
    expect(page.locator("#faces li")).to_have_count(1)
    page.locator("#video").evaluate(
        "video => video.srcObject.getTracks()[0].dispatchEvent(new Event('ended'))"
    )
    expect(page.get_by_role("alert")).to_contain_text("unplugged")
    expect(page.get_by_role("button", name="Start camera")).to_be_visible()


def test_a_configured_source_starts_and_its_end_is_said(services, source, open_page, expect):
    source.count = 3
    sources = {**services.sources, "configured": OfferedSource("clip.mp4", lambda _: source)}
    services = dataclasses.replace(services, sources=sources, mode="configured")
    page = open_page(services=services)
    expect(page.get_by_role("alert")).to_have_text("The end of clip.mp4.")
    expect(page.locator("#faces .look")).to_have_text("looks happy")
    page.get_by_role("button", name="Again").click()
    expect(page.get_by_role("alert")).to_have_text("The end of clip.mp4.")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Show clip.mp4")).to_be_focused()


def test_a_source_that_fails_says_why(services, open_page, expect):
    def fail(_):
        raise SourceError("camera 3: there is no such camera; see mien doctor")

    services = dataclasses.replace(services, sources={"sample": OfferedSource("camera 3", fail)})
    page = open_page(services=services)
    page.get_by_role("button", name="Show the sample").click()
    expect(page.get_by_role("alert")).to_contain_text("there is no such camera")


def test_what_the_server_says_is_in_the_pages_language(services, open_page, expect):
    def fail(_):
        raise SourceError(Says.CUT_SHORT(name=called("camera 3"), frame=9, seconds=0.25, length=2))

    sources = {**services.sources, "configured": OfferedSource("camera 3", fail)}
    services = dataclasses.replace(services, sources=sources)
    page = open_page(services=services, locale="de-DE")
    page.get_by_role("button", name="Kamera 3 zeigen").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Kamera 3 bricht nach Bild 9 ab (0,3 s von 2 s).")
    expect(alert).not_to_have_attribute("lang", "en")
    page.get_by_role("button", name="Einstellungen").click()
    page.get_by_role("radio", name="English").check()
    expect(alert).to_contain_text("camera 3: breaks off after frame 9 (0.2 s) of 2.0 s;")


def test_a_source_that_is_waited_for_is_told_until_it_is_back(services, source, open_page, expect):
    back = threading.Event()

    class BreaksOff(Source):
        name, live = "camera 0", True

        def __init__(self, on_notice):
            # Its own: the one before may be closed only when this one is read.
            self.on_notice, self.closed = on_notice, threading.Event()

        def __iter__(self):
            frames = iter(source)
            yield next(frames)
            self.on_notice(Notice("camera 0: unplugged; mien waits for it", waiting=True))
            while not (back.wait(0.02) or self.closed.is_set()):
                pass
            yield from () if self.closed.is_set() else frames

        def close(self):
            self.closed.set()

    services = dataclasses.replace(services, sources={"sample": OfferedSource("it", BreaksOff)})
    page = open_page(services=services)
    message, faces = page.locator("#message"), page.locator("#faces li")
    page.get_by_role("button", name="Show the sample").click()
    expect(message).to_have_text("camera 0: unplugged; mien waits for it")
    expect(faces).to_have_count(0)
    expect(page.locator("#nobody")).to_be_hidden()
    assert painted(page, "#picture")
    page.wait_for_function(f"!({PAINTED})(document.getElementById('overlay'))")
    page.get_by_role("button", name="Stop").click()
    expect(message).to_be_hidden()
    page.get_by_role("button", name="Show the sample").click()
    expect(message).to_be_visible()
    back.set()
    expect(message).to_be_hidden()
    expect(faces).to_have_count(1)


def test_says_that_the_server_is_lost_and_goes_on_when_it_is_back(
    services, serve, browser, watch_pages, expect, hurry
):
    with watch_pages(browser, allowed="WebSocket connection") as open_page:
        with serve(services) as address:
            page = open_page(address, script=hurry)
            page.get_by_role("button", name="Start camera").click()
            expect(page.locator("#faces li")).to_have_count(1)
        expect(page.get_by_role("alert")).to_contain_text("tries again by itself")
        expect(page.locator("#connection")).to_have_text("Not connected")
        expect(page.locator("#faces li")).to_have_count(0)
        with serve(services, port=int(address.rsplit(":", 1)[1])):
            expect(page.get_by_role("alert")).to_have_text("mien is connected again.")
            expect(page.locator("#faces li")).to_have_count(1)


ASKING = {
    "fetch": "fetch(url).catch(() => {})",
    "picture": "new Image().src = url",
    "script": "document.head.append(Object.assign(document.createElement('script'), { src: url }))",
    "beacon": "navigator.sendBeacon(url)",
    "frame": "document.body.append(Object.assign(document.createElement('iframe'), { src: url }))",
}


@pytest.mark.parametrize("path", ["/", BARE])
def test_what_a_page_asks_of_another_host_is_an_error(open_in, browser, path):
    """So it is in all tests: no page of ours may ask for anything elsewhere."""
    # Of a frame the browser tells only where a page's own policy refuses it, as on all but this.
    ways = [ask for way, ask in ASKING.items() if path != BARE or way != "frame"]

    def ask() -> None:
        with open_in(browser) as open_one:
            page = open_one(path)
            for way, url in itertools.product(ways, ("http://example.com/", "https://192.0.2.1/")):
                with page.expect_event("console", lambda line: line.type == "error"):
                    page.evaluate(f"url => {{ {way}; }}", url)

    with pytest.raises(AssertionError, match=r"ERR_NAME_NOT_RESOLVED|Content Security Policy"):
        ask()


def test_two_pages_read_at_once(open_page, analyzers, expect):
    pages = [open_page(), open_page()]
    for page, button in zip(pages, ("Start camera", "Show the sample"), strict=True):
        page.get_by_role("button", name=button).click()
    for page in pages:
        expect(page.locator("#faces li .look")).to_have_count(1)
    assert len(analyzers) == 2


def test_nothing_reaches_beyond_the_page(open_page, expect):
    page = open_page()
    for running in (False, True):
        if running:
            page.get_by_role("button", name="Show the sample").click()
            expect(page.locator("#faces li")).to_have_count(1)
        for width in (320, 390, 768, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_page_is_small(open_page, expect):
    page = open_page()
    expect(page.locator("#connection")).to_have_text("Ready")
    loaded = page.evaluate("""() => ["navigation", "resource"].flatMap((kind) =>
      performance.getEntriesByType(kind).map((entry) => entry.encodedBodySize))""")
    assert len(loaded) > 10
    assert 20_000 < sum(loaded) < 150_000


def test_a_clip_turns_from_sad_to_happy(
    shared, real_services, detector, launch, open_in, expect, tmp_path
):
    if not DEFAULT_BUNDLE.is_dir():
        pytest.skip(f"needs the shipped bundle, {DEFAULT_BUNDLE.name}, which is not here yet")
    clip = tmp_path / "clip.y4m"
    video = shared / "data" / "clips" / "WolfgangLanger_Pexels.mp4"
    # Each third frame around the turn, at twice the speed, and back again, so that nothing jumps
    # where the film begins anew, whatever part of it a busy machine sees.
    there = [frame.image for frame in itertools.islice(open_source(str(video)), 90, 330, 3)]
    write_clip(clip, there + there[-2:0:-1], fps=15)
    classifier, info = make_classifier()
    services = real_services(detector, classifier, info)
    with launch(film=clip) as browser, open_in(browser) as open_page:
        page = open_page(services=services)
        page.get_by_role("button", name="Start camera").click()
        look, person = page.locator("#faces li .look"), page.locator("#faces li .person")
        expect(look).to_have_text("looks sad", timeout=60_000)
        name = person.inner_text()
        expect(look).to_have_text("looks happy", timeout=60_000)
        expect(person).to_have_text(name)


def write_clip(path, images, *, fps: int) -> None:
    """Write what a camera sees, over and over, for Chromium."""
    with path.open("wb") as file:
        for index, image in enumerate(images):
            if not index:
                height, width = image.shape[:2]
                file.write(f"YUV4MPEG2 W{width} H{height} F{fps}:1 Ip A1:1 C420\n".encode())
            file.write(b"FRAME\n" + cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420).tobytes())


def painted(page, canvas: str) -> bool:
    return page.locator(canvas).evaluate(PAINTED)
