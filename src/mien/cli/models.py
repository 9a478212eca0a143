"""The options of every command that reads faces: which model and which face detector."""

import argparse
from pathlib import Path

from mien.assembly import DEFAULT_DETECTOR, DETECTORS


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --bundle, --detector and --detector-model."""
    add = parser.add_argument
    add("--bundle", type=Path, metavar="FOLDER", help="a model of your own, or fer8")
    add("--detector", choices=DETECTORS, default=DEFAULT_DETECTOR, help="default: %(default)s")
    add("--detector-model", type=Path, metavar="PATH", help="weights of the detector")
