"""The teacher's network takes up a recogniser's weights, and learns above them only."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from mien.training.expression.mobilenet import OUTPUTS, SMALL, TEACHER, FaceMobileNet
from mien.types import FloatArray


@pytest.fixture(scope="module")
def weights() -> dict[str, FloatArray]:
    """Random weights under the names and in the shapes of the real file."""
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> FloatArray:
        return (rng.standard_normal(shape) * 0.1).astype(np.float32)

    found = {
        "conv1/convolution/merged_input": draw(3, 3, 3, 32),
        "conv1_bn/batchnorm_1/sub": draw(32),
    }
    inputs = (32, *OUTPUTS)
    for number, outputs in enumerate(OUTPUTS, start=1):
        width = inputs[number - 1]
        found[f"conv_dw_{number}/depthwise_kernel"] = draw(3, 3, width, 1)
        found[f"conv_dw_{number}_bn/batchnorm_1/mul"] = draw(width)
        found[f"conv_dw_{number}_bn/batchnorm_1/sub"] = draw(width)
        found[f"conv_pw_{number}/convolution/merged_input"] = draw(1, 1, width, outputs)
        found[f"conv_pw_{number}_bn/batchnorm_1/sub"] = draw(outputs)
    return found


def test_first_layers_compute_what_the_file_says(weights: dict[str, FloatArray]) -> None:
    network = FaceMobileNet(4, 3, 48)
    network.load_pretrained(weights)
    seen = torch.rand(1, 3, 16, 16)

    def kernel(name: str) -> torch.Tensor:
        return torch.from_numpy(weights[name].transpose(3, 2, 0, 1).copy())

    stem = F.conv2d(
        F.pad(seen.flip(1), (0, 1, 0, 1)), kernel("conv1/convolution/merged_input"), stride=2
    ) + torch.from_numpy(weights["conv1_bn/batchnorm_1/sub"]).view(1, -1, 1, 1)
    assert torch.allclose(network.stem(F.pad(seen, (0, 1, 0, 1))), stem, atol=1e-6)
    x = torch.rand(1, 32, 8, 8)
    depth = torch.from_numpy(weights["conv_dw_1/depthwise_kernel"].transpose(2, 3, 0, 1).copy())
    scale = torch.from_numpy(weights["conv_dw_1_bn/batchnorm_1/mul"]).view(1, -1, 1, 1)
    bias = torch.from_numpy(weights["conv_dw_1_bn/batchnorm_1/sub"]).view(1, -1, 1, 1)
    wanted = F.relu6(F.conv2d(F.pad(x, (1, 1, 1, 1)), depth, groups=32) * scale + bias)
    wanted = F.relu6(
        F.conv2d(wanted, kernel("conv_pw_1/convolution/merged_input"))
        + torch.from_numpy(weights["conv_pw_1_bn/batchnorm_1/sub"]).view(1, -1, 1, 1)
    )
    assert torch.allclose(network.blocks[0](x), wanted, atol=1e-6)


@pytest.mark.parametrize("color", [(1.0, 0.0, 0.0), (0.2, 0.7, 0.4)])
def test_file_has_blue_first_and_pictures_red(
    weights: dict[str, FloatArray], color: tuple[float, ...]
) -> None:
    network = FaceMobileNet(4, 3, 48)
    network.load_pretrained(weights)
    kernel = weights["conv1/convolution/merged_input"]
    bgr = np.array(color[::-1], np.float32)
    wanted = (kernel.sum(axis=(0, 1)) * bgr[:, None]).sum(axis=0)
    wanted += weights["conv1_bn/batchnorm_1/sub"]
    flat = torch.tensor(color).view(1, 3, 1, 1).expand(1, 3, 3, 3)
    assert network.stem(flat).flatten().tolist() == pytest.approx(wanted.tolist(), abs=1e-5)


def test_gray_is_read_as_the_same_in_all_channels(weights: dict[str, FloatArray]) -> None:
    gray, color = FaceMobileNet(4, 1, 48), FaceMobileNet(4, 3, 48)
    gray.load_pretrained(weights)
    color.load_pretrained(weights)
    picture = torch.rand(1, 1, 9, 9)
    assert torch.allclose(gray.stem(picture), color.stem(picture.expand(1, 3, 9, 9)), atol=1e-5)


def test_missing_array_is_a_key_error(weights: dict[str, FloatArray]) -> None:
    fewer = {name: value for name, value in weights.items() if "pw_7" not in name}
    with pytest.raises(KeyError, match="conv_pw_7"):
        FaceMobileNet(4, 1, 48).load_pretrained(fewer)


def test_other_shape_is_refused(weights: dict[str, FloatArray]) -> None:
    other = {**weights, "conv1_bn/batchnorm_1/sub": np.zeros(31, np.float32)}
    with pytest.raises(ValueError, match="a kernel is"):
        FaceMobileNet(4, 1, 48).load_pretrained(other)


def test_lower_layers_do_not_learn() -> None:
    network = FaceMobileNet(4, 1, 48)
    learning = {id(parameter) for group, _ in network.rates() for parameter in group}
    for parameter in [*network.stem.parameters(), *network.blocks[TEACHER.frozen - 1].parameters()]:
        assert id(parameter) not in learning
        assert not parameter.requires_grad
    assert id(network.blocks[TEACHER.frozen].pointwise.weight) in learning
    assert id(network.head.weight) in learning


def test_small_one_learns_everywhere() -> None:
    network = FaceMobileNet(4, 1, 48, SMALL)
    learning = {id(parameter) for group, _ in network.rates() for parameter in group}
    assert learning == {id(parameter) for parameter in network.parameters()}
