"""The command line: reads arguments, calls the same functions as the Python API, prints.

Each command is a module with `add_arguments(parser)` and `run(args) -> int`. Only the module of the
command that was asked for is imported, so `mien --help` stays quick and works without extras.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from mien import __version__
from mien.cli.console import print_error
from mien.errors import MienError

COMMANDS = {
    "live": "read faces live, in a page in your browser",
    "predict": "read pictures, folders, videos, cameras and streams",
    "prepare": "make a data set from folders of labelled pictures",
    "train": "train a model on a data set",
    "evaluate": "say how good a model is",
    "doctor": "say what mien finds on this machine",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit status: 0 done, 1 failed with a message, 2 wrong usage, 130 interrupted.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    args = _parser(words).parse_args(words)
    try:
        return int(args.run(args))
    except MienError as error:
        print_error(str(error))
        return 1
    except KeyboardInterrupt:
        print_error("interrupted")
        return 130
    except BrokenPipeError:
        # The reader of our output has left (`mien predict … | head`): nothing more to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mien", description="Reads facial expressions. Nothing leaves this machine."
    )
    parser.add_argument("--version", action="version", version=f"mien {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    wanted = next((word for word in words if not word.startswith("-")), None)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary.capitalize() + ".")
        if name == wanted:
            module = importlib.import_module(f"mien.cli.{name}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser
