"""What several commands ask in the same way: whose logbook, and which region."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recsys.config import bad_rows as given
from recsys.errors import UsageError

if TYPE_CHECKING:
    from recsys.recommending.recommender import Recommender
    from recsys.recommending.request import Request

Folder = Annotated[Path, typer.Argument(metavar="RUN_OR_BUNDLE", help="a run's folder, or a bundle's")]
Climber = Annotated[
    str | None, typer.Option(help="id of a climber of the run; of one in the logbook, with --logbook")
]
Logbooks = Annotated[
    list[Path] | None,
    typer.Option(
        "--logbook",
        help="a logbook in place of the stored one: a site's export, or climb_id, date, ...; - is standard "
        "input; several are read as one",
    ),
]
Columns = Annotated[
    str | None, typer.Option(help="a spreadsheet's own columns: date=Datum,climb=Route,grade=Grad")
]
Same = Annotated[
    Path | None,
    typer.Option(help="file of two columns: a climb's id in the logbook, the same climb's in the model"),
]
BadRows = Annotated[given.BadRows, typer.Option(help=f"fail | drop: {given.WHAT}", metavar="TEXT")]
Diversity = Annotated[
    float, typer.Option(min=0.0, max=1.0, help="0 to 1: how unlike each other the climbs are to be (MMR)")
]
Novelty = Annotated[float, typer.Option(min=0.0, max=1.0, help="0 to 1: how seldom sent they are to be")]
Mode = Annotated[
    str,
    typer.Option(
        help="any | auto | warmup | stretch | project: how hard for the climber (filter); auto: about as "
        "hard as the climber can"
    ),
]
Sort = Annotated[str, typer.Option(help="likely | easiest | hardest: order of what is named")]
Region = Annotated[str | None, typer.Option(help="a region of the run")]
Json = Annotated[bool, typer.Option("--json", help="print JSON instead of a table")]


def open_folder(folder: Path, trust: bool = False, through_kept: bool = True) -> Recommender:
    """`recsys.api.opening.open_recommender`, under a spinner."""
    from recsys.console import progress

    with progress("loading"):
        from recsys.api.opening import open_recommender

        return open_recommender(folder, trust, through_kept)


def sends_of(
    recommender: Recommender,
    logbooks: list[Path] | None,
    climber: str | None,
    columns: str | None = None,
    bad_rows: given.BadRows = "fail",
    same: Path | None = None,
) -> list[dict[str, Any]] | None:
    """The sends of logbook files as one, or None where none was given; what was not used is said.

    A file may have the columns of the mapping that the run was trained by.

    Raises
    ------
    UsageError
        Something was given that tells how a logbook is read, and none was.
    """
    if not logbooks:
        told = {"columns": columns, "same": same, "bad_rows": None if bad_rows == "fail" else bad_rows}
        name = next((name for name, value in told.items() if value is not None), None)
        if name is not None:
            raise UsageError(f"`{name}` {told[name]}: is of a `logbook`; give one, or leave it out")
        return None
    from recsys.console import say
    from recsys.logbooks.importing.own import parse_columns
    from recsys.recommending.logbook_file import read_files

    own = None if columns is None else parse_columns(columns)
    book = read_files(logbooks, climber, own, bad_rows, recommender.mapping)
    for line in book.lines():
        say(line)
    return list(book.sends)


def say_known(recommender: Recommender, whose: Request) -> None:
    """Say how many climbs of a logbook that was given the model knows."""
    from recsys.console import say

    match = recommender.match(whose)
    for line in () if match is None else match.lines("--same"):
        say(line)


def same_ids(same: Path | None, recommender: Recommender) -> dict[str, str] | None:
    """One's own ids, each with the model's, of a file; None where there is none."""
    if same is None:
        return None
    from recsys.recommending.same import read_same

    return read_same(same, recommender.catalogue)


def climber_of(climber: str | None, recommender: Recommender, logbooks: list[Path] | None) -> str | None:
    """The climber as the run writes the id; of one's own logbook as it was given."""
    return climber if logbooks else recommender.as_stored(climber)


def region_of(region: str | None, recommender: Recommender) -> str | None:
    """The region as the catalogue writes it, or None."""
    from recsys.recommending.request import known_region

    return None if region is None else known_region(region, recommender.catalogue.known_regions)
