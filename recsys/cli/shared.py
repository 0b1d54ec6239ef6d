"""Options that several commands have."""

from __future__ import annotations

from typing import Any, Final

import typer

WHEN: Final = "day of the next climb, 2026-06-01 or today"
TRUST: Final[Any] = typer.Option(
    "--trust",
    help="open the pickled workflow of a run that has no plain one: it can run any code of its maker",
)
