"""Augmentation keeps shape and range, follows its generator, and does what it says."""

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings

from mien.training.expression import augment as module
from mien.training.expression.augment import augment, mirror, mix


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(
    count=st.integers(1, 5),
    channels=st.sampled_from([1, 3]),
    size=st.integers(16, 50),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=25)
def test_keeps_shape_and_range(count: int, channels: int, size: int, seed: int) -> None:
    pictures = torch.rand(count, channels, size, size, generator=seeded(seed))
    changed = augment(pictures, seeded(seed))
    assert changed.shape == pictures.shape
    assert torch.isfinite(changed).all()
    assert changed.min() >= 0
    assert changed.max() <= 1


def test_is_decided_by_its_generator_alone() -> None:
    pictures = torch.rand(4, 1, 32, 32)
    assert torch.equal(augment(pictures, seeded(1)), augment(pictures, seeded(1)))
    assert not torch.equal(augment(pictures, seeded(1)), augment(pictures, seeded(2)))


def test_does_not_change_its_input() -> None:
    pictures = torch.rand(4, 1, 32, 32)
    before = pictures.clone()
    augment(pictures, seeded())
    assert torch.equal(pictures, before)


def test_about_half_are_mirrored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ROTATION", 0.0), ("SCALE", 1.0), ("SHIFT", 0.0)):
        monkeypatch.setattr(module, name, value)
    picture = torch.rand(1, 1, 16, 16)
    moved = module._move(picture.repeat(200, 1, 1, 1), seeded())
    same = (moved - picture).abs().amax(dim=(1, 2, 3)) < 1e-4
    mirrored = (moved - picture.flip(3)).abs().amax(dim=(1, 2, 3)) < 1e-4
    assert (same ^ mirrored).all()
    assert 60 < int(mirrored.sum()) < 140


def test_erases_a_rectangle_of_one_gray() -> None:
    pictures = torch.rand(300, 1, 32, 32)
    changed = module._erase(pictures, seeded())
    touched = (changed != pictures).flatten(1).any(1)
    assert touched.float().mean() == pytest.approx(module.ERASE, abs=0.08)
    picture, original = changed[touched][0, 0], pictures[touched][0, 0]
    hole = picture != original
    assert picture[hole].unique().numel() == 1
    rows, columns = hole.any(1).nonzero(), hole.any(0).nonzero()
    assert int(hole.sum()) == len(rows) * len(columns)


def test_blurs_some_and_keeps_their_brightness() -> None:
    pictures = torch.rand(400, 1, 32, 32, generator=seeded(3))
    changed = module._blur(pictures, seeded())
    touched = (changed != pictures).flatten(1).any(1)
    assert touched.float().mean() == pytest.approx(module.BLURRED, abs=0.06)
    before, after = pictures[touched], changed[touched]
    assert (after.var(dim=(1, 2, 3)) < before.var(dim=(1, 2, 3))).all()
    assert after.mean() == pytest.approx(float(before.mean()), abs=0.01)


def test_blur_is_the_same_in_both_directions() -> None:
    picture = torch.zeros(64, 1, 33, 33)
    picture[:, :, 16, 16] = 1
    changed = module._blur(picture, seeded())
    assert torch.allclose(changed, changed.transpose(2, 3), atol=1e-6)


def test_bad_sensors_darken_some_and_add_noise_to_some() -> None:
    pictures = torch.full((600, 1, 32, 32), 0.6)
    changed = module._sense(pictures, seeded(), 32)
    dark = changed.mean(dim=(1, 2, 3)) < 0.4
    noisy = changed.std(dim=(1, 2, 3)) > 0.5 * module.NOISE
    assert dark.float().mean() == pytest.approx(module.DARK, abs=0.05)
    assert noisy[~dark].float().mean() == pytest.approx(module.NOISY, abs=0.06)
    assert noisy[dark].all()
    assert torch.equal((changed * 255).round() / 255, changed)


def test_calm_spoils_fewer_of_the_same_pictures() -> None:
    pictures = torch.rand(600, 1, 32, 32, generator=seeded(3))

    def touched(degraded: float) -> torch.Tensor:
        changed = module._erase(pictures, seeded(), degraded)
        return (changed != pictures).flatten(1).any(1)

    usual, calm = touched(1.0), touched(1 / 3)
    assert calm.float().mean() == pytest.approx(module.ERASE / 3, abs=0.03)
    assert (usual | ~calm).all()
    assert not touched(0.0).any()


def test_mirror_turns_half_of_the_pictures_and_nothing_else() -> None:
    pictures = torch.rand(200, 1, 16, 16, generator=seeded(5))
    changed = mirror(pictures, seeded())
    same = (changed == pictures).flatten(1).all(1)
    turned = (changed == pictures.flip(3)).flatten(1).all(1)
    assert (same ^ turned).all()
    assert 60 < int(turned.sum()) < 140


@given(count=st.integers(1, 64), seed=st.integers(0, 1000))
@settings(deadline=None, max_examples=25)
def test_mix_blends_by_the_share_that_it_tells(count: int, seed: int) -> None:
    pictures, others = torch.rand(2, count, 1, 8, 8, generator=seeded(seed))
    mixed, share = mix(pictures, others, seeded(seed))
    part = share.view(-1, 1, 1, 1)
    assert torch.allclose(mixed, (1 - part) * pictures + part * others, atol=1e-6)
    assert share.min() >= 0
    assert share.max() <= module.MIX


def test_mix_leaves_most_faces_alone() -> None:
    pictures = torch.zeros(2000, 1, 1, 1)
    _, share = mix(pictures, pictures, seeded())
    assert (share == 0).float().mean().item() == pytest.approx(1 - module.MIXED, abs=0.05)


def test_hides_a_bar_over_mouth_or_eyes() -> None:
    pictures = torch.rand(400, 1, 32, 32)
    changed = module._cover(pictures, seeded())
    touched = (changed != pictures).flatten(1).any(1)
    assert touched.float().mean() == pytest.approx(module.COVERED, abs=0.06)
    rows = (changed != pictures).any(3).squeeze(1)[touched]
    places = (rows * torch.linspace(0, 1, 32)).sum(1) / rows.sum(1)
    assert ((places > 0.3) & (places < 0.88)).all()
    assert (places > 0.6).any()
    assert (places < 0.5).any()


def test_noise_keeps_the_grain_of_the_sensor_that_pictures_are_shrunk_to() -> None:
    large = torch.full((200, 1, 32, 32), 0.5)
    noise = module._noise(large, seeded(), 16)
    assert noise.shape == large.shape
    shrunk = torch.nn.functional.interpolate(noise, 16, mode="area")
    assert shrunk.std() == pytest.approx(1, abs=0.02)
    finest = torch.nn.functional.interpolate(module._noise(large, seeded(), 32), 16, mode="area")
    assert finest.std() == pytest.approx(0.5, abs=0.02)
