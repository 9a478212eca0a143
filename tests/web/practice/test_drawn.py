"""Practice with drawn faces, and the record of practice. In a real browser."""

import csv
import io
import itertools
import json
import re

import pytest

pytestmark = pytest.mark.timeout(120)
# The order of the looks is the last first, and each is drawn in the last of its ways.
IN_ORDER = "Math.random = () => 0.999999;"
QUESTION, REVEAL = "[data-stage=question]", "[data-stage=reveal]"
KEPT = "localStorage.getItem('mien-practice')"
DRAWN = "document.getElementById('practice-drawing').innerHTML"
PLACES = """
() => [".round-face", "#practice-finish", "#practice-round"].map((name) => {
  const { x, y, width, height } = document.querySelector(name).getBoundingClientRect();
  return [x, y, width, height].map(Math.round);
})
"""
WIDTH = "document.documentElement.scrollWidth"
SMALL = """
() => [...document.querySelectorAll("#practice :is(button, summary, label)")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }))
  .map((one) => [one.textContent, one.getBoundingClientRect().height])
  .filter(([, height]) => height < 44)
"""
# Each face as it is drawn, the parts that are told of it, and their words in each language.
FACES = """
async () => {
  const [{ drawFace }, { PEOPLE }, { WAYS, STRONG, unitsOf, partsOf, REGIONS }, { languages }] =
    await Promise.all([
      import("/static/practice/drawn/face.js"),
      import("/static/practice/drawn/people.js"),
      import("/static/practice/drawn/looks.js"),
      import("/static/generated/languages.js"),
    ]);
  const faces = [];
  const said = Object.fromEntries(Object.keys(languages).map((name) => [name, []]));
  for (const [look, ways] of Object.entries(WAYS)) {
    for (const way of ways) {
      for (const [part, state] of partsOf(way)) {
        for (const [name, words] of Object.entries(languages)) {
          said[name].push(`${part} ${state}: ${words.practice.drawn.parts[part][state]}`);
        }
        if (!REGIONS[part]) throw Error(`${part} is nowhere`);
      }
      for (let strength = 1; strength <= STRONG; strength++) {
        const units = unitsOf(way, strength);
        for (const person of PEOPLE) faces.push([look, drawFace(person, units, "a")]);
      }
    }
  }
  const parts = Object.entries(languages.en.practice.drawn.parts);
  const rows = parts.flatMap(([part, { name, ...states }]) =>
    Object.keys(states).map((state) => `${part} ${state}`),
  );
  return { faces, said, rows };
}
"""
COURSE = """
async () => {
  const { Course } = await import("/static/practice/drawn/course.js");
  const course = new Course();
  const looks = ["angry", "sad", "happy"];
  const faces = Array.from({ length: 60 }, () => course.next(looks));
  const levels = (answers) => {
    const one = new Course();
    return [...answers].map((answer) => {
      one.learn("sad", answer === "+");
      return one.levelOf("sad").strength;
    });
  };
  const other = course.levelOf("sad").strength;
  return { faces, levels: ["++++++", "++--+", "+-+-+-"].map(levels), other };
}
"""
RESTS = """
async ([paths]) => {
  const { restOf, restsOf } = await import("/static/practice/rests.js");
  const items = paths.map((path) => ({
    name: path.split("/").at(-1),
    webkitRelativePath: path.includes("/") ? path : "",
    path,
  }));
  const rests = restsOf(items);
  return Object.fromEntries(items.map((item) => [item.path, restOf(item, rests)?.path ?? null]));
}
"""


def stored(**values: object) -> str:
    return f"localStorage.setItem('mien', {json.dumps(json.dumps(values))});"


@pytest.fixture
def practise(open_page, expect):
    """Open a page and press Practice; returns it at the first question."""

    def start(*, script: str = "", **options: object):
        page = open_page(script=IN_ORDER + script, **options)
        page.locator("#start-practice").click()
        page.locator(QUESTION).wait_for()
        return page

    return start


def answer(page, name: str) -> None:
    page.locator(QUESTION).get_by_role("button", name=name).click()
    page.locator(REVEAL).wait_for()


def go_on(page) -> None:
    page.locator("#practice-next").click()
    page.locator(QUESTION).wait_for()


def test_practice_begins_with_a_drawing_and_explains_its_parts(practise, analyzers, expect):
    page = practise()
    expect(page.get_by_role("heading", name="How does this face look?")).to_be_focused()
    face = page.locator("#practice-drawing")
    expect(face).to_have_accessible_name("Drawing of face 1")  # the answer is not given away
    names = ["Angry", "Sad", "Happy", "Neutral", "Not sure"]
    expect(page.locator(".answer:visible .answer-word")).to_have_text(names)
    answer(page, "Neutral")
    said = page.locator("#practice-said li")
    expect(said).to_have_text(["You saidneutral", "The drawinglooks neutral"])
    expect(page.locator("#practice-verdict")).to_have_text("This is the look that was drawn.")
    expect(page.locator("#practice-part")).to_have_text("Brows, eyes and mouth are at rest")
    go_on(page)
    page.keyboard.press("2")
    page.locator(REVEAL).wait_for()
    expect(said).to_have_text(["You saidsad", "The drawinglooks happystrong"])
    expect(page.locator("#practice-verdict")).to_contain_text("Another look was drawn.")
    parts = ["Eyes: narrower, the cheeks push up from below", "Mouth: corners up, teeth show"]
    expect(page.locator("#practice-parts li")).to_have_text(parts)
    expect(page.locator("#practice-spoken")).to_contain_text("looks happy strong Another look")
    expect(page.locator("#practice-spoken")).to_contain_text(parts[1])
    name = f"Drawing of face 2. It looks happy. {'; '.join(parts)}."
    expect(face).to_have_accessible_name(name)
    assert analyzers == []  # nothing was read
    page.get_by_role("button", name="Finish").click()
    page.get_by_role("button", name="Back to the start").click()
    expect(page.locator("#practice-spoken")).to_have_text("")


def test_a_part_is_marked_and_the_face_shown_at_rest(practise, expect):
    page = practise(script=stored(motion="less"))
    answer(page, "Not sure")
    go_on(page)
    answer(page, "Not sure")
    line, mouth = page.locator(".mark-line"), page.get_by_role("button", name="Mouth:")
    assert line.get_attribute("d") == ""
    mouth.click()
    expect(mouth).to_have_attribute("aria-pressed", "true")
    (outline, face) = (one.bounding_box() for one in (line, page.locator("#practice-drawing")))
    middle = (outline["y"] + outline["height"] / 2 - face["y"]) / face["height"]
    assert 0.7 < middle < 0.85
    page.get_by_role("button", name="Eyes:").click()
    expect(mouth).to_have_attribute("aria-pressed", "false")
    mouth.click()
    mouth.click()
    assert line.get_attribute("d") == ""
    look = page.evaluate(DRAWN)
    page.get_by_role("button", name="Show the same face at rest").click()
    label = page.locator("#practice-drawing")
    expect(label).to_have_accessible_name("Drawing of face 2, at rest.")
    assert page.evaluate(DRAWN) != look
    page.get_by_role("button", name="Back to the look").click()
    assert page.evaluate(DRAWN) == look
    # The next face is not at rest.
    page.get_by_role("button", name="Show the same face at rest").click()
    go_on(page)
    answer(page, "Sad")
    expect(page.get_by_role("button", name="Show the same face at rest")).to_be_visible()


def test_more_looks_are_chosen_and_those_that_are_off_never_drawn(practise, expect):
    page = practise(script=stored(off=["angry"]))
    expect(page.locator(".answer:visible")).to_have_count(4)
    page.get_by_role("button", name="Other faces").click()
    page.get_by_role("checkbox", name="disgusted").check()
    page.get_by_role("button", name="Practise with drawn faces").click()
    page.locator(QUESTION).wait_for()
    expect(page.get_by_role("button", name="Disgusted")).to_be_visible()
    seen = set()
    for _ in range(8):
        answer(page, "Not sure")
        seen.add(page.locator("#practice-said .said-look").last.text_content())
        go_on(page)
    assert seen == {f"looks {look}" for look in ("sad", "happy", "neutral", "disgusted")}
    # Of a look that is switched off now nothing is said.
    answer(page, "Not sure")
    go_on(page)
    answer(page, "Not sure")
    expect(page.locator("#practice-said .said-look").last).to_have_text("looks neutral")
    page.locator("#open-settings").click()
    page.get_by_role("dialog").get_by_text("neutral", exact=True).first.click()
    page.keyboard.press("Escape")
    expect(page.locator("#practice-said .said-look").last).to_have_text("nothing said")
    expect(page.locator("#practice-parts li")).to_have_count(0)
    expect(page.locator("#practice-drawing")).to_have_accessible_name("Drawing of face 10")


def test_with_one_look_left_the_page_says_what_drawn_faces_need(open_page, expect):
    page = open_page(script=stored(off=["angry", "sad", "happy"]))
    page.locator("#start-practice").click()
    expect(page.get_by_role("button", name="Practise with drawn faces")).to_be_disabled()
    expect(page.locator("#practice-few")).to_contain_text("at least two looks")
    page.get_by_role("checkbox", name="afraid").check()
    expect(page.get_by_role("button", name="Practise with drawn faces")).to_be_enabled()


def test_drawings_that_cannot_be_loaded_are_told_of(browser, address, expect):
    with browser.new_context() as context:
        page = context.new_page()
        page.route("**/practice/drawn/*", lambda route: route.abort())
        page.goto(address)
        page.locator("#start-practice").click()
        expect(page.locator("#practice-few")).to_contain_text("could not be loaded")
        expect(page.get_by_role("heading", name="Practise reading faces")).to_be_focused()


def test_the_record_is_kept_only_when_asked_for_and_can_be_deleted(practise, expect):
    page = practise()
    answer(page, "Neutral")
    page.get_by_role("button", name="Finish").click()
    assert not re.search(r"%|score|points|right|wrong", page.inner_text("#practice-summary"))
    expect(page.locator("#practice-record-sign")).to_contain_text("Nothing is kept")
    assert page.evaluate(KEPT) is None
    page.get_by_role("button", name="Keep my answers").click()
    expect(page.locator("#practice-spoken")).to_contain_text("This browser keeps your answers.")
    kept = page.locator("#practice-record-kept")
    expect(kept).to_have_text("1 answer is kept, from 1 sitting.")  # this sitting's
    page.reload()
    page.locator("#start-practice").click()
    page.locator(QUESTION).wait_for()
    answer(page, "Neutral")
    go_on(page)
    answer(page, "Not sure")
    page.get_by_role("button", name="Finish").click()
    expect(kept).to_have_text("3 answers are kept, from 2 sittings.")
    happy, neutral = "drawn once, you said it 0 times", "drawn once, you said it once"
    counts = [f"Happy{happy}", f"Neutral{neutral}", "Not sureyou said it once"]
    expect(page.locator("#practice-looks li")).to_have_text(counts)
    page.get_by_text("Look at it").click()
    expect(page.locator("#practice-record-sittings h4")).to_have_count(2)
    expect(page.locator("#practice-record-sittings ol").first.locator("li")).to_have_text(
        ["Drawn: neutral. You said: neutral.", "Drawn: happy, strong. You said: not sure."]
    )
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save as CSV").click()
    rows = list(csv.DictReader(io.StringIO(waiting.value.path().read_text(encoding="utf-8"))))
    facts = ("faces", "person", "look", "strength", "answer", "mien")
    assert [tuple(row[fact] for fact in facts) for row in rows] == [
        ("drawn", "8", "neutral", "3", "neutral", ""),
        ("drawn", "8", "neutral", "3", "neutral", ""),
        ("drawn", "7", "happy", "3", "", ""),
    ]
    assert rows[0]["sitting"] < rows[1]["sitting"] == rows[2]["sitting"] < rows[2]["time"]
    page.get_by_role("button", name="Keep no more answers").click()
    page.get_by_role("button", name="Go on").click()
    page.locator(QUESTION).wait_for()
    answer(page, "Sad")
    page.get_by_role("button", name="Finish").click()
    expect(kept).to_have_text("3 answers are kept, from 2 sittings.")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("button", name="Do not delete")).to_be_focused()
    page.get_by_role("button", name="Do not delete").click()
    assert page.evaluate(KEPT) is not None
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete all").click()
    assert page.evaluate(KEPT) is None
    expect(kept).to_be_hidden()
    expect(page.get_by_role("button", name="Keep my answers")).to_be_focused()


@pytest.mark.parametrize(
    "there", ["{", "7", "[]", '{"on":true,"answers":[{"time":"x"},null,{"faces":"drawn"}]}']
)
def test_whatever_lies_where_the_record_is_kept_does_no_harm(bare_page, there):
    kept = bare_page.evaluate(
        """
        async (there) => {
          localStorage.setItem("mien-practice", there);
          const { Record } = await import("/static/practice/record.js");
          const record = new Record();
          const before = record.answers.length;
          record.start();
          const drawn = { faces: "drawn", person: 1, look: "sad", strength: 2 };
          for (let i = 0; i < 3; i++) record.add({ ...drawn, answer: null, mien: null });
          return [before, record.answers.length];
        }
        """,
        there,
    )
    assert kept == [0, 3]


def test_a_browser_that_keeps_nothing_is_told_of(practise, expect):
    page = practise(script="Storage.prototype.setItem = () => { throw Error('full'); };")
    answer(page, "Sad")
    page.get_by_role("button", name="Finish").click()
    page.get_by_role("button", name="Keep my answers").click()
    expect(page.locator("#practice-record-sign")).to_contain_text("does not let mien keep anything")
    expect(page.get_by_role("button", name="Keep my answers")).to_be_visible()


@pytest.mark.parametrize("size", [(1280, 800), (390, 844), (844, 390)])
def test_nothing_moves_at_the_reveal_of_a_drawing(practise, size):
    page = practise(viewport=dict(zip(("width", "height"), size, strict=True)))
    for key in ("1", "3"):
        before = page.evaluate(PLACES)
        page.keyboard.press(key)
        page.locator(REVEAL).wait_for()
        assert page.evaluate(PLACES) == before
        go_on(page)


def test_no_answer_is_broken_within_a_word_on_a_phone_that_lies(practise):
    script = stored(text="larger", language="de")
    page = practise(viewport={"width": 844, "height": 390}, script=script)
    words = page.locator(".answer-word").all()
    lines = page.evaluate(
        "parseFloat(getComputedStyle(document.querySelector('.answer-word')).lineHeight)"
    )
    for word in words:
        text = word.text_content()
        assert word.bounding_box()["height"] < lines * (len(text.split()) + 0.5), text


@pytest.mark.heavy
def test_drawn_practice_fits_a_narrow_phone_and_axe_finds_nothing(practise, violations, expect):
    page = practise(
        viewport={"width": 320, "height": 640},
        script=stored(text="larger", language="de", theme="light"),
    )

    def check(view):
        assert page.evaluate(WIDTH) <= 320, view
        assert page.evaluate(SMALL) == [], view
        assert violations(page, "dark", "contrast") == [], view

    page.keyboard.press("4")
    go_on(page)
    check("question")
    page.keyboard.press("4")
    page.locator(REVEAL).wait_for()
    page.locator(".part").first.click()
    check("reveal")
    page.locator("#practice-finish").click()
    page.locator("#practice-record-keep").click()
    page.locator("#practice-record-list summary").click()
    page.locator("#practice-record-delete").click()
    check("summary and record")
    page.locator("#practice-other").click()
    check("choice")


def test_drawings_course_and_pictures_at_rest(bare_page):
    found = bare_page.evaluate(FACES)
    plain = {face for look, face in found["faces"] if look == "neutral"}
    assert len(plain) == 8
    others = [face for look, face in found["faces"] if look != "neutral"]
    assert len({*others}) == len(others) == 8 * 3 * 11
    assert not plain & {*others}
    assert not re.search("NaN|undefined|Infinity", "".join(others))
    for language, said in found["said"].items():
        assert not [line for line in said if "undefined" in line], language
    # No words without a face that shows it.
    assert {line.split(":")[0] for line in found["said"]["en"]} == {*found["rows"]}

    course = bare_page.evaluate(COURSE)
    faces = course["faces"]
    assert all(one["person"] != two["person"] for one, two in itertools.pairwise(faces))
    for start in range(0, 60, 6):
        looks = [face["look"] for face in faces[start : start + 6]]
        assert sorted(looks) == ["angry", "angry", "happy", "happy", "sad", "sad"]
    assert {face["strength"] for face in faces} == {course["other"]} == {3}
    # Twice in a row, then weaker; any other answer, then stronger; never beyond what there is.
    assert course["levels"] == [[3, 2, 2, 1, 1, 1], [3, 2, 3, 3, 3], [3, 3, 3, 3, 3, 3]]

    pairs = {
        "set/anna/happy.jpg": "set/anna/neutral.jpg",
        "set/anna/neutral.jpg": None,
        "set/bert/happy 2.jpg": "set/bert/neutral 1.jpg",
        "set/bert/neutral 1.jpg": None,
        "set/cleo-anger-2.png": "set/cleo-neutral.png",
        "set/cleo-neutral.png": None,
        "set/sadness/dora.jpg": "set/neutral/dora.jpg",
        "set/neutral/dora.jpg": None,
        "set/happy/holiday.jpg": None,
        # The numbers of a data set are nobody's names.
        "set/happy/0001.jpg": None,
        "set/neutral/0001.jpg": None,
        "set/happy/happy2.jpg": None,
        "set/neutral/neutral2.jpg": None,
        "set/sad/img 7.jpg": None,
        "set/neutral/img 7.jpg": None,
        "emil_happy.jpg": "emil_neutral.jpg",
        "emil_neutral.jpg": None,
        "": None,
    }
    assert bare_page.evaluate(RESTS, [list(pairs)]) == pairs
