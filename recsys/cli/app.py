"""The command line: one command a file, each importing what it needs when it runs."""

from __future__ import annotations

import importlib
import keyword

import typer

COMMANDS = (
    "simulate", "import", "tune", "evaluate", "recommend", "study", "report", "export", "serve",
)  # fmt: skip


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
        known = f"{name}_" if keyword.iskeyword(name) else name
        module = importlib.import_module(f"recsys.cli.{known}")
        app.command(name)(getattr(module, known))
    return app
