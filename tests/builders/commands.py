"""Commands in the tests' own process, where Merlin is imported already."""

from __future__ import annotations

import sys
from unittest import mock

from recsys.cli.app import build_app
from recsys.terminal import run, single


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
