"""The network takes any multiple of 32, and its cells and boxes are where they are said to be."""

import pytest
import torch

from mien.training.detector.network import OUTPUTS, STRIDES, DetectorNetwork, cells, decode


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 96), (480, 640)])
def test_one_row_for_each_cell(height: int, width: int) -> None:
    network = DetectorNetwork().eval()
    rows = network(torch.zeros(2, 1, height, width))
    assert rows.shape == (2, sum(height * width // s**2 for s in STRIDES), OUTPUTS)
    assert len(cells(height, width)) == rows.shape[1]


def test_it_is_small_and_expects_few_faces() -> None:
    network = DetectorNetwork().eval()
    assert sum(p.numel() for p in network.parameters()) < 265_000
    scores = torch.sigmoid(network(torch.rand(1, 1, 64, 64) * 255)[..., 0])
    assert scores.max() < 0.2


def test_cells_go_row_by_row_from_the_finest_grid() -> None:
    given = cells(32, 64)
    assert given[0].tolist() == [4, 4, 8]
    assert given[1].tolist() == [12, 4, 8]
    assert given[8].tolist() == [4, 12, 8]
    assert given[-1].tolist() == [48, 16, 32]


def test_rows_are_in_the_order_of_the_cells() -> None:
    """What lies under a cell moves that cell's row most."""
    torch.manual_seed(0)
    network, grid = DetectorNetwork().eval(), cells(128, 128)
    flat = torch.full((1, 1, 128, 128), 128.0)
    spot = flat.clone()
    spot[..., 100:104, 20:24] = 255
    moved = (network(spot) - network(flat)).abs().sum(dim=-1)[0]
    finest = grid[:, 2] == 8
    x, y, _ = grid[finest][moved[finest].argmax()].tolist()
    assert abs(x - 22) <= 16
    assert abs(y - 102) <= 16


def test_decode_places_boxes_and_landmarks() -> None:
    row = torch.zeros(15)
    row[1], row[4], row[5] = 0.5, torch.log(torch.tensor(2.0)), -0.25
    box, points = decode(row, torch.tensor([100.0, 60.0, 8.0]))
    assert torch.allclose(box, torch.tensor([100.0, 28.0, 132.0, 92.0]))
    assert points[0].tolist() == [92, 60]
    assert points[1].tolist() == [100, 60]


def test_a_network_for_colour_takes_three_channels() -> None:
    assert DetectorNetwork(3).eval()(torch.zeros(1, 3, 64, 64)).shape == (1, 84, OUTPUTS)
