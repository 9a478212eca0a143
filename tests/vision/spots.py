"""Faces in a picture, for what is said of them to be placed."""

import random

import numpy as np

from mien.types import Box, Face
from mien.vision.parts import part_regions
from mien.vision.placement import Rectangle, Spot

PICTURE: Rectangle = (0, 0, 640, 480)
WORD, SIGN = (150.0, 34.0), (34.0, 34.0)


def spot(box: Rectangle, *, turn: float = 0.0, front: bool = False) -> Spot:
    """Return a face whose head is turned so far about its middle, in radians."""
    straight = part_regions(Face(Box(*box), 0.9))
    middle = np.array(Box(*box).center)
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    turned = [(straight[part] - middle) @ spin + middle for part in ("eyes", "mouth")]
    return Spot(box, tuple(tuple(map(tuple, one.tolist())) for one in turned), WORD, SIGN, front)


def layouts() -> list[list[Spot]]:
    """Return pictures of up to eight faces at random, many in one another's way or cut off."""
    chance = random.Random(0)
    return [[_at_random(chance) for _ in range(number % 9)] for number in range(180)]


def _at_random(chance: random.Random) -> Spot:
    side = chance.uniform(20, 300)
    left, top = chance.uniform(-30, 600), chance.uniform(-30, 440)
    turn, front = chance.uniform(-0.6, 0.6), chance.random() < 0.15
    return spot((left, top, left + side * 0.8, top + side), turn=turn, front=front)
