"""The report of a study in a browser: it is clicked, walked by keys, printed, and played."""

import re
from pathlib import Path

import av
import numpy as np
import pytest
from tests.recordings.making import as_csv
from tests.recordings.report import made

from mien.recordings.people import read_people
from mien.recordings.report.write import ReportSettings, write_report


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """The page of the made study, with a video of its first recording."""
    folder = tmp_path / "all of it"
    videos = folder / "my videos"
    videos.mkdir(parents=True)
    as_csv(folder / "t.csv", made.table())
    _video(videos / made.VIDEOS[0])
    page = folder / "report.html"
    write_report(
        folder / "t.csv",
        page,
        ReportSettings(events=made.events(folder), hand_column="coder"),
        people=read_people(made.people(folder)),
        video=videos,
    )
    return page


def _video(path: Path) -> None:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(round(made.SECONDS * 5)):
            image = np.full((48, 64, 3), number, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        out.mux(stream.encode())


@pytest.fixture
def opened(browser, report: Path):
    """Open the page as a file; nothing may be wrong in its console."""
    errors: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.goto(report.as_uri())
    yield page
    page.close()
    assert errors == []


def click(page, share: float) -> str:
    strip = page.locator(".scrub").first
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    page.mouse.click(box["x"] + share * box["width"], box["y"] + 10)
    return page.locator(".said").first.inner_text()


def test_a_click_tells_time_and_look_and_plays_the_video_there(opened) -> None:
    told = click(opened, 0.25)
    assert told.startswith("0:03.0")
    assert "looks happy, from 0:02.50 to 0:04.50" in told
    opened.wait_for_function(
        "() => { const video = document.querySelector('video');"
        " return !video.seeking && video.currentTime > 2.9; }"
    )
    assert opened.locator("video").count() == 1
    assert not opened.evaluate("document.querySelector('video').error")


def test_keys_walk_through_the_strip(opened) -> None:
    strip = opened.locator(".scrub").first
    strip.focus()
    told = lambda: strip.get_attribute("aria-valuetext")  # noqa: E731
    opened.keyboard.press("ArrowRight")
    assert told().startswith("0:00.12: looks neutral")
    opened.keyboard.press("Shift+ArrowRight")
    assert told().startswith("0:02.50: looks happy")
    opened.keyboard.press("Shift+ArrowLeft")
    assert told().startswith("0:00.00: looks neutral")
    opened.keyboard.press("End")
    assert told().startswith("0:12.00: looks neutral")
    assert strip.get_attribute("role") == "slider"
    assert strip.get_attribute("aria-label") == "Anna in monday"


def test_a_script_that_a_name_brings_is_not_run(browser, report: Path) -> None:
    page = browser.new_page()
    page.goto(report.as_uri())
    page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.bad = 1';"
        " document.body.append(s); }"
    )
    assert page.evaluate("window.bad") is None
    page.close()


def test_on_paper_no_strip_is_torn_and_no_video_is_there(opened) -> None:
    opened.emulate_media(media="print")
    assert not opened.locator("video").first.is_visible()
    assert opened.locator(".scrub").first.is_visible()
    sheets = re.findall(rb"/Type\s*/Page[^s]", opened.pdf(format="A4"))
    assert 3 <= len(sheets) <= 8


@pytest.mark.heavy
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_and_nothing_is_beyond_the_edge(
    browser, violations, report: Path, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, bypass_csp=True)
    page.goto(report.as_uri())
    click(page, 0.5)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
    page.close()
