"""A cut is told from all that a camera, lamps and people do within one scene."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from mien.tracking.cuts import Cut, CutFinder
from mien.types import Box

WIDTH, HEIGHT, FPS = 640, 360, 20
MIDDLE = Box(280, 120, 360, 220)


def room(seed: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """A room: things of many sizes, some of one colour, with soft shadows."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 200, (5, 8, 3)).astype(np.uint8)
    image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(60):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        across, down = (int(n) for n in rng.integers(10, 120, 2))
        colour = tuple(map(int, rng.integers(20, 235, 3)))
        if rng.random() < 0.5:
            cv2.ellipse(image, (x, y), (across // 2, down // 2), 0, 0, 360, colour, -1, cv2.LINE_AA)
        else:
            cv2.rectangle(image, (x, y), (x + across, y + down), colour, -1)
    return cv2.GaussianBlur(image, (0, 0), 1.2)


def with_person(image: np.ndarray, x: float, y: float = 170, tone: int = 150) -> np.ndarray:
    result, at = image.copy(), (round(x), round(y))
    cv2.ellipse(result, (at[0], at[1] + 130), (90, 90), 0, 0, 360, (90, 60, tone // 2), -1)
    cv2.ellipse(result, at, (40, 52), 0, 0, 360, (tone - 40, tone - 20, tone), -1)
    for side in (-15, 15):
        cv2.circle(result, (at[0] + side, at[1] - 10), 5, (20, 20, 20), -1)
    return result


def grain(image: np.ndarray, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 3, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def cuts(
    frames: Sequence[np.ndarray], faces: Sequence[Box] = (MIDDLE,), fps: float = FPS
) -> list[Cut]:
    finder = CutFinder()
    return [finder(grain(image, n), n / fps, faces) for n, image in enumerate(frames)]


def found(frames: Sequence[np.ndarray], fps: float = FPS) -> list[int]:
    return [n for n, cut in enumerate(cuts(frames, fps=fps)) if cut]


@pytest.mark.parametrize("seed", range(8))
def test_another_shot_is_a_cut_at_its_first_frame(seed: int) -> None:
    shots = [with_person(room(seed + at), 320, tone=tone) for at, tone in ((0, 150), (50, 220))]
    assert found([shots[0]] * 5 + [shots[1]] * 5) == [5]


def lit(image: np.ndarray, gain: float, offset: float = 0) -> np.ndarray:
    return np.clip(image.astype(float) * gain + offset, 0, 255).astype(np.uint8)


def test_light_that_changes_is_none() -> None:
    scene = with_person(room(1), 320)
    strobe = [lit(scene, 1.8, 20) if n % 3 == 0 else lit(scene, 0.5) for n in range(12)]
    coloured = [lit(scene, 1) * np.array([1, n % 2, 1], np.uint8) for n in range(6)]
    assert found(strobe) == []
    assert found([scene, *coloured, scene]) == []
    assert found([lit(scene, gain) for gain in (0.2, 1.5, 0.4, 1.0)]) == []


@pytest.mark.parametrize("level", [255, 0])
@pytest.mark.parametrize("frames", [1, 6])
def test_a_flash_or_black_within_one_scene_is_none(level: int, frames: int) -> None:
    scene = with_person(room(2), 320)
    flash = np.full_like(scene, level)
    assert found([scene] * 3 + [flash] * frames + [scene] * 3) == []


@pytest.mark.parametrize("level", [255, 0])
def test_a_cut_behind_a_flash_or_black_is_one(level: int) -> None:
    shots = [with_person(room(seed), 320) for seed in (2, 40)]
    flash = [np.full_like(shots[0], level)] * 4
    assert found([shots[0]] * 3 + flash + [shots[1]] * 3) == [7]


def test_fades_to_black_and_back_are_none_and_to_another_scene_one() -> None:
    one, other = (with_person(room(seed), 320) for seed in (3, 33))
    shares = np.linspace(1, 0, 9)
    out = [lit(one, share) for share in shares]
    assert found([*out, *[lit(one, share) for share in shares[::-1]]]) == []
    assert len(found([*out, *[lit(other, share) for share in shares[::-1]]])) == 1


@pytest.mark.parametrize("speed", [3, 12, 24])
def test_a_pan_is_none(speed: int) -> None:
    wide = room(4, width=3 * WIDTH)
    frames = [wide[:, n * speed : n * speed + WIDTH] for n in range(12)]
    assert found(frames) == []


def test_a_zoom_and_a_shaking_hand_are_none() -> None:
    scene, rng = with_person(room(5), 320), np.random.default_rng(5)
    frames = []
    for n in range(12):
        turn = cv2.getRotationMatrix2D((320, 180), float(rng.uniform(-2, 2)), 1 + 0.03 * n)
        turn[:, 2] += rng.uniform(-8, 8, 2)
        frames.append(cv2.warpAffine(scene, turn, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT))
    assert found(frames) == []


@pytest.mark.parametrize("fps", [5, 20])
def test_people_who_move_come_and_go_are_none(fps: int) -> None:
    scene = room(6)
    walks = [with_person(scene, 200 + 400 * n / fps) for n in range(fps // 2)]
    assert found([scene, *walks, scene, with_person(scene, 320), scene], fps=fps) == []


def test_of_a_split_screen_the_pane_that_switches_ends() -> None:
    def screen(seeds: Sequence[int]) -> np.ndarray:
        panes = [
            cv2.resize(with_person(room(seed), 320), (WIDTH // 2, HEIGHT // 2)) for seed in seeds
        ]
        return np.vstack([np.hstack(panes[:2]), np.hstack(panes[2:])])

    places = [Box(x - 20, y - 26, x + 20, y + 26) for y in (85, 265) for x in (160, 480)]
    told = cuts([screen([1, 2, 3, 4])] * 3 + [screen([1, 9, 3, 4])] * 3, places)
    assert told[3] == Cut(False, (False, True, False, False))
    assert not any([*told[:3], *told[4:]])


def test_nothing_is_compared_where_nobody_is_tracked() -> None:
    told = cuts([room(1), room(2)], faces=())
    assert told == [Cut(False, ())] * 2


def test_after_a_reset_the_next_frame_is_the_first() -> None:
    finder = CutFinder()
    assert not finder(room(1), 0.0, [MIDDLE])
    finder.reset()
    assert not finder(room(40), 0.1, [MIDDLE])


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (100, 70), (4000, 30)])
def test_any_size_and_place(size: tuple[int, int]) -> None:
    finder, rng = CutFinder(), np.random.default_rng(1)
    far = Box(-1e6, -1e6, 1e6, 1e6), Box(1e5, 5, 1e5 + 1, 6), Box(-9, -9, -8, -8)
    for n in range(3):
        image = rng.integers(0, 256, (size[1], size[0], 3), np.uint8)
        assert len(finder(image, n / 10, far).faces) == 3


def test_a_clock_that_runs_back_is_no_failure() -> None:
    finder = CutFinder()
    for time in (5.0, 1.0, 1.0, 2000.0):
        finder(with_person(room(1), 320), time, [MIDDLE])
