"""Options that several commands have."""

from __future__ import annotations

from typing import Any, Final

import typer

TRUST: Final[Any] = typer.Option(
    "--trust",
    help="open the pickled workflow of a run that has no plain one: it can run any code of its maker",
)
