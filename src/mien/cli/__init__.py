"""The command line: reads arguments, calls the same functions as the Python API, prints.

Each command is a module with `add_arguments(parser)` and `run(args) -> int`. Only the module of the
command that was asked for is imported, so `mien --help` stays quick and works without extras.
"""

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence

from mien import __version__
from mien.cli.caches import caches_kept_apart
from mien.errors import MienError
from mien.pipeline.interrupts import ended_like_ctrl_c

COMMANDS = {
    "live": "read faces live, in a page in your browser",
    "predict": "read pictures, folders, videos, cameras and streams",
    "prepare": "make a data set from folders of labelled pictures",
    "train": "train a model on a data set",
    "train-detector": "train a face detector on pictures, taught by other detectors",
    "evaluate": "say how good a model is",
    "import-keras": "make a bundle of a Keras model",
    "bench": "say how fast mien is on this machine and its camera",
    "doctor": "say what mien finds on this machine",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit status: 0 done, 1 failed with a message, 2 wrong usage, 130 interrupted.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        with ended_like_ctrl_c(), caches_kept_apart():
            _let_every_name_be_printed()
            args = _parse(words)
            return int(args.run(args))
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except BrokenPipeError:
        # The reader of our output has left (`mien predict … | head`): nothing more to say.
        _discard_output()
        return 0
    except MienError as error:
        return _fail(str(error), 1)
    except OSError as error:
        return _fail(_describe(error), 1)
    except ModuleNotFoundError as error:
        if (error.name or "mien").startswith("mien"):
            raise
        return _fail(f"{error.name}: a package that mien needs is missing; install mien again", 1)


def _parse(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="mien", description="Reads facial expressions. Nothing leaves this machine."
    )
    parser.add_argument("--version", action="version", version=f"mien {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    wanted = next((word for word in words if not word.startswith("-")), None)
    for name, summary in COMMANDS.items():
        described = f"{summary[0].upper()}{summary[1:]}."
        command = commands.add_parser(name, help=summary, description=described)
        if name == wanted:
            module = importlib.import_module(f"mien.cli.{name.replace('-', '_')}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    if not words:
        parser.print_help(sys.stderr)
        parser.exit(2)
    return parser.parse_args(words)


def _let_every_name_be_printed() -> None:
    """Print as an escape what the output's encoding lacks; standard error does so by itself."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _describe(error: OSError) -> str:
    reason = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename else reason


def _fail(message: str, status: int) -> int:
    # Imported here, so that Ctrl-C finds no slow import above that it could cut short.
    from mien.cli.console import print_error

    print_error(message)
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        _discard_output()
    return status


def _discard_output() -> None:
    """Keep Python from trying once more, at its end, to write where writing failed."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
