"""The command line as a whole: help is quick, errors are one line, exit codes are kept."""

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mien import __version__
from mien.cli import COMMANDS, console, main
from mien.errors import SourceError


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put a command of ours in the place of `mien doctor`."""
    fake = SimpleNamespace(add_arguments=lambda parser: None, run=lambda args: 0)
    monkeypatch.setitem(sys.modules, "mien.cli.doctor", fake)
    return fake


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in COMMANDS)


@pytest.mark.parametrize("name", ["predict", "doctor", "live"])
def test_every_command_of_the_core_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert COMMANDS[name].capitalize() in " ".join(capsys.readouterr().out.split())


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"mien {__version__}\n"


@pytest.mark.parametrize("words", [[], ["dance"], ["doctor", "--dance"]])
def test_wrong_usage_is_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: mien" in capsys.readouterr().err


def test_an_option_that_is_not_there_is_told_by_the_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["predict", "a.jpg", "--anotate=b.jpg"])
    assert ended.value.code == 2
    told = " ".join(capsys.readouterr().err.split())
    assert told.startswith("usage: mien predict ")
    assert told.endswith("unrecognized arguments: --anotate=b.jpg; did you mean --annotate?")


def test_an_option_that_another_begins_with_is_not_taken_for_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`mien adapt` has `--from`; elsewhere the same is `--model`."""
    with pytest.raises(SystemExit) as ended:
        main(["adapt", "faces", "--out", "mine", "--model", "fer8"])
    assert ended.value.code == 2
    assert "unrecognized arguments: --model fer8" in capsys.readouterr().err


def test_without_a_command_the_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    printed = " ".join(capsys.readouterr().err.split())
    assert all(summary in printed for summary in COMMANDS.values())


def test_the_status_of_the_command_is_kept(command: Any) -> None:
    command.run = lambda args: 1
    assert main(["doctor"]) == 1


def test_an_error_is_one_line_without_traceback(
    command: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(args: Any) -> int:
        raise SourceError("camera 7 [red]:\nnot  there \x1b[31m :smile:")

    command.run = fail
    assert main(["doctor"]) == 1
    # What a name holds is shown, and neither obeyed nor tidied up.
    assert capsys.readouterr().err == "mien: camera 7 [red]: not  there \\x1b[31m :smile:\n"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (PermissionError(13, "Permission denied", "locked/a.jpg"), "locked/a.jpg: Permission"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (ModuleNotFoundError("No module named 'av'", name="av"), "av: a package that mien needs"),
    ],
)
def test_what_the_system_refuses_is_one_line(
    command: Any, capsys: pytest.CaptureFixture[str], error: Exception, line: str
) -> None:
    def fail(args: Any) -> int:
        raise error

    command.run = fail
    assert main(["doctor"]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith(f"mien: {line}")
    assert printed.count("\n") == 1


def test_a_missing_module_of_our_own_is_not_hidden(command: Any) -> None:
    def fail(args: Any) -> int:
        raise ModuleNotFoundError("No module named 'mien.x'", name="mien.x")

    command.run = fail
    with pytest.raises(ModuleNotFoundError):
        main(["doctor"])


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_other_signals_end_like_ctrl_c(command: Any, name: str) -> None:
    number = getattr(signal, name)
    former = signal.getsignal(number)
    ended = []

    def run(args: Any) -> int:
        try:
            signal.raise_signal(number)
        finally:
            ended.append(number)
        return 0

    command.run = run
    assert main(["doctor"]) == 130
    assert ended == [number]
    assert signal.getsignal(number) is former


def test_an_ignored_signal_stays_ignored(command: Any) -> None:
    if not hasattr(signal, "SIGHUP"):
        pytest.skip("needs SIGHUP, which Windows lacks")

    def run(args: Any) -> int:
        signal.raise_signal(signal.SIGHUP)
        return 0

    command.run = run
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert main(["doctor"]) == 0
    finally:
        signal.signal(signal.SIGHUP, former)


def test_an_interrupt_is_130(command: Any, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(args: Any) -> int:
        raise KeyboardInterrupt

    command.run = interrupt
    assert main(["doctor"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_fault_of_our_own_is_not_hidden(command: Any) -> None:
    def fail(args: Any) -> int:
        raise ZeroDivisionError

    command.run = fail
    with pytest.raises(ZeroDivisionError):
        main(["doctor"])


def test_help_loads_nothing_heavy_and_what_reads_faces_nothing_of_training() -> None:
    code = (
        "import sys, contextlib\n"
        "from mien.cli import main\n"
        "def loaded(heavy, *words):\n"
        "    with contextlib.suppress(SystemExit): main([*words, '--help'])\n"
        "    print(words, [name for name in heavy if name in sys.modules], file=sys.stderr)\n"
        "loaded(('cv2', 'onnxruntime', 'av', 'torch', 'mien.registry'))\n"
        "training = ('torch', 'matplotlib', 'onnx', 'pyarrow', 'jinja2', 'mien.evaluation')\n"
        "loaded(training, 'predict')\n"
        "loaded(training, 'live')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines() == ["() []", "('predict',) []", "('live',) []"]


@pytest.mark.skipif(os.name == "nt", reason="pipes end otherwise on Windows")
@pytest.mark.parametrize("call", ["print('x' * 80, flush=True)", "out.print('x' * 80)"])
def test_a_reader_that_leaves_early_is_no_error(call: str) -> None:
    code = (
        "import sys\n"
        "from types import SimpleNamespace\n"
        "from mien.cli.console import out\n"
        "def run(args):\n"
        f"    for _ in range(10_000): {call}\n"
        "    return 0\n"
        "sys.modules['mien.cli.doctor'] = SimpleNamespace(add_arguments=lambda p: None, run=run)\n"
        "from mien.cli import main\n"
        "raise SystemExit(main(['doctor']))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
    assert (process.returncode, errors) == (0, b"")


def test_quiet_leaves_remarks_out_but_no_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "-q", str(tmp_path / "absent.jpg")]) == 1
    assert "absent.jpg" in capsys.readouterr().err
    with console.output_set(quiet=True, verbose=0, level=None):
        console.err.print("a remark")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("words", [("-q",), ("-vv",), ("--log-level", "error")])
@pytest.mark.parametrize("there", [True, False])
def test_how_much_is_said_ends_with_the_command(
    command: Any, words: tuple[str, ...], there: bool
) -> None:
    root, ours = logging.getLogger(), logging.getLogger("mien")
    before = console.err.quiet, root.level, ours.level, root.handlers[:]
    meanwhile = []

    def run(args: object) -> int:
        meanwhile.append((console.err.quiet, root.level, ours.level, root.handlers[:]))
        if not there:
            raise SourceError("camera 7: not there")
        return 0

    command.run = run
    assert main(["doctor", *words]) == (0 if there else 1)
    assert meanwhile != [before]
    assert (console.err.quiet, root.level, ours.level, root.handlers[:]) == before


@pytest.mark.parametrize(
    ("verbose", "level", "wanted"),
    [
        (0, None, logging.WARNING),
        (1, None, logging.INFO),
        (2, None, logging.DEBUG),
        (2, "error", logging.ERROR),
        (0, "debug", logging.DEBUG),
    ],
)
def test_the_log_is_as_long_as_asked_for(verbose: int, level: str | None, wanted: int) -> None:
    with console.output_set(quiet=False, verbose=verbose, level=level):
        assert logging.getLogger("mien").level == wanted


def test_shells_can_complete_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("shtab")
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    assert "--any-angle" in script
    assert "train-detector" in script
