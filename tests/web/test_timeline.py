"""The last minutes on the page: kept only when asked for, looked back on, saved, forgotten."""

import csv
import json
import re
from datetime import datetime
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def kept(open_page, expect):
    """A page that shows a face and keeps how it looks."""
    page = open_page()
    page.get_by_role("button", name="Show the sample").click()
    page.get_by_role("button", name="Keep the last minutes").click()
    expect(page.locator("#history-strips .strip-summary")).to_have_text(
        re.compile(r"^looks happy [1-9]")
    )
    return page


def test_nothing_is_kept_unless_it_is_asked_for(open_page, expect):
    page = open_page()
    expect(page.locator("#connection")).to_have_text("Ready")
    expect(page.locator("#history")).to_be_hidden()
    page.get_by_role("button", name="Show the sample").click()
    expect(page.locator("#faces li")).to_have_count(1)
    expect(page.locator("#history-sign")).to_contain_text("Nothing is kept")
    expect(page.locator("#history-strips")).to_be_hidden()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("#history")).to_be_hidden()


def test_what_is_kept_is_said_and_stays_after_stop(kept, expect):
    expect(kept.locator("#history-sign")).to_contain_text("This page keeps")
    expect(kept.get_by_role("button", name="Stop keeping")).to_be_visible()
    kept.get_by_role("button", name="Stop", exact=True).click()
    expect(kept.locator("#history-strips li")).to_have_count(1)
    assert kept.evaluate(
        "[...document.querySelectorAll('#history-strips canvas')].every(canvas => canvas"
        ".getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(v => v > 0))"
    )


def test_the_people_of_another_stream_are_not_taken_for_the_first(kept, expect):
    kept.get_by_role("button", name="Stop", exact=True).click()
    kept.get_by_role("button", name="Show the sample").click()
    names = kept.locator("#history-strips .person")
    expect(names).to_have_text(["Person 1, before", "Person 1"])


def test_what_was_kept_is_not_said_to_be_nothing_once_no_more_is(kept, expect):
    kept.get_by_role("button", name="Stop keeping").click()
    expect(kept.locator("#history-sign")).to_contain_text("Nothing more is kept.")
    expect(kept.locator("#history-strips li")).to_have_count(1)
    kept.get_by_role("button", name="Delete all").click()
    expect(kept.locator("#history-sign")).to_contain_text("Nothing is kept.")


def test_who_is_seen_for_a_moment_only_has_no_strip(bare_page):
    found = bare_page.evaluate("""async () => {
      const { Moments } = await import("/static/live/moments.js");
      const moments = new Moments();
      moments.begin();
      const face = (track_id) => ({ track_id, label: "happy", confidence: 1, other: 0 });
      for (let i = 0; i < 300; i++) {
        moments.add({ faces: i % 100 ? [face(1)] : [face(1), face(2)] }, 100 + i / 10);
      }
      return [moments.keys(), moments.rows(0).some(({ person }) => person === 2)];
    }""")
    assert found == [["1 1"], True]


def test_it_can_be_held_still_and_go_on(kept, expect):
    hold = kept.get_by_role("button", name="Stop the strips")
    hold.click()
    expect(kept.locator("#history-ago")).to_have_text(re.compile(r"^up to [1-9]\d* s ago$"))
    kept.get_by_role("button", name="Let the strips run").click()
    expect(kept.locator("#history-ago")).to_have_text("up to now")
    expect(hold).to_be_visible()


def test_a_strip_tells_time_and_look_where_one_points(kept, expect):
    axis = kept.locator("#history-axis span")
    expect(axis).to_have_text([re.compile(r"^\d\d:\d\d:\d\d$")] * 3)
    strip = kept.locator("#history-strips canvas")
    width = strip.bounding_box()["width"]
    strip.hover(position={"x": width - 3, "y": 20})
    pointed = kept.locator("#history-pointed")
    expect(pointed).to_have_text(re.compile(r"^\d\d:\d\d:\d\d  looks happy$"))
    strip.hover(position={"x": 5, "y": 20})
    expect(pointed).to_have_text(re.compile("not in the picture$"))


def test_a_place_in_a_strip_is_a_place_in_the_video(bare_page):
    found = bare_page.evaluate("""async () => {
      const { Moments } = await import("/static/live/moments.js");
      const moments = new Moments();
      moments.begin();
      const face = { track_id: 1, label: "happy", confidence: 1, other: 0 };
      for (let i = 0; i < 20; i++) {
        moments.add({ faces: i < 10 ? [face] : [] }, 100 + i, 7 + i / 10);
      }
      return [100.1, 104.6, 99, 115].map((time) => moments.at("1 1", time)?.place ?? null);
    }""")
    assert found == [7, 7.4, None, None]


def test_looking_back_with_the_keyboard(kept, expect):
    kept.get_by_label("Look back").focus()
    kept.keyboard.press("ArrowLeft")
    expect(kept.locator("#history-ago")).to_have_text(re.compile(r"up to \d+ s ago"))
    expect(kept.get_by_role("button", name="Let the strips run")).to_be_visible()


def test_it_can_be_saved(kept, tmp_path):
    for name, read in (("CSV", read_csv), ("JSON", read_json)):
        with kept.expect_download() as waiting:
            kept.get_by_role("button", name=f"Save as {name}").click()
        assert waiting.value.suggested_filename.endswith(f".{name.lower()}")
        path = tmp_path / name
        waiting.value.save_as(path)
        rows = read(path)
        assert len(rows) >= 3
        assert {str(row["person"]) for row in rows} == {"1"}
        assert {row["label"] for row in rows} == {"happy"}
        assert {float(row["confidence"]) for row in rows} == {0.7}
        times = [datetime.fromisoformat(row["time"]) for row in rows]
        assert times == sorted(times)
        assert abs((datetime.now(times[0].tzinfo) - times[-1]).total_seconds()) < 60


def test_it_can_be_forgotten(kept, expect):
    kept.get_by_role("button", name="Stop keeping").click()
    kept.get_by_role("button", name="Delete all").click()
    expect(kept.locator("#history-strips")).to_be_hidden()
    expect(kept.locator("#history-strips li")).to_have_count(0)
    expect(kept.get_by_role("button", name="Keep the last minutes")).to_be_focused()


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_json(path: Path) -> list[dict[str, str]]:
    return json.loads(path.read_text(encoding="utf-8"))


MOMENTS = """
async (given) => {
  const { Moments, toCsv } = await import("/static/live/moments.js");
  const moments = new Moments();
  for (const [time, label] of given) {
    const faces = label === "away" ? [] : [{ track_id: 1, label, confidence: 0.8, other: 0 }];
    moments.add({ faces }, time);
  }
  const [first] = moments.keys();
  const stretches = first ? moments.stretches(first) : [];
  const spans = stretches.map(({ start, end, label }) => [start, end, label]);
  return { spans, csv: toCsv(moments.rows(0)), people: moments.keys().length };
}
"""


def test_stretches_end_where_a_look_changes_or_a_face_is_away(bare_page):
    looks = [
        *((index / 10, "happy") for index in range(21)),
        *((2 + index / 10, None) for index in range(1, 11)),
        *((3 + index / 10, "away") for index in range(1, 21)),
        *((5 + index / 10, "happy") for index in range(1, 11)),
    ]
    spans = bare_page.evaluate(MOMENTS, looks)["spans"]
    assert [label for _, _, label in spans] == ["happy", None, "happy"]
    assert [round(start, 1) for start, _, _ in spans] == [0.0, 2.1, 5.1]
    assert spans[0][1] == pytest.approx(2.1)
    assert 3.0 <= spans[1][1] <= 3.3
    assert spans[2][1] == pytest.approx(6.0, abs=0.2)


def test_what_is_older_than_ten_minutes_is_gone(bare_page):
    looks = [[0, "happy"], [0.6, "happy"], [300, "sad"], [300.6, "sad"], [700, "away"]]
    found = bare_page.evaluate(MOMENTS, looks)
    assert [label for _, _, label in found["spans"]] == ["sad"]
    assert bare_page.evaluate(MOMENTS, [*looks[:2], looks[-1]])["people"] == 0


def test_a_label_is_no_formula(bare_page):
    found = bare_page.evaluate(MOMENTS, [[0, "=1+1"], [1, 'say "a, b"']])
    rows = found["csv"].split("\r\n")
    assert rows[1].split(",")[3] == "'=1+1"
    assert rows[2].endswith(',"say ""a, b""",0.800')
