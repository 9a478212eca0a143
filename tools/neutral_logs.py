"""Write into bundles what they make of neutral faces, from the features that lie beside them.

    python -m tools.neutral_logs fer4 fer4-open fer8

`mien train` writes it into new ones. This is for those that it wrote before, where their
features.safetensors and weights.safetensors are there: the last layer of the network, and the
temperature, make of the features what the graph makes of the pictures.
"""

import argparse
import sys
from pathlib import Path

import msgspec
import torch

from mien.errors import BundleError, MienError
from mien.files.writes import write_file
from mien.models.bundle import INFO, Bundle, encode_info, load_bundle
from mien.models.neutral import mean_logs
from mien.registry import find_bundle
from mien.training.expression.known import read_features
from mien.training.expression.weights import learnt_classes, read_weights
from mien.types import ProbabilityArray

LAYER = "head"


def neutral_logs(bundle: Bundle) -> tuple[float, ...]:
    """Return the mean logarithms over the neutral faces whose features a bundle keeps.

    Raises:
        BundleError: It keeps none, its network has no single last layer, or no face is neutral.
    """
    known = read_features(bundle)
    found = mean_logs(outcomes(bundle, known.features), known.labels, bundle.info.labels)
    if found is None:
        raise BundleError(f"{bundle.path}: keeps no face of a label that means neutral")
    return found


def outcomes(bundle: Bundle, features: torch.Tensor | ProbabilityArray) -> ProbabilityArray:
    """Return what a bundle's graph makes of features, float32 [N,K] or [N,K+1]."""
    weights = read_weights(bundle)
    try:
        matrix, bias = (torch.tensor(weights[f"{LAYER}.{name}"]) for name in ("weight", "bias"))
    except KeyError as error:
        raise BundleError(f"{bundle.path}: its network has no layer {error}") from error
    logits = torch.as_tensor(features) @ matrix.T + bias
    learnt = torch.softmax(logits / bundle.info.temperature, dim=1).numpy()
    classes = learnt_classes(bundle)
    read = learnt[:, [classes.index(label) for label in bundle.info.labels]]
    if not bundle.info.other:
        return read
    rest = 1 - read.sum(axis=1, keepdims=True)
    return torch.cat([torch.as_tensor(read), torch.as_tensor(rest)], dim=1).numpy()


def main() -> None:
    """Write them, or say what a bundle lacks for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundles", nargs="+", type=Path)
    try:
        for name in parser.parse_args().bundles:
            bundle = load_bundle(find_bundle(name))
            info = msgspec.structs.replace(bundle.info, neutral_logs=neutral_logs(bundle))
            write_file(bundle.path / INFO, encode_info(info))
    except MienError as error:
        sys.exit(f"tools.neutral_logs: {error}")


if __name__ == "__main__":
    main()
