"""UKClimbing's DLOG: `Sent β`, `Lead dnf`, dates such as ??/Aug/24; no rating and no id of the climb."""

from __future__ import annotations

import re
from typing import Final

from recsys.logbooks.importing.climb_kinds import climb_type, discipline
from recsys.logbooks.importing.model import Draft
from recsys.logbooks.importing.source import Cells, Source, count, names
from recsys.logbooks.styles import ATTEMPT, SEND, UNKNOWN

_MARKS: Final = {
    "o/s": ("onsight", SEND),
    "β": ("flash", SEND),
    "beta": ("flash", SEND),
    "flash": ("flash", SEND),
    "rp": ("redpoint", SEND),
    "g/u": ("ground up", SEND),
    "x": ("sent", SEND),
    "rpt": ("repeat", SEND),
    "dnf": ("dnf", ATTEMPT),
    "dog": ("dog", ATTEMPT),
}
# "28/Sep/25", "??/Aug/24", and "Sent x" or "AltLd β".
_SITES: Final = re.compile(
    r"^(?:\d\d?|\?\?)/[A-Z][a-z]{2}/\d\d$|^\?\?\?/\d{4}$|"
    r"^(?:Sent|Lead|2nd|TR|Solo|AltLd|DWS) (?:x|β|O/S|G/U|rpt|dnf)$"
)
# How it was climbed, where no mark says how it went: nobody logs a solo or a "Sent" that failed.
_MANNERS: Final = {"sent": SEND, "solo": SEND}


def _read(cell: Cells) -> Draft:
    grade, kind, crag = cell("grade"), cell("type"), cell("crag")
    style, outcome, repeat = _style(cell("style"))
    return Draft(
        name=cell.name("name"),
        crag=crag,
        date=cell("date"),
        grade=grade,
        outcome=outcome,
        discipline=discipline(kind, grade),
        kind=kind,
        country=cell("country"),
        climb_type=climb_type(kind),
        style=style,
        region=cell("region", "county", "country"),
        area=crag,
        comment=cell("notes"),
        repeat=repeat,
        pitches=count(cell("pitches")),
    )


def _style(text: str) -> tuple[str, str, bool]:
    """(style, outcome, whether a repeat) of "Lead O/S"."""
    manner, _, mark = text.casefold().partition(" ")
    mark = mark.strip()
    if not mark and manner in _MARKS:  # the mark alone
        manner, mark = "", manner
    style, outcome = _MARKS.get(mark, (mark, _MANNERS.get(manner, UNKNOWN)))
    full = " ".join(filter(None, (manner if manner != "sent" or not style else "", style)))
    return full, outcome, mark == "rpt"


UKC: Final = Source(
    name="ukc",
    title="UKClimbing",
    columns=names(
        "name, grade, style, partner empty, notes, date, crag, county, region, country, pitches, type"
    ),
    required=names("name, date"),
    telling=names("crag, partner empty, county"),
    read=_read,
    day_first=True,
    days_only=True,
    marks=_SITES,
)
