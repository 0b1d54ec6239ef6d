"""boardlib (Kilter, Tension, MoonBoard): the climb is its name, the board, the angle and whether mirrored.

Where `is_ascent` is blank (MoonBoard), the tries tell: "project" is an attempt, a number is a send.
"""

from __future__ import annotations

from typing import Final

from recsys.logbooks.importing.model import ATTEMPT, BOULDER, SEND, UNKNOWN, Draft
from recsys.logbooks.importing.source import Cells, Source, count, names

_YES, _NO = ("true", "1", "yes", "1.0"), ("false", "0", "no", "0.0")


def _read(cell: Cells) -> Draft:
    board, angle, tries = cell("board").casefold(), cell("angle").rstrip("°"), cell("tries", "tries total")
    outcome = _outcome(cell("is ascent").casefold(), tries.casefold())
    mirror = " mirror" if cell("is mirror").casefold() in _YES else ""
    repeat = cell("is repeat").casefold() in _YES
    flash = outcome == SEND and count(tries) == 1 and not repeat
    return Draft(
        name=cell("climb name"),
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
        tries=count(tries),
    )


def _outcome(is_ascent: str, tries: str) -> str:
    if is_ascent in _YES:
        return SEND
    if is_ascent in _NO or tries == "project":
        return ATTEMPT
    return SEND if count(tries) else UNKNOWN


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
)
