"""``recsys recommend``."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recsys.cli.asking import (
    BadRows,
    Climber,
    Columns,
    Diversity,
    Folder,
    Json,
    Logbooks,
    Mode,
    Novelty,
    Same,
    Sort,
    open_folder,
    same_ids,
    sends_of,
)
from recsys.cli.shared import TRUST, WHEN

if TYPE_CHECKING:
    from recsys.recommending.blocked import Blocked
    from recsys.recommending.catalogue import Catalogue
    from recsys.recommending.recommender import Recommender
    from recsys.recommending.request import Item, Request


def recommend(
    folder: Folder,
    climber: Climber = None,
    logbook: Logbooks = None,
    columns: Columns = None,
    same: Same = None,
    bad_rows: BadRows = "fail",
    grade: Annotated[
        str | None, typer.Option(help="a grade or a range, V4 or V4:V6: prompt and filter")
    ] = None,
    region: Annotated[str | None, typer.Option(help="a region of the run: prompt and filter")] = None,
    min_stars: Annotated[
        float | None, typer.Option(min=1.0, max=5.0, help="least mean rating in stars: filter")
    ] = None,
    when: Annotated[str | None, typer.Option(help=f"{WHEN}: prompt (days since the last send)")] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="climbs to recommend")] = 10,
    exclude_seen: Annotated[
        bool, typer.Option("--exclude-seen/--include-seen", help="whether climbs already sent are left out")
    ] = True,
    explain: Annotated[
        bool, typer.Option("--explain", help="name the sends that moved each climb, and the prompt's share")
    ] = False,
    diversity: Diversity = 0.0,
    novelty: Novelty = 0.0,
    block: Annotated[
        Path | None, typer.Option(help="file of closed climbs and areas, one a line: never named")
    ] = None,
    mode: Mode = "any",
    sort: Sort = "likely",
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="print CSV instead of a table")] = False,
    trust: Annotated[bool, TRUST] = False,
) -> None:
    """Recommend the next climbs, from a run or a bundle: to one of its climbers, or for a logbook.

    With neither --climber nor --logbook, or with an empty logbook: what is popular. Diversity and novelty
    reorder the 100 most probable climbs.
    """
    from recsys.errors import UsageError
    from recsys.recommending.blocked import OPEN, read_blocked

    if json and csv:
        raise UsageError("give `json` or `csv`, not both")
    closed = OPEN if block is None else read_blocked(block)
    recommender = open_folder(folder, trust)
    sends = sends_of(recommender, logbook, climber, columns, bad_rows, same)
    request = recommender.request(
        climber,
        sends,
        grade,
        region,
        when,
        same=same_ids(same, recommender),
        min_stars=min_stars,
        k=k,
        exclude_seen=exclude_seen,
        blocked=closed,
        explain=explain,
        diversity=diversity,
        novelty=novelty,
        mode=mode,
        sort=sort,
    )
    warn_unknown(recommender, closed)
    _answer(recommender, request, "json" if json else "csv" if csv else "table")


def warn_unknown(recommender: Recommender, closed: Blocked) -> None:
    """Say what of a list of closed climbs names nothing here: it may be misspelt."""
    from recsys.console import warn
    from recsys.nouns import spoken

    for note in recommender.catalogue.misspelt(closed, spoken):
        warn(f"{note}; check the file of closed climbs")


def _answer(recommender: Recommender, request: Request, form: str) -> None:
    from recsys.console import say

    items = recommender.recommend(request)
    match = recommender.match(request)
    for line in recommender.notes(request, match, "--same"):
        say(line)
    if form == "json":
        _print_json(request.climber, items, None if match is None else match.to_json())
    elif form == "csv":
        _print_csv(items)
    else:
        empty = not request.sends and (request.climber is None or request.sends is not None)
        _print_table(request.climber, items, empty, _lacking(recommender.catalogue))


def _print_json(climber: str | None, items: list[Item], logbook: dict[str, Any] | None) -> None:
    from recsys.console import print_json

    answer: dict[str, Any] = {"climber": climber, "items": [item.to_json() for item in items]}
    if logbook is not None:
        answer["logbook"] = logbook
    print_json(answer)


def _print_csv(items: list[Item]) -> None:
    import sys

    from recsys.api.recommendations import Recommendations
    from recsys.api.tables import write_csv

    write_csv(Recommendations(items).rows(), sys.stdout)


def _lacking(catalogue: Catalogue) -> set[str]:
    """Headings of columns that are empty whatever is asked: of grades, and of what rests on their order."""
    there = {"grade": any(catalogue.grades), "for you": catalogue.graded}
    return {heading for heading, is_there in there.items() if not is_there}


def _print_table(climber: str | None, items: list[Item], empty: bool, lacking: Collection[str] = ()) -> None:
    from recsys.console import print_table
    from recsys.nouns import spoken

    title = f"{spoken('Next climbs')} for {climber or spoken('this logbook')}"
    if empty:
        title = spoken("Popular climbs (the logbook is empty)")
    chance = ">share of sends" if empty else ">probability"
    headings = ["", "climb", "name", "grade", "region", "for you", chance, "because of", ">prompt"]
    if not any(item.why is not None for item in items):
        lacking = {*lacking, *headings[-2:]}
    rows = [
        (rank, item.climb_id, item.name, item.grade, item.region, item.hard, f"{item.score:.1%}", *_why(item))
        for rank, item in enumerate(items, 1)
    ]
    shown = [at for at, heading in enumerate(headings) if heading not in lacking]
    kept = [[row[at] for at in shown] for row in rows]
    print_table(title, [headings[at] for at in shown], kept, whole=("climb",))


def _why(item: Item) -> tuple[str, str]:
    """The sends that moved a climb most, and the prompt's share; how far each moved it is in the JSON."""
    if item.why is None:
        return "-", "-"
    share = item.why.prompt_share
    names = ", ".join(each.name or each.climb_id for each in item.why.sends)
    return names or "-", "-" if share is None else f"{share:+.0%}"
