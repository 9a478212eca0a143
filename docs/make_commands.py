"""Writes docs/commands.md from the command line's own parsers: `python -m docs.make_commands`."""

import argparse
from pathlib import Path

from mien.cli import COMMANDS, parser_of

PAGE = Path(__file__).parent / "commands.md"
HEAD = """# The command line

Made by `python -m docs.make_commands` from the options themselves; a test keeps it current.

**Results** go to standard output, all else (progress, remarks, errors) to standard error, so that
`mien predict … > table.csv` holds a table and nothing more. `-q` leaves progress and remarks out,
`-v` and `--log-level` add mien's log.

| exit status | when |
| ---: | --- |
| 0 | done |
| 1 | it failed, settings do not fit, or not all that was named could be read; one line says why |
| 2 | wrong usage: an option that is not there, or a value that is none of its kind |
| 130 | interrupted, as by Ctrl-C; what was written stays good |

**An option** that is typed goes before a recipe (`--config`), and a recipe before the default.
Where an option is a list, its values follow each other: `--teacher a b`. A source may be given by
its place or as `--source`. Names of former versions still work and say what is written now;
`--bundle` is as good as `--model`. `mien completion bash` (or zsh, or tcsh) prints what makes a
shell complete all this.
"""
OF_ALL = """
## Options of every command

"""


def page() -> str:
    """Return the whole page."""
    parser = parser_of(*COMMANDS)
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    parts = [HEAD]
    common: list[str] = []
    for name, command in commands.choices.items():
        *groups, last = command._action_groups
        common = _table(last)
        parts.append(f"\n## mien {name}\n\n{command.description}\n")
        positional, options, *named = groups
        parts.append("\n" + "\n".join(_table(positional, options)) + "\n")
        for group in named:
            title = str(group.title)
            parts.append(f"\n{title[0].upper()}{title[1:]}:\n\n")
            parts.append("\n".join(_table(group)) + "\n")
    parts.append(OF_ALL + "\n".join(common) + "\n")
    return "".join(parts)


def _table(*groups: argparse._ArgumentGroup) -> list[str]:
    rows = [
        f"| {_spelling(action)} | {_cell(_told(action))} |"
        for group in groups
        for action in group._group_actions
        if action.help is not argparse.SUPPRESS and action.dest != "help"
    ]
    return ["| | |", "| --- | --- |", *rows] if rows else []


def _spelling(action: argparse.Action) -> str:
    choices = "{" + ",".join(map(str, action.choices)) + "}" if action.choices else ""
    value = action.metavar or choices
    if isinstance(value, tuple):
        value = " ".join(value)
    if not action.option_strings:
        return f"`{_cell(value or action.dest)}`"
    names = ", ".join(f"`{name}`" for name in action.option_strings)
    return f"{names} `{_cell(value)}`" if value and action.nargs != 0 else names


def _told(action: argparse.Action) -> str:
    # What would be an element or a link in Markdown is neither in a help text.
    return (action.help or "").replace("%%", "%").replace("<", "&lt;").replace("](", r"]\(")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
