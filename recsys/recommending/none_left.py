"""Why there is no climb to name: nothing has the grade, what was asked for is too narrow, or all was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recsys.logbooks.grade_ranges import GradeRange

if TYPE_CHECKING:
    from recsys.recommending.catalogue import Catalogue
    from recsys.recommending.request import Request


def none_left(request: Request, catalogue: Catalogue, fit: int) -> str:
    """A line, where `fit` of the catalogue's climbs pass the filters and all of these were sent."""
    if not fit:
        return _no_grade(request, catalogue) or "no climb fits; ask for more grades, regions or stars"
    n = len(catalogue)
    who = "this logbook" if request.climber is None or request.sends is not None else repr(request.climber)
    what = f"all {n} climbs of the run" if fit == n else f"all {fit} climbs that fit"
    more = "" if fit == n else "ask for more grades, regions or stars, or "
    return f"{who} has sent {what}; {more}pass `include_seen` (exclude_seen false) to name them again"


def _no_grade(request: Request, catalogue: Catalogue) -> str | None:
    """That no climb has the grade, where that is so."""
    asked = request.grades
    if not isinstance(asked, GradeRange) or catalogue.allowed(asked, None).any():
        return None
    disciplines = catalogue.disciplines
    kind = "" if asked.discipline in disciplines else f" it is a {asked.discipline}'s grade, and"
    told = catalogue.grades_told()
    return f"`grade` {asked.text}:{kind} no climb of this run has it; they have {told}"
