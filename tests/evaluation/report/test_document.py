"""The page: sound HTML whatever the names are, and nothing that is not there."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.evaluation.pages import PNG, near

from mien.evaluation.figures.slicing import Slice
from mien.evaluation.figures.summary import Summary, summarise
from mien.evaluation.predictions import Evaluation, Unreadable
from mien.evaluation.robustness.corrupted import CorruptionPoint
from mien.evaluation.studies.compare import Comparison
from mien.models.info import ModelInfo
from mien.vision.images.reading import encode_png

same_fixtures = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def test_the_page_is_whole_and_loads_nothing(
    make_page: Callable[..., Any], everything: dict[str, object]
) -> None:
    page = make_page(**everything)
    assert not {"script", "link", "iframe", "object", "form"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert all(str(source).startswith("data:image/png;") for source in page.values("img", "src"))
    assert all(str(target).startswith("#") for target in page.values("a", "href"))
    assert "url(" not in "".join(page.texts["style"])
    assert "@import" not in "".join(page.texts["style"])
    assert any("default-src 'none'" in str(text) for text in page.values("meta", "content"))


def test_the_page_can_be_walked_without_seeing_it(
    make_page: Callable[..., Any], everything: dict[str, object]
) -> None:
    page = make_page(**everything)
    tables = page.tags.count("table")
    assert tables == page.tags.count("caption") == page.values("div", "role").count("region")
    assert page.values("div", "tabindex") == ["0"] * tables
    assert len(page.values("th", "scope")) == page.tags.count("th")
    assert len(page.values("img", "alt")) == page.tags.count("img") == 3
    assert page.values("svg", "aria-hidden") == ["true"] * page.tags.count("svg")
    assert page.values("html", "lang") == ["en"]
    assert page.tags.count("h1") == page.tags.count("main") == page.tags.count("nav") == 1
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {f"#{key}" for key in page.values("section", "id")} == set(page.values("a", "href"))
    assert set(page.values("section", "aria-labelledby")) <= set(ids)


@same_fixtures
@given(
    labels=st.lists(st.text(min_size=1), min_size=4, max_size=4, unique=True),
    text=st.one_of(st.text(), st.just("</style><script>alert(1)</script>"), st.just("\udcff\0")),
)
def test_no_name_can_break_the_page(
    labels: list[str],
    text: str,
    info: ModelInfo,
    make_summary: Callable[..., Summary],
    make_points: Callable[..., list[CorruptionPoint]],
    make_page: Callable[..., Any],
) -> None:
    model = msgspec.structs.replace(info, labels=tuple(labels), name=text or "gray", version=text)
    summary = make_summary(model=model)
    evaluation = dataclasses.replace(
        summary.evaluation,
        dataset=text,
        split=text,
        detector=None,
        skipped={text: 2},
        unreadable=(Unreadable(text, text),),
    )
    parts = {
        "plots": {text: PNG},
        "slices": [Slice(text, text, 2, near(0.5), near(0.5), (near(0.5),) * 4, 0.5, 0.5)],
        "corruptions": make_points(text, (0.8, 0.8), (0.7, 0.7)),
        "comparison": Comparison(text, text, 9, 3, 2, 2, 2, 1.0, near(0), near(0)),
        "command": text,
        "date": text,
    }
    page = make_page(dataclasses.replace(summary, evaluation=evaluation), **parts)
    assert "script" not in page.tags
    assert page.tags.count("table") == 5


@same_fixtures
@given(text=st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1))
def test_names_are_shown_as_they_are(
    text: str, info: ModelInfo, make_summary: Callable[..., Summary], make_page: Callable[..., Any]
) -> None:
    labels = ("angry", "sad", "happy", f"4{text}")
    page = make_page(make_summary(model=msgspec.structs.replace(info, labels=labels)), command=text)
    assert "".join(page.texts["code"]) == text
    assert f"4{text}" in page.texts["th"]


def test_names_that_no_page_can_hold_are_written_with_escapes(
    make_page: Callable[..., Any],
) -> None:
    page = make_page(command="mien \udcff \0 \x1b[31m é")
    assert "".join(page.texts["code"]) == "mien \\udcff \\x00 \\x1b[31m é"


def test_what_is_not_there_leaves_no_heading(
    make_summary: Callable[..., Summary], make_page: Callable[..., Any]
) -> None:
    perfect = make_summary(((5, 0, 0, 0), (0, 5, 0, 0), (0, 0, 5, 0), (0, 0, 0, 5)))
    headings = ["In plain words", "All figures", "Class by class", "How it was measured"]
    page = make_page(perfect)
    assert page.texts["h2"] == headings
    assert "h3" not in page.tags
    assert "takes" not in page.text


def test_every_part_has_its_heading(
    make_page: Callable[..., Any], everything: dict[str, object]
) -> None:
    assert make_page(**everything).texts["h2"] == [
        "In plain words",
        "All figures",
        "Class by class",
        "What is taken for what",
        "Faces of other classes",
        "Plots",
        "Who is read worse",
        "As pictures get worse",
        "Compared with another model",
        "How much depends on the framing",
        "How it was measured",
    ]


def test_what_the_pictures_cannot_tell_is_a_dash(
    evaluation: Evaluation, make_page: Callable[..., Any], everything: dict[str, object]
) -> None:
    page = make_page(summarise(evaluation, resamples=0), **{**everything, "plots": {}})
    assert "–" in page.texts["td"]
    assert not re.search(r"\bnan\b", page.text)
    assert not [value for _, _, value in page.attributes if value and "nan" in value.split()]


def test_what_was_left_out_is_told_with_its_reason(
    evaluation: Evaluation, make_page: Callable[..., Any]
) -> None:
    broken = tuple(Unreadable(f"happy/{number}.jpg", "not a picture") for number in range(12))
    summary = summarise(dataclasses.replace(evaluation, unreadable=broken), resamples=0)
    lines = make_page(summary).texts["li"]
    assert "No face of neutral was read; means over classes are without." in lines
    assert any(line.startswith("No face was found in 1 picture (happy 1);") for line in lines)
    assert "3 pictures of fear, which the model does not know." in lines
    assert "happy/0.jpg could not be read: not a picture" in lines
    assert "2 more pictures could not be read." in lines
    assert "happy/11.jpg could not be read: not a picture" not in lines


def test_full_pictures_have_the_figures_of_missing_faces(
    evaluation: Evaluation, make_page: Callable[..., Any]
) -> None:
    page = make_page(summarise(evaluation, resamples=0))
    assert "A face is found in 83 of 100 pictures;" in page.text
    assert {"no face found", "face found", "accuracy, all pictures"} <= set(page.texts["th"])
    assert "faces found byfixed" in page.text


@pytest.mark.parametrize(("split", "told"), [("validation", "a little"), ("train", "far")])
def test_figures_on_faces_that_made_the_model_are_not_taken_at_face_value(
    split: str,
    told: str,
    make_summary: Callable[..., Summary],
    make_page: Callable[..., Any],
) -> None:
    summary = make_summary()
    used = dataclasses.replace(
        summary, evaluation=dataclasses.replace(summary.evaluation, split=split)
    )
    assert f"{told} too good" in make_page(used).text
    assert "too good" not in make_page(summary).text


def test_a_wide_plot_has_a_row_of_its_own(make_page: Callable[..., Any]) -> None:
    wide = encode_png(np.zeros((300, 500, 3), np.uint8))
    page = make_page(plots={"one": PNG, "two": wide})
    assert page.values("figure", "class") == ["plain", "wide"]
    assert (page.values("img", "width"), page.values("img", "height")) == (
        ["25", "500"],
        ["20", "300"],
    )


def test_numbers_stand_to_the_right_under_their_titles(make_page: Callable[..., Any]) -> None:
    page = make_page()
    assert page.values("th", "class") == ["number"] * 2
    assert page.values("td", "class") == ["number"] * 8


def test_bars_stay_in_their_box(
    make_page: Callable[..., Any], make_slice: Callable[..., Slice]
) -> None:
    page = make_page(slices=[make_slice("odd", near(1, 0.3), near(0, 0.3))])
    for start, width in zip(page.values("rect", "x"), page.values("rect", "width"), strict=True):
        assert float(str(start)) >= 0
        assert float(str(start)) + float(str(width)) <= 100.01
