"""``recsys import``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recsys.logbooks.importing.sources import SOURCES


def import_(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="logbooks as sites export them, raw sends; also s3://, gs://, abfs://, postgresql://",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="where to write them: .parquet or .csv; also s3:// ...")
    ],
    query: Annotated[
        str | None, typer.Option(help="what to read of a database, in SQL; the columns' names are the header")
    ] = None,
    source: Annotated[str, typer.Option(help=" | ".join(("auto", *SOURCES)))] = "auto",
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
    pseudonyms: Annotated[
        Path | None,
        typer.Option(help="a file with a secret salt: climbers get pseudonyms, the same with the same salt"),
    ] = None,
) -> None:
    """Import logbooks of climbing sites, and merge them with raw sends, into one file of sends.

    Rows that are not used are counted by reason, and written beside the output as OUTPUT-STEM.rejects.csv.
    """
    from recsys.console import progress, say, warn
    from recsys.errors import DataError
    from recsys.logbooks.importing.load import load_all
    from recsys.logbooks.importing.model import Wanted
    from recsys.logbooks.importing.pseudonyms import hide_climbers, hide_rejects, read_salt
    from recsys.logbooks.importing.summary import file_lines, summary_lines
    from recsys.logbooks.importing.write import check_output, rejects_path, write
    from recsys.postgres import is_address, place
    from recsys.stores import shown, staged

    check_output(output, [Path(name) for name in files if not is_address(name)])
    wanted = Wanted(climber, attempts, unknown, discipline)
    salt = None if pseudonyms is None else read_salt(pseudonyms)
    names = [place(name) if is_address(name) else name for name in files]
    with progress("reading logbooks", len(files)) as advance:
        parsed, merged = load_all(files, source, wanted, columns, same, query, advance)
    rejects = rejects_path(output)
    files_read = zip(names, parsed, merged.used, strict=True)
    lines = [line for name, each, used in files_read for line in file_lines(name, each, used)]
    for line in lines + summary_lines(merged, shown(rejects)):
        say(line)
    rows, refused = merged.rows, merged.rejects
    if salt is not None:
        rows, refused = hide_climbers(rows, salt), hide_rejects(refused)
    with staged(output, beside=(rejects.name,)) as local:
        write(rows, refused, local)
    if not merged.rows:
        remedy = f"see {shown(rejects)} for the reasons" if merged.n_read else "give logbooks with rows"
        raise DataError(merged.why_none, path=", ".join(names), remedy=remedy)
    if attempts:
        warn("attempts are among them (column outcome); training leaves them out")
    say(f"{len(merged.rows)} ascents written to {shown(output)}")
