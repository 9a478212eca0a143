"""What is said and drawn of a face once it was answered: telling.js, mark.js. In a real browser."""

import re

import cv2
import numpy as np
import pytest
from tests.web.practice.steps import BRIGHT, DARK, LABELS, QUESTION, REVEAL, answer, fake_reading

from mien.models.occlusion import PartEffect
from mien.registry import DEFAULT_BUNDLE, make_classifier, make_detector
from mien.types import Analysis, Box, Face, Prediction, Quality, Reading

pytestmark = pytest.mark.timeout(120)
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
    expect(page.locator("#practice-often")).to_have_text(
        "What often makes a face look happy. Mouth: corners up; or corners up, teeth show."
    )
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
        # The brows of happy faces are at rest: there is nothing to look for.
        expect(page.locator("#practice-often")).to_be_hidden()
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
