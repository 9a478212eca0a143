"""Batches depend on the seed and the step alone, whoever makes them."""

import numpy as np
import pytest
import torch

from mien.training.detector import feed
from mien.training.detector.feed import LARGE_SIDE, SIDE, Batch, batches, pieces
from mien.training.detector.material import Material


def same(one: Batch, other: Batch) -> bool:
    return (
        torch.equal(one.pictures, other.pictures)
        and torch.equal(one.targets.faces, other.targets.faces)
        and torch.equal(one.targets.unknown, other.targets.unknown)
    )


def test_pieces_are_of_one_split(material: Material) -> None:
    pictures = material.info.pictures
    for split in ("train", "validation", "test"):
        made = pieces(material, split)
        assert len(made.pictures) == sum(p.split == split and bool(p.faces) for p in pictures)
        assert len(made.weights) == len(made.pictures)
        assert all(not len(picture.boxes) for picture in made.faceless)
    tricky = sum(p.split == "train" and p.tricky for p in pictures)
    plain = sum(p.split == "train" and not (p.faces or p.unknown or p.tricky) for p in pictures)
    assert len(pieces(material, "train").faceless) == plain + feed.TRICKY * tricky


def test_steps_are_the_same_wherever_a_run_begins(material: Material) -> None:
    whole = list(batches(material, 4, 7, range(6), workers=0))
    rest = list(batches(material, 4, 7, range(3, 6), workers=0))
    assert all(same(a, b) for a, b in zip(whole[3:], rest, strict=True))
    assert not same(whole[0], whole[1])
    (other,) = batches(material, 4, 8, range(1), workers=0)
    assert not same(whole[0], other)


@pytest.mark.heavy
def test_another_process_makes_the_same(material: Material) -> None:
    here = list(batches(material, 3, 0, range(2), workers=0))
    there = list(batches(material, 3, 0, range(2), workers=1))
    assert all(same(a, b) for a, b in zip(here, there, strict=True))


def test_some_batches_have_fewer_and_larger_scenes(material: Material) -> None:
    shapes = {tuple(b.pictures.shape) for b in batches(material, 8, 0, range(20), workers=0)}
    assert shapes == {(8, 1, SIDE, SIDE), (4, 1, LARGE_SIDE, LARGE_SIDE)}


def test_validation_scenes_are_always_the_same(material: Material, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(feed, "VALIDATION_SCENES", 10)
    one, other = (feed.validation_batches(material, 0, 4) for _ in range(2))
    assert [len(batch.pictures) for batch in one] == [4, 4, 2]
    assert all(same(a, b) for a, b in zip(one, other, strict=True))


def test_turned_heads_are_shown_more_often(material: Material) -> None:
    picture = next(p for p in material.info.pictures if p.faces)
    annotated = material.open()[material.info.pictures.index(picture)]
    plain = feed._weight(picture, annotated)
    turned = annotated.landmarks.copy()
    turned[:, 2] = turned[:, 1]  # the nose before an eye
    moved = type(annotated)(annotated.image, annotated.boxes, turned, annotated.unknown)
    assert plain == 1
    assert feed._weight(picture, moved) == np.float64(1 + feed.TURNED)
