"""What the page tells of a look: how long it lasts, a sound, a word spoken."""

import base64
import dataclasses
import functools
import itertools
import json

import numpy as np
import pytest

from mien.types import Analysis, Box, Face, Frame, Prediction, Quality, Reading

pytestmark = pytest.mark.timeout(120)

# Who is told, and when, on a clock that we turn: each entry is [ms, {id: value}].
ANNOUNCE = """
async ([script, silent]) => {
  const { Announcer } = await import("/static/sound/announcer.js");
  const announcer = new Announcer();
  const told = [];
  for (const [now, values] of script) {
    const present = new Map(Object.entries(values));
    const id = announcer.due(present, now, (value) => silent.includes(value));
    if (id === undefined) continue;
    announcer.tell(id, now);
    told.push([now, id, present.get(id)]);
  }
  return told;
}
"""
# What the list says of how long, on a clock that we turn: each entry is [ms, label or "away"],
# or the name of a language, or "pause".
LASTING = """
async (script) => {
  const { FaceList } = await import("/static/live/faces.js");
  const { settings } = await import("/static/core/settings.js");
  const part = () => document.createElement("div");
  const [list, nobody, note, spoken] = [part(), part(), part(), part()];
  let now = 0;
  performance.now = () => now;
  const faces = new FaceList({ list, nobody, note, spoken });
  const said = [];
  let face = { track_id: 1, quality: { issues: [] }, probabilities: {} };
  for (const step of script) {
    if (step === "pause") faces.rest();
    else if (typeof step === "string") settings.set("language", step);
    else {
      now = step[0];
      faces.show({ faces: step[1] === "away" ? [] : [{ ...face, label: step[1] }] });
      said.push(list.querySelector(".lasting")?.textContent ?? null);
    }
  }
  return { said, spoken: spoken.textContent };
}
"""

# Stands for the browser's speech: keeps what is said, and ends each word when it is told to.
SPEECH = """
window.said = [];
window.cancels = 0;
window.utterance = null;
window.voices = [
  { name: "far", lang: "en-US", localService: false, default: true },
  { name: "near", lang: "en-GB", localService: true, default: false },
  { name: "nah", lang: "de_DE", localService: true, default: false },
];
window.SpeechSynthesisUtterance = class extends EventTarget {
  constructor(text) {
    super();
    this.text = text;
  }
};
Object.defineProperty(window, "speechSynthesis", {
  value: Object.assign(new EventTarget(), {
    getVoices: () => window.voices,
    speak(utterance) {
      window.utterance = utterance;
      const { text, voice, lang, volume } = utterance;
      window.said.push([text, voice.name, lang, volume]);
      if (!window.slow) utterance.dispatchEvent(new Event("end"));
    },
    cancel() {
      window.cancels += 1;
      window.utterance?.dispatchEvent(new Event("error"));
    },
  }),
});
"""
# Stands for WebAudio: keeps how many contexts there are and which frequencies were asked for.
AUDIO = """
window.contexts = [];
window.tones = [];
const param = (calls) =>
  new Proxy({}, { get: (_, name) => (...values) => calls.push([name, ...values]) });
window.AudioContext = class {
  constructor() {
    this.state = "suspended";
    this.currentTime = 0;
    this.destination = {};
    window.contexts.push(this);
  }
  async resume() {
    if (navigator.userActivation.hasBeenActive) this.state = "running";
    else await new Promise(() => {});
  }
  async close() {
    this.state = "closed";
  }
  createOscillator() {
    const calls = [];
    window.tones.push(calls);
    return Object.assign(new EventTarget(), {
      frequency: param(calls),
      connect() {},
      start() {},
      stop() {
        setTimeout(() => this.dispatchEvent(new Event("ended")), 0);
      },
    });
  }
  createGain() {
    return { gain: param([]), connect() {} };
  }
};
"""
# Each look's figure as it sounds, by a context that computes faster than it plays.
RENDER = """
async (labels) => {
  const { figureOf, Tones } = await import("/static/sound/tones.js");
  const rate = 24000;
  const found = {};
  for (const label of labels) {
    const context = new OfflineAudioContext(1, rate, rate);
    Object.defineProperty(context, "state", { value: "running" });
    const tones = new Tones();
    tones.context = context;
    tones.play(figureOf(label, labels), 1, () => {});
    const bytes = new Uint8Array((await context.startRendering()).getChannelData(0).buffer);
    const wave = btoa(Array.from(bytes, (one) => String.fromCharCode(one)).join(""));
    found[label] = { figure: figureOf(label, labels), wave };
  }
  return found;
}
"""

UNTIL = """
async ([what, count]) => {
  const end = performance.now() + 15000;
  while (window[what].length < count) {
    if (performance.now() > end) throw Error(`only ${window[what].length} ${what}`);
    await new Promise(requestAnimationFrame);
  }
}
"""


def stored(**values: object) -> str:
    """Return a script that stores settings before the page begins, once."""
    text = json.dumps(json.dumps(values))
    return f"""
if (!sessionStorage.getItem("begun")) localStorage.setItem("mien", {text});
sessionStorage.setItem("begun", "1");
"""


def every(start: int, end: int, step: int = 100, **values: str | None) -> list[object]:
    return [[now, values] for now in range(start, end, step)]


def announced(page, script, *silent: str) -> list[object]:
    return page.evaluate(ANNOUNCE, [script, silent])


def test_what_does_not_last_is_not_told(bare_page):
    flicker = [[now, {"1": "happy" if now % 600 else "sad"}] for now in range(0, 9000, 300)]
    assert announced(bare_page, flicker) == []
    assert announced(bare_page, every(0, 900, a="happy")) == []
    assert announced(bare_page, every(0, 9000, a="happy")) == [[1000, "a", "happy"]]


def test_one_at_a_time_and_who_has_waited_longest_is_first(bare_page):
    bare_page.evaluate(stored(pace="usual"))
    script = [*every(0, 500, a="happy"), *every(500, 9000, b="sad", a="happy")]
    assert announced(bare_page, script) == [[1000, "a", "happy"], [3500, "b", "sad"]]
    script = [*every(0, 500, b="sad"), *every(500, 9000, a="happy", b="sad")]
    assert announced(bare_page, script) == [[1000, "b", "sad"], [3500, "a", "happy"]]


def test_what_is_no_longer_so_when_its_turn_comes_is_left_out(bare_page):
    script = [*every(0, 3000, a="happy", b="sad"), *every(3000, 9000, a="happy")]
    assert announced(bare_page, script) == [[1000, "a", "happy"]]


def test_a_doubt_or_a_short_absence_is_no_news(bare_page):
    for between in (every(2000, 6000, a=None), every(2000, 6000)):
        script = [*every(0, 2000, a="happy"), *between, *every(6000, 9000, a="happy")]
        assert announced(bare_page, script) == [[1000, "a", "happy"]]
    script = [*every(0, 2000, a="happy"), *every(2000, 13_000), *every(13_000, 15_000, a="happy")]
    assert announced(bare_page, script) == [[1000, "a", "happy"], [14_000, "a", "happy"]]


def test_what_is_silent_is_passed_over_and_then_the_same_is_news(bare_page):
    script = [
        *every(0, 4000, a="happy"),
        *every(4000, 8000, a="sad"),
        *every(8000, 12_000, a="happy"),
    ]
    assert announced(bare_page, script, "sad") == [[1000, "a", "happy"], [9000, "a", "happy"]]
    assert announced(bare_page, script, "sad", "happy") == []


def lasting(page, *script: object) -> list[str | None]:
    """What the list says at the last moment of each stretch of (start, end, label)."""
    steps: list[object] = []
    ends = []
    for step in script:
        if isinstance(step, str):
            steps.append(step)
            continue
        start, end, label = step
        steps += [[now, label] for now in range(start, end, 200)] + [[end, label]]
        ends.append(sum(not isinstance(one, str) for one in steps) - 1)
    said = page.evaluate(LASTING, steps)["said"]
    return [said[at] for at in ends]


def test_how_long_a_look_lasts_is_said_in_coarse_steps(bare_page):
    times = [0, 4900, 5000, 9900, 10_000, 20_000, 30_000, 59_900, 60_000, 119_900, 120_000]
    stretches = [(a, b, "happy") for a, b in itertools.pairwise([0, *times])]
    assert lasting(bare_page, *stretches) == [
        *("", "", "for 5 s", "for 5 s", "for 10 s", "for 20 s", "for 30 s", "for 30 s"),
        *("for 1 min", "for 1 min", "for 2 min"),
    ]


def test_another_look_begins_anew_and_a_missed_face_does_not(bare_page):
    happy = (0, 6000, "happy")
    assert lasting(bare_page, happy, (6100, 10_000, "sad")) == ["for 5 s", ""]
    assert lasting(bare_page, happy, (6100, 12_000, None)) == ["for 5 s", "for 5 s"]
    missed = lasting(bare_page, happy, (6100, 6500, "away"), (6550, 10_000, "happy"))
    assert missed == ["for 5 s", "for 5 s", "for 10 s"]
    away = lasting(bare_page, happy, (6100, 6700, "away"), (6800, 10_000, "happy"))
    assert away == ["for 5 s", None, ""]
    # Nothing was shown in between, as in a tab that is out of sight.
    assert lasting(bare_page, happy, (9000, 10_000, "happy")) == ["for 5 s", ""]


def test_how_long_survives_another_language_but_not_a_pause(bare_page):
    bare_page.evaluate(stored(off=["sad"]))
    happy = (0, 6000, "happy")
    assert lasting(bare_page, happy, "de", (6100, 6200, "happy")) == ["for 5 s", "seit 5 s"]
    assert lasting(bare_page, "en", happy, "pause", (6100, 10_000, "happy")) == ["for 5 s", ""]
    # Where a look is off, nothing is said of it, nor how long.
    assert lasting(bare_page, (0, 20_000, "sad"), (20_100, 24_000, "happy")) == ["", ""]


def test_how_long_is_not_spoken(bare_page):
    found = bare_page.evaluate(LASTING, [[now, "happy"] for now in range(0, 12_000, 200)])
    assert found["said"][-1] == "for 10 s"
    assert found["spoken"] == "Person 1: looks happy."


def start(open_page, script: str = SPEECH, **values: object):
    """Open the page with a sound, and show a happy face."""
    values = {"sound": "words", "pace": "quick", **values}
    page = open_page(script=script + stored(**values))
    page.get_by_role("button", name="Show the sample").click()
    return page


def wait_for(page, count: int, what: str = "said") -> None:
    page.evaluate(UNTIL, [what, count])


def test_there_is_no_sound_unless_it_is_asked_for(open_page, source, expect):
    page = start(open_page, SPEECH + AUDIO, sound="off")
    expect(page.locator("#spoken")).to_have_text("Person 1: looks happy.")
    source.gray = 60
    expect(page.locator("#spoken")).to_have_text("Person 1: looks sad.")
    assert page.evaluate("[window.said, window.contexts]") == [[], []]
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("radio", name="Off")).to_be_checked()
    for name in ("Volume", "Try it"):
        expect(page.get_by_text(name, exact=True)).to_be_hidden()


def test_words_are_spoken_once_per_look_by_a_voice_of_this_machine(open_page, source, expect):
    page = start(open_page, volume=30)
    wait_for(page, 1)
    source.gray = 60
    wait_for(page, 2)
    expect(page.locator("#spoken")).to_have_text("Person 1: looks sad.")
    assert page.evaluate("window.said") == [
        ["looks happy", "near", "en-GB", 0.3],
        ["looks sad", "near", "en-GB", 0.3],
    ]


def test_words_are_spoken_in_the_language_of_the_page(open_page, expect):
    page = start(open_page, language="en", sound="words")
    wait_for(page, 1)
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("radio", name="Deutsch").check()
    page.get_by_role("button", name="Ausprobieren").click()
    wait_for(page, 2)
    assert page.evaluate("window.said.at(-1)") == ["sieht wütend aus", "nah", "de_DE", 0.5]


def test_without_a_voice_of_this_machine_nothing_is_spoken_and_that_is_said(open_page, expect):
    only_far = SPEECH + "window.voices = window.voices.filter((voice) => !voice.localService);"
    page = start(open_page, only_far)
    expect(page.locator("#spoken")).to_have_text("Person 1: looks happy.")
    page.get_by_role("button", name="Settings").click()
    problem = page.locator("#sound-problem")
    expect(problem).to_contain_text("no English voice on this machine")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#sound-tried")).to_have_text("Nothing could be played.")
    assert page.evaluate("window.said") == []
    # Browsers find their voices late.
    page.evaluate(
        "window.voices.push({ name: 'near', lang: 'en', localService: true });"
        "speechSynthesis.dispatchEvent(new Event('voiceschanged'))"
    )
    expect(problem).to_be_empty()
    page.get_by_role("radio", name="Deutsch").check()
    expect(problem).to_contain_text("keine deutsche Stimme")


def test_a_browser_without_sound_says_so(open_page, expect):
    gone = "delete window.AudioContext; delete window.speechSynthesis;"
    page = open_page(script=gone + "window.speechSynthesis = undefined;")
    page.get_by_role("button", name="Settings").click()
    problem = page.locator("#sound-problem")
    page.get_by_role("radio", name="A quiet tone").check()
    expect(problem).to_have_text("This browser cannot play tones.")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#sound-tried")).to_have_text("Nothing could be played.")
    page.get_by_role("radio", name="Spoken words").check()
    expect(problem).to_have_text("This browser cannot speak.")
    page.get_by_role("radio", name="Off").check()
    expect(problem).to_be_empty()


@pytest.mark.parametrize("setting", ["off", "mute"])
def test_a_look_that_is_off_makes_no_sound(open_page, source, expect, setting):
    page = start(open_page, **{setting: ["happy"]})
    expect(page.locator("#faces li")).to_have_count(1)
    if setting == "mute":
        expect(page.locator("#spoken")).to_have_text("Person 1: looks happy.")
    source.gray = 60
    wait_for(page, 1)
    assert [text for text, *_ in page.evaluate("window.said")] == ["looks sad"]
    page.get_by_role("button", name="Settings").click()
    sounds = page.get_by_role("group", name="Looks with a sound")
    box = sounds.get_by_role("checkbox", name="happy")
    expect(box).not_to_be_checked()
    if setting == "mute":
        box.check()
    else:
        expect(box).to_be_disabled()
        named = page.get_by_role("group", name="Looks that are named")
        named.get_by_role("checkbox", name="happy").check()
        expect(box).to_be_enabled()
    expect(box).to_be_checked()
    source.gray = 200
    wait_for(page, 2)
    assert page.evaluate("window.said.at(-1)[0]") == "looks happy"


def test_of_several_people_each_is_named(services, open_page, expect):
    services = dataclasses.replace(services, make_analyzer=lambda: two_people)
    open_both = functools.partial(open_page, services=services)
    page = start(open_both)
    wait_for(page, 2)
    assert [text for text, *_ in page.evaluate("window.said")] == [
        "Person 1: looks sad.",
        "Person 2: looks happy.",
    ]
    page = start(open_both, nearest=True)
    wait_for(page, 1)
    expect(page.locator("#spoken")).to_have_text("Person 2: happy.")
    assert [text for text, *_ in page.evaluate("window.said")] == ["happy"]


def test_only_one_is_spoken_at_a_time(open_page, source, expect):
    page = start(open_page, SPEECH + "window.slow = true;")
    wait_for(page, 1)
    source.gray = 60
    expect(page.locator("#spoken")).to_have_text("Person 1: looks sad.")
    assert len(page.evaluate("window.said")) == 1
    page.evaluate("window.utterance.dispatchEvent(new Event('end'))")
    wait_for(page, 2)
    assert page.evaluate("window.cancels") == 0


@pytest.mark.parametrize("button", ["Pause", "Stop"])
def test_pause_and_stop_cut_speech_short(open_page, expect, button):
    page = start(open_page, SPEECH + "window.slow = true;")
    wait_for(page, 1)
    page.get_by_role("button", name=button).click()
    assert page.evaluate("window.cancels") == 1


def test_a_tab_out_of_sight_is_silent(open_page, expect):
    tab = "Object.defineProperty(document, 'hidden', { get: () => window.away ?? false });"
    page = start(open_page, SPEECH + tab + "window.slow = true;")
    wait_for(page, 1)
    page.evaluate("window.away = true; document.dispatchEvent(new Event('visibilitychange'))")
    assert page.evaluate("window.cancels") == 1


def test_sound_that_is_switched_off_ends_at_once(open_page, source, expect):
    page = start(open_page, SPEECH + AUDIO + "window.slow = true;")
    wait_for(page, 1)
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("radio", name="A quiet tone").check()
    assert page.evaluate("window.cancels") == 1
    wait_for(page, 1, "tones")  # the happy face again, by the other way
    page.get_by_role("radio", name="Off").check()
    assert page.evaluate("window.contexts.map(({ state }) => state)") == ["closed"]
    source.gray = 60
    expect(page.locator("#spoken")).to_have_text("Person 1: looks sad.")
    assert page.evaluate("[window.said.length, window.tones.length]") == [1, 1]


def test_a_tone_sounds_for_each_look_once_something_was_pressed(open_page, source, expect):
    page = open_page(script=AUDIO + stored(sound="tone", pace="quick"))
    expect(page.locator("#connection")).to_have_text("Ready")
    assert page.evaluate("window.contexts.length") == 0
    page.get_by_role("button", name="Show the sample").click()
    wait_for(page, 1, "tones")
    source.gray = 60
    wait_for(page, 2, "tones")
    happy, sad = page.evaluate("window.tones")
    assert [name for name, *_ in happy] == ["setValueAtTime"] * 2
    assert [name for name, *_ in sad] == ["setValueAtTime", "exponentialRampToValueAtTime"]
    assert happy[0][1] < happy[1][1]
    assert sad[0][1] > sad[1][1]
    assert page.evaluate("window.contexts.length") == 1


def test_try_it_plays_one_look_after_the_other(open_page, expect):
    page = open_page(script=AUDIO + SPEECH + stored(mute=["sad"]))
    expect(page.locator("#connection")).to_have_text("Ready")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("radio", name="A quiet tone").check()
    tried = page.locator("#sound-tried")
    expect(tried).to_be_empty()
    for count, look in enumerate(["angry", "happy", "neutral", "angry"], 1):
        page.get_by_role("button", name="Try it").click()
        expect(tried).to_have_text(f"looks {look}")
        assert page.evaluate("window.tones.length") == count
    sounds = page.get_by_role("group", name="Looks with a sound")
    for look in ("angry", "happy", "neutral"):
        sounds.get_by_role("checkbox", name=look).uncheck()
    page.get_by_role("button", name="Try it").click()
    expect(tried).to_have_text("No look has a sound.")
    assert page.evaluate("window.tones.length") == 4


def test_the_volume_is_said_and_kept(open_page, expect):
    page = open_page(script=SPEECH + stored(sound="words"))
    expect(page.locator("#connection")).to_have_text("Ready")
    for reload in (False, True):
        if reload:
            page.reload()
        page.get_by_role("button", name="Settings").click()
        expect(page.get_by_role("slider", name="Volume")).to_be_visible()
        slider = page.locator("#volume")
        if not reload:
            slider.focus()
            page.keyboard.press("ArrowRight")
            page.get_by_role("button", name="Try it").click()
            assert page.evaluate("window.said[0][3]") == 0.6
        expect(slider).to_have_value("60")
        expect(slider).to_have_attribute("aria-valuetext", "60%")
        expect(page.locator("output[for=volume]")).to_have_text("60%")
    page.get_by_role("button", name="Reset all settings").click()
    expect(slider).to_have_value("50")


def test_each_look_has_a_figure_of_its_own_that_is_short_and_soft(bare_page):
    labels = ["anger", "contempt", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"]
    found = bare_page.evaluate(RENDER, labels)
    contours = {label: contour(one["figure"]) for label, one in found.items()}
    assert len(set(contours.values())) == len(labels), contours
    for label, one in found.items():
        wave = np.frombuffer(base64.b64decode(one["wave"]), np.float32)
        assert 0.2 < np.abs(wave).max() <= 0.3, label
        heard = np.flatnonzero(np.abs(wave) > 0.003) / 24_000
        assert 0.25 < heard[-1] < 0.4, label
        # No click: from one sample to the next no more than the slope of the tone itself.
        assert np.abs(np.diff(wave)).max() < 0.05, label


def contour(figure) -> tuple[int, ...]:
    """How a figure moves: its number of notes, and up, down or even between them."""
    notes = [note if isinstance(note, list) else [note] for note in figure]
    steps = [(b > a) - (b < a) for a, b in itertools.pairwise(itertools.chain(*notes))]
    return len(notes), *steps


def two_people(frame: Frame) -> Analysis:
    faces = (reading(1, 20, "sad"), reading(2, 90, "happy"))
    return Analysis(frame.index, frame.timestamp, frame.source, frame.size, faces, {})


def reading(number: int, side: float, label: str) -> Reading:
    labels = ("sad", "happy")
    chances = tuple(0.9 if name == label else 0.1 for name in labels)
    prediction = Prediction(labels, chances)
    left = 10.0 + 100 * (number - 1)
    face = Face(Box(left, 20, left + side, 20 + side), 0.9)
    return Reading(number, face, prediction, prediction, label, Quality(side, 50, 128))
