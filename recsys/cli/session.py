"""``recsys session``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from recsys.cli.asking import BadRows, Climber, Columns, Folder, Json, Logbooks, Region, Same

if TYPE_CHECKING:
    from recsys.recommending.session import Session


def session(
    folder: Folder,
    climber: Climber = None,
    logbook: Logbooks = None,
    columns: Columns = None,
    same: Same = None,
    bad_rows: BadRows = "fail",
    region: Region = None,
    area: Annotated[str | None, typer.Option(help="an area of the run (default: the likeliest)")] = None,
    minutes: Annotated[int | None, typer.Option(help="how long, 10 to 720 (default: 120)")] = None,
    count: Annotated[int | None, typer.Option(help="how many climbs, 1 to 40, in place of minutes")] = None,
    style: Annotated[str | None, typer.Option(help="a circuit in this style instead")] = None,
    like: Annotated[str | None, typer.Option(help="a circuit of climbs like this one instead")] = None,
    json: Json = False,
) -> None:
    """Plan a day in one area: warm-ups, projects and cool-downs; or a circuit in one style."""
    from recsys.cli import asking
    from recsys.console import print_json
    from recsys.errors import UsageError
    from recsys.recommending.session import SessionRequest, plan_session

    if climber is None and not logbook:
        raise UsageError("a session starts from a logbook; give `climber` or `logbook`")
    SessionRequest(climber, None, region, area, minutes, count, style, like)  # a wrong one is told at once
    recommender = asking.open_folder(folder)
    climber = asking.climber_of(climber, recommender, logbook)
    sends = asking.sends_of(recommender, logbook, climber, columns, bad_rows, same)
    known = asking.same_ids(same, recommender)
    request = SessionRequest(climber, sends, region, area, minutes, count, style, like, same=known)
    asking.say_known(recommender, request.whose)
    planned = plan_session(recommender, request)
    if json:
        print_json({"climber": climber, **planned.to_json()})
    else:
        _print(planned, climber)


def _print(planned: Session, climber: str | None) -> None:
    from recsys.console import print_table, say
    from recsys.nouns import spoken

    rows = [
        (each.part, each.item.climb_id, each.item.name, each.item.grade, each.item.hard,
         f"{each.item.score:.1%}", each.minutes)
        for each in planned.climbs
    ]  # fmt: skip
    where = ", ".join(each for each in (planned.area, planned.region) if each) or "this catalogue"
    whose = f"{climber or spoken('this logbook')}, at {planned.grade}"
    title = f"{where}: {planned.minutes} minutes for {whose}"
    headings = ("part", "climb", "name", "grade", "for you", ">probability", ">minutes")
    print_table(title, headings, rows)
    if planned.note is not None:
        say(planned.note)
