"""Augmentation keeps shape and range, follows its random numbers, and does what it says."""

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

from mien.training.expression import augment as module
from mien.training.expression.augment import augment, mirror, mix
from mien.training.randomness import Draws


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(faces: torch.Tensor, seed: int = 0) -> Draws:
    return Draws(np.arange(len(faces)), seed, device=faces.device)


def in_place(change: Callable[..., None], pictures: torch.Tensor, *rest: Any) -> torch.Tensor:
    changed = pictures.clone()
    change(changed, *rest)
    return changed


@given(
    count=st.integers(1, 5),
    channels=st.sampled_from([1, 3]),
    size=st.integers(16, 50),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=25)
def test_keeps_shape_and_range(count: int, channels: int, size: int, seed: int) -> None:
    pictures = torch.rand(count, channels, size, size, generator=seeded(seed))
    changed = augment(pictures, drawn(pictures, seed))
    assert changed.shape == pictures.shape
    assert torch.isfinite(changed).all()
    assert changed.min() >= 0
    assert changed.max() <= 1


@pytest.mark.parametrize("channels", [1, 3])
def test_what_becomes_of_a_face_depends_on_no_other_face(channels: int) -> None:
    pictures, rows = torch.rand(64, channels, 32, 32), np.arange(100, 164)
    whole = augment(pictures, Draws(rows, 3, 1, device=pictures.device))
    order = np.random.default_rng(0).permutation(64)
    for part in np.array_split(order, 7):
        own = Draws(rows[part], 3, 1, device=pictures.device)
        torch.testing.assert_close(augment(pictures[part], own), whole[part], atol=1e-6, rtol=0)
    assert not torch.equal(whole, augment(pictures, Draws(rows, 3, 2, device=pictures.device)))


def test_does_not_change_its_input() -> None:
    pictures = torch.rand(4, 1, 32, 32)
    before = pictures.clone()
    augment(pictures, drawn(pictures))
    assert torch.equal(pictures, before)


def test_about_half_are_mirrored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ROTATION", 0.0), ("SCALE", 1.0), ("SHIFT", 0.0)):
        monkeypatch.setattr(module, name, value)
    picture = torch.rand(1, 1, 16, 16)
    moved = module._move(picture.repeat(200, 1, 1, 1), drawn(torch.empty(200)))
    same = (moved - picture).abs().amax(dim=(1, 2, 3)) < 1e-4
    mirrored = (moved - picture.flip(3)).abs().amax(dim=(1, 2, 3)) < 1e-4
    assert (same ^ mirrored).all()
    assert 60 < int(mirrored.sum()) < 140


def test_erases_a_rectangle_of_one_gray() -> None:
    pictures = torch.rand(300, 1, 32, 32)
    changed = in_place(module._erase, pictures, drawn(pictures))
    touched = (changed != pictures).flatten(1).any(1)
    assert touched.float().mean() == pytest.approx(module.ERASE, abs=0.08)
    picture, original = changed[touched][0, 0], pictures[touched][0, 0]
    hole = picture != original
    assert picture[hole].unique().numel() == 1
    rows, columns = hole.any(1).nonzero(), hole.any(0).nonzero()
    assert int(hole.sum()) == len(rows) * len(columns)


def test_blurs_some_and_keeps_their_brightness() -> None:
    pictures = torch.rand(400, 1, 32, 32, generator=seeded(3))
    changed = in_place(module._blur, pictures, drawn(pictures))
    touched = (changed != pictures).flatten(1).any(1)
    assert touched.float().mean() == pytest.approx(module.BLURRED, abs=0.06)
    before, after = pictures[touched], changed[touched]
    assert (after.var(dim=(1, 2, 3)) < before.var(dim=(1, 2, 3))).all()
    assert after.mean() == pytest.approx(float(before.mean()), abs=0.01)


def test_blur_is_the_same_in_both_directions() -> None:
    picture = torch.zeros(64, 1, 33, 33)
    picture[:, :, 16, 16] = 1
    changed = in_place(module._blur, picture, drawn(picture))
    assert torch.allclose(changed, changed.transpose(2, 3), atol=1e-6)


def test_bad_sensors_darken_some_and_add_noise_to_some() -> None:
    pictures = torch.full((600, 1, 32, 32), 0.6)
    changed = in_place(module._sense, pictures, drawn(pictures), 32)
    dark = changed.mean(dim=(1, 2, 3)) < 0.4
    noisy = changed.std(dim=(1, 2, 3)) > 0.5 * module.NOISE
    assert dark.float().mean() == pytest.approx(module.DARK, abs=0.05)
    assert noisy[~dark].float().mean() == pytest.approx(module.NOISY, abs=0.06)
    assert noisy[dark].all()
    assert torch.equal((changed * 255).round() / 255, changed)


def test_calm_spoils_fewer_of_the_same_pictures() -> None:
    pictures = torch.rand(600, 1, 32, 32, generator=seeded(3))

    def touched(degraded: float) -> torch.Tensor:
        changed = in_place(module._erase, pictures, drawn(pictures), degraded)
        return (changed != pictures).flatten(1).any(1)

    usual, calm = touched(1.0), touched(1 / 3)
    assert calm.float().mean() == pytest.approx(module.ERASE / 3, abs=0.03)
    assert (usual | ~calm).all()
    assert not touched(0.0).any()


def test_mirror_turns_half_of_the_pictures_and_nothing_else() -> None:
    pictures = torch.rand(200, 1, 16, 16, generator=seeded(5))
    changed = mirror(pictures, drawn(pictures))
    same = (changed == pictures).flatten(1).all(1)
    turned = (changed == pictures.flip(3)).flatten(1).all(1)
    assert (same ^ turned).all()
    assert 60 < int(turned.sum()) < 140


@given(count=st.integers(1, 64), seed=st.integers(0, 1000))
@settings(deadline=None, max_examples=25)
def test_mix_blends_by_the_share_that_it_tells(count: int, seed: int) -> None:
    pictures, others = torch.rand(2, count, 1, 8, 8, generator=seeded(seed))
    mixed, share = mix(pictures, others, drawn(pictures, seed))
    part = share.view(-1, 1, 1, 1)
    assert torch.allclose(mixed, (1 - part) * pictures + part * others, atol=1e-6)
    assert share.min() >= 0
    assert share.max() <= module.MIX


def test_mix_leaves_most_faces_alone() -> None:
    pictures = torch.zeros(2000, 1, 1, 1)
    _, share = mix(pictures, pictures, drawn(pictures))
    assert (share == 0).float().mean().item() == pytest.approx(1 - module.MIXED, abs=0.05)


def test_hides_a_bar_over_mouth_or_eyes() -> None:
    pictures = torch.rand(400, 1, 32, 32)
    changed = in_place(module._cover, pictures, drawn(pictures))
    touched = (changed != pictures).flatten(1).any(1)
    assert touched.float().mean() == pytest.approx(module.COVERED, abs=0.06)
    rows = (changed != pictures).any(3).squeeze(1)[touched]
    places = (rows * torch.linspace(0, 1, 32)).sum(1) / rows.sum(1)
    assert ((places > 0.3) & (places < 0.88)).all()
    assert (places > 0.6).any()
    assert (places < 0.5).any()


def test_noise_keeps_the_grain_of_the_sensor_that_pictures_are_shrunk_to() -> None:
    large = torch.full((200, 1, 32, 32), 0.5)
    noise = module._noise(large, drawn(large), 16)
    assert noise.shape == large.shape
    shrunk = torch.nn.functional.interpolate(noise, 16, mode="area")
    assert shrunk.std() == pytest.approx(1, abs=0.02)
    finest = torch.nn.functional.interpolate(
        module._noise(large, drawn(large), 32), 16, mode="area"
    )
    assert finest.std() == pytest.approx(0.5, abs=0.02)


def test_coarsens_some_as_shrinking_and_enlarging_does() -> None:
    pictures = torch.rand(200, 1, 32, 32, generator=seeded(3))
    draws = drawn(pictures)
    changed = in_place(module._coarsen, pictures, draws)
    touched = (changed != pictures).flatten(1).any(1)
    assert touched.float().mean() == pytest.approx(module.COARSE, abs=0.06)
    sizes = [int(32 * share) for share in np.linspace(0.4, 0.8, module.KINDS)]
    ways = [
        torch.nn.functional.interpolate(
            torch.nn.functional.interpolate(pictures, size, mode="area"),
            32,
            mode="bilinear",
            align_corners=False,
        )
        for size in sizes
    ]
    apart = torch.stack([(way - changed).abs().amax(dim=(1, 2, 3)) for way in ways])
    assert float(apart.amin(0)[touched].max()) < 1e-5
    assert len(apart.argmin(0)[touched].unique()) == module.KINDS


def test_blur_keeps_what_is_flat() -> None:
    flat = torch.full((100, 3, 20, 20), 0.3)
    torch.testing.assert_close(in_place(module._blur, flat, drawn(flat)), flat)
