"""Commands in the tests' own process, where Merlin is imported already."""

from __future__ import annotations

import ast
import contextlib
import io
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple
from unittest import mock

from recsys.cli.app import build_app
from recsys.terminal import run, single

ROOT: Final = Path(__file__).parents[2]


HEAVY: Final = ("torch", "nvtabular", "merlin", "transformers4rec")


def imported(*words: object) -> tuple[int, str, set[str]]:
    """Of ``recsys WORDS`` in a new process: the exit code, what is told, and what of `HEAVY` it imported."""
    typed = [str(word) for word in words]
    code = f"""
import sys
from recsys.cli.app import build_app
from recsys.terminal import run
print(run(build_app({typed}), "recsys", {typed}), sorted(set({HEAVY}) & set(sys.modules)), sep=";")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    exit_code, names = done.stdout.splitlines()[-1].split(";")
    return int(exit_code), done.stderr, set(ast.literal_eval(names))


def call(program: str, *words: object) -> int:
    """The exit code of ``train.py WORDS`` or ``recsys WORDS``."""
    typed = [str(word) for word in words]
    if program == "train.py":
        from recsys.cli.train import train

        app = single(train)
    else:
        app = build_app(typed)
    with mock.patch.object(sys, "argv", [program, *typed]):
        return run(app, program)


class Done(NamedTuple):
    """As a process that was run tells it."""

    returncode: int
    stdout: str
    stderr: str


def done(program: str, *words: object) -> Done:
    """`call` with what is told."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = call(program, *words)
    return Done(code, out.getvalue(), err.getvalue())
