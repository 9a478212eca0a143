"""What the tests of practice do on a page, and what they look at."""

from mien.types import Analysis, Box, Face, Frame, Prediction, Quality, Reading

LABELS = ("angry", "sad", "happy", "neutral")
BRIGHT, DARK, FACELESS = 200, 60, 0
QUESTION, REVEAL = "[data-stage=question]", "[data-stage=reveal]"
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
