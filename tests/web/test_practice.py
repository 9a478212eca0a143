"""Practice on the page: guess how a face looks, then see what mien says. In a real browser."""

import dataclasses
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.errors import MienError
from mien.models.occlusion import PartEffect
from mien.registry import DEFAULT_BUNDLE, make_classifier, make_detector
from mien.types import Analysis, Box, Face, Frame, Prediction, Quality, Reading

pytestmark = pytest.mark.timeout(120)
LABELS = ("angry", "sad", "happy", "neutral")
EIGHT = ("angry", "contempt", "disgust", "fear", "happy", "neutral", "sad", "surprise")
BRIGHT, DARK, FACELESS = 200, 60, 0
QUESTION, REVEAL = "[data-stage=question]", "[data-stage=reveal]"
WIDTH = "document.documentElement.scrollWidth"
# The last is first then, because nothing is swapped.
IN_ORDER = "Math.random = () => 0.999999;"
# Counts the decoded pictures that nobody has freed, and all faces that were cut out so far.
COUNT_BITMAPS = """
window.alive = window.cut = 0;
const make = window.createImageBitmap;
window.createImageBitmap = async (...given) => {
  const bitmap = await make(...given);
  window.alive += 1;
  window.cut += given.length > 1;
  const close = bitmap.close;
  bitmap.close = () => { window.alive -= 1; close.call(bitmap); };
  return bitmap;
};
"""
# Time for whatever was still on its way.
SETTLE = """
async () => {
  for (let i = 0; i < 30; i++) await new Promise(requestAnimationFrame);
}
"""
PIXEL = """
canvas => [...canvas.getContext("2d")
  .getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data]
"""
PLACES = """
() => ["practice-face", "practice-finish", "practice-round"].map((name) => {
  const { x, y, width, height } = document.getElementById(name).getBoundingClientRect();
  return [x, y, width, height].map(Math.round);
})
"""


def stored(**values: object) -> str:
    return f"localStorage.setItem('mien', {json.dumps(json.dumps(values))});"


@pytest.fixture
def picture(tmp_path):
    """Write a gray picture, in which the fake server sees a face; returns its path."""

    def write(gray: int = BRIGHT, name: str = "a.jpg", size: tuple[int, int] = (320, 180)) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), np.full((size[1], size[0], 3), gray, np.uint8))
        return path

    return write


@pytest.fixture
def practise(open_page, expect):
    """Open a page and practise on files, in the order given; returns it at the first question."""
    return lambda files, **options: begin(open_page, expect, "/", files, **options)


@pytest.fixture
def practise_with(practise, services):
    """As `practise`, on a server that reads or explains its pictures otherwise."""

    def start(files, *, analyze=None, explain=services.explain):
        make_analyzer = services.make_analyzer if analyze is None else lambda: analyze
        other = dataclasses.replace(services, make_analyzer=make_analyzer, explain=explain)
        return practise(files, services=other)

    return start


def begin(open_page, expect, url, files, *, script="", **options):
    page = open_page(url, script=IN_ORDER + script, **options)
    page.locator("#start-practice").click()
    page.set_input_files("#practice-files", list(reversed(files)))
    expect(page.locator("#practice-round")).to_have_attribute("data-stage", "question")
    return page


def answer(page, name: str) -> None:
    page.locator(QUESTION).get_by_role("button", name=name).click()
    page.locator(REVEAL).wait_for()


def answer_all(page, expect, names) -> None:
    """Answer, each time once the next face is there."""
    for index, name in enumerate(names):
        if index:
            page.locator("#practice-next").click()
        expect(page.locator("#practice-round")).to_have_attribute("data-stage", "question")
        answer(page, name)


def fake_reading(frame: Frame, label: str | None, issues=()) -> Analysis:
    chances = tuple(0.7 if name == (label or "angry") else 0.1 for name in LABELS)
    prediction = Prediction(LABELS, chances)
    faces = [Box(10, 10, 40, 40), Box(120, 40, 200, 120)]  # the second is the largest
    readings = tuple(
        Reading(
            number, Face(box, 0.9), prediction, prediction, label, Quality(50, 50, 99, None, issues)
        )
        for number, box in enumerate(faces, start=1)
    )
    return Analysis(0, 0.0, "picture", frame.size, readings, {})


def test_a_guess_then_what_mien_says_and_which_part_mattered(practise, picture, expect):
    page = practise([picture(BRIGHT)])
    expect(page.get_by_role("heading", level=2)).to_have_text("How does this face look?")
    expect(page.get_by_role("heading", level=2)).to_be_focused()
    expect(page.locator("#practice-number")).to_have_text("Face 1")
    expect(page.locator("#practice-spoken")).to_have_text("Face 1")
    expect(page.get_by_role("img", name="Picture of face 1")).to_be_visible()
    assert page.locator("#practice-face").evaluate(PIXEL) == pytest.approx(
        [BRIGHT] * 3 + [255], abs=2
    )
    names = ["Angry", "Sad", "Happy", "Neutral", "Not sure"]
    expect(page.get_by_role("group", name="How does this face look?")).to_be_visible()
    expect(page.locator(".answer .answer-word")).to_have_text(names)
    for hidden in ("#practice-said", "#practice-part", "#practice-mark", "#practice-next"):
        expect(page.locator(hidden)).to_be_hidden()
    answer(page, "Happy")
    said = page.locator("#practice-said li")
    expect(said).to_have_text(["You saidhappy", "mien sayslooks happy70% sure"])
    expect(page.locator("#practice-verdict")).to_have_text("You and mien say the same.")
    expect(page.locator("#practice-part")).to_have_text("For mien, the mouth mattered most.")
    expect(page.locator("#practice-measured")).to_contain_text("covered the brows, eyes and mouth")
    expect(page.get_by_role("button", name="Angry")).to_be_hidden()
    expect(page.get_by_role("button", name="Next")).to_be_focused()
    spoken = page.locator("#practice-spoken")
    expect(spoken).to_have_text(re.compile("You said happy.*mien says looks happy 70% sure.*mouth"))


def test_the_part_is_drawn_where_it_is(practise, picture, expect):
    page = practise([picture(BRIGHT)], reduced_motion="no-preference")
    answer(page, "Happy")
    mark = page.locator("#practice-mark")
    expect(mark).to_have_css("opacity", "1")
    # As high as the picture, and a tenth more on each side.
    assert mark.get_attribute("viewBox") == "52 -18 216 216"
    line = page.locator(".mark-line").get_attribute("d")
    corners = [tuple(map(float, two.split(","))) for two in re.findall(r"Q(\S+) ", line)]
    # The lower third of the box that the fake server gives.
    assert np.array(corners) == pytest.approx(
        np.array([[96, 120], [224, 120], [224, 162], [96, 162]])
    )
    face, outline = (page.locator(name).bounding_box() for name in ("#practice-face", ".mark-line"))
    scale = face["width"] / 180
    assert outline["x"] - face["x"] == pytest.approx((96 - 70) * scale, abs=5)
    assert outline["y"] - face["y"] == pytest.approx(120 * scale, abs=5)
    assert outline["width"] == pytest.approx(128 * scale, abs=10)
    before = page.screenshot()
    page.evaluate("document.getElementById('practice-mark').remove()")
    assert page.screenshot() != before


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


def test_mien_may_be_unsure_and_says_why_a_face_is_hard(practise_with, picture, expect):
    def analyze(frame):
        return fake_reading(frame, None, ("blurred", "dark"))

    page = practise_with([picture(name="a.jpg"), picture(name="b.jpg")], analyze=analyze)
    # The largest of the faces, with room around it.
    view = page.locator("#practice-mark").get_attribute("viewBox").split()
    assert [float(value) for value in view] == pytest.approx([78.4, -1.6, 163.2, 163.2])
    answer(page, "Angry")
    expect(page.locator("#practice-said li")).to_have_text(["You saidangry", "mien saysnot sure"])
    expect(page.locator("#practice-verdict")).to_have_text(
        "mien could not tell. People often see more than mien."
    )
    expect(page.locator("#practice-harder")).to_have_text(
        "This face is harder to read: blurred, too dark."
    )
    for name in ("part", "measured"):  # nothing was said for which a part could matter
        expect(page.locator(f"#practice-{name}")).to_be_hidden()
    assert page.locator(".mark-line").get_attribute("d") == ""
    page.locator("#practice-next").click()
    answer(page, "Not sure")
    expect(page.locator("#practice-verdict")).to_have_text("You and mien say the same.")


def test_a_face_outside_the_models_looks_is_said_to_be_something_else(
    practise_with, picture, expect
):
    def analyze(frame):
        label = None if frame.image.mean() < 100 else "happy"
        prediction = Prediction(LABELS, (0.0, 0.1, 0.9, 0.0), 0.25 if label else 0.6)
        reading = Reading(
            *(1, Face(Box(100, 20, 200, 150), 0.9), prediction, prediction, label),
            *(Quality(100, 50, 128), None if label else "something else"),
        )
        return Analysis(0, 0.0, "picture", frame.size, (reading,), {})

    page = practise_with([picture(DARK, "a.jpg"), picture(BRIGHT, "b.jpg")], analyze=analyze)
    answer(page, "Sad")
    said = page.locator("#practice-said li")
    expect(said).to_have_text(["You saidsad", "mien saysnot surelooks like something else"])
    page.locator("#practice-next").click()
    answer(page, "Happy")
    # 90 of 100 among the looks, three quarters of which are left beside something else.
    expect(said.last).to_have_text("mien sayslooks happy68% sure")


def test_no_part_is_named_that_hardly_matters(practise_with, picture, expect):
    none, brows = "For mien, no single part mattered much.", "For mien, the brows mattered most."
    cases = {180: (0.049, none), 200: (0.05, brows), 220: (-0.3, none)}  # by the picture's gray

    def weak(image, face):
        effect, _ = cases[min(cases, key=lambda gray: abs(gray - image.mean()))]
        region = np.array([[100, 40], [200, 40], [200, 60], [100, 60]], np.float32)
        return (PartEffect("brows", effect, region), PartEffect("eyes", -0.4, region))

    page = practise_with([picture(gray, f"{gray}.jpg") for gray in cases], explain=weak)
    for effect, said in cases.values():
        answer(page, "Happy")
        expect(page.locator("#practice-part")).to_have_text(said)
        assert bool(page.locator(".mark-line").get_attribute("d")) == (said == brows), effect
        page.locator("#practice-next").click()


def test_no_reading_is_called_certain(practise_with, picture, expect):
    def analyze(frame):
        prediction = Prediction(LABELS, (0.0, 0.0, 1.0, 0.0))
        face = Face(Box(100, 20, 200, 150), 0.9)
        quality = Quality(100, 50, 128)
        reading = Reading(1, face, prediction, prediction, "happy", quality)
        return Analysis(0, 0.0, "picture", frame.size, (reading,), {})

    page = practise_with([picture()], analyze=analyze)
    answer(page, "Happy")
    expect(page.locator("#practice-said")).to_contain_text("99% sure")


def test_folders_say_how_their_faces_look(open_page, picture, tmp_path, expect):
    for name in ("set/happy/a.jpg", "set/happy/b.jpg", "set/Sadness/c.jpg", "set/holiday/d.jpg"):
        picture(BRIGHT, name)
    page = open_page(script=IN_ORDER)
    page.on("filechooser", lambda _: None)  # the browser knows early that they are caught
    page.get_by_role("button", name="Practice").click()
    page.get_by_role("button", name="Other faces").click()
    with page.expect_file_chooser() as waiting:
        page.get_by_role("button", name="Choose a folder").click()
    waiting.value.set_files(tmp_path / "set")
    lines = []
    for index in range(4):
        if index:
            page.get_by_role("button", name="Next").click()
        expect(page.locator("#practice-round")).to_have_attribute("data-stage", "question")
        expect(page.locator("#practice-lies")).to_be_hidden()
        answer(page, "Sad")
        lines.append(page.locator("#practice-lies").text_content())
    assert sorted(lines) == [
        "",
        "It lies in the folder “Sadness”.",
        *["It lies in the folder “happy”."] * 2,
    ]
    page.get_by_role("button", name="Finish").click()
    expect(page.locator("#practice-folders")).to_have_text(
        "The folders named the look of 3 of them. You said the same as the folder in 1, mien in 2."
    )


def test_what_shows_no_face_is_left_out_and_counted(practise, picture, tmp_path, expect):
    text, broken = tmp_path / "notes.txt", tmp_path / "broken.jpg"
    text.write_text("no picture")
    broken.write_bytes(b"\xff\xd8\xff no picture either")
    faceless = [picture(FACELESS, f"{name}.jpg") for name in "xyz"]
    page = practise([*faceless, text, broken, picture(BRIGHT)])
    left_out = page.locator("#practice-left-out")
    expect(left_out).to_have_text(
        "3 pictures were left out: no face was found in them."
        " 2 files were left out: they could not be read as pictures."
    )
    answer(page, "Happy")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#practice-looked")).to_have_text("You looked at 1 face.")
    expect(page.locator("#practice-all")).to_have_text("These were all the faces.")
    expect(left_out).to_contain_text("3 pictures")


@pytest.mark.parametrize("count", [0, 1, 2])
def test_pictures_without_a_face_lead_back_with_a_word(open_page, picture, tmp_path, expect, count):
    (tmp_path / "empty").mkdir()
    page = open_page()
    page.get_by_role("button", name="Practice").click()
    if count:
        files = [picture(FACELESS, f"{index}.jpg") for index in range(count)]
        page.set_input_files("#practice-files", files)
    else:
        page.locator("#practice-folder-files").dispatch_event("change")  # of an empty folder
    expect(page.locator("#practice-none")).to_have_text("No face was found to practise with.")
    expect(page.get_by_role("heading", name="Practise reading faces")).to_be_focused()
    said = ["", "1 picture was left out: no face was found in it.", "2 pictures were left out"]
    expect(page.locator("#practice-left-out")).to_contain_text(said[count])
    page.set_input_files("#practice-files", picture(BRIGHT))
    expect(page.locator("#practice-round")).to_have_attribute("data-stage", "question")
    expect(page.locator("#practice-left-out")).to_be_hidden()


def test_a_picture_at_which_the_server_fails_is_left_out(practise_with, picture, expect):
    def analyze(frame):
        if frame.image.mean() < 128:
            raise MienError("it is too dark for me")
        return fake_reading(frame, "happy")

    page = practise_with([picture(DARK, "a.jpg"), picture(BRIGHT, "b.jpg")], analyze=analyze)
    expect(page.get_by_role("alert")).to_have_text("it is too dark for me")
    expect(page.locator("#practice-left-out")).to_have_text(
        "1 file was left out: it could not be read as a picture."
    )


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


@pytest.mark.parametrize("button", ["Start camera", "Show the sample"])
def test_moments_of_the_live_view_are_kept_for_practice(open_page, analyzers, expect, button):
    page = open_page()
    page.get_by_role("button", name=button).click()
    expect(page.locator("#faces li")).to_have_count(1)
    sign = page.locator("#live .kept p")
    expect(sign).to_be_hidden()
    keep = page.get_by_role("button", name="Keep this moment")
    keep.click()
    expect(sign).to_have_text("1 moment is kept for practice, until this page is closed.")
    expect(page.locator("#practice-spoken")).to_contain_text("1 moment is kept")
    keep.click()
    expect(sign).to_have_text("2 moments are kept for practice, until this page is closed.")
    page.get_by_role("button", name="Practise with them").click()
    expect(page.locator("#live")).to_be_hidden()
    page.evaluate(SETTLE)
    read = sum(len(one.frames) for one in analyzers)
    page.get_by_role("button", name="Moments you kept (2)").click()
    expect(page.locator("#practice-round")).to_have_attribute("data-stage", "question")
    answer_all(page, expect, ["Happy", "Sad"])
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#practice-looked")).to_have_text("You looked at 2 faces.")
    frames = [frame for one in analyzers for frame in one.frames]
    assert len(frames) == read + 2  # no stream runs
    assert all(frame.size[0] in (320, 640) for frame in frames)
    page.get_by_role("button", name="Practise again").click()
    expect(page.locator("#practice-number")).to_have_text("Face 1")
    expect(page.locator("#practice-round")).to_have_attribute("data-stage", "question")


def test_moments_can_be_forgotten(open_page, expect):
    page = open_page()
    page.get_by_role("button", name="Show the sample").click()
    expect(page.locator("#faces li")).to_have_count(1)
    keep = page.get_by_role("button", name="Keep this moment")
    keep.click()
    page.get_by_role("button", name="Forget them").click()
    expect(page.locator("#live .kept")).to_be_hidden()
    expect(page.locator("#practice-spoken")).to_have_text("No moment is kept.")
    expect(keep).to_be_focused()
    keep.click()
    page.get_by_role("button", name="Practise with them").click()
    expect(page.get_by_role("button", name="Moments you kept (1)")).to_be_visible()
    page.get_by_role("button", name="Forget them").click()
    expect(page.get_by_role("button", name="Moments you kept")).to_be_hidden()
    expect(page.get_by_role("button", name="Choose pictures")).to_be_focused()
    expect(page.locator("#practice-hint")).to_be_visible()


def test_the_oldest_of_forty_moments_goes_first(open_page, expect):
    page = open_page()
    found = page.evaluate(
        """
        async () => {
          const { Kept } = await import("/static/practice/kept.js");
          const kept = new Kept(document.createElement("p"));
          const canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [1280, 720];
          const context = canvas.getContext("2d");
          for (let i = 0; i < 42; i++) {
            context.fillStyle = `rgb(${i * 5} ${i * 5} ${i * 5})`;
            context.fillRect(0, 0, 1280, 720);
            await kept.keep(canvas);
          }
          const [first, last] = await Promise.all(
            [0, -1].map((place) => createImageBitmap(kept.blobs.at(place))),
          );
          const gray = (bitmap) => {
            context.drawImage(bitmap, 0, 0);
            return context.getImageData(5, 5, 1, 1).data[0];
          };
          const types = new Set(kept.blobs.map((blob) => blob.type));
          return [kept.blobs.length, gray(first), gray(last), first.width, first.height, ...types];
        }
        """
    )
    assert found[0] == 40
    assert found[1:3] == pytest.approx([10, 205], abs=2)
    assert found[3:] == [640, 360, "image/jpeg"]
    expect(page.locator(".kept p").first).to_have_text(
        "40 moments are kept for practice, until this page is closed."
        " For each new one, the oldest goes."
    )


def test_what_a_pause_hides_is_not_kept(open_page, expect):
    page = open_page()
    page.get_by_role("button", name="Show the sample").click()
    expect(page.locator("#faces li")).to_have_count(1)
    keep = page.get_by_role("button", name="Keep this moment")
    page.get_by_role("button", name="Pause").click()
    expect(keep).to_be_disabled()
    page.get_by_role("button", name="Go on").click()
    expect(keep).to_be_enabled()


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
    expect(page.locator("#practice-looks li").nth(1)).to_have_text("Fröhlichdu 1-mal, mien 3-mal")


def test_a_look_that_was_off_at_first_has_its_shape(practise, picture, expect):
    page = practise([picture(BRIGHT)], script=stored(off=["happy"]))
    expect(page.locator(".answer:visible")).to_have_count(4)
    change(page, "happy")
    expect(page.get_by_role("button", name="Happy").locator(".shape-happy")).to_be_visible()
    answer(page, "Happy")
    change(page, "happy")
    expect(page.locator("#practice-said svg").first).to_have_class("shape shape-happy")
    expect(page.locator("#practice-said svg").last).to_have_class("shape shape-unsaid")


def wait_for(page, counter: str, count: int) -> None:
    """Wait until one of the counters of COUNT_BITMAPS has a value."""
    for _ in range(40):
        if page.evaluate(f"window.{counter}") == count:
            return
        page.evaluate(SETTLE)
    raise AssertionError(f"{counter} is {page.evaluate(f'window.{counter}')}, not {count}")


def change(page, name: str) -> None:
    page.locator("#open-settings").click()
    page.get_by_role("dialog").get_by_text(name, exact=True).locator("visible=true").click()
    page.keyboard.press("Escape")


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
            expect(page.get_by_role("alert")).to_have_text("mien is back.")
            answer_all(page, expect, ["Happy"])
            page.get_by_role("button", name="Next").click()
            answer_all(page, expect, ["Happy", "Sad"])
            page.get_by_role("button", name="Next").click()
            expect(page.locator("#practice-looked")).to_have_text("You looked at 6 faces.")
            expect(page.locator("#practice-left-out")).to_be_hidden()


def test_reads_little_ahead_and_frees_it_all(practise, picture, analyzers, expect):
    files = [picture(BRIGHT, f"{index}.jpg") for index in range(40)]
    page = practise(files, script=COUNT_BITMAPS)
    wait_for(page, "alive", 3)  # the one that is seen, and two more
    page.evaluate(SETTLE)
    assert len(analyzers) == 3
    answer(page, "Happy")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#practice-number")).to_have_text("Face 2")
    page.get_by_role("button", name="Finish").click()
    page.evaluate(SETTLE)
    assert page.evaluate("window.alive") == 3
    page.get_by_role("button", name="Back to the start").click()
    wait_for(page, "alive", 0)
    assert len(analyzers) == 4


def test_leaving_while_a_picture_is_read_frees_it(open_page, picture, expect):
    page = open_page(script=COUNT_BITMAPS)
    expect(page.locator("#connection")).to_have_text("Ready")
    page.get_by_role("button", name="Practice").click()
    page.set_input_files("#practice-files", [picture(BRIGHT, f"{i}.jpg") for i in range(9)])
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#practice-round")).to_be_hidden()
    page.evaluate(SETTLE)
    wait_for(page, "alive", 0)


def test_pictures_of_any_size(practise, picture, analyzers):
    seen = {
        (4000, 3000): (1280, 960),
        (600, 2560): (300, 1280),
        (48, 48): (48, 48),
        (3000, 1): (1280, 1),
    }
    page = practise([picture(BRIGHT, f"{width}.jpg", (width, height)) for width, height in seen])
    for size in seen:
        page.locator(QUESTION).wait_for()
        face = page.locator("#practice-face")
        width, height = face.evaluate("one => [one.width, one.height]")
        assert width == height <= 640, size
        box = face.bounding_box()
        assert box["width"] == pytest.approx(box["height"], abs=1), size
        answer(page, "Happy")
        page.locator("#practice-next").click()
    assert [frame.size for one in analyzers for frame in one.frames] == list(seen.values())


def test_a_turned_photograph_is_upright(practise, tmp_path, analyzers):
    image = pytest.importorskip("PIL.Image")
    exif = image.Exif()
    exif[0x0112] = 6  # turned to the right by a quarter
    path = tmp_path / "turned.jpg"
    image.new("RGB", (320, 180), (BRIGHT,) * 3).save(path, exif=exif)
    practise([path])
    assert analyzers[0].frames[0].size == (180, 320)


@pytest.mark.parametrize("width", [1280, 768, 360])
def test_nothing_moves_at_the_reveal(practise, picture, width):
    keys = ("1", "3", "5")
    files = [picture(BRIGHT, f"{key}.jpg") for key in keys]
    view = {"viewport": {"width": width, "height": 800}, "reduced_motion": "no-preference"}
    page = practise(files, **view)
    for key in keys:
        page.locator(QUESTION).wait_for()
        before = page.evaluate(PLACES)
        page.keyboard.press(key)
        page.locator(REVEAL).wait_for()
        assert page.evaluate(PLACES) == before, f"after {key}"
        page.locator("#practice-next").click()


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


def test_axe_finds_nothing(open_page, picture, expect, violations):
    page = open_page(script=stored(theme="light"), reduced_motion="no-preference")
    page.get_by_role("button", name="Show the sample").click()
    expect(page.locator("#faces li")).to_have_count(1)
    page.get_by_role("button", name="Keep this moment").click()
    expect(page.locator("#live .kept")).to_be_visible()
    assert violations(page, "dark", "contrast") == []
    page.get_by_role("button", name="Practise with them").click()
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


def test_the_order_is_new_each_time_and_nothing_is_lost(bare_page):
    order, again = bare_page.evaluate(
        """
        async () => {
          const { Rounds } = await import("/static/practice/rounds.js");
          const all = async () => {
            const read = async (item) => ({ item, close() {} });
            const rounds = new Rounds([...Array(50).keys()], read, () => {});
            const found = [];
            rounds.next();
            rounds.cancel(); // whoever waited has gone
            await new Promise((resolve) => setTimeout(resolve, 50));
            while (true) {
              const face = await rounds.next();
              if (!face) return found;
              found.push(face.item);
            }
          };
          return [await all(), await all()];
        }
        """
    )
    assert order != again
    assert sorted(order) == sorted(again) == list(range(50))


def test_a_picture_that_was_on_its_way_is_sent_again_but_not_for_ever(bare_page):
    found = bare_page.evaluate(
        """
        async () => {
          const { Portraits } = await import("/static/practice/portraits.js");
          const canvas = document.createElement("canvas");
          const blob = await new Promise((resolve) => canvas.toBlob(resolve));
          const read = async (losses) => {
            let sent = 0;
            const connection = { open: true };
            const portraits = new Portraits(connection);
            connection.read = async () => {
              sent += 1;
              if (sent > losses) return { faces: [], size: [300, 150] };
              connection.open = false;
              setTimeout(() => {
                connection.open = true;
                portraits.goOn();
              }, 10);
              return null;
            };
            return [await portraits.read(blob), sent];
          };
          return [await read(1), await read(9)];
        }
        """
    )
    assert found == [["faceless", 2], ["unreadable", 3]]


def test_which_look_a_folder_means(bare_page):
    looks = {
        "happy": "happy",
        "Happiness": "happy",
        "ANGER": "angry",
        "fear": "afraid",
        "holiday": None,
        "constructor": None,
        "": None,
    }
    found = bare_page.evaluate(
        """
        async ([folders, labels]) => {
          const { lookOf } = await import("/static/practice/rounds.js");
          return folders.map((folder) => lookOf(folder, labels));
        }
        """,
        [list(looks), LABELS],
    )
    assert dict(zip(looks, found, strict=True)) == looks


def test_a_real_face_is_read_and_explained(practise, real_services, portrait, tmp_path, expect):
    if not DEFAULT_BUNDLE.is_dir():
        pytest.skip(f"needs the shipped bundle, {DEFAULT_BUNDLE.name}, which is not here yet")
    services = real_services(make_detector(), *make_classifier())
    path = tmp_path / "portrait.png"
    cv2.imwrite(str(path), cv2.copyMakeBorder(portrait, 60, 60, 110, 110, cv2.BORDER_REPLICATE))
    page = practise([path], services=services)
    answer(page, "Happy")
    expect(page.locator("#practice-said li").last).to_have_text(
        re.compile(r"^mien sayslooks happy[5-9]\d% sure$")
    )
    expect(page.locator("#practice-verdict")).to_have_text("You and mien say the same.")
    expect(page.locator("#practice-part")).to_have_text("For mien, the mouth mattered most.")
    # The mouth is in the lower half of the face, near its middle.
    face, mouth = (page.locator(name).bounding_box() for name in ("#practice-face", ".mark-line"))
    across = (mouth["x"] + mouth["width"] / 2 - face["x"]) / face["width"]
    down = (mouth["y"] + mouth["height"] / 2 - face["y"]) / face["height"]
    assert 0.35 < across < 0.65
    assert 0.55 < down < 0.9


def test_a_face_whose_rest_is_known_is_compared_with_it(practise, picture, expect):
    names = ("anna-happy.jpg", "bert-happy.jpg", "anna-neutral.jpg")
    grays = dict(zip(names, (BRIGHT, BRIGHT, DARK), strict=True))
    page = practise([picture(gray, name) for name, gray in grays.items()])
    rest = page.locator("#practice-rest")
    expect(rest).to_be_hidden()
    answer(page, "Happy")
    face = page.locator("#practice-face")
    for button, gray in (("Show the same face at rest", DARK), ("Back to the look", BRIGHT)):
        page.get_by_role("button", name=button).click()
        assert face.evaluate(PIXEL) == pytest.approx([gray] * 3 + [255], abs=2)
    for _ in names[1:]:  # nobody's rest is known, and the one that is at rest itself
        page.locator("#practice-next").click()
        page.locator(QUESTION).wait_for()
        answer(page, "Happy")
        expect(rest).to_be_hidden()
