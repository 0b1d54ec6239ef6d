"""``recsys import``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def import_(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="logbooks as sites export them, raw sends")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="where to write them: .parquet or .csv")],
    source: Annotated[
        str,
        typer.Option(
            help="auto | sendage | mountainproject | 8anu | thecrag | ukc | kaya | boardlib | sends"
        ),
    ] = "auto",
    columns: Annotated[
        str | None, typer.Option(help="a spreadsheet's own columns: date=Datum,climb=Route,grade=Grad")
    ] = None,
    same: Annotated[
        Path | None,
        typer.Option(help="a file of two columns: a climb's id, the id of the same climb to use instead"),
    ] = None,
    climber: Annotated[
        str | None,
        typer.Option(help="id of the logbooks' climber; raw sends keep theirs (default: the file's stem)"),
    ] = None,
    attempts: Annotated[
        bool, typer.Option("--attempts", help="keep attempts too; training would take them for sends")
    ] = False,
    unknown: Annotated[
        bool, typer.Option("--unknown/--no-unknown", help="whether ascents of unknown outcome are kept")
    ] = True,
    discipline: Annotated[str, typer.Option(help="boulder | route | all: which climbs to keep")] = "all",
) -> None:
    """Import logbooks of climbing sites, and merge them with raw sends, into one file of sends.

    Rows that are not used are counted by reason, and written beside the output as OUTPUT-STEM.rejects.csv.
    """
    from recsys.console import progress, say, warn
    from recsys.errors import DataError
    from recsys.logbooks.importing.load import load
    from recsys.logbooks.importing.merge import merge
    from recsys.logbooks.importing.model import Wanted
    from recsys.logbooks.importing.own import parse_columns
    from recsys.logbooks.importing.same import read_same, unite
    from recsys.logbooks.importing.summary import file_lines, summary_lines
    from recsys.logbooks.importing.write import check_output, rejects_path, write_rejects, write_sends

    check_output(output, files)
    wanted = Wanted(climber, attempts, unknown, discipline)
    own = None if columns is None else parse_columns(columns)
    with progress("reading logbooks", len(files)) as advance:
        parsed = []
        for path in files:
            parsed.append(load(path, source, wanted, own))
            advance(1)
        merged = merge(unite(parsed, None if same is None else read_same(same)))
    rejects = rejects_path(output)
    write_rejects(merged.rejects, rejects)
    lines = [line for path, each in zip(files, parsed, strict=True) for line in file_lines(path, each)]
    for line in lines + summary_lines(merged, rejects):
        say(line)
    if not merged.rows:
        problem = f"none of {merged.n_read} rows can be used"
        remedy = f"see {rejects} for the reasons" if merged.n_read else "give logbooks with rows"
        raise DataError(problem, path=", ".join(map(str, files)), remedy=remedy)
    write_sends(merged.rows, output)
    if attempts:
        warn("attempts are among them (column outcome); training leaves them out")
    say(f"{len(merged.rows)} ascents written to {output}")
