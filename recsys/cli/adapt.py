"""``recsys adapt``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def adapt(
    run: Annotated[Path, typer.Argument(help="a run's folder, runs/NAME; it stays as it is")],
    output: Annotated[Path, typer.Option("--output", "-o", help="the new run's folder, to be made")],
    climbs: Annotated[
        Path | None,
        typer.Option(help="new climbs: climb_id, and climb_name, region, area, grade, rating, style"),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace the folder")] = False,
) -> None:
    """Add newly set or opened climbs to a run, without training; its bundle is made anew."""
    from recsys.console import progress, say
    from recsys.errors import DataError, UsageError
    from recsys.runs import Run

    if climbs is None:
        raise UsageError("nothing to add; give `climbs`")
    opened = Run.open(run)
    with progress("importing Transformers4Rec"):
        from recsys.adapting.climbs import add_climbs
        from recsys.logbooks.climbs import read_climbs

    table = read_climbs(climbs)
    try:
        count = add_climbs(opened, table, output, overwrite)
    except DataError as error:
        raise error.at(climbs) from None
    say(f"{count} climbs added; kept in {output}")
