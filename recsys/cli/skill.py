"""``recsys skill``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from recsys.cli.asking import BadRows, Climber, Columns, Folder, Json, Logbooks, Region, Same

if TYPE_CHECKING:
    from recsys.recommending.recommender import Recommender
    from recsys.recommending.skills import OffGrade, Point


def skill(
    folder: Folder,
    climber: Climber = None,
    logbook: Logbooks = None,
    columns: Columns = None,
    same: Same = None,
    bad_rows: BadRows = "fail",
    region: Region = None,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="climbs, or sessions, to list")] = 20,
    json: Json = False,
) -> None:
    """List the climbs whose grades are soft or hard; with a climber or a logbook, the ability over time."""
    from recsys.cli import asking
    from recsys.errors import UsageError
    from recsys.recommending import skills
    from recsys.recommending.levels import unordered
    from recsys.recommending.request import Request

    if region is not None and (climber is not None or logbook):
        raise UsageError(
            f"`region` {region}: is of the list of climbs; leave it out with `climber` or `logbook`"
        )
    recommender = asking.open_folder(folder)
    if not recommender.catalogue.graded:
        raise unordered("skill")
    climber = asking.climber_of(climber, recommender, logbook)
    sends = asking.sends_of(recommender, logbook, climber, columns, bad_rows, same)
    if climber is None and not logbook:
        listed = skills.off_grade(recommender, asking.region_of(region, recommender), k)
        _print_climbs(listed, region, json)
        return
    request = Request(climber=climber, sends=sends, same=asking.same_ids(same, recommender))
    asking.say_known(recommender, request)
    points = skills.curve(recommender, request)
    _print_curve(points, climber, k, json, recommender)


def _print_climbs(listed: list[OffGrade], region: str | None, json: bool) -> None:
    from recsys.console import print_json, print_table, say
    from recsys.nouns import spoken

    if json:
        print_json({"region": region, "climbs": [each.to_json() for each in listed]})
        return
    if not listed:
        say("no climb's grade is soft or hard as far as the sends tell")
        return
    rows = [
        (each.climb_id, each.name, each.region, each.grade, each.climbs_like,
         f"{each.off:+.2f} ± {each.deviation:.2f}", each.sends)
        for each in listed
    ]  # fmt: skip
    headings = ("climb", "name", "region", "grade", "climbs like", ">grades off", ">sends")
    title = f"{spoken('Soft and hard grades')}, {region or spoken('all regions')}"
    print_table(title, headings, rows)


def _print_curve(
    points: list[Point], climber: str | None, k: int, json: bool, recommender: Recommender
) -> None:
    from recsys.console import print_json, print_table, say
    from recsys.nouns import spoken

    if json:
        print_json({"climber": climber, "sessions": [each.to_json() for each in points]})
        return
    if not points:
        say("no send of the logbook has a grade that can be read, so there is no ability to tell")
        return
    leveled = recommender.catalogue.leveled  # of a domain without disciplines
    rows = [
        (
            "" if leveled else each.discipline,
            each.day,
            each.sends,
            each.grade,
            f"{each.ability % 100:.1f} ± {each.deviation:.1f}",
        )
        for each in points[-k:]
    ]
    print_table(
        f"Ability of {climber or spoken('this logbook')}, the last {len(rows)} sessions",
        ("discipline", "day", ">sends", "ability", ">grades"), rows,
    )  # fmt: skip
