"""``recsys adapt``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recsys.cli.asking import BadRows
from recsys.config.run import TABLES

if TYPE_CHECKING:
    from recsys.adapting.checks import Way
    from recsys.runs import Run


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
    from recsys.adapting.checks import check_call
    from recsys.errors import DataError, UsageError
    from recsys.runs import Run

    if (sends is None) == (climbs is None):
        raise UsageError("give either SENDS of new climbers or `climbs`")
    opened = Run.open(run)
    try:
        if climbs is not None:
            check_call(opened, output, "climbs")
            _add_climbs(opened, climbs, output, schema, overwrite)
        elif sends is not None:
            way = check_call(opened, output, "climbers", by)
            _add_climbers(opened, sends, output, way, schema, bad_rows, overwrite)
    except DataError as error:
        raise error.at(climbs or sends or "") from None


def _add_climbs(run: Run, climbs: Path, output: Path, schema: str | None, overwrite: bool) -> None:
    from recsys import columns as c
    from recsys.console import progress, say, warn
    from recsys.logbooks.climbs import example_of, new_places, read_climbs
    from recsys.logbooks.mapping import CONTRACT_MAPPING, load_mapping
    from recsys.sequences.run_tables import read_climbs_table

    mapping = load_mapping(schema) if schema else run.mapping
    known = read_climbs_table(run.folder)
    example, texts = example_of(known.get(c.GRADE, ())), run.config.model.scores_texts
    read = read_climbs(climbs, mapping or CONTRACT_MAPPING, example, warn, texts)
    new = new_places(read, known)
    if new is not None:
        warn(f"{climbs}: {new}")
    with progress("importing Transformers4Rec"):
        from recsys.adapting.climbs import add_climbs
    count = add_climbs(run, read, output, overwrite)
    say(f"{count} climbs added; kept in {output}")


def _add_climbers(
    run: Run, sends: Path, output: Path, way: Way, schema: str | None, bad_rows: BadRows, overwrite: bool
) -> None:
    from recsys.console import progress, say, warn
    from recsys.logbooks.read import read_sends

    read = read_sends(sends, schema, bad_rows, own=run.mapping)
    for line in read.lines():
        warn(line)
    with progress("importing Transformers4Rec"):
        from recsys.adapting.climbers import add_climbers
    count = add_climbers(run, read, output, way, overwrite)
    say(f"{count} climbers added; kept in {output}")
