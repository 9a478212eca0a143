"""The command line: reads arguments, calls the same functions as the Python API, prints.

Each command is a module with `add_arguments(parser)` and `run(args) -> int`. Only the module of the
command that was asked for is imported, so `mien --help` stays quick and works without extras.
"""

import argparse
import contextlib
import difflib
import importlib
import io
import itertools
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
    "convert": "write tables of readings as ELAN, WebVTT, SRT, BORIS or BIDS",
    "report": "make a page and figures of tables of readings, for a study",
    "people": "make a people.csv of tables of readings, to say who is who",
    "prepare": "make a data set from folders of labelled pictures",
    "train": "train a model on a data set",
    "adapt": "make a model of your own from a few pictures and one that is there",
    "train-detector": "train a face detector on pictures, taught by other detectors",
    "evaluate": "say how good a model is",
    "serve": "answer pictures with readings over http, for programs",
    "export-site": "write the page as files that read faces without a server",
    "notice": "print a card that tells people that their faces are read",
    "import-keras": "make a bundle of a Keras model",
    "export-keras": "make a Keras model of a bundle",
    "pull": "fetch a model from a hub",
    "push": "publish a model on a hub",
    "bench": "say how fast mien is on this machine and its camera",
    "doctor": "say what mien finds on this machine",
    "completion": "print what makes a shell complete mien's commands and options",
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
            with _output_set(args):
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


def parser_of(*wanted: str) -> argparse.ArgumentParser:
    """Return the parser of the command line, with the options of some of the commands.

    Args:
        wanted: The commands, whose modules are imported.
    """
    parser = argparse.ArgumentParser(
        prog="mien", description="Reads facial expressions. Nothing leaves this machine."
    )
    parser.add_argument("--version", action="version", version=f"mien {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        described = f"{summary[0].upper()}{summary[1:]}."
        # An option is written out: `--model` of a command without it is not `--model-version`.
        command = commands.add_parser(name, help=summary, description=described, allow_abbrev=False)
        if name in wanted:
            _fill(name, command)
    return parser


def _fill(name: str, command: argparse.ArgumentParser) -> None:
    module = importlib.import_module(f"mien.cli.{name.replace('-', '_')}")
    module.add_arguments(command)
    command.set_defaults(run=module.run, parser=command)
    talk = command.add_argument_group("what is said meanwhile")
    talk.add_argument("-q", "--quiet", action="store_true", help="only results and errors")
    talk.add_argument(
        "-v", "--verbose", action="count", default=0, help="more; -vv: all, for finding faults"
    )
    talk.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        help="what of mien's log is printed (default: warning; -v: info; -vv: debug)",
    )


def _parse(words: Sequence[str]) -> argparse.Namespace:
    parser = parser_of(*itertools.islice((w for w in words if not w.startswith("-")), 1))
    if not words:
        parser.print_help(sys.stderr)
        parser.exit(2)
    args, strange = parser.parse_known_args(words)
    if strange:
        # By the command's own parser: that of `mien` would show how to use `mien`.
        args.parser.error(
            f"unrecognized arguments: {' '.join(strange)}{_meant(strange, args.parser)}"
        )
    return args


def _meant(strange: Sequence[str], command: argparse.ArgumentParser) -> str:
    known = [option for action in command._actions for option in action.option_strings]
    named = (word.partition("=")[0] for word in strange if word.startswith("--"))
    near = [found for word in named for found in difflib.get_close_matches(word, known, 1)]
    return f"; did you mean {', '.join(near)}?" if near else ""


def _output_set(args: argparse.Namespace) -> contextlib.AbstractContextManager[None]:
    """Say as much as was asked for, on standard error, while the command runs."""
    if not (args.quiet or args.verbose or args.log_level):
        return contextlib.nullcontext()
    from mien.cli.console import output_set

    return output_set(quiet=args.quiet, verbose=args.verbose, level=args.log_level)


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
