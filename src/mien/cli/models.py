"""The options of every command that reads faces: model, face detector, processor threads."""

import argparse
from pathlib import Path

from mien.registry import DEFAULT_DETECTOR, DETECTORS, THREADS


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --bundle, --detector, --detector-model and --threads."""
    add = parser.add_argument
    add("--bundle", type=Path, metavar="FOLDER", help="a model of your own, or fer8")
    add("--detector", choices=DETECTORS, default=DEFAULT_DETECTOR, help="default: %(default)s")
    add("--detector-model", type=Path, metavar="PATH", help="weights of the detector")
    add(
        "--threads",
        type=int,
        default=THREADS,
        metavar="N",
        help="processor threads of each network (default %(default)s: the least work in all)",
    )
