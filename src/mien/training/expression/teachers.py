"""What teachers say of pictures: by their float weights on a GPU, else by their graphs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from mien.errors import TrainingError
from mien.models.bundle import Bundle
from mien.models.classifier import OnnxClassifier
from mien.models.decision import split
from mien.training.device import Compute
from mien.training.expression.weights import learnt_classes, network_from_bundle
from mien.types import PixelArray


@dataclass(frozen=True, slots=True)
class Teacher:
    """One who says what a face shows.

    Attributes:
        size: Side of the faces that it takes, in pixels.
        answer: Maps float [N,C,size,size] in 0..1 to float32 [N,K] on the same device: what it
            takes each face for, in the order of the learner's classes.
    """

    size: int
    answer: Callable[[Tensor], Tensor]

    def ask(self, pictures: Tensor) -> Tensor:
        """Show it pictures of at least its own size, float [N,C,S,S] in 0..1."""
        return self.answer(shrunk(pictures, self.size))


def open_teachers(
    bundles: Sequence[Bundle], classes: Sequence[str], size: int, channels: int, compute: Compute
) -> list[Teacher]:
    """Make teachers of bundles.

    Args:
        bundles: They know the learner's classes, in any order.
        classes: The learner's.
        size: Side of the faces that the learner takes; a teacher may take larger ones.
        channels: Of these faces.
        compute: Where they are asked.

    Raises:
        TrainingError: One does not know a class, or takes smaller faces or those of other channels.
    """
    return [_open(one, list(classes), size, channels, compute) for one in bundles]


def shrunk(pictures: Tensor, size: int) -> Tensor:
    """Shrink float [N,C,S,S] to [N,C,size,size], each pixel the mean of those that it covers."""
    return pictures if pictures.shape[-1] == size else F.interpolate(pictures, size, mode="area")


def as_bytes(pictures: Tensor) -> PixelArray:
    """Return float [N,C,S,S] in 0..1 as uint8 [N,S,S,C]."""
    stored: PixelArray = (
        (pictures.permute(0, 2, 3, 1) * 255).round().byte().contiguous().cpu().numpy()
    )
    return stored


def _open(
    bundle: Bundle, classes: list[str], size: int, channels: int, compute: Compute
) -> Teacher:
    info = bundle.info
    if set(info.labels) != set(classes):
        raise TrainingError(
            f"{bundle.path}: this teacher knows {', '.join(info.labels)}, but the data set has "
            f"{', '.join(classes)}; they must be the same classes"
        )
    if info.input.size < size or info.input.channels != channels:
        raise TrainingError(
            f"{bundle.path}: this teacher takes faces of {info.input.size} px and "
            f"{info.input.channels} channels, but the run is set to {size} px and {channels} "
            "(--size, --channels); a teacher's may be larger, but not smaller or of other channels"
        )
    on_gpu = compute.device.type != "cpu" and bundle.info.weights_sha256 is not None
    answer = _by_weights(bundle, classes, compute) if on_gpu else _by_graph(bundle, classes)
    return Teacher(info.input.size, answer)


def _by_graph(bundle: Bundle, classes: list[str]) -> Callable[[Tensor], Tensor]:
    classifier = OnnxClassifier(bundle, threads=torch.get_num_threads())
    order = [bundle.info.labels.index(name) for name in classes]

    def answer(pictures: Tensor) -> Tensor:
        said = split(classifier(as_bytes(pictures)), other=classifier.other)[0]
        return torch.from_numpy(said[:, order]).to(pictures.device)

    return answer


def _by_weights(bundle: Bundle, classes: list[str], compute: Compute) -> Callable[[Tensor], Tensor]:
    network = network_from_bundle(bundle).eval().to(compute.device)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    learnt = learnt_classes(bundle)
    order = [learnt.index(name) for name in classes]

    @torch.no_grad()
    def answer(pictures: Tensor) -> Tensor:
        with compute.autocast():
            logits = network(pictures).float()
        return torch.softmax(logits / bundle.info.temperature, dim=1)[:, order]

    return answer
