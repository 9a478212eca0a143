"""A sample of faces is drawn as they go by, each with the same chance."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mien.evaluation.pictures.picture import Picture
from mien.evaluation.robustness.sample import FaceSample, Sampler
from mien.types import Box, Face, InputSpec

SPEC = InputSpec(48, 1, 1.0)
WHOLE = Face(Box(0, 0, 8, 8), 1.0)


def picture(number: int, face: Face | None = WHOLE) -> Picture:
    image = np.full((8, 8, 3), number, np.uint8)
    return Picture(image, face, True, number % 4, f"{number}.png", f"person {number // 2}")


def sample(count: int, most: int, seed: int = 0) -> FaceSample:
    sampler = Sampler(SPEC, most, seed)
    for number in range(count):
        sampler.add(picture(number))
    return sampler.finish()


@given(st.integers(1, 60), st.integers(1, 60))
def test_a_sample_is_in_order_and_never_too_large(count: int, most: int) -> None:
    found = sample(count, most)
    numbers = found.faces[:, 0, 0, 0].tolist()
    assert len(numbers) == min(count, most)
    assert numbers == sorted(set(numbers))
    np.testing.assert_array_equal(found.truth, np.array(numbers) % 4)
    people = np.unique(np.array(numbers) // 2, return_inverse=True)[1]
    assert len(set(zip(people, found.groups, strict=True))) == len(set(people))


def test_every_face_has_the_same_chance_and_the_seed_decides() -> None:
    drawn = [sample(20, 5, seed).faces[:, 0, 0, 0].tolist() for seed in range(400)]
    counts = Counter(number for numbers in drawn for number in numbers)
    assert all(60 < counts[number] < 140 for number in range(20))
    assert sample(20, 5, 7).faces[:, 0, 0, 0].tolist() == drawn[7]


def test_pictures_without_a_face_are_not_drawn() -> None:
    sampler = Sampler(SPEC, 5)
    sampler.add(picture(1, None))
    sampler.add(picture(2))
    assert sampler.finish().truth.tolist() == [2]
