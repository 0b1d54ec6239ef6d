"""sendage.com: some lines of preamble, then onsights, flashes and redpoints; 1 to 5 stars, 0 = not rated."""

from __future__ import annotations

from typing import Final

from recsys.logbooks.importing.climb_kinds import climb_type, discipline
from recsys.logbooks.importing.model import Draft
from recsys.logbooks.importing.source import Cells, Source, names, stars
from recsys.logbooks.styles import ATTEMPT, SEND, UNKNOWN

_SENDS: Final = ("onsight", "flash", "redpoint", "pinkpoint", "send", "solo", "toprope", "top rope")


def _read(cell: Cells) -> Draft:
    grade, kind, style, area = cell("grade"), cell("climb type"), cell("send type"), cell("area")
    rating, notes = stars(cell("rating"))
    return Draft(
        name=cell.name("climb"),
        crag=area,
        date=cell("date"),
        grade=grade,
        outcome=_outcome(style.casefold()),
        discipline=discipline(kind, grade),
        kind=kind,
        country=cell("country"),
        climb_type=climb_type(kind),
        style=style.casefold(),
        region=area or cell("country"),
        area=area,
        rating=rating,
        comment=cell("comments"),
        repeat="repeat" in style.casefold(),
        notes=notes,
    )


def _outcome(style: str) -> str:
    if style.startswith(_SENDS) or "repeat" in style:
        return SEND
    return ATTEMPT if any(word in style for word in ("attempt", "project", "fail", "dog")) else UNKNOWN


SENDAGE: Final = Source(
    name="sendage",
    title="sendage.com",
    columns=names("date, send type, climb, climb type, grade, area, country, rating, comments"),
    required=names("date, climb"),
    telling=names("send type, climb type"),
    read=_read,
    days_only=True,
)
