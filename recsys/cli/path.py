"""``recsys path``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from recsys.cli.asking import BadRows, Climber, Columns, Folder, Json, Logbooks, Same

if TYPE_CHECKING:
    from recsys.recommending.path import Path as Found


def path(
    folder: Folder,
    project: Annotated[str, typer.Option(help="id of the climb that the path leads to")],
    climber: Climber = None,
    logbook: Logbooks = None,
    columns: Columns = None,
    same: Same = None,
    bad_rows: BadRows = "fail",
    steps: Annotated[int, typer.Option(help="climbs before the project, 1 to 12")] = 5,
    region: Annotated[str | None, typer.Option(help="where the steps are to be")] = None,
    leap: Annotated[float, typer.Option(help="most grades from one climb to the next")] = 1.0,
    method: Annotated[
        str, typer.Option(help="ahead | hole | greedy | popular | random: how the path is found")
    ] = "ahead",
    beam: Annotated[int, typer.Option(help="chains that are kept on the way, 1 to 64")] = 8,
    json: Json = False,
) -> None:
    """Find unsent climbs that lead to a project, grade by grade, each with its probability and its reason."""
    from recsys.cli import asking
    from recsys.console import print_json
    from recsys.errors import UsageError
    from recsys.recommending.path import PathRequest, find_path

    if climber is None and not logbook:
        raise UsageError("a path starts from a logbook; give `climber` or `logbook`")
    recommender = asking.open_folder(folder, through_kept=method != "hole")
    climber = asking.climber_of(climber, recommender, logbook)
    sends = asking.sends_of(recommender, logbook, climber, columns, bad_rows, same)
    where, known = asking.region_of(region, recommender), asking.same_ids(same, recommender)
    request = PathRequest(project, climber, sends, steps, where, leap, method, beam, same=known)
    asking.say_known(recommender, request.whose)
    found = find_path(recommender, request)
    if json:
        print_json({"climber": climber, **found.to_json()})
    else:
        _print(found, climber)


def _print(found: Found, climber: str | None) -> None:
    from recsys.console import print_table, say
    from recsys.nouns import spoken

    rows = [
        (at, step.item.climb_id, step.item.name, step.item.grade, step.item.region, step.item.hard,
         f"{step.item.score:.1%}", f"{step.project:.2%}", step.reason)
        for at, step in enumerate(found.steps, 1)
    ]  # fmt: skip
    end = found.project
    reason = f"{found.before:.2%} likely before the steps, {end.score:.2%} after"
    last = ("*", end.climb_id, end.name, end.grade, end.region, end.hard, f"{end.score:.2%}", "", reason)
    headings = ("", "climb", "name", "grade", "region", "for you", ">probability", ">project next", "because")
    whose = climber or spoken("this logbook")
    title = f"From {found.grade} to {end.name or end.climb_id}, for {whose}"
    print_table(title, headings, [*rows, last])
    if found.note is not None:
        say(found.note)
