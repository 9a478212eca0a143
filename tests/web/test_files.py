"""A picture or a video of the user's in place of a camera, in a real browser."""

import base64
import itertools
import re
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from mien.registry import make_classifier, make_detector

pytestmark = pytest.mark.timeout(120)
SIZE = (320, 180)
FPS = 30  # of a film, of which a page is given no picture before there is a new one
# As cheap as the encoder can: several threads spend all their time on waiting for each other.
QUICKLY = {"deadline": "realtime", "cpu-used": "8", "threads": "1"}
# Drops files as a hand does: over the page, then let go.
DROP = """
(events, [name, type, content]) => {
  const files = new DataTransfer();
  const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
  files.items.add(new File([bytes], name, { type }));
  for (const event of events) {
    document.body.dispatchEvent(
      new DragEvent(event, { dataTransfer: files, bubbles: true, cancelable: true }),
    );
  }
}
"""
# Plays films at a sixteenth of their pace: so each part of one lasts longer than anything waits for
# it, however slow the machine is.
SLOWLY = """
addEventListener("DOMContentLoaded", () => {
  document.getElementById("video").defaultPlaybackRate = 1 / 16;
});
"""
# Keeps in `said` all that was said of a face since.
KEEP_LOOKS = """
() => {
  window.said = [];
  const keep = () => window.said.push(document.querySelector("#faces .look")?.textContent);
  new MutationObserver(keep).observe(document.getElementById("faces"), {
    childList: true,
    subtree: true,
  });
}
"""
PASTE = """
([name, type, content]) => {
  const clipboardData = new DataTransfer();
  const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
  clipboardData.items.add(new File([bytes], name, { type }));
  dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
}
"""


def picture_file(path: Path, gray: int, size: tuple[int, int] = SIZE) -> Path:
    cv2.imwrite(str(path), np.full((size[1], size[0], 3), gray, np.uint8))
    return path


def play(page, pace: float) -> None:
    page.locator("#video").evaluate("(video, pace) => { video.playbackRate = pace; }", pace)


@pytest.fixture
def bright(tmp_path) -> Path:
    return picture_file(tmp_path / "bright.png", 200)


def video_file(path: Path, grays: list[int]) -> Path:
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libvpx", rate=FPS, options=QUICKLY)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for gray in grays:
            image = np.full((SIZE[1], SIZE[0], 3), gray, np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        file.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    """A video of twelve seconds, of which the first four are bright and the others dark."""
    path = tmp_path_factory.mktemp("film") / "film.webm"
    return video_file(path, [200] * 4 * FPS + [60] * 8 * FPS)


@pytest.fixture
def opened(open_page, expect):
    """Opens a file by the dialog, as a button does."""

    def open_one(path: Path):
        page = open_page(script=SLOWLY)
        expect(page.locator("#connection")).to_have_text("Ready")
        with page.expect_file_chooser() as waiting:
            page.get_by_role("button", name="Open a picture or video").click()
        waiting.value.set_files(path)
        return page

    return open_one


def as_dropped(path: Path, kind: str | None = None) -> list[str]:
    kinds = {".png": "image/png", ".webm": "video/webm"}
    content = base64.b64encode(path.read_bytes()).decode()
    return [path.name, kinds[path.suffix] if kind is None else kind, content]


def drop(page, *file) -> None:
    page.evaluate(f"(file) => ({DROP})(['dragenter', 'dragover', 'drop'], file)", list(file))


def test_a_picture_is_read_at_once(opened, bright, expect):
    page = opened(bright)
    expect(page.locator("#faces .look")).to_have_text("looks happy")
    expect(page.locator("#source")).to_have_text("Showing bright.png")
    expect(page.locator("#spoken")).to_have_text("Person 1: looks happy.")
    expect(page.get_by_role("button", name="Pause")).to_be_hidden()
    close = page.get_by_role("button", name="Close", exact=True)
    expect(close).to_be_focused()
    close.press("Enter")
    expect(page.get_by_role("button", name="Show bright.png")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#faces .look")).to_have_text("looks happy")


def test_a_setting_applies_to_a_picture_that_is_shown(opened, bright, expect):
    page = opened(bright)
    expect(page.locator("#faces .look")).to_have_text("looks happy")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("checkbox", name="happy").first.uncheck()
    page.keyboard.press("Escape")
    expect(page.locator("#faces .look")).to_have_text("—")


def test_a_large_picture_is_made_smaller_and_a_turned_one_upright(
    opened, tmp_path, expect, analyzers
):
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    image = Image.fromarray(np.random.default_rng(1).integers(0, 255, (1500, 3000, 3), np.uint8))
    image.save(tmp_path / "large.jpg", exif=exif, quality=95)
    page = opened(tmp_path / "large.jpg")
    expect(page.locator("#faces li")).to_have_count(1)
    assert analyzers[-1].frames[0].size == (960, 1920)


def test_a_video_plays_with_the_same_view(opened, film, expect):
    page = opened(film)
    look = page.locator("#faces .look")
    expect(look).to_have_text("looks happy")
    expect(page.locator("#source")).to_have_text("Showing film.webm")
    expect(page.locator("#place")).to_contain_text("of 0:12")
    page.get_by_label("Place in the video").fill("3.9")  # from where it plays into the dark
    expect(look).to_have_text("looks sad")
    expect(page.locator("#video")).not_to_have_class("mirrored")
    play(page, 16)
    expect(page.get_by_role("alert")).to_have_text("The end of film.webm.")


def test_a_video_that_has_ended_stays_and_can_be_seen_again(opened, film, expect):
    page = opened(film)
    look, video = page.locator("#faces .look"), page.locator("#video")
    place, again = page.locator("#place input"), page.get_by_role("button", name="Again")
    place.fill("9")
    expect(look).to_have_text("looks sad")
    play(page, 16)
    expect(again).to_be_visible()
    expect(look).to_have_text("looks sad")
    assert video.evaluate("video => video.ended && !video.hidden")
    play(page, 1 / 16)
    again.click()
    expect(look).to_have_text("looks happy")
    expect(page.get_by_role("alert")).to_be_hidden()
    play(page, 16)
    expect(again).to_be_visible()
    play(page, 1 / 16)
    page.evaluate(KEEP_LOOKS)
    place.fill("0.3")  # from a place that is chosen it goes on, too
    page.wait_for_function("() => window.said.includes('looks happy')", timeout=45_000)
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    play(page, 16)
    expect(again).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Show film.webm")).to_be_focused()


def test_the_last_picture_of_a_video_is_read_until_its_word_is_its_own(
    opened, tmp_path, expect, analyzers
):
    page = opened(video_file(tmp_path / "film.webm", [200] * FPS + [60] * FPS))
    play(page, 1)
    expect(page.get_by_role("alert")).to_have_text("The end of film.webm.")
    expect(page.locator("#faces .look")).to_have_text("looks sad")
    seen = [frame for frame in analyzers[-1].frames if frame.image.mean() < 128]
    assert seen[-1].timestamp - seen[0].timestamp >= 1.0


def test_a_video_can_be_paused_and_moved_in(opened, film, expect):
    page = opened(film)
    look, video = page.locator("#faces .look"), page.locator("#video")
    expect(look).to_have_text("looks happy")
    page.keyboard.press("Space")
    assert video.evaluate("video => video.paused")
    expect(page.locator("#cover")).to_be_visible()
    page.keyboard.press("Space")
    expect(look).to_have_text("looks happy")
    assert not video.evaluate("video => video.paused")
    place = page.get_by_label("Place in the video")
    place.fill("8")
    expect(look).to_have_text("looks sad")
    expect(page.locator("#place output")).to_have_text(re.compile("^0:(08|09|10) of 0:12$"))
    place.fill("1")
    expect(look).to_have_text("looks happy")


def test_another_place_of_a_video_is_another_stream(opened, film, expect, analyzers):
    page = opened(film)
    expect(page.locator("#faces .look")).to_have_text("looks happy")
    page.get_by_label("Place in the video").fill("8")
    expect(page.locator("#faces .look")).to_have_text("looks sad")
    assert len(analyzers) == 2


def test_a_video_out_of_sight_rests(opened, film, expect):
    page = opened(film)
    expect(page.locator("#faces .look")).to_have_text("looks happy")
    see = """(hidden) => {
      Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(see, True)
    assert page.locator("#video").evaluate("video => video.paused")
    page.evaluate(see, False)
    expect(page.locator("#video")).to_have_js_property("paused", False)


def test_files_are_dropped_over_a_sign(open_page, bright, tmp_path, expect):
    page = open_page()
    expect(page.locator("#connection")).to_have_text("Ready")
    file = as_dropped(bright)
    page.evaluate(f"(file) => ({DROP})(['dragenter', 'dragover'], file)", file)
    expect(page.locator("#drop")).to_be_visible()
    page.evaluate(f"(file) => ({DROP})(['dragleave'], file)", file)
    expect(page.locator("#drop")).to_be_hidden()
    drop(page, *file)
    expect(page.locator("#faces .look")).to_have_text("looks happy")
    expect(page.locator("#drop")).to_be_hidden()
    # The next one takes its place.
    drop(page, *as_dropped(picture_file(tmp_path / "dark.png", 60)))
    expect(page.locator("#faces .look")).to_have_text("looks sad")
    expect(page.locator("#source")).to_have_text("Showing dark.png")


def test_a_picture_is_pasted(open_page, bright, expect):
    page = open_page()
    expect(page.locator("#connection")).to_have_text("Ready")
    page.evaluate(PASTE, as_dropped(bright))
    expect(page.locator("#faces .look")).to_have_text("looks happy")


def test_a_file_takes_the_place_of_the_camera(open_page, bright, expect):
    page = open_page()
    page.get_by_role("button", name="Start camera").click()
    expect(page.locator("#faces li")).to_have_count(1)
    track = page.evaluate_handle("document.getElementById('video').srcObject.getTracks()[0]")
    drop(page, *as_dropped(bright))
    expect(page.locator("#source")).to_have_text("Showing bright.png")
    assert track.evaluate("track => track.readyState") == "ended"
    expect(page.locator("#faces .look")).to_have_text("looks happy")


@pytest.mark.parametrize("name", ["bright.png", "film.webm"])
def test_a_file_without_a_kind_is_what_it_turns_out_to_be(open_page, bright, film, expect, name):
    page = open_page(script=SLOWLY)
    expect(page.locator("#connection")).to_have_text("Ready")
    (path,) = (path for path in (bright, film) if path.name == name)
    drop(page, *as_dropped(path, kind=""))
    expect(page.locator("#faces .look")).to_have_text("looks happy")


def test_what_is_neither_is_told(open_page, expect):
    page = open_page()
    expect(page.locator("#connection")).to_have_text("Ready")
    kinds = {"notes.txt": "text/plain", "a.png": "image/png", "a.mp4": "video/mp4", "folder": ""}
    for name, kind in kinds.items():
        page.evaluate("document.activeElement.blur()")
        drop(page, name, kind, base64.b64encode(b"neither of them").decode())
        expect(page.get_by_role("alert")).to_contain_text(f"“{name}” could not be opened")
        expect(page.get_by_role("button", name="Open a picture or video")).to_be_focused()
        expect(page.get_by_role("button", name=f"Show {name}")).to_be_hidden()


@pytest.mark.parametrize("kind", ["image/jpeg", "video/mp4", ""])
def test_an_empty_file_is_not_said_to_be_of_a_wrong_kind(open_page, expect, kind):
    page = open_page()
    expect(page.locator("#connection")).to_have_text("Ready")
    drop(page, "a.jpg", kind, "")
    expect(page.get_by_role("alert")).to_contain_text(
        "“a.jpg” could not be opened: the file is empty"
    )


def test_nothing_is_opened_while_settings_are(open_page, bright, expect):
    page = open_page()
    expect(page.locator("#connection")).to_have_text("Ready")
    page.get_by_role("button", name="Settings").click()
    drop(page, *as_dropped(bright))
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Start camera")).to_be_visible()


def test_a_picture_is_read_again_when_the_server_is_back(
    services, serve, browser, watch_pages, expect, bright, hurry
):
    with watch_pages(browser, allowed="WebSocket connection") as open_page:
        with serve(services) as address:
            page = open_page(address, script=hurry)
            expect(page.locator("#connection")).to_have_text("Ready")
            drop(page, *as_dropped(bright))
            expect(page.locator("#faces li")).to_have_count(1)
        expect(page.locator("#faces li")).to_have_count(0)
        with serve(services, port=int(address.rsplit(":", 1)[1])):
            expect(page.locator("#faces .look")).to_have_text("looks happy")


def test_a_real_face_in_a_picture(real_services, open_page, expect, portrait, tmp_path):
    path = tmp_path / "portrait.jpg"
    cv2.imwrite(str(path), portrait)
    services = real_services(make_detector(), *make_classifier())
    page = open_page(services=services)
    expect(page.locator("#connection")).to_have_text("Ready")
    drop(page, *as_dropped(path, kind="image/jpeg"))
    expect(page.locator("#faces .look")).to_have_text("looks happy")


@pytest.mark.heavy
def test_axe_finds_nothing(open_page, bright, film, expect, violations):
    chosen = "localStorage.setItem('mien', JSON.stringify({ theme: 'light' }))"
    page = open_page(script=SLOWLY + chosen, viewport={"width": 320, "height": 640})
    expect(page.locator("#connection")).to_have_text("Ready")
    for path in (bright, film):
        drop(page, *as_dropped(path))
        expect(page.locator("#faces .look")).to_have_text("looks happy")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert violations(page, "dark", "contrast") == []
    page.evaluate(f"(file) => ({DROP})(['dragover'], file)", as_dropped(bright))
    expect(page.locator("#drop")).to_be_visible()
    assert violations(page, "dark", "contrast") == []


PACE = """
async (given) => {
  const { Pace } = await import("/static/core/pace.js");
  const { CAMERA } = await import("/static/live/shows/pace.js");
  const pace = new Pace(CAMERA);
  return given.map(([time, count]) => {
    for (let i = 0; i < count; i++) pace.add(time(pace.value, i));
    return pace.value;
  });
}
"""


def widths(bare_page, *phases: tuple[str, int]) -> list[int]:
    """Return the width after each phase: the time of a picture as an expression, and how many."""
    given = ", ".join(f"[(width, i) => {time}, {count}]" for time, count in phases)
    return bare_page.evaluate(f"() => ({PACE})([{given}])")


def test_pictures_are_as_wide_as_can_be_read_in_time(bare_page):
    assert widths(bare_page, ("20", 200)) == [640]
    slower = [("60", 20), ("60", 20), ("60", 20), ("60", 200)]
    assert widths(bare_page, *slower) == [512, 416, 320, 320]
    assert widths(bare_page, ("60", 200), ("12", 60), ("12", 400)) == [320, 416, 640]


def test_single_hiccups_change_nothing(bare_page):
    assert widths(bare_page, ("i % 10 ? 20 : 300", 1000)) == [640]


def test_a_width_that_is_just_too_slow_is_tried_less_and_less(bare_page):
    # At 640 pixels it takes 50 ms, at 512 it seems that 640 would be fast enough.
    tries = bare_page.evaluate("""async () => {
      const { Pace } = await import("/static/core/pace.js");
      const { CAMERA } = await import("/static/live/shows/pace.js");
      const pace = new Pace(CAMERA);
      const found = [];
      for (let i = 0, last = 640; i < 6000; i++) {
        pace.add(pace.value === 640 ? 50 : 15);
        if (pace.value === 640 && last !== 640) found.push(i);
        last = pace.value;
      }
      return found;
    }""")
    waits = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert len(tries) >= 4
    assert waits == sorted(waits)
    assert waits[-1] > 4 * waits[0]
