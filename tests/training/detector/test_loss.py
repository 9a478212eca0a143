"""Cells learn the faces that are theirs, and what is unknown teaches nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mien.training.detector.annotated import Annotated
from mien.training.detector.loss import Targets, assign, losses
from mien.training.detector.network import UNIT, DetectorNetwork, cells

SIZE = 256
CELLS = cells(SIZE, SIZE)


def scene(*boxes: tuple[float, float, float], unknown: tuple[float, ...] = ()) -> Annotated:
    """Faces as (x, y, side) of their middles, with landmarks in a cross."""
    given = np.array(boxes, np.float32).reshape(-1, 3)
    half = given[:, 2:] / 2
    cross = np.array([[-0.2, -0.2], [0.2, -0.2], [0, 0], [-0.2, 0.2], [0.2, 0.2]], np.float32)
    return Annotated(
        np.zeros((SIZE, SIZE), np.uint8),
        np.concatenate([given[:, :2] - half, given[:, :2] + half], axis=1),
        given[:, None, :2] + cross * given[:, None, 2:],
        np.array(unknown, np.float32).reshape(-1, 4),
    )


def answer(targets: Targets) -> torch.Tensor:
    """Rows that say exactly what is so."""
    nearest, _ = assign(CELLS, targets)
    rows = torch.zeros(*nearest.shape, 15)
    rows[..., 0] = -20.0
    for n, a in (nearest >= 0).nonzero().tolist():
        face = targets.faces[n, nearest[n, a]]
        middle, unit = CELLS[a, :2], CELLS[a, 2] * UNIT
        rows[n, a, 0] = 20.0
        rows[n, a, 1:3] = ((face[1:3] + face[3:5]) / 2 - middle) / unit
        rows[n, a, 3:5] = torch.log((face[3:5] - face[1:3]) / unit)
        rows[n, a, 5:] = ((face[5:].reshape(5, 2) - middle) / unit).flatten()
    return rows


@pytest.mark.parametrize(
    ("side", "strides"), [(16, {8}), (50, {8, 16}), (80, {16}), (110, {16, 32}), (200, {32})]
)
def test_each_grid_learns_its_sizes(side: float, strides: set[int]) -> None:
    nearest, counts = assign(CELLS, Targets.of([scene((120, 130, side))]))
    learning = nearest[0] >= 0
    assert {int(s) for s in CELLS[learning, 2]} == strides
    away = (CELLS[learning, :2] - torch.tensor([120.0, 130.0])).abs().max()
    assert away <= max(0.16 * side, 0.62 * max(strides))
    assert counts[0][learning].all()
    assert counts.float().mean() > 0.75


def test_the_nearer_face_is_learnt() -> None:
    nearest, _ = assign(CELLS, Targets.of([scene((60, 60, 20), (70, 60, 20))]))
    for face, x in ((0, 60), (1, 70)):
        assert torch.allclose(CELLS[nearest[0] == face, 0].mean(), torch.tensor(float(x)), atol=6)


def test_unknown_regions_count_for_nothing() -> None:
    nearest, counts = assign(CELLS, Targets.of([scene(unknown=(64, 64, 128, 128))]))
    inside = ((CELLS[:, :2] > 64) & (CELLS[:, :2] < 128)).all(dim=1)
    assert (nearest == -1).all()
    assert torch.equal(~counts[0], inside)


def test_the_right_answer_costs_nothing() -> None:
    targets = Targets.of([scene((60, 60, 20), (150, 140, 90)), scene(), scene((128, 128, 200))])
    found = losses(answer(targets), CELLS, targets)
    assert found.total() == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("part", ["score", "box", "landmarks"])
def test_each_error_costs(part: str) -> None:
    targets = Targets.of([scene((60, 60, 20), (150, 140, 90))])
    rows = answer(targets)
    index = {"score": 0, "box": 3, "landmarks": 7}[part]
    wrong = rows.clone()
    wrong[..., index] = -wrong[..., index] if part == "score" else wrong[..., index] + 0.5
    right, found = (losses(given, CELLS, targets) for given in (rows, wrong))
    assert getattr(found, part) > getattr(right, part) + 0.05


def test_scenes_without_faces_teach_scores_alone() -> None:
    targets = Targets.of([scene(), scene()])
    rows = torch.zeros(2, len(CELLS), 15, requires_grad=True)
    found = losses(rows, CELLS, targets)
    assert found.box == found.landmarks == 0
    found.total().backward()
    assert rows.grad is not None
    assert (rows.grad[..., 0] > 0).all()
    assert (rows.grad[..., 1:] == 0).all()


def test_a_network_learns_where_a_disc_is() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    network = DetectorNetwork(1, (8, 8, 16, 16, 16), 16)
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3)
    grid = torch.meshgrid(torch.arange(64), torch.arange(64), indexing="ij")
    small = cells(64, 64)
    history = []
    for _ in range(80):
        middles = rng.uniform(16, 48, (16, 2))
        made = [replace(scene((x, y, 24)), image=np.zeros((64, 64), np.uint8)) for x, y in middles]
        pictures = torch.stack(
            [((grid[1] - x) ** 2 + (grid[0] - y) ** 2 < 144).float() * 255 for x, y in middles]
        )
        found = losses(network(pictures[:, None]), small, Targets.of(made))
        optimizer.zero_grad()
        found.total().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        history.append(float(found.box.detach()))
    assert np.mean(history[-10:]) < 0.5 * np.mean(history[:10])
