"""Settings, languages, pause and accessibility of the page, in a real browser."""

import dataclasses
import json

import pytest

from mien.types import Analysis, Box, Face, Frame, Prediction, Quality, Reading

pytestmark = pytest.mark.timeout(120)
LABELS = ("angry", "sad", "happy", "neutral")
GROUNDS = {
    "light": "rgb(244, 242, 236)",
    "dark": "rgb(18, 25, 26)",
    "contrast": "rgb(0, 0, 0)",
}
BLOCKED = """
Object.defineProperty(window, "localStorage", {
  get() { throw new DOMException("blocked", "SecurityError"); },
});
"""
# What may be stored where settings should be.
GARBAGE = (
    "no JSON {",
    "null",
    "3",
    '"dark"',
    "[[]]",
    '{"theme": "pink", "text": 7, "off": "happy", "sure": "yes", "language": "__proto__"}',
    '{"off": [1, null, {}], "show": ["icons"], "pace": null}',
    '{"mute": "happy", "sound": true, "volume": "loud", "camera": 7}',
)
# Whether the tab can be seen is what this variable says.
TAB = """
window.away = false;
Object.defineProperty(document, "hidden", { get: () => window.away });
"""
# Time for some frames, were any asked for.
SEE_FRAMES = """
async () => {
  for (let i = 0; i < 30; i++) await new Promise(requestAnimationFrame);
}
"""
# When two looks are spoken, in milliseconds: the second comes at once after the first was.
WHEN_SPOKEN = """
async () => {
  const { FaceList } = await import("/static/live/faces.js");
  const part = () => document.createElement("p");
  let now = 0;
  performance.now = () => now;
  const spoken = part();
  const faces = new FaceList({ list: part(), nobody: part(), note: part(), spoken });
  const said = [];
  for (; said.length < 2 && now < 20000; now += 100) {
    const label = said.length ? "sad" : "happy";
    const before = spoken.textContent;
    faces.show({ faces: [{ track_id: 1, label, quality: { issues: [] }, probabilities: {} }] });
    if (spoken.textContent !== before) said.push(now);
  }
  return said;
}
"""
STORE = "values => localStorage.setItem('mien', JSON.stringify(values))"
WIDTH = "document.documentElement.scrollWidth"


def stored(**values: object) -> str:
    """Return a script that stores settings before the page begins, once."""
    text = json.dumps(json.dumps(values))
    return f"""
if (!sessionStorage.getItem("begun")) localStorage.setItem("mien", {text});
sessionStorage.setItem("begun", "1");
"""


@pytest.fixture
def open_settings(open_page, expect):
    """Open a page and its settings."""

    def open_both(**options):
        page = open_page(**options)
        expect(page.locator("#connection")).to_have_attribute("data-state", "connected")
        page.locator("#open-settings").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        return page

    return open_both


def test_settings_apply_at_once_and_survive_a_reload(open_settings, expect):
    page = open_settings()
    html = page.locator("html")
    page.get_by_role("radio", name="Larger").check()
    page.get_by_role("radio", name="Dark").check()
    page.get_by_role("radio", name="Words only").check()
    page.get_by_role("checkbox", name="happy").uncheck()
    page.get_by_role("checkbox", name="Show how sure mien is").check()
    for reload in (False, True):
        if reload:
            page.reload()
        expect(html).to_have_attribute("data-text", "larger")
        expect(html).to_have_attribute("data-theme", "dark")
        expect(html).to_have_attribute("data-show", "words")
    page.locator("#open-settings").click()
    expect(page.get_by_role("radio", name="Larger")).to_be_checked()
    expect(page.get_by_role("checkbox", name="happy")).not_to_be_checked()
    expect(page.get_by_role("checkbox", name="sad")).to_be_checked()
    expect(page.get_by_role("checkbox", name="Show how sure mien is")).to_be_checked()


def test_all_is_as_at_first_again(open_settings, expect):
    page = open_settings(script=stored(theme="contrast", off=["sad"], nearest=True, pace="slow"))
    expect(page.get_by_role("radio", name="High contrast")).to_be_checked()
    page.get_by_role("button", name="Reset all settings").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    expect(page.locator("html")).to_have_attribute("data-nearest", "off")
    expect(page.get_by_role("radio", name="Usual")).to_be_checked()
    expect(page.get_by_role("checkbox", name="sad")).to_be_checked()
    assert page.evaluate("localStorage.getItem('mien')") is None


def test_garbage_in_the_storage_does_no_harm(open_page, expect):
    page = open_page()
    for garbage in GARBAGE:
        page.evaluate("garbage => localStorage.setItem('mien', garbage)", garbage)
        page.reload()
        expect(page.locator("#connection")).to_have_attribute("data-state", "connected")
        page.locator("#open-settings").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("data-theme", "light")
        expect(page.locator("html")).to_have_attribute("data-text", "normal")
        for label in LABELS:
            expect(page.get_by_role("checkbox", name=label, exact=True)).to_be_checked()
        assert page.evaluate("localStorage.getItem('mien')") == garbage


def test_a_blocked_storage_does_no_harm(open_settings, expect):
    page = open_settings(script=BLOCKED)
    page.get_by_role("radio", name="Dark").check()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_each_theme_applies(open_page, expect):
    page = open_page()
    for theme, ground in GROUNDS.items():
        page.evaluate(STORE, {"theme": theme})
        page.reload()
        expect(page.locator("body")).to_have_css("background-color", ground)


def test_the_theme_follows_the_system(open_page, expect):
    systems = (
        ({"color_scheme": "light"}, "light"),
        ({"color_scheme": "dark"}, "dark"),
        ({"contrast": "more"}, "contrast"),
    )
    page = open_page()
    for system, theme in systems:
        page.emulate_media(**system)
        for reload in (False, True):
            if reload:
                page.reload()
            expect(page.locator("body")).to_have_css("background-color", GROUNDS[theme])


def test_less_motion_follows_the_system_or_the_user(open_page, open_settings, expect):
    html = open_page(reduced_motion="reduce").locator("html")
    expect(html).to_have_attribute("data-motion", "less")
    page = open_settings(reduced_motion="no-preference")
    expect(page.locator("html")).to_have_attribute("data-motion", "usual")
    page.get_by_role("radio", name="Less").check()
    expect(page.locator("html")).to_have_attribute("data-motion", "less")


def test_the_language_changes_while_the_page_runs(open_page, expect):
    page = open_page()
    page.get_by_role("button", name="Show the sample").click()
    expect(page.locator("#faces .look")).to_have_text("looks happy")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("radio", name="Deutsch").check()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("dialog")).to_have_accessible_name("Einstellungen")
    expect(page.get_by_role("checkbox", name="fröhlich")).to_be_checked()
    page.get_by_role("button", name="Schließen").click()
    expect(page.locator("#faces .look")).to_have_text("sieht fröhlich aus")
    expect(page.locator("#connection")).to_have_text("Bereit")
    expect(page.locator("#source")).to_have_text("Zu sehen: Beispiel")
    expect(page.get_by_role("region", name="Live-Bild")).to_be_visible()
    expect(page.locator("#history-keep")).to_have_text("Die letzten Minuten behalten")
    page.reload()
    expect(page.get_by_role("heading", level=2)).to_have_text("Sehen, wie ein Gesicht wirkt")


def test_the_language_is_the_browsers_until_it_is_chosen(open_page, expect):
    expect(open_page(locale="de-AT").locator("html")).to_have_attribute("lang", "de")
    expect(open_page(locale="fi-FI").locator("html")).to_have_attribute("lang", "en")
    page = open_page(locale="de-DE", script=stored(language="en"))
    expect(page.get_by_role("button", name="Start camera")).to_be_visible()


def test_a_look_that_is_off_is_not_said(open_page, expect):
    page = open_page(script=stored(off=["happy"], pace="quick"))
    page.get_by_role("button", name="Show the sample").click()
    face = page.locator("#faces li")
    expect(face.locator(".look")).to_have_text("—")
    expect(face).to_contain_text("nothing said")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("checkbox", name="happy").check()
    expect(face.locator(".look")).to_have_text("looks happy")
    expect(page.locator("#spoken")).to_have_text("Person 1: looks happy.")


def test_a_look_is_off_by_what_it_means(bare_page):
    found = bare_page.evaluate(
        """async () => {
          await import("/static/core/looks.js");
          const { settings } = await import("/static/core/settings.js");
          settings.setNamed("happy", false);
          settings.setNamed("tired", false);
          const labels = ["happy", "Happiness", "sad", "tired", "Tired"];
          const named = labels.map((label) => settings.names(label));
          settings.setNamed("happiness", true);
          return [named, settings.values.off];
        }"""
    )
    assert found == [[False, False, True, False, True], ["tired"]]


def test_a_choice_reaches_other_tabs_at_once(open_page, expect):
    page = open_page()
    other = page.context.new_page()
    other.goto(page.url)
    other.evaluate("localStorage.setItem('mien', JSON.stringify({ theme: 'dark', text: 'large' }))")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("data-text", "large")
    other.evaluate("localStorage.clear()")
    expect(page.locator("html")).to_have_attribute("data-text", "normal")
    other.close()


def test_how_sure_is_shown_only_when_asked_for(open_page, expect):
    page = open_page()
    page.get_by_role("button", name="Show the sample").click()
    expect(page.locator("#faces .look")).to_have_text("looks happy")
    expect(page.locator("#faces .sure")).to_have_count(0)
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("checkbox", name="Show how sure mien is").check()
    expect(page.locator("#faces .sure-text")).to_have_text("70% sure")


def test_words_or_icons_alone(open_page, expect):
    page = open_page(script=stored(show="icons"))
    page.get_by_role("button", name="Show the sample").click()
    look, shape = page.locator("#faces .look"), page.locator("#faces svg")
    expect(look).to_have_text("looks happy")  # for a screen reader
    expect(look).to_have_css("clip-path", "inset(50%)")
    expect(shape).to_be_visible()
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("radio", name="Words only").check()
    expect(shape).to_be_hidden()
    expect(look).to_have_css("clip-path", "none")


def test_one_large_word_for_the_nearest_face(services, open_page, expect):
    def analyze(frame: Frame) -> Analysis:
        faces = (reading(1, 20, "sad"), reading(2, 90, "happy"))
        return Analysis(frame.index, frame.timestamp, frame.source, frame.size, faces, {})

    services = dataclasses.replace(services, make_analyzer=lambda: analyze)
    page = open_page(services=services, script=stored(nearest=True))
    page.get_by_role("button", name="Show the sample").click()
    looks = page.locator("#faces .look")
    expect(looks).to_have_text(["happy"])
    expect(page.get_by_role("heading", name="The largest face")).to_be_visible()
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("checkbox", name="One large word").uncheck()
    expect(looks).to_have_text(["looks sad", "looks happy"])
    expect(page.get_by_role("heading", name="Faces in view")).to_be_visible()


def test_the_nearest_face_does_not_jump(bare_page):
    chosen = bare_page.evaluate(
        """
        async (pictures) => {
          const { Nearest } = await import("/static/live/nearest.js");
          const nearest = new Nearest();
          return pictures.map(([now, ...sides]) => {
            const faces = sides
              .map((side, i) => ({ track_id: i + 1, box: [0, 0, side, side] }))
              .filter(({ box }) => box[2]);
            return nearest.only({ faces }, now).faces.map((face) => face.track_id);
          });
        }
        """,
        [
            [0, 100, 90],
            [100, 100, 105],  # a little larger: stays
            [200, 0, 105],  # missed for a moment: none
            [300, 100, 105],
            [400, 100, 130],  # much larger
            [500, 100, 0],
            [1100, 100, 0],  # gone
            [1200, 0, 0],
        ],
    )
    assert chosen == [[1], [1], [], [1], [2], [], [1], []]


@pytest.mark.parametrize(
    ("pace", "times"), [("slow", [1500, 7500]), ("usual", [1000, 3500]), ("quick", [500, 1500])]
)
def test_the_pace_of_speech(bare_page, pace, times):
    bare_page.evaluate(STORE, {"pace": pace})
    assert bare_page.evaluate(WHEN_SPOKEN) == times


def test_space_pauses_the_camera_and_goes_on(open_page, count_pictures, analyzers, expect):
    page = open_page(script=count_pictures)
    page.get_by_role("button", name="Start camera").click()
    expect(page.locator("#faces li")).to_have_count(1)
    page.evaluate("document.activeElement.blur()")
    for _ in range(2):
        page.keyboard.press("Space")
        expect(page.locator("#cover")).to_contain_text("Paused. Press Space to go on.")
        expect(page.locator("#faces li")).to_have_count(0)
        expect(page.locator("#spoken")).to_have_text("Paused.")
        expect(page.get_by_role("button", name="Go on")).to_be_visible()
        read = len(analyzers[0].frames)
        page.evaluate(SEE_FRAMES)
        assert len(analyzers[0].frames) <= read + 1  # one was on its way
        page.keyboard.press("Space")
        expect(page.locator("#cover")).to_be_hidden()
        expect(page.locator("#faces li")).to_have_count(1)
    assert len(analyzers) == 1
    assert page.evaluate("window.most") == 1


def test_pause_holds_back_a_source_of_the_server(open_page, analyzers, expect):
    page = open_page()
    page.get_by_role("button", name="Show the sample").click()
    expect(page.locator("#faces li")).to_have_count(1)
    page.keyboard.press("Space")  # the focus is on Pause
    expect(page.locator("#cover")).to_be_visible()
    read = len(analyzers[0].frames)
    page.evaluate(SEE_FRAMES)
    assert len(analyzers[0].frames) <= read + 1
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#faces li")).to_have_count(1)
    expect(page.locator("#cover")).to_be_hidden()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Show the sample").click()
    expect(page.locator("#cover")).to_be_hidden()
    expect(page.locator("#faces li")).to_have_count(1)


def test_space_belongs_to_the_control_that_has_the_focus(open_page, expect):
    page = open_page()
    page.get_by_role("button", name="Show the sample").click()
    expect(page.locator("#faces li")).to_have_count(1)
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("checkbox", name="happy").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="happy")).not_to_be_checked()
    expect(page.locator("#cover")).to_be_hidden()


@pytest.mark.parametrize("button", ["Start camera", "Show the sample"])
def test_a_tab_out_of_sight_reads_nothing(open_page, analyzers, expect, button):
    page = open_page(script=TAB)
    page.get_by_role("button", name=button).click()
    expect(page.locator("#faces li")).to_have_count(1)
    show_tab(page, False)
    read = len(analyzers[0].frames)
    page.evaluate(SEE_FRAMES)
    held = len(analyzers[0].frames)
    assert held <= read + 1
    show_tab(page, True)
    while len(analyzers[0].frames) < held + 3:
        page.evaluate("() => new Promise(requestAnimationFrame)")
    expect(page.locator("#faces li")).to_have_count(1)


def test_the_keyboard_walks_through_the_settings(open_page, expect):
    page = open_page()
    expect(page.locator("#connection")).to_have_text("Ready")
    page.keyboard.press("Tab")
    expect(page.locator("#open-settings")).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    seen = []
    for _ in range(30):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "document.activeElement.name"
                " || document.activeElement.parentElement.innerText.trim()"
            )
        )
        if seen[-1] == "theme":
            page.keyboard.press("ArrowDown")
            page.keyboard.press("ArrowDown")
            expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        if seen[-1] == "angry":
            page.keyboard.press("Space")
            expect(page.get_by_role("checkbox", name="angry")).not_to_be_checked()
        if "Reset all settings" in seen[-1]:
            break
        outline = page.evaluate(
            "getComputedStyle(document.activeElement.closest('.option') ?? document.activeElement)"
            ".outlineStyle"
        )
        assert outline == "solid", seen[-1]
    page_parts = ["language", "text", "theme", "motion", "The key M sets a marker"]
    assert seen[:6] == [*page_parts, "show"]
    assert seen[6:10] == list(LABELS)
    switches = ["One large word", "Hide the picture", "Show how sure mien is"]
    assert seen[10:-1] == [*switches, "sound", "pace"]
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#open-settings")).to_be_focused()


def test_nothing_is_wider_than_a_phone(open_page, expect):
    page = open_page(
        viewport={"width": 320, "height": 640},
        script=stored(text="larger", language="de", sure=True),
    )
    expect(page.locator("#connection")).to_have_text("Bereit")
    assert page.evaluate(WIDTH) <= 320
    page.locator("#open-settings").click()
    page.get_by_role("radio", name="Gesprochene Wörter").check()
    dialog = page.locator("#settings")
    expect(dialog).to_be_visible()
    assert dialog.evaluate("one => one.scrollWidth <= one.clientWidth")
    body = page.locator(".settings-body")
    assert body.evaluate("one => one.scrollWidth <= one.clientWidth")
    page.keyboard.press("Escape")
    page.locator("#start-sample").click()
    expect(page.locator("#faces li")).to_have_count(1)
    for nearest in (False, True):
        if nearest:
            page.locator("#open-settings").click()
            page.get_by_role("checkbox", name="Ein großes Wort").check()
            page.keyboard.press("Escape")
            expect(page.locator("#faces .look")).to_have_text("fröhlich")
        assert page.evaluate(WIDTH) <= 320
    page.locator("#pause").click()
    expect(page.locator("#cover")).to_be_visible()
    assert page.evaluate(WIDTH) <= 320


@pytest.mark.heavy
def test_axe_finds_nothing(open_page, expect, violations):
    page = open_page(script=stored(theme="light", sure=True))
    expect(page.locator("#connection")).to_have_text("Ready")
    assert violations(page, "dark", "contrast") == []
    page.get_by_role("button", name="Show the sample").click()
    expect(page.locator("#faces .sure-text")).to_have_text("70% sure")
    page.get_by_role("button", name="Keep the last minutes").click()
    expect(page.locator("#history-strips li")).to_have_count(1)
    assert violations(page, "dark", "contrast") == []
    page.get_by_role("button", name="Settings").click()
    assert violations(page, "dark", "contrast") == []
    page.get_by_role("radio", name="Spoken words").check()
    expect(page.locator("#sound-problem")).to_contain_text("no English voice")  # nor any, here
    named = page.get_by_role("group", name="Looks that are named")
    named.get_by_role("checkbox", name="happy").uncheck()
    assert violations(page, "dark", "contrast") == []
    page.get_by_role("checkbox", name="One large word").check()
    page.keyboard.press("Escape")
    expect(page.locator("#faces .look")).to_have_text("—")
    assert violations(page, "dark", "contrast") == []
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#cover")).to_be_visible()
    assert violations(page, "dark", "contrast") == []


@pytest.mark.heavy
def test_axe_finds_nothing_in_german_on_a_phone(open_page, expect, violations):
    page = open_page(script=stored(language="de"), viewport={"width": 320, "height": 640})
    page.locator("#start-sample").click()
    expect(page.locator("#faces li")).to_have_count(1)
    assert violations(page) == []
    page.locator("#open-settings").click()
    assert violations(page) == []


def reading(number: int, side: float, label: str) -> Reading:
    chances = tuple(0.7 if name == label else 0.1 for name in LABELS)
    prediction = Prediction(LABELS, chances)
    left = 10.0 + 100 * (number - 1)
    face = Face(Box(left, 20, left + side, 20 + side), 0.9)
    return Reading(number, face, prediction, prediction, label, Quality(side, 50, 128))


def show_tab(page, seen: bool) -> None:
    page.evaluate(
        "away => { window.away = away; document.dispatchEvent(new Event('visibilitychange')); }",
        not seen,
    )
