"""Mountain Project's ticks.csv: the route's id is in the URL; 0 to 4 stars become 1 to 5, -1 is not rated.

A blank style says nothing of the outcome, and neither do "TR" and "Follow" alone. "Location" goes from the
large to the small: the area is its last part, the region the part below the state.
"""

from __future__ import annotations

import re
from typing import Final

from recsys.logbooks.importing.climb_kinds import climb_type, discipline
from recsys.logbooks.importing.model import Draft
from recsys.logbooks.importing.source import Cells, Source, count, names, stars
from recsys.logbooks.styles import ATTEMPT, SEND, UNKNOWN

_ROUTE: Final = re.compile(r"/route/(\d{1,15})(?!\d)", re.ASCII)
_SITES: Final = re.compile(r"mountainproject\.com/|\w > \w")
_OUTCOMES: Final = {
    **dict.fromkeys(("send", "flash", "onsight", "redpoint", "pinkpoint", "solo"), SEND),
    **dict.fromkeys(("attempt", "fell/hung", "fell", "hung", "fell / hung"), ATTEMPT),
}


def _read(cell: Cells) -> Draft:
    grade, kinds = cell("rating", "your rating"), cell("route type")
    style, lead = cell("style").casefold(), cell("lead style").casefold()
    rating, notes = stars(cell("your stars"), lowest=0, shift=1)
    region, area, country = _indices(cell("location"))
    route = _ROUTE.search(cell("url"))
    kind = discipline(kinds, grade)
    return Draft(
        name=cell.name("route"),
        crag=area,
        date=cell("date"),
        grade=grade,
        outcome=_OUTCOMES.get(lead or style, UNKNOWN),
        discipline=kind,
        kind=kinds,
        country=country,
        climb_type=climb_type(kinds if kind != "route" else re.sub("(?i)boulder", "", kinds).strip(" ,")),
        style=lead or style,
        region=region,
        area=area,
        rating=rating,
        comment=cell("notes"),
        pitches=count(cell("pitches")),
        site_id=f"mp-{route[1]}" if route else "",
        notes=notes,
    )


def _indices(location: str) -> tuple[str, str, str]:
    """(region, area, country) of "California > Yosemite National Park > Camp 4"."""
    parts = [part.strip() for part in location.split(">") if part.strip()]
    country = ""
    if parts and parts[0].casefold() == "international":
        country = parts[2] if len(parts) > 2 else ""
        parts = parts[2:] or parts
    if not parts:
        return "", "", ""
    return parts[1] if len(parts) > 2 else parts[0], parts[-1], country


MOUNTAIN_PROJECT: Final = Source(
    name="mountainproject",
    title="Mountain Project",
    columns=names(
        "date, route, rating, notes, url, pitches, location, avg stars, your stars, style, lead style, "
        "route type, your rating, length, rating code"
    ),
    required=names("date, route"),
    telling=names("avg stars, your stars, lead style, route type, your rating, rating code, url, location"),
    read=_read,
    days_only=True,
    marks=_SITES,
)
