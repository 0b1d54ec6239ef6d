"""The command line: one command a file, each importing what it needs when it runs.

Whatever goes wrong on purpose (a `RecsysError`, or a wrong call) is one line on standard error and exit code
2; an interrupted command exits with 130; anything else is a defect and shows its traceback.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

import typer

from recsys.errors import RecsysError

COMMANDS = ("simulate", "evaluate", "recommend", "serve")


def build_app() -> typer.Typer:
    """The ``recsys`` command with all of its commands."""
    app = typer.Typer(
        name="recsys",
        help="Sequential recommendations for climbers, on NVIDIA Merlin. Training is: python train.py",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for name in COMMANDS:
        module = importlib.import_module(f"recsys.cli.{name}")
        app.command(name)(getattr(module, name))
    return app


def single(command: Callable[..., Any]) -> typer.Typer:
    """An app of one command, for ``python train.py`` and ``python -m workflows.sends``."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(command)
    return app


def run(app: typer.Typer, name: str) -> int:
    """Run an app on the arguments of the process and return its exit code."""
    # Threads that wait sleep. By default they spin, and two programs on two cores slow each other tenfold.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    warnings.simplefilter("ignore")  # Merlin's and torch's notes to their own developers
    logging.getLogger("distributed").setLevel(logging.ERROR)
    try:
        result = app(prog_name=name, standalone_mode=False)
        return result if isinstance(result, int) else 0
    except RecsysError as error:
        return _fail(str(error))
    except typer.TyperException as error:
        return _fail(f"{error.format_message()} (see {name} --help)")
    except (KeyboardInterrupt, typer.Abort):
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 141


def _fail(message: str) -> int:
    print("error: " + " ".join(message.split()), file=sys.stderr)
    return 2
