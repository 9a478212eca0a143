"""One look has one word, sign, colour and line, whatever the model's order and names."""

import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.vision import looks
from mien.vision.looks import Entry, look_of, places_of, points_of, rgb, table, verdict, word

FOUR = ("angry", "sad", "happy", "neutral")
EIGHT = ("angry", "contempt", "disgust", "fear", "happy", "neutral", "sad", "surprise")
GROUNDS = {"picture": (24, 28, 34), "light": (252, 251, 248), "dark": (26, 35, 36)}
GROUNDS["contrast"] = (0, 0, 0)
MADE_UP = st.lists(st.text(min_size=1, max_size=9), max_size=14, unique=True)


def rows() -> list[Entry]:
    return [*table().looks.values(), *table().others, table().unsure]


def luminance(colour: tuple[int, ...]) -> float:
    shares = [part / 255 for part in colour]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("happy", "looks happy"),
        ("Happiness", "looks happy"),
        ("fear", "looks afraid"),
        ("afraid", "looks afraid"),
        ("Disgust", "looks disgusted"),
        ("surprise", "looks surprised"),
        ("contempt", "looks contemptuous"),
        ("In Pain", "looks In Pain"),
        (None, "not sure"),
    ],
)
def test_the_words(label: str | None, expected: str) -> None:
    assert verdict(label) == expected


@pytest.mark.parametrize("labels", [FOUR, FOUR[::-1], EIGHT, ("happiness", "tired")])
def test_a_look_is_the_same_in_every_model(labels: tuple[str, ...]) -> None:
    for label in labels:
        name = looks.name_of(label)
        if name is not None:
            look, entry = look_of(label, labels), table().looks[name]
            assert (look.word, look.line) == (entry.word, entry.line)
            assert look.colour == rgb(entry.colour.picture)


def test_no_synonym_means_two_looks() -> None:
    names = [one for name, entry in table().looks.items() for one in (name, *entry.synonyms)]
    assert len(set(names)) == len(names)
    assert all(name == name.lower() for name in names)


def test_every_row_differs_in_sign_line_colour_and_tone() -> None:
    for attribute in ("shape", "line", "tone"):
        values = [getattr(row, attribute) for row in rows()]
        assert len(set(values)) == len(values), attribute
    outlines = [row.shape[0] for row in rows()]
    # "Not sure" is a circle as happy is, without a face in it.
    assert len(set(outlines)) == len(outlines) - 1
    for theme in GROUNDS:
        colours = [getattr(row.colour, theme) for row in rows()]
        assert len(set(colours)) == len(colours)


@pytest.mark.parametrize("theme", GROUNDS)
def test_every_colour_stands_out_from_its_ground(theme: str) -> None:
    ground = luminance(GROUNDS[theme])
    for row in rows():
        own = luminance(rgb(getattr(row.colour, theme)))
        darker, lighter = sorted((own, ground))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_every_stroke_lies_in_the_square() -> None:
    for path in itertools.chain(*(row.shape for row in rows())):
        points = points_of(path)
        assert points.shape[1] == 2
        assert points.min() >= 0
        assert points.max() <= looks.SIDE


def test_a_path_becomes_its_points() -> None:
    line = points_of("M1 2L3 -4.5Z")
    np.testing.assert_array_equal(line, [[1, 2], [3, -4.5], [1, 2]])
    curve = points_of("M0 0C0 1 1 1 1 0")
    np.testing.assert_allclose(curve[[0, len(curve) // 2, -1]], [[0, 0], [0.5, 0.75], [1, 0]])
    with pytest.raises(ValueError, match="H is none of"):
        points_of("M0 0H5")


@settings(max_examples=40)
@given(MADE_UP, st.randoms(use_true_random=False))
def test_the_order_of_labels_changes_nothing(labels: list[str], chance: random.Random) -> None:
    shuffled = labels.copy()
    chance.shuffle(shuffled)
    assert places_of(shuffled) == places_of(labels)
    for label in labels:
        assert look_of(label, shuffled).line == look_of(label, labels).line


@given(MADE_UP)
def test_labels_that_people_make_up_differ(labels: list[str]) -> None:
    places = places_of(labels)
    assert len(set(places.values())) == len(places)
    count = len(table().others)
    assert sorted(place // count for place in places.values()) == [
        index // count for index in range(len(places))
    ]
    assert all(label in places or looks.name_of(label) for label in labels)
    assert all(word(label) == label for label in places)


def test_a_label_that_is_alone_or_with_known_ones_always_gets_the_same() -> None:
    assert places_of(["tired"]) == places_of(["tired", *EIGHT]) == {"tired": 3}


def test_a_page_draws_the_same_sign_as_a_picture() -> None:
    labels = ("joy", "bored", "smug", "neutral")
    for label in (*labels, None):
        entry, look = looks.entry_of(label, labels), looks.look_of(label, labels)
        assert looks.rgb(entry.colour.picture) == look.colour
        assert len(entry.shape) == len(look.strokes)
