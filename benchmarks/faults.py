"""Lets every file operation of a command go wrong, once each, and looks what is left.

    python benchmarks/faults.py WORK                                   every operation of every command
    python benchmarks/faults.py WORK --commands train,import --points 20
    python benchmarks/faults.py WORK --table [PAGE]                    the table of what was tried so far

As SQLite tests itself (https://www.sqlite.org/testing.html, "I/O error testing" and "crash testing"): at
operation 1, 2, 3, ... of a command the process is killed (the write it was in is half done), or the disk is
full from then on, or that operation alone fails with EIO. Then the command is called again, with ``--resume``
where it has that. A fault is survived when

- what was there before is there, under its name, old or new and whole, and inputs are untouched ("lost");
- the second call ends well ("stuck"), and leaves what a call without a fault leaves, byte for byte but for
  times ("differs"), and nothing else ("leftovers");
- a call that fails ends with exit code 2 and one line ("unclear").

Not seen: what does not pass libc (`benchmarks/faults.c`), reads that fail, and a power cut, after which only
what was flushed is on the disk.

One run of a command meets all its faults (`faults_sweep.py`); with `--slow` the command is called anew for
each. The commands work on simulated sends of scale 0.02 with tiny models. Trials are kept in
WORK/trials.jsonl and not done again; with `--points` they are spread evenly over the operations.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent))

import records
from faults_commands import COMMANDS, make_inputs, warm
from faults_sweep import Sweep
from faults_trials import KINDS, Bench, Trial, preloaded

TRIALS: Final = "trials.jsonl"
_WRONG: Final = ("lost", "stuck", "unclear", "leftovers", "differs")


def main() -> int:
    """Exit code 1 where a trial found something."""
    asked = _asked()
    work: Path = asked.work.absolute()
    work.mkdir(parents=True, exist_ok=True)
    if asked.table is not None:
        _show(table(records.lines(work / TRIALS)), asked.table)
        return 0
    preloaded(sys.argv, work)
    names = asked.commands.split(",") if asked.commands else list(COMMANDS)
    until = time.monotonic() + asked.minutes * 60
    warm(names)
    bench = Bench(work)
    make_inputs(bench, names)
    for name in names:
        try_command(bench, name, asked, until)
    found = records.lines(work / TRIALS)
    print(table(found))
    return int(any(trial[each] for trial in found for each in _WRONG))


def try_command(bench: Bench, name: str, asked: argparse.Namespace, until: float) -> None:
    """Try the operations of one command that were not tried before."""
    command = COMMANDS[name]
    before, after, count = bench.unbroken(command)
    _say(f"{name}: {count} operations")
    done = {(each["command"], each["kind"], each["at"]) for each in records.lines(bench.home / TRIALS)}
    points, kinds = set(chosen(count, asked.every, asked.points, asked.begin)), asked.kinds.split(",")

    def wanted(kind: str, at: int) -> bool:
        inside = at in points or (at > count and asked.points is None)
        return inside and kind in kinds and (name, kind, at) not in done

    if count and asked.slow:
        found: Iterable[Trial] = (
            bench.trial(command, kind, at, before, after)
            for at in sorted(points)
            for kind in kinds
            if wanted(kind, at)
        )
    else:
        found = Sweep(bench, command, before, after, wanted).tried()
    for trial in found:
        with (bench.home / TRIALS).open("a") as file:
            file.write(json.dumps({**asdict(trial), "of": count}) + "\n")
        _report(trial)
        if time.monotonic() > until:
            return


def chosen(count: int, every: int, points: int | None, begin: int = 1) -> list[int]:
    """Which of the operations `begin` to `count` are tried; `points` are spread over all."""
    if points is None or points >= count:
        return list(range(begin, count + 1, every))
    if points == 1:
        return [(count + 1) // 2]
    return sorted({1 + round(index * (count - 1) / (points - 1)) for index in range(points)})


def table(trials: Iterable[dict[str, Any]]) -> str:
    """Markdown: one row a command and kind."""
    lines = [
        "| command | fault | operations | tried | lost | stuck | unclear | leftovers | differs |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for each in trials:
        groups.setdefault((each["command"], each["kind"]), []).append(each)
    order = list(COMMANDS)
    for (command, kind), found in sorted(
        groups.items(), key=lambda g: (order.index(g[0][0]), list(KINDS).index(g[0][1]))
    ):
        wrong = " | ".join(str(sum(bool(each[name]) for each in found)) for name in _WRONG)
        of = max(found[-1]["of"], len(found))  # the number of some is not fixed
        lines.append(f"| {command} | {kind} | {of} | {len(found)} | {wrong} |")
    return "\n".join(lines)


def _show(text: str, page: str) -> None:
    """Print the table, or put it between the marks of a page."""
    if not page:
        print(text)
        return
    path = Path(page)
    begin, end = "<!-- table of faults -->\n", "<!-- end -->"
    before, _, rest = path.read_text(encoding="utf-8").partition(begin)
    path.write_text(f"{before}{begin}{text}\n{end}{rest.partition(end)[2]}", encoding="utf-8")


def _report(trial: Trial) -> None:
    wrong = [f"{name}: {'; '.join(getattr(trial, name))}" for name in _WRONG if getattr(trial, name)]
    verdict = " | ".join(wrong) if wrong else "survived"
    _say(f"{trial.command} {trial.kind} at {trial.at} ({trial.what}): {verdict}")


def _say(line: str) -> None:
    print(line, flush=True)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("work", type=Path, help="a folder for inputs, trials and results")
    parser.add_argument("--commands", default="", help=f"some of {','.join(COMMANDS)}")
    parser.add_argument("--kinds", default=",".join(KINDS), help="some of: " + ",".join(KINDS))
    parser.add_argument(
        "--points", type=int, help="at the most so many operations of a command, evenly spread"
    )
    parser.add_argument("--every", type=int, default=1, help="every so-manyth operation")
    parser.add_argument("--begin", type=int, default=1, help="none before this one")
    parser.add_argument("--slow", action="store_true", help="call the command anew for each fault")
    parser.add_argument("--minutes", type=float, default=1e6, help="begin no trial after so many")
    parser.add_argument(
        "--table",
        nargs="?",
        const="",
        metavar="PAGE",
        help="print what was found so far, or put it into a page",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
