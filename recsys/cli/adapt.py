"""``recsys adapt``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recsys.cli.asking import BadRows
from recsys.config.run import TABLES


def adapt(
    run: Annotated[Path, typer.Argument(help="a run's folder, runs/NAME; it stays as it is")],
    output: Annotated[Path, typer.Option("--output", "-o", help="the new run's folder, to be made")],
    sends: Annotated[Path | None, typer.Argument(help=f"sends of new climbers: {TABLES}")] = None,
    climbs: Annotated[
        Path | None,
        typer.Option(
            help="new climbs: climb_id, and climb_name, region, area, grade, rating, climb_type, style, "
            "where the run reads texts comment and beta, or as the run's mapping names them"
        ),
    ] = None,
    by: Annotated[
        str, typer.Option(help="new climbers' embeddings: fold-in, similar, encoder, unknown")
    ] = "unknown",
    schema: Annotated[str | None, typer.Option(help="the file's mapping (default: the run's own)")] = None,
    bad_rows: BadRows = "fail",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace the folder")] = False,
) -> None:
    """Add new climbers, or newly set climbs, to a run without training; its bundle is made anew."""
    from recsys.api.adapting import adapt as add
    from recsys.console import say

    count = add(
        run, sends, output=output, climbs=climbs, by=by, schema=schema, bad_rows=bad_rows, overwrite=overwrite
    )
    say(f"{count} {'climbers' if climbs is None else 'climbs'} added; kept in {output}")
