"""boardlib (Kilter, Tension, MoonBoard): the climb is its name, the board, the angle and whether mirrored.

Where `is_ascent` is blank (MoonBoard), the tries tell: "project" is an attempt, a number is a send.
"""

from __future__ import annotations

import re
from typing import Final

from recsys.logbooks.importing.model import BOULDER, Draft
from recsys.logbooks.importing.source import Cells, Source, names, number, tries
from recsys.logbooks.styles import ATTEMPT, SEND, UNKNOWN

_SITES: Final = re.compile(
    r"(?i)^(?:kilter|tension|moon(?:board)?\d*|grasshopper|decoy|touchstone|aurora|soill)$"
)


def _read(cell: Cells) -> Draft:
    board, angle = cell("board").casefold(), _angle(cell("angle"))
    tried, told, notes = tries(cell("tries", "tries total"))
    flags = [cell.flag(name) for name in ("is ascent", "is mirror", "is repeat")]
    (is_ascent, _), (is_mirror, _), (is_repeat, _) = flags
    outcome = _outcome(is_ascent, told, tried)
    mirror = " mirror" if is_mirror else ""
    repeat = bool(is_repeat)
    flash = outcome == SEND and tried == 1 and not repeat
    return Draft(
        name=cell.name("climb name"),
        crag=" ".join(filter(None, (board or "board", angle))) + mirror,
        date=cell("date"),
        grade=cell("logged grade", "displayed grade"),
        outcome=outcome,
        discipline=BOULDER,
        climb_type="boulder",
        style="flash" if flash else outcome if outcome != UNKNOWN else "",
        region=board,
        area=f"{board} {angle}°" if board and angle else board,
        comment=cell("comment"),
        repeat=repeat,
        tries=tried,
        problems=tuple(problem for _, problem in flags if problem),
        notes=notes,
    )


def _outcome(is_ascent: bool | None, told: str, tried: int | None) -> str:
    if is_ascent:
        return SEND
    if is_ascent is False or told == ATTEMPT:
        return ATTEMPT
    return SEND if tried else told


def _angle(text: str) -> str:
    """40 of "40", "40.0" and "40°"."""
    value = number(text.rstrip("° "))
    return text.rstrip("° ") if value is None else f"{value:g}"


BOARDLIB: Final = Source(
    name="boardlib",
    title="boardlib",
    columns=names(
        "board, angle, climb name, date, logged grade, displayed grade, difficulty, is benchmark, tries, "
        "is mirror, sessions count, tries total, is repeat, is ascent, comment"
    ),
    required=names("climb name, date"),
    telling=names("board, angle, is ascent, is mirror, logged grade, displayed grade, is benchmark"),
    read=_read,
    marks=_SITES,
)
