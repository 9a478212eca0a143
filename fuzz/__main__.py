"""`python -m fuzz`, or `make fuzz ARGS=…`: damaged inputs for every parser, and a table."""

import argparse
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path

from benchmarks.report import replace_marked

from fuzz.campaign import CHUNK, Fault, Job, Tally, judge, make_input, run
from fuzz.parsers import parsers

KEPT = 3  # inputs of one kind of fault that are saved
COLUMNS = ("parser", "inputs", "rejected", "accepted", "uncaught", "slowest")
Tallies = dict[str, Tally]


def main() -> int:
    """Run a campaign, or one input of it again; 1 where anything was uncaught."""
    args = _parse()
    if args.replay is not None:
        return _replay(*args.replay)
    state = args.out / f"seed-{args.seed}.json"
    tallies = _load(state, args.only)
    given = {name: tally.inputs for name, tally in tallies.items()}
    again = _taken_out(tallies)
    begin = time.monotonic()
    jobs = _jobs(given, args.inputs, None if args.seconds is None else begin + args.seconds)
    for job, tally in run(itertools.chain(again, jobs), args.seed, args.jobs):
        tallies[job.parser].add(tally)
        for fault in tally.faults:
            _keep(fault, tallies[job.parser], args.seed, args.out)
        _save(state, tallies)
    text = table(tallies, args.seed)
    print(text)
    if args.write is not None:
        replace_marked(args.write, text, name="fuzz")
    return 1 if any(tally.faults for tally in tallies.values()) else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    add = parser.add_argument
    add("--inputs", type=int, default=20_000, metavar="N", help="over all parsers (20,000)")
    add("--seconds", type=float, metavar="N", help="begin nothing after so many seconds")
    add(
        "--seed", type=int, default=0, help="a run of the same seed (0) goes on where one was ended"
    )
    add("--jobs", type=int, default=2, metavar="N", help="processes")
    add("--only", nargs="+", metavar="PARSER", choices=list(parsers()), default=list(parsers()))
    add("--out", type=Path, default=Path("out/fuzz"), help="state and the inputs that failed")
    add("--write", type=Path, metavar="FILE", help="put the table between the marks of a document")
    add("--replay", nargs=2, metavar=("PARSER", "FILE"), help="give a saved input to a parser")
    return parser.parse_args()


def _jobs(given: Mapping[str, int], inputs: int, end: float | None) -> Iterator[Job]:
    """Yield chunks such that every parser gets on at its share; `given` are the inputs it had."""
    given = dict(given)
    shares = {name: parsers()[name].share for name in given}
    wanted = {name: -(-inputs * shares[name] // sum(shares.values())) for name in given}
    while end is None or time.monotonic() < end:
        name = min(given, key=lambda one: given[one] / wanted[one])
        if given[name] >= wanted[name]:
            return
        step = max(5, min(CHUNK, wanted[name] // 8))
        stop = min(given[name] + step, wanted[name])
        yield Job(name, given[name], stop)
        given[name] = stop


def _taken_out(tallies: Tallies) -> list[Job]:
    """Take what failed before out of the figures, and return it: it may be mended by now."""
    jobs = []
    for name, tally in tallies.items():
        numbers = sorted({fault.number for fault in tally.faults})
        jobs += [Job(name, number, number + 1) for number in numbers]
        tally.inputs -= len(numbers)
        tally.faults.clear()
    return jobs


def _load(path: Path, names: list[str]) -> Tallies:
    tallies = {name: Tally() for name in names}
    if path.exists():
        known = json.loads(path.read_text(encoding="utf-8"))
        for name in tallies.keys() & known.keys():
            faults = [Fault(*fault) for fault in known[name].pop("faults")]
            tallies[name] = Tally(**known[name], faults=faults)
    return tallies


def _save(path: Path, tallies: Tallies) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".partial")
    values = {name: asdict(tally) for name, tally in tallies.items()}
    temporary.write_text(json.dumps(values), encoding="utf-8")
    temporary.replace(path)


def _keep(fault: Fault, tally: Tally, seed: int, folder: Path) -> None:
    same = [one for one in tally.faults if (one.kind, one.place) == (fault.kind, fault.place)]
    if len(same) > KEPT:
        return
    name = f"{fault.parser}-{fault.kind}-{fault.place}-{seed}-{fault.number}.bin"
    path = folder / name.replace(" ", "_").replace(":", "_").replace("/", "_")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(make_input(seed, fault.parser, fault.number))
    print(
        f"{fault.parser}, seed {seed}, input {fault.number}: {fault.kind} at {fault.place}: "
        f"{fault.message!r}; saved as {path}",
        file=sys.stderr,
        flush=True,
    )


def _replay(parser: str, file: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        found = judge(parser, 0, Path(file).read_bytes(), Path(folder))
    print(found if isinstance(found, Fault) else "accepted" if found else "rejected")
    return 1 if isinstance(found, Fault) else 0


def table(tallies: Mapping[str, Tally], seed: int) -> str:
    """Return the figures as a table in Markdown."""
    rows = [_row(name, tally) for name, tally in tallies.items()]
    whole = Tally()
    for tally in tallies.values():
        whole.add(tally)
    lines = [COLUMNS, ("---", *["--:"] * (len(COLUMNS) - 1)), *rows, _row("all", whole)]
    text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return (
        f"{text}\n\n`make fuzz`, seed {seed}, {date.today().isoformat()}; the slowest input in "
        f"seconds of the processor, {whole.seconds / 3600:.1f} hours in all."
    )


def _row(name: str, tally: Tally) -> tuple[str, ...]:
    counts = (tally.inputs, tally.rejected, tally.accepted, len(tally.faults))
    return (name, *(f"{count:,}" for count in counts), f"{tally.slowest:.2f}")


if __name__ == "__main__":
    sys.exit(main())
