"""What every network that reads faces gives: logits, and the features that they are made from."""

from abc import abstractmethod

from torch import Tensor, nn


class FaceNetwork(nn.Module):
    """Takes float [N,C,S,S] in 0..1; normalisation is part of the network."""

    @abstractmethod
    def with_features(self, pictures: Tensor) -> tuple[Tensor, Tensor | None]:
        """Map pictures to logits and to the pooled features, which the last linear layer sees.

        Args:
            pictures: Float [N,C,S,S] in 0..1.

        Returns:
            Logits [N,K], and features [N,D]; None where the network has no such layer.
        """

    def forward(self, pictures: Tensor) -> Tensor:
        """Map float [N,C,S,S] in 0..1 to logits [N,K]."""
        return self.with_features(pictures)[0]
