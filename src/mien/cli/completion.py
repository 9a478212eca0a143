"""`mien completion`: what makes a shell complete mien's commands and options."""

import argparse

import shtab

SHELLS = tuple(shtab.SUPPORTED_SHELLS)
EPILOG = """for bash:  mien completion bash > ~/.local/share/bash-completion/completions/mien
for zsh:   mien completion zsh > a file _mien in a folder of $fpath"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mien completion`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument("shell", choices=SHELLS)


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    from mien.cli import COMMANDS, parser_of

    print(shtab.complete(parser_of(*COMMANDS), args.shell))
    return 0
