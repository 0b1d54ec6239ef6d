"""Every fault of a command from one run of it: at each file operation it forks, and the fork has the fault.

A command called anew for each of its operations does the work before the operation again and again. Here
it is called once (`faults_step.c`): at an operation it waits until its folder is copied, and forks once a
kind of fault. A fork sees its copy in the folder's place and goes on until it ends. For a kill there is
nothing to go on with: the folder at that moment, with half of the write, is what is left.

What the second call makes of a folder is worked out once for all faults that left the same one. Two are the
same when their files have the same content but for times, where a name that is for a moment only
(``.tmp-*``) counts by its name alone: nothing reads one; a folder without such a name is taken to do no worse
than the same one with it. Of the manifests counts as well which of their hashes hold.

A fork has the one thread that forked. TensorBoard's writer has its own, so during a sweep it writes in the
caller's; what other threads and processes do to files is tried as before, by calls of the command. SQLite
runs without its mutexes, which a fork would find taken.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from faults_digests import Cache, Digests, is_leftover
from faults_trials import KINDS, Bench, Command, Ended, Trial, last_line, lost, unclear

_NAMES: Final = {number: name for name, number in KINDS.items()}
Tried = Callable[[str, int], bool]


@dataclass
class Mended:
    """What the second call made of a folder."""

    code: int | None
    last: str
    leftovers: list[str]
    differs: list[str]


class Sweep:
    """One command's operations.

    Parameters
    ----------
    bench:
        Whose folder is used.
    command:
        Which is called.
    before, after:
        Digests of its folder before, and after a call without a fault.
    wanted:
        Whether the fault of a kind at an operation is to be tried.
    """

    def __init__(
        self, bench: Bench, command: Command, before: Digests, after: Digests, wanted: Tried
    ) -> None:
        self.bench, self.command, self.before, self.after, self.wanted = bench, command, before, after, wanted
        self.copies, self.kept = bench.home / "copies", bench.home / "kept"
        self.cache = Cache()
        self.trials: list[tuple[Trial, str, bool]] = []
        self.others: list[int] = []
        self.operations = 0

    def tried(self) -> Iterator[Trial]:
        """Every fault that is wanted. The second calls come last: the run's process lives till its end."""
        for each in (self.copies, self.kept):
            shutil.rmtree(each, ignore_errors=True)
            each.mkdir()
        self._run()
        made: dict[str, Mended] = {}
        harder = {key.partition("-")[0]: key for key in sorted(each.name for each in self.kept.iterdir())}
        for trial, own, done in self.trials:
            key = own if "-" in own else harder[own]
            if key not in made:
                made[key] = self._mended(self.kept / key)
            found = made[key]
            if found.code and not (done and found.code == 2):
                trial.stuck = [f"exit code {found.code} when called again: {found.last}"]
            trial.leftovers, trial.differs = found.leftovers, [] if trial.stuck else found.differs
            yield trial
        for at in self.others:
            for kind in KINDS:
                if self.wanted(kind, at):
                    yield self.bench.trial(self.command, kind, at, self.before, self.after)

    def _run(self) -> None:
        bench, command = self.bench, self.command
        bench.reset(command)
        told, answers = os.pipe(), os.pipe()
        process = bench.stepping(command, told, answers, self.copies)
        os.close(told[1])
        os.close(answers[0])
        at, what, wanted = 0, "", False
        statuses: dict[str, int] = {}
        with open(told[0], encoding="utf-8", errors="replace") as lines:
            for line in lines:
                word, *rest = line.rstrip("\n").split("\t")
                if word == "at":
                    self.operations += 1
                    at, what = int(rest[0]), rest[1].replace(f"{bench.work}/", "")
                    wanted = any(self.wanted(kind, at) for kind in KINDS)
                    if wanted:
                        self._copy()
                    os.write(answers[1], b"y" if wanted else b"n")
                elif word == "other":
                    self.operations += 1
                    self.others.append(int(rest[0]))
                elif word == "end":
                    statuses[_NAMES[int(rest[0])]] = int(rest[1])
                elif word == "tried":
                    for kind in KINDS if wanted else ():
                        if self.wanted(kind, at):
                            self._judge(kind, at, what, statuses.get(kind, 0))
                    os.write(answers[1], b"y")
        os.close(answers[1])
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        bench.disarm()
        final = bench.digests()
        if code or final != self.after:
            odd = [
                name for name in final.keys() | self.after.keys() if final.get(name) != self.after.get(name)
            ]
            raise SystemExit(f"{command.name}: the run that forked ended with {code}, and differs in {odd}")

    def _copy(self) -> None:
        for number in KINDS.values():
            shutil.rmtree(self.copies / str(number), ignore_errors=True)
            shutil.copytree(self.bench.work, self.copies / str(number), symlinks=True)
            shutil.copyfile(self.bench.home / "log", self.copies / f"{number}.log")

    def _judge(self, kind: str, at: int, what: str, status: int) -> None:
        folder = self.copies / str(KINDS[kind])
        text = (self.copies / f"{KINDS[kind]}.log").read_text(encoding="utf-8", errors="replace")
        code = None if status < 0 else os.waitstatus_to_exitcode(status)
        if code == 98:
            raise SystemExit(f"{self.command.name}: {text.splitlines()[-1]}")
        trial = Trial(self.command.name, kind, at, what)
        broken = self.cache.digests(folder)
        trial.lost = list(lost(self.command, self.before, broken, self.after))
        done = {name: value for name, value in broken.items() if not is_leftover(name)} == self.after
        trial.unclear = list(unclear(Ended(code, text, at, what, 0.0), kind, done))
        key = "-".join(self.cache.key(folder, broken))
        if not (self.kept / key).exists():
            shutil.copytree(folder, self.kept / key, symlinks=True)
        self.trials.append((trial, key, done))

    def _mended(self, folder: Path) -> Mended:
        command = self.command
        shutil.rmtree(self.bench.work, ignore_errors=True)
        shutil.copytree(folder, self.bench.work, symlinks=True)
        ended = self.bench.call(command.app, command.words if command.again is None else command.again)
        final = self.cache.digests(self.bench.work)
        return Mended(
            ended.code,
            last_line(ended.text),
            sorted(final.keys() - self.after.keys()),
            [name for name in self.after if final.get(name) != self.after[name]],
        )
