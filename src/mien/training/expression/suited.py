"""Settings that suit the size of the data and the network, where a person gave none.

What is fixed for all is right for some: at 128 faces a step, a hundred faces are one step an epoch,
and thirty steps teach nothing; at the rate that suits a network with batch normalisation, one
without it ends with the same answer for every face.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mien.training.expression.settings import Architecture, TrainSettings

DEFAULTS = TrainSettings()
STEPS_PER_EPOCH = 32  # at least, where there are enough faces for batches of SMALLEST
SMALLEST = 8  # faces of a batch: batch normalisation needs more than a few
ENOUGH_STEPS = 2000  # of a whole run; fewer are too few for any network that starts from nothing
MOST_EPOCHS = 200
# Of a network whose own rate is another, for batches of the default size.
RATES: Mapping[Architecture, float] = MappingProxyType(
    {"baseline": 5e-4, "mobilenet": 3e-4, "mobilenet-small": 6e-4}
)


def suit(options: Mapping[str, Any], faces: int) -> dict[str, Any]:
    """Choose what was not given, by how many faces there are to learn from.

    Args:
        options: What was given, by the names of `TrainSettings`; others are left as they are.
        faces: In the train split.

    Returns:
        The options, with `batch_size`, `epochs`, `patience` and `learning_rate`.
    """
    batch = options.get("batch_size", _batch(faces))
    steps = max(1, faces // max(1, batch))
    epochs = min(max(DEFAULTS.epochs, math.ceil(ENOUGH_STEPS / steps)), MOST_EPOCHS)
    patience = max(DEFAULTS.patience, options.get("epochs", epochs) // 4)
    rate = RATES.get(options.get("arch", DEFAULTS.arch), DEFAULTS.learning_rate)
    # Smaller batches have noisier gradients (Malladi et al. 2022 for the square root with Adam).
    rate = float(f"{rate * min(1.0, math.sqrt(batch / DEFAULTS.batch_size)):.2g}")
    chosen = {"batch_size": batch, "epochs": epochs, "patience": patience, "learning_rate": rate}
    return chosen | dict(options)


def _batch(faces: int) -> int:
    """Return the greatest power of two that leaves enough steps."""
    most = max(faces // STEPS_PER_EPOCH, SMALLEST)
    return min(1 << (most.bit_length() - 1), DEFAULTS.batch_size)
