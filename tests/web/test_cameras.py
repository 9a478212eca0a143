"""The page's own camera: which one, off while the page is paused, and when it gives nothing."""

import dataclasses
import itertools
import json
import threading

import pytest

from mien.types import Analysis, Frame

pytestmark = pytest.mark.timeout(120)

# Keeps which cameras were asked for, and their tracks. `hold()` keeps those that are asked for from
# opening until `release()`; `refuse` is the error to refuse all with but those in `allowed`.
WATCHED = """
window.asked = [];
window.tracks = [];
window.allowed = [];
window.hold = () => { window.gate = new Promise((resolve) => { window.release = resolve; }); };
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (constraints) => {
  const wanted = constraints.video.deviceId?.exact ?? constraints.video.facingMode;
  window.asked.push(wanted);
  await window.gate;
  if (window.refuse && !window.allowed.includes(wanted)) throw new DOMException("", window.refuse);
  const stream = await ask(constraints);
  window.tracks.push(...stream.getTracks());
  return stream;
};
"""
LIVE = "window.tracks.filter(({ readyState }) => readyState === 'live').length"
MUTE = """
(muted) => {
  const [track] = document.getElementById("video").srcObject.getTracks();
  Object.defineProperty(track, "muted", { value: muted, configurable: true });
  track.dispatchEvent(new Event(muted ? "mute" : "unmute"));
}
"""
# Cameras look to the side `side` and are called `label`.
FACING = """
window.label = "";
const { getSettings } = MediaStreamTrack.prototype;
MediaStreamTrack.prototype.getSettings = function () {
  return { ...getSettings.call(this), facingMode: window.side ?? undefined };
};
Object.defineProperty(MediaStreamTrack.prototype, "label", { get: () => window.label });
"""
NAMES = """
async ([language, devices]) => {
  const { cameraNames } = await import("/static/live/shows/cameras.js");
  const { settings } = await import("/static/core/settings.js");
  settings.set("language", language);
  return cameraNames(devices.map(([label, side]) => ({
    label,
    getCapabilities: side && (() => ({ facingMode: [side] })),
  })));
}
"""


def stored(**values: object) -> str:
    """Return a script that stores settings before the page begins, once."""
    text = json.dumps(json.dumps(values))
    return f"""
if (!sessionStorage.getItem("begun")) localStorage.setItem("mien", {text});
sessionStorage.setItem("begun", "1");
"""


@pytest.fixture
def run_camera(open_page, expect, count_pictures):
    """Open a page and start its camera."""

    def start(script: str = ""):
        page = open_page(script=WATCHED + count_pictures + script)
        page.get_by_role("button", name="Start camera").click()
        expect(page.locator("#faces li")).to_have_count(1)
        return page

    return start


@pytest.fixture(scope="module")
def two_cameras(launch):
    """A browser with two fake cameras, which have the same names after a reload."""
    with launch(cameras=2, whole=True) as browser:
        yield browser


@pytest.fixture
def run_two(two_cameras, open_in, expect, count_pictures):
    """Open a page where there are two cameras, and start one."""
    with open_in(two_cameras) as open_page:

        def start(**options: object):
            page = open_page(script=WATCHED + count_pictures, **options)
            page.get_by_role("button", name="Start camera").click()
            expect(page.locator("#faces li")).to_have_count(1)
            if page.locator("#tools-open").is_visible():  # where there is little room
                page.locator("#tools-open").click()
            expect(page.get_by_label("Camera")).to_be_visible()
            return page

        yield start


def test_pause_switches_the_camera_off_and_the_same_is_opened_again(run_camera, expect):
    page = run_camera()
    page.get_by_role("button", name="Keep the last minutes").click()
    expect(page.locator("#history-strips li")).to_have_count(1)
    for count in (2, 3):
        page.get_by_role("button", name="Pause").click()
        assert page.evaluate(LIVE) == 0
        expect(page.locator("#source")).to_have_text("Your camera is off")
        page.get_by_role("button", name="Go on").click()
        expect(page.locator("#faces li")).to_have_count(1)
        expect(page.locator("#cover")).to_be_hidden()
        expect(page.locator("#source")).to_have_text("Your camera")
        assert page.evaluate(LIVE) == 1
        assert page.evaluate("window.asked.length") == count
    first, *others = page.evaluate("window.asked")
    assert first == "user"
    running = page.evaluate("window.tracks.at(-1).getSettings().deviceId")
    assert others == [running, running]
    # It is the same stream: nobody in it is from an earlier one.
    expect(page.locator("#history-strips .person")).to_have_text(["Person 1"])
    assert page.evaluate("window.most") == 1


def test_while_the_camera_opens_again_that_is_said(run_camera, expect):
    page = run_camera()
    page.get_by_role("button", name="Pause").click()
    page.evaluate("window.hold()")
    page.get_by_role("button", name="Go on").click()
    for place in ("#source", "#cover-word"):
        expect(page.locator(place)).to_have_text("Starting…")
    expect(page.locator("#spoken")).to_be_empty()
    page.evaluate("window.release()")
    expect(page.locator("#cover")).to_be_hidden()
    expect(page.locator("#faces li")).to_have_count(1)


def test_whoever_changes_their_mind_quickly_gets_what_they_asked_for_last(run_camera, expect):
    page = run_camera()
    pause = page.locator("#pause")
    pause.click()
    page.evaluate("window.hold()")
    for _ in range(4):  # ends paused
        pause.click()
    page.evaluate("window.release()")
    expect(page.locator("#cover-word")).to_have_text("Paused.")
    page.evaluate("() => new Promise((resolve) => setTimeout(resolve, 500))")
    assert page.evaluate("window.tracks.length") == 3  # the first, and two that came too late
    assert page.evaluate(LIVE) == 0
    page.evaluate("window.hold()")
    for _ in range(3):  # ends running
        pause.click()
    page.evaluate("window.release()")
    expect(page.locator("#faces li")).to_have_count(1)
    page.evaluate("() => new Promise((resolve) => setTimeout(resolve, 500))")
    assert page.evaluate(LIVE) == 1
    assert page.evaluate("window.most") == 1


def test_stop_while_the_camera_opens_again(run_camera, expect):
    page = run_camera()
    page.get_by_role("button", name="Pause").click()
    page.evaluate("window.hold()")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Start camera")).to_be_focused()
    page.get_by_role("button", name="Show the sample").click()
    page.evaluate("window.release()")
    expect(page.locator("#faces li")).to_have_count(1)
    expect(page.locator("#source")).to_have_text("Showing the sample")
    expect(page.locator("#cover")).to_be_hidden()
    expect(page.locator("#video")).to_be_hidden()
    page.evaluate("() => new Promise((resolve) => setTimeout(resolve, 500))")
    assert page.evaluate("window.tracks.length") == 2
    assert page.evaluate(LIVE) == 0


def test_what_was_seen_before_a_pause_is_not_shown_after_it(services, open_page, expect):
    reached, late = threading.Event(), threading.Event()

    def make_analyzer():
        analyze, count = services.make_analyzer(), itertools.count()

        def read(frame: Frame) -> Analysis:
            analysis = analyze(frame)
            if next(count) != 3:
                return analysis
            reached.set()
            late.wait(30)
            angry = tuple(dataclasses.replace(one, label="angry") for one in analysis.readings)
            return dataclasses.replace(analysis, readings=angry)

        return read

    slow = dataclasses.replace(services, make_analyzer=make_analyzer)
    page = open_page(services=slow, script=WATCHED + "window.seen = new Set();")
    page.evaluate(
        "new MutationObserver(() => window.seen.add(document.querySelector('#faces .look')"
        "?.textContent)).observe(document.getElementById('faces'), { childList: true,"
        " subtree: true })"
    )
    page.get_by_role("button", name="Start camera").click()
    assert reached.wait(15)
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#cover")).to_be_hidden()
    late.set()
    expect(page.locator("#faces li")).to_have_count(1)
    assert "looks angry" not in page.evaluate("[...window.seen]")


def test_a_camera_that_cannot_be_opened_again_is_told(run_camera, expect):
    reasons = {
        "NotAllowedError": "The camera was refused",
        "NotReadableError": "in use by another program",
        "OverconstrainedError": "it was unplugged",
    }
    page = run_camera()
    for error, words in reasons.items():
        page.get_by_role("button", name="Pause").click()
        page.evaluate("error => { window.refuse = error; window.asked = []; }", error)
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("alert")).to_contain_text(words)
        assert page.evaluate("window.asked.length") == 1
        page.evaluate("window.refuse = null")
        page.get_by_role("button", name="Start camera").click()
        expect(page.locator("#faces li")).to_have_count(1)


@pytest.mark.parametrize("opened", ["while it is lost", "after it is back"])
def test_the_server_is_lost_while_the_camera_opens_again(
    services, serve, browser, watch_pages, expect, opened, hurry
):
    with watch_pages(browser, allowed="WebSocket connection") as open_page:
        with serve(services) as address:
            page = open_page(address, script=WATCHED + hurry)
            page.get_by_role("button", name="Start camera").click()
            expect(page.locator("#faces li")).to_have_count(1)
            page.get_by_role("button", name="Keep the last minutes").click()
            expect(page.locator("#history-strips li")).to_have_count(1)
            page.get_by_role("button", name="Pause").click()
            page.evaluate("window.hold()")
            page.get_by_role("button", name="Go on").click()
        expect(page.locator("#connection")).to_have_text("Not connected")
        if opened == "while it is lost":
            page.evaluate("window.release()")
            expect(page.locator("#cover")).to_be_hidden()
        with serve(services, port=int(address.rsplit(":", 1)[1])):
            expect(page.get_by_role("alert")).to_have_text("mien is connected again.")
            page.evaluate("window.release()")
            expect(page.locator("#faces li")).to_have_count(1)
            # The server that is back counts people anew.
            names = page.locator("#history-strips .person")
            expect(names).to_have_text(["Person 1, before", "Person 1"])
            assert page.evaluate(LIVE) == 1


def test_one_camera_is_no_choice(run_camera, expect):
    page = run_camera()
    expect(page.locator("#camera option")).to_have_count(1)
    expect(page.locator("#camera-choice")).to_be_hidden()


@pytest.mark.heavy
def test_another_camera_is_chosen_and_remembered(run_two, expect):
    page = run_two()
    page.get_by_role("button", name="Keep the last minutes").click()
    expect(page.locator("#history-strips li")).to_have_count(1)
    choice = page.get_by_label("Camera")
    expect(choice.locator("option")).to_have_text(["fake_device_0", "fake_device_1"])
    first, second = choice.locator("option").evaluate_all("all => all.map(one => one.value)")
    expect(choice).to_have_value(first)
    choice.focus()
    choice.select_option(label="fake_device_1")
    expect(page.locator("#source")).to_have_text("Your camera")
    expect(page.locator("#history-strips .person")).to_have_text(["Person 1, before", "Person 1"])
    assert page.evaluate(LIVE) == 1
    assert page.evaluate("window.tracks.at(-1).getSettings().deviceId") == second
    expect(choice).to_be_focused()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(choice).to_be_hidden()
    page.reload()
    page.get_by_role("button", name="Start camera").click()
    expect(choice).to_have_value(second)
    assert page.evaluate("window.asked") == [second]


@pytest.mark.heavy
def test_a_camera_chosen_in_the_pause_is_opened_after_it(run_two, expect):
    page = run_two()
    choice = page.get_by_label("Camera")
    page.get_by_role("button", name="Pause").click()
    choice.select_option(label="fake_device_1")
    assert page.evaluate(LIVE) == 0
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#faces li")).to_have_count(1)
    assert page.evaluate("window.asked.at(-1)") == choice.input_value()
    assert page.evaluate(LIVE) == 1


@pytest.mark.heavy
def test_a_camera_that_cannot_be_used_gives_way_to_the_one_before(run_two, expect):
    page = run_two()
    choice = page.get_by_label("Camera")
    before = choice.input_value()
    page.evaluate("id => { window.refuse = 'NotReadableError'; window.allowed = [id]; }", before)
    choice.select_option(label="fake_device_1")
    expect(page.get_by_role("alert")).to_contain_text("The one before is on again")
    expect(page.locator("#faces li")).to_have_count(1)
    expect(choice).to_have_value(before)
    assert page.evaluate("window.tracks.at(-1).getSettings().deviceId") == before
    assert page.evaluate(LIVE) == 1


@pytest.mark.heavy
def test_of_two_choices_the_last_counts(run_two, expect):
    page = run_two()
    choice = page.get_by_label("Camera")
    first = choice.input_value()
    page.evaluate("window.hold()")
    choice.select_option(label="fake_device_1")
    choice.select_option(label="fake_device_0")
    page.evaluate("window.release()")
    expect(page.locator("#faces li")).to_have_count(1)
    page.evaluate("() => new Promise((resolve) => setTimeout(resolve, 500))")
    assert page.evaluate(LIVE) == 1
    assert (
        page.locator("#video").evaluate(
            "video => video.srcObject.getTracks()[0].getSettings().deviceId"
        )
        == first
    )
    assert page.evaluate("window.most") == 1


@pytest.mark.heavy
def test_axe_finds_nothing_where_there_are_two(run_two, expect, violations):
    page = run_two(viewport={"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert violations(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#cover")).to_be_visible()
    assert violations(page) == []


def test_a_remembered_camera_that_is_gone_gives_way_to_any_other(run_camera):
    page = run_camera(stored(camera="gone"))
    assert page.evaluate("window.asked") == ["gone", "user"]
    assert page.evaluate("JSON.parse(localStorage.getItem('mien')).camera") == "gone"


def test_a_refusal_is_not_asked_again_for_another_camera(open_page, expect):
    page = open_page(script=WATCHED + stored(camera="gone") + "window.refuse = 'NotAllowedError';")
    page.get_by_role("button", name="Start camera").click()
    expect(page.get_by_role("alert")).to_contain_text("The camera was refused")
    assert page.evaluate("window.asked") == ["gone"]


def test_a_camera_that_is_plugged_in_joins_the_list(run_camera, expect):
    page = run_camera()
    page.evaluate(
        """
        async () => {
          const devices = await navigator.mediaDevices.enumerateDevices();
          const more = { kind: "videoinput", deviceId: "new", label: "Desk (046d:0825)" };
          navigator.mediaDevices.enumerateDevices = async () => [...devices, more];
          navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
        }
        """
    )
    choice = page.get_by_label("Camera")
    expect(choice).to_be_visible()
    expect(choice.locator("option")).to_have_text(["fake_device_0", "Desk"])
    page.evaluate("window.refuse = 'NotReadableError'")
    page.evaluate("window.allowed = [document.getElementById('camera').value]")
    choice.select_option(label="Desk")
    expect(page.get_by_role("alert")).to_contain_text("The one before is on again")


def test_each_camera_has_a_name_of_its_own(bare_page):
    sides = ["camera2 1, facing front", "camera2 0, facing back", "camera2 2, facing back"]
    cases = [
        ("en", [["Integrated Camera (04f2:b6d9)"], ["HD cam"]], ["Integrated Camera", "HD cam"]),
        ("en", [["Cam"], ["Cam"], ["Cam"]], ["Cam", "Cam 2", "Cam 3"]),
        ("en", [[side] for side in sides], ["Front camera", "Back camera", "Back camera 2"]),
        ("de", [["Front Camera"], ["Back Camera"]], ["Frontkamera", "Rückkamera"]),
        ("de", [[""], [""]], ["Kamera 1", "Kamera 2"]),
        ("en", [["", "user"], ["", "environment"]], ["Front camera", "Back camera"]),
    ]
    for language, devices, names in cases:
        assert bare_page.evaluate(NAMES, [language, devices]) == names


def test_only_what_looks_away_is_not_mirrored(run_camera, expect):
    page = run_camera(FACING)
    cases = [
        ("user", "", True),
        ("environment", "", False),
        (None, "USB camera", True),
        (None, "camera2 0, facing back", False),
        ("user", "Feedback back cam", True),
    ]
    for side, label, mirrored in cases:
        page.get_by_role("button", name="Stop", exact=True).click()
        page.evaluate("([side, label]) => Object.assign(window, { side, label })", [side, label])
        page.get_by_role("button", name="Start camera").click()
        expect(page.locator("#faces li")).to_have_count(1)
        transform = "matrix(-1, 0, 0, 1, 0, 0)" if mirrored else "none"
        expect(page.locator("#video")).to_have_css("transform", transform)


def test_a_camera_that_looks_away_after_a_pause_is_mirrored_no_more(run_camera, expect):
    page = run_camera(script=FACING)
    expect(page.locator("#video")).to_have_class("mirrored")
    page.get_by_role("button", name="Pause").click()
    page.evaluate("window.side = 'environment'")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#faces li")).to_have_count(1)
    expect(page.locator("#video")).not_to_have_class("mirrored")


def test_a_camera_that_gives_no_picture_is_told_until_it_does(run_camera, expect, hurry):
    page = run_camera(hurry)
    dark = page.locator("#dark")
    page.evaluate(MUTE, True)
    expect(dark).to_contain_text("gives no picture")
    page.evaluate(MUTE, False)
    expect(dark).to_be_hidden()
    page.evaluate(MUTE, True)
    page.get_by_role("button", name="Pause").click()
    page.evaluate("() => new Promise((resolve) => setTimeout(resolve, 2500))")
    expect(dark).to_be_hidden()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#faces li")).to_have_count(1)
    page.evaluate(MUTE, True)
    expect(dark).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(dark).to_be_hidden()


def test_a_camera_that_gives_no_picture_for_a_moment_is_not_told(run_camera, expect, hurry):
    page = run_camera(hurry + "window.dark = [];")
    page.evaluate(
        "new MutationObserver(([{ target }]) => window.dark.push(target.hidden))"
        ".observe(document.getElementById('dark'), { attributeFilter: ['hidden'] })"
    )
    page.evaluate(MUTE, True)
    page.evaluate(MUTE, False)
    page.evaluate("() => new Promise((resolve) => setTimeout(resolve, 2500))")
    assert page.evaluate("window.dark") == []
    page.evaluate(MUTE, True)
    expect(page.locator("#dark")).to_be_visible()
    assert page.evaluate("window.dark") == [False]
