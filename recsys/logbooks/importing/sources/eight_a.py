"""8a.nu: everything quoted, the literal "null" for blank, no id of the climb; 1 to 5 stars, 0 = not rated.

(Logs from before 2019 used 3 stars; their exports are no longer made, and 3 stays 3 here.) The location is
the crag of the id, since that is what other sites call the crag; the sector is the area.
"""

from __future__ import annotations

import re
from typing import Final

from recsys.logbooks.importing.climb_kinds import discipline_of
from recsys.logbooks.importing.model import BOULDER, ROUTE, Draft
from recsys.logbooks.importing.source import Cells, Source, names, stars, tries
from recsys.logbooks.styles import ATTEMPT, SEND, UNKNOWN

_STYLES: Final = {
    "os": ("onsight", SEND),
    "onsight": ("onsight", SEND),
    "f": ("flash", SEND),
    "flash": ("flash", SEND),
    "rp": ("redpoint", SEND),
    "redpoint": ("redpoint", SEND),
    "tr": ("top rope", UNKNOWN),
    "toprope": ("top rope", UNKNOWN),
    "go": ("go", ATTEMPT),
    "project": ("go", ATTEMPT),
    "attempt": ("go", ATTEMPT),
}
_SITES: Final = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z$|^null$")
_DISCIPLINES: Final = {"boulder": BOULDER, "route": ROUTE}


def _read(cell: Cells) -> Draft:
    grade, kind, index = cell("difficulty"), cell("route boulder").casefold(), cell("location name")
    logged = cell("type").casefold()
    project, problem = cell.flag("project")
    blank = ATTEMPT if not logged and project else UNKNOWN
    style, outcome = _STYLES.get(logged, (logged, blank))
    sector = cell("sector name")
    sector = "" if sector.casefold() == "unknown sector" else sector
    rating, notes = stars(cell("rating"))
    tried, _, unread = tries(cell("tries"))
    return Draft(
        name=_name(cell.name("name")),
        crag=index or sector or cell("area name"),
        date=cell("date"),
        grade=grade,
        outcome=outcome,
        discipline=_DISCIPLINES.get(kind) or discipline_of(grade),
        kind=kind,
        country=cell("country code"),
        problems=(problem,) if problem else (),
        climb_type="boulder" if kind == "boulder" else "sport" if kind else "",
        style=style,
        region=index or cell("area name", "country code"),
        area=sector or cell("area name") or index,
        rating=rating,
        comment=cell("comment"),
        tries=tried,
        notes=(*notes, *unread),
    )


def _name(text: str) -> str:
    """The name; a climb may be called "None", and the site's word for blank is "null"."""
    return "" if text == "null" else text


EIGHT_A: Final = Source(
    name="8anu",
    title="8a.nu",
    columns=names(
        "route boulder, name, location name, sector name, area name, country code, date, type, sub type, "
        "rating, project, tries, repeats, difficulty, perceived hardness, comment, height, recommended, sits"
    ),
    required=names("name, date"),
    telling=names("route boulder, location name, sector name, sub type, perceived hardness, difficulty"),
    read=_read,
    day_first=True,
    days_only=True,
    marks=_SITES,
)
