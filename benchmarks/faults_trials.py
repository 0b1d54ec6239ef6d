"""Trials of `benchmarks/faults.py`: a fork that is armed, runs a command, and what is judged of its folder.

The process that forks has imported what is heavy and computed nothing, so a trial costs the work alone.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from faults_digests import Digests, digests, is_leftover, under

KINDS: Final = {"kill": 1, "full disk": 2, "EIO": 3}
LONGEST: Final = 300.0  # seconds that a command may take before it counts as hanging
_SOURCE: Final = Path(__file__).with_name("faults.c")


@dataclass(frozen=True)
class Command:
    """A command to be tried.

    Attributes
    ----------
    name, words:
        What the table calls it, and its arguments.
    app:
        "recsys", "train.py" or "workflows.sends".
    again:
        Arguments of the call that is to mend all; None: the same.
    before:
        Names of the inputs that it finds in its folder.
    keeps:
        What lies under its name before, and has to be whole, old or new, at any moment.
    later:
        Folder in that which is made after it, and may be missing.
    """

    name: str
    words: tuple[str, ...]
    app: str = "recsys"
    again: tuple[str, ...] | None = None
    before: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    later: str = "bundle"


@dataclass
class Ended:
    """How a call ended: its exit code (negative: a signal; None: it hung), its words, what was counted."""

    code: int | None
    text: str
    seen: int
    what: str
    seconds: float


@dataclass
class Trial:
    """One fault and what was wrong after it; every list is to be empty."""

    command: str
    kind: str
    at: int
    what: str = ""
    seconds: float = 0.0
    lost: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)


class Bench:
    """Runs commands in one folder, of which every file operation is counted.

    Parameters
    ----------
    home:
        Empty, or of a former call.
    """

    def __init__(self, home: Path) -> None:
        self.home, self.work, self.inputs = home, home / "work", home / "inputs"
        self._faults = ctypes.CDLL(os.environ["LD_PRELOAD"])
        self._faults.faults_what.restype = ctypes.c_char_p
        self._faults.faults_seen.restype = ctypes.c_long
        self._faults.faults_arm.argtypes = (ctypes.c_char_p, ctypes.c_long, ctypes.c_int)
        self._faults.faults_step.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_long)

    def call(self, app: str, words: tuple[str, ...], kind: int = 0, at: int = 0) -> Ended:
        """Run a command in a fork, with the fault `kind` at operation `at`."""
        log, began = self.home / "log", time.monotonic()
        if not self._faults.faults_arm(os.fsencode(self.work), at, kind):
            raise MemoryError
        sys.stdout.flush()
        process = os.fork()
        if not process:
            _child(app, words, self.work, log)
        code = _waited(process)
        seen, what = self._faults.faults_seen(), os.fsdecode(self._faults.faults_what())
        self._faults.faults_disarm()
        text = log.read_text(encoding="utf-8", errors="replace")
        return Ended(code, text, seen, what.replace(str(self.work) + "/", ""), time.monotonic() - began)

    def stepping(
        self, command: Command, told: tuple[int, int], answers: tuple[int, int], copies: Path
    ) -> int:
        """Begin a run that forks at every operation (`faults_step.c`), and return its process.

        It writes to the pipe `told` and reads `answers`.
        """
        if not self._faults.faults_arm(os.fsencode(self.work), -1, 0):
            raise MemoryError
        sys.stdout.flush()
        process = os.fork()
        if not process:
            os.close(told[0])
            os.close(answers[1])
            _write_at_once()
            _without_mutexes()
            _child(command.app, command.words, self.work, self.home / "log", lambda: self._faults.faults_step(
                told[1], answers[0], os.fsencode(copies), int(LONGEST)))  # fmt: skip
        return process

    def disarm(self) -> None:
        """Count no longer."""
        self._faults.faults_disarm()

    def reset(self, command: Command) -> None:
        """The command's folder as it finds it."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        for name in command.before:
            source, target = self.inputs / name, self.work / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(source, target, symlinks=True) if source.is_dir() else shutil.copy2(
                source, target
            )

    def digests(self) -> Digests:
        """Of what lies in the folder now, worked out in a fork: checkpoints are read with torch."""
        return forked(lambda: digests(self.work), self.home / "digests")

    def unbroken(self, command: Command) -> tuple[Digests, Digests, int]:
        """Digests before and after the command, and how many operations it does; checks that they are fixed.

        Raises
        ------
        SystemExit
            The command fails, or two calls of it differ.
        """
        found = []
        for _ in range(2):
            self.reset(command)
            before = self.digests()
            ended = self.call(command.app, command.words)
            if ended.code:
                raise SystemExit(f"{command.name}: exit code {ended.code} without a fault:\n{ended.text}")
            found.append((before, self.digests(), ended.seen))
        (_, first, one), (_, second, two) = found
        odd = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
        if odd:
            raise SystemExit(f"{command.name}: differs from call to call in {', '.join(odd)}")
        return found[0][0], first, max(one, two)

    def trial(self, command: Command, kind: str, at: int, before: Digests, after: Digests) -> Trial:
        """Let operation `at` go wrong, call again, and judge."""
        self.reset(command)
        ended = self.call(command.app, command.words, KINDS[kind], at)
        trial = Trial(command.name, kind, at, ended.what)
        broken = self.digests()
        trial.lost = list(lost(command, before, broken, after))
        done = {name: value for name, value in broken.items() if not is_leftover(name)} == after
        trial.unclear = list(unclear(ended, kind, done))
        again = self.call(command.app, command.words if command.again is None else command.again)
        if again.code and not (done and again.code == 2):
            trial.stuck = [f"exit code {again.code} when called again: {last_line(again.text)}"]
        final = self.digests()
        trial.leftovers = sorted(final.keys() - after.keys())
        trial.differs = [n for n in after if final.get(n) != after[n]] if not trial.stuck else []
        trial.seconds = ended.seconds + again.seconds
        return trial


def lost(command: Command, before: Digests, broken: Digests, after: Digests) -> Iterator[str]:
    """What was there before and is neither as it was nor as it is to be."""
    for name, value in before.items():
        if not any(under(name, each) for each in command.keeps) and broken.get(name) != value:
            yield f"{name} was changed"
    for each in command.keeps:
        old, now, new = (_unit(d, each, command.later) for d in (before, broken, after))
        if now not in (old, new):
            yield f"{each} is neither the old one nor the new one"


def _unit(found: Digests, name: str, later: str) -> Digests:
    return {
        key: value
        for key, value in found.items()
        if under(key, name) and not under(key, f"{name}/{later}") and not is_leftover(key)
    }


def unclear(ended: Ended, kind: str, done: bool) -> Iterator[str]:
    """What a person would not understand of how it ended."""
    if not ended.what:
        yield "the operation was not reached"
    elif ended.code is None:
        yield f"it hung for {LONGEST:.0f} s"
    elif "Traceback" in ended.text:
        yield f"a traceback: {last_line(ended.text)}"
    elif kind != "kill" and ended.code == 0 and not done and "warning:" not in ended.text:
        yield "exit code 0, and not all is there"
    elif kind != "kill" and ended.code != 0:
        errors = [line for line in ended.text.splitlines() if line.startswith("error: ")]
        if ended.code != 2 or len(errors) != 1:
            yield f"exit code {ended.code}, {len(errors)} lines of error: {last_line(ended.text)}"


def last_line(text: str) -> str:
    """The last line with something in it."""
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")[:300]


def forked(task: Callable[[], Any], scratch: Path) -> Any:
    """What a function returns that is called in a fork, through a pickle."""
    import pickle

    sys.stdout.flush()
    process = os.fork()
    if not process:
        code = 1
        with contextlib.suppress(BaseException):
            try:
                scratch.write_bytes(pickle.dumps(task()))
                code = 0
            except BaseException:
                traceback.print_exc()
        os._exit(code)
    if os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]):
        raise SystemExit("a fork failed")
    return pickle.loads(scratch.read_bytes())


def preloaded(argv: list[str], scratch: Path) -> None:
    """Compile the interposer and start this program again with it, unless that was done."""
    library = scratch / "faults.so"
    if os.environ.get("LD_PRELOAD") == str(library):
        return
    compiler = shutil.which("cc")
    if compiler is None:
        raise SystemExit("needs a C compiler, cc")
    subprocess.run(
        [compiler, "-O1", "-shared", "-fPIC", "-o", str(library), str(_SOURCE), "-ldl"], check=True
    )
    environment = {**os.environ, "LD_PRELOAD": str(library), "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    os.execve(sys.executable, [sys.executable, *argv], environment)


def _without_mutexes() -> None:
    """SQLite of one thread: a fork in one of its calls would wait for the mutex that its parent holds."""
    library = ctypes.CDLL(ctypes.util.find_library("sqlite3"))
    for answer in (library.sqlite3_shutdown(), library.sqlite3_config(1), library.sqlite3_initialize()):
        assert answer == 0, f"SQLite's error {answer}"


def _write_at_once() -> None:
    """Let TensorBoard write in the thread that calls it, for this process alone."""
    from tensorboard.summary.writer import event_file_writer

    class AtOnce:
        def __init__(self, writer: Any, *_: Any) -> None:
            self.write, self.flush, self.close = writer.write, writer.flush, writer.close

    event_file_writer._AsyncWriter = AtOnce


def _child(
    app: str, words: tuple[str, ...], folder: Path, log: Path, first: Callable[[], None] = lambda: None
) -> None:
    """Run a command as its own process group and end; its words go to the log."""
    code: Any = 1
    try:
        os.setpgid(0, 0)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.chdir(folder)
        sys.argv = [app, *words]
        first()
        code = _run(app, words)
    except SystemExit as error:
        code = error.code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def _run(app: str, words: tuple[str, ...]) -> int:
    from recsys.terminal import run, single

    if app == "train.py":
        from recsys.cli.train import train

        return run(single(train), app)
    if app == "workflows.sends":
        from workflows.sends.__main__ import preprocess

        return run(single(preprocess), app)
    from recsys.cli.app import build_app

    return run(build_app(words), app)


def _waited(process: int) -> int | None:
    """The exit code of a child; None when it was killed for hanging. What it started ends with it."""
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        found, status = os.waitpid(process, os.WNOHANG)
        if found:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return None
