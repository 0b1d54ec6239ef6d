"""KAYA: dates are JavaScript's Date strings, of which the climber's own clock is read; many gym climbs have
no name; 1 to 5 stars, 0 = not rated.
"""

from __future__ import annotations

import re
from typing import Final

from recsys.logbooks.importing.climb_kinds import discipline_of
from recsys.logbooks.importing.model import Draft
from recsys.logbooks.importing.source import Cells, Source, names, stars, tries
from recsys.logbooks.styles import ATTEMPT, SEND, UNKNOWN

_SENDS: Final = ("onsight", "flash", "redpoint", "pinkpoint", "send", "repeat", "ascent", "top")
_ATTEMPTS: Final = ("attempt", "project", "working", "fail", "fell")
_SITES: Final = re.compile(r"\d\d:\d\d:\d\d GMT[+-]\d{4}")


def _read(cell: Cells) -> Draft:
    grade, style = cell("grade"), cell("ascent type").casefold()
    gym, index = cell("gym"), cell("location")
    rating, notes = stars(cell("rating"))
    tried, _, unread = tries(cell("attempts"))
    outcome = SEND if style.startswith(_SENDS) else ATTEMPT if style.startswith(_ATTEMPTS) else UNKNOWN
    return Draft(
        name=cell.name("climb name"),
        crag=gym or index,
        date=cell("date"),
        grade=f"V{grade[1:]}" if grade[:1] == "v" else grade,
        outcome=outcome,
        discipline=discipline_of(grade),
        country=cell("country"),
        climb_type="boulder" if discipline_of(grade) == "boulder" else "",
        style=style,
        region=index or gym or cell("country"),
        area=gym or index,
        rating=rating,
        repeat=style == "repeat",
        tries=tried,
        notes=(*notes, *unread),
    )


KAYA: Final = Source(
    name="kaya",
    title="KAYA",
    columns=names(
        "date, stiffness, rating, ascent type, attempts, grade, color, climb name, gym, location, country"
    ),
    required=names("date, climb name"),
    telling=names("stiffness, ascent type, gym, color"),
    read=_read,
    marks=_SITES,
)
