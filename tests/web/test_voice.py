"""What the page tells of a look: how long it lasts, a sound, a word spoken."""

import itertools
import json

import pytest

pytestmark = pytest.mark.timeout(120)

# Who is told, and when, on a clock that we turn: each entry is [ms, {id: value}].
ANNOUNCE = """
async ([script, silent]) => {
  const { Announcer } = await import("/static/announcer.js");
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
  const { FaceList } = await import("/static/faces.js");
  const { settings } = await import("/static/settings.js");
  const [list, nobody, note, spoken] = ["ul", "p", "p", "p"].map((tag) => document.createElement(tag));
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


def test_what_does_not_last_is_not_told(open_page):
    page = open_page()
    flicker = [[now, {"1": "happy" if now % 600 else "sad"}] for now in range(0, 9000, 300)]
    assert announced(page, flicker) == []
    assert announced(page, every(0, 900, a="happy")) == []
    assert announced(page, every(0, 9000, a="happy")) == [[1000, "a", "happy"]]


def test_one_at_a_time_and_who_has_waited_longest_is_first(open_page):
    page = open_page(script=stored(pace="usual"))
    script = [*every(0, 500, a="happy"), *every(500, 9000, b="sad", a="happy")]
    assert announced(page, script) == [[1000, "a", "happy"], [3500, "b", "sad"]]
    script = [*every(0, 500, b="sad"), *every(500, 9000, a="happy", b="sad")]
    assert announced(page, script) == [[1000, "b", "sad"], [3500, "a", "happy"]]


def test_what_is_no_longer_so_when_its_turn_comes_is_left_out(open_page):
    script = [*every(0, 3000, a="happy", b="sad"), *every(3000, 9000, a="happy")]
    assert announced(open_page(), script) == [[1000, "a", "happy"]]


def test_a_doubt_or_a_short_absence_is_no_news(open_page):
    page = open_page()
    for between in (every(2000, 6000, a=None), every(2000, 6000)):
        script = [*every(0, 2000, a="happy"), *between, *every(6000, 9000, a="happy")]
        assert announced(page, script) == [[1000, "a", "happy"]]
    script = [*every(0, 2000, a="happy"), *every(2000, 13_000), *every(13_000, 15_000, a="happy")]
    assert announced(page, script) == [[1000, "a", "happy"], [14_000, "a", "happy"]]


def test_what_is_silent_is_passed_over_and_then_the_same_is_news(open_page):
    script = [
        *every(0, 4000, a="happy"),
        *every(4000, 8000, a="sad"),
        *every(8000, 12_000, a="happy"),
    ]
    page = open_page()
    assert announced(page, script, "sad") == [[1000, "a", "happy"], [9000, "a", "happy"]]
    assert announced(page, script, "sad", "happy") == []


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


def test_how_long_a_look_lasts_is_said_in_coarse_steps(open_page):
    page = open_page()
    times = [0, 4900, 5000, 9900, 10_000, 20_000, 30_000, 59_900, 60_000, 119_900, 120_000]
    stretches = [(a, b, "happy") for a, b in itertools.pairwise([0, *times])]
    assert lasting(page, *stretches) == [
        *("", "", "for 5 s", "for 5 s", "for 10 s", "for 20 s", "for 30 s", "for 30 s"),
        *("for 1 min", "for 1 min", "for 2 min"),
    ]


def test_another_look_begins_anew_and_a_missed_face_does_not(open_page):
    page = open_page()
    happy = (0, 6000, "happy")
    assert lasting(page, happy, (6100, 10_000, "sad")) == ["for 5 s", ""]
    assert lasting(page, happy, (6100, 12_000, None)) == ["for 5 s", "for 5 s"]
    missed = lasting(page, happy, (6100, 6500, "away"), (6550, 10_000, "happy"))
    assert missed == ["for 5 s", "for 5 s", "for 10 s"]
    away = lasting(page, happy, (6100, 6700, "away"), (6800, 10_000, "happy"))
    assert away == ["for 5 s", None, ""]
    # Nothing was shown in between, as in a tab that is out of sight.
    assert lasting(page, happy, (9000, 10_000, "happy")) == ["for 5 s", ""]


def test_how_long_survives_another_language_but_not_a_pause(open_page):
    page = open_page(script=stored(off=["sad"]))
    happy = (0, 6000, "happy")
    assert lasting(page, happy, "de", (6100, 6200, "happy")) == ["for 5 s", "seit 5 s"]
    assert lasting(page, "en", happy, "pause", (6100, 10_000, "happy")) == ["for 5 s", ""]
    # Where a look is off, nothing is said of it, nor how long.
    assert lasting(page, (0, 20_000, "sad"), (20_100, 24_000, "happy")) == ["", ""]


def test_how_long_is_not_spoken(open_page):
    found = open_page().evaluate(LASTING, [[now, "happy"] for now in range(0, 12_000, 200)])
    assert found["said"][-1] == "for 10 s"
    assert found["spoken"] == "Person 1: looks happy."
