"""The command line: one command a file, each importing what it needs when it runs.

Only the module of the command that is called is imported; help, which lists them all, imports them all.
"""

from __future__ import annotations

import importlib
import keyword
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Annotated, Any, Final

import typer

from recsys.errors import UsageError
from recsys.extras import missing_part

COMMANDS: Final = (
    "simulate", "import", "train", "tune", "evaluate", "recommend", "batch", "path", "session", "skill",
    "study", "report", "runs", "monitor", "export", "adapt", "forget", "serve",
)  # fmt: skip
_HELP: Final = {"help_option_names": ["-h", "--help"]}


def build_app(words: Sequence[str] = ()) -> typer.Typer:
    """The ``recsys`` command, with the command that `words` begin with, or with all of its commands."""
    app = typer.Typer(
        name="recsys",
        help="Sequential recommendations for climbers, on NVIDIA Merlin.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings=_HELP,
    )
    app.callback()(_root)
    for name in words[:1] if words and words[0] in COMMANDS else COMMANDS:
        app.command(name, context_settings=_HELP)(_command(name))
    return app


def _print_version(asked: bool) -> None:
    if asked:
        print(version("recsys-climb"))
        raise typer.Exit


def _root(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print it and exit.")
    ] = False,
) -> None:
    """Sequential recommendations for climbers, on NVIDIA Merlin."""


def _command(name: str) -> Callable[..., Any]:
    """The function of a command; where its part is not installed, one that says how to."""
    known = f"{name}_" if keyword.iskeyword(name) else name
    try:
        return getattr(importlib.import_module(f"recsys.cli.{known}"), known)
    except ModuleNotFoundError as error:
        needed = missing_part(error)
        if needed is None:
            raise
        return _absent(needed)


def _absent(needed: str) -> Callable[..., None]:
    def command(words: Annotated[list[str] | None, typer.Argument(hidden=True)] = None) -> None:
        raise UsageError(f"this needs {needed}")

    command.__doc__ = f"Not installed: needs {needed}."
    return command
