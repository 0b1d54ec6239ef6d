"""theCrag: the route's id is a column; quality is a word; the day may be missing, and the grade's system is.

Quality becomes stars: Mega Classic 5, Classic and Very Good 4, Good 3, Average 2, Don't Bother and Crap 1.
Ascents with a rest, dogged, dabbed or retreated from are attempts; "Tick" is a send; "Mark" is no ascent and
has an unknown outcome. Where the day of the ascent is missing, the day it was entered stands in, and says so.
"""

from __future__ import annotations

import re
from typing import Final

from recsys.logbooks.importing.climb_kinds import climb_type, discipline_of
from recsys.logbooks.importing.model import BOULDER, ROUTE, Draft
from recsys.logbooks.importing.source import Cells, Source, names, tries
from recsys.logbooks.importing.text import key
from recsys.logbooks.styles import outcome_of

_QUALITY: Final = {
    "mega classic": 5.0, "classic": 4.0, "very good": 4.0, "good": 3.0, "average": 2.0, "don t bother": 1.0,
    "dont bother": 1.0, "crap": 1.0,
}  # fmt: skip
_UNREAD: Final = "a rating cannot be read: left blank"
_PATH: Final = re.compile(r"\s*[>›»]\s*|\s+-\s+")


def _read(cell: Cells) -> Draft:
    grade, style = cell("route grade", "ascent grade"), cell("ascent type")
    gear = cell("route gear style", "ascent gear style")
    crag, route = cell("crag name"), cell("route id")
    quality = key(cell("quality"))
    tried, _, notes = tries(cell("shot"))
    path = [part for part in _PATH.split(cell("crag path")) if part and part != crag]
    return Draft(
        name=cell.name("route name", "ascent label"),
        crag=crag,
        date=cell("ascent date"),
        logged=cell("log date"),
        grade=grade,
        outcome=outcome_of(key(style)),
        discipline=_discipline(gear.casefold(), grade),
        kind=gear,
        country=cell("country") or (path[0] if len(path) > 1 else ""),
        climb_type=climb_type(gear),
        style=style.casefold(),
        region=path[-1] if path else cell("country"),
        area=crag,
        rating=_QUALITY.get(quality),
        comment=cell("comment"),
        repeat="repeat" in style.casefold(),
        tries=tried,
        site_id=f"thecrag-{route}" if route.isascii() and route.isdigit() and len(route) < 20 else "",
        notes=notes if not quality or quality in _QUALITY else (*notes, _UNREAD),
    )


def _discipline(gear: str, grade: str) -> str:
    if "boulder" in gear:
        return BOULDER
    return ROUTE if gear and gear != "unknown" else discipline_of(grade)


THE_CRAG: Final = Source(
    name="thecrag",
    title="theCrag",
    columns=names(
        "route name, ascent label, ascent id, ascent link, ascent type, route grade, ascent grade, "
        "route gear style, ascent gear style, route height, ascent height, ascents, route stars, route id, "
        "route link, country, country link, crag name, crag link, crag path, with, comment, quality, "
        "ascent date, log date, shot"
    ),
    required=names("route name"),
    telling=names("ascent type, ascent date, log date, crag name, ascent id, route id, ascent label"),
    read=_read,
    day_first=True,
    days_only=True,
    date_columns=("ascent date", "log date"),
)
