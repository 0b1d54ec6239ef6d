"""Why there is no climb to name: nothing has the grade, what was asked for is too narrow, or all was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recsys.logbooks.grade_ranges import GradeRange

if TYPE_CHECKING:
    from recsys.recommending.catalogue import Catalogue
    from recsys.recommending.request import Request


def none_left(request: Request, catalogue: Catalogue, fit: int, mode: str | None = None) -> str:
    """A line, where `fit` of the catalogue's climbs pass the filters and the mode, and all were sent."""
    other = "more grades, regions or stars" if mode is None else "another mode"
    if not fit:
        what = "no climb fits" if mode is None else f"no climb that fits is a {mode} for this climber"
        return (None if mode else _no_grade(request, catalogue)) or f"{what}; ask for {other}"
    more = "" if fit == len(catalogue) else f"ask for {other}, or "
    sent = all_sent(request, catalogue, fit, "that fit" if mode is None else f"that are a {mode}")
    return f"{sent}; {more}pass `include_seen` (exclude_seen false) to name them again"


def all_sent(request: Request, catalogue: Catalogue, fit: int, which: str) -> str:
    """That the climber sent all climbs that are asked for, `fit` of the catalogue's, in a clause."""
    who = "this logbook" if request.climber is None or request.sends is not None else repr(request.climber)
    return f"{who} has sent all {fit} climbs {'of the run' if fit == len(catalogue) else which}"


def _no_grade(request: Request, catalogue: Catalogue) -> str | None:
    """That no climb has the grade, where that is so."""
    asked = request.grades
    if not isinstance(asked, GradeRange) or catalogue.allowed(asked, None).any():
        return None
    disciplines = catalogue.disciplines
    kind = "" if asked.discipline in disciplines else f" it is a {asked.discipline}'s grade, and"
    told = catalogue.grades_told()
    return f"`grade` {asked.text}:{kind} no climb of this run has it; they have {told}"
