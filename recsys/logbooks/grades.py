"""Reads grade strings: the raw text stays, beside its system and an ordinal interval on a ladder.

There is one ladder a discipline. Boulders count V steps (VB = -1, V0 = 0 ... V17 = 17); routes count
French steps (1 = 0, 4a = 3, 6a = 9, 7a = 15 ... 9c = 31). A grade is an interval because many span two
steps (V4-5, 5.10) and conversions disagree (6C+ is V5 or V6). "+" and "-" without a step of their own
move a grade by a quarter of a step (V4+ = 4.25). Every grade of a system is one entry of a table
(`recsys.logbooks.grade_tables`), so reading is a look-up.

Ambiguities: "7A" and "f7A" are Font, "7a" is French, a bare number is Ewbank, "7-" is UIAA; a system's name
before the grade settles it ("UIAA 9"), and `recsys.logbooks.grade_context` writes it where a logbook's other
grades tell. `prefer`, a system or a discipline, overrules the order where the text is a grade there too. Ice,
mixed and winter grades ("WI5", "M6", "V 5") are of no rock system and are not read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from recsys.errors import DataError, UsageError
from recsys.logbooks.grade_ranges import GradeRange
from recsys.logbooks.grade_reading import ROUTE_OFFSET, SCOTTISH, Grade, Order, read
from recsys.logbooks.grade_tables import BOULDER, DISCIPLINES, FRENCH_STEPS, ROUTE, SYSTEMS
from recsys.logbooks.grade_words import CACHED, normalised

LONGEST: Final = 100
"""Characters of the longest text that is looked at as a grade."""

NEAR_STEPS: Final = 3.0
"""Steps that the grades which two people or sites give one climb may lie apart."""

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def parse_grade(text: object, prefer: str | None = None) -> Grade:
    """Read one grade string, such as "V4-5", "f7A+", "5.10b/c", "HVS 5a" or "23".

    Parameters
    ----------
    text:
        The grade as logged.
    prefer:
        A system ("V", "Font", "YDS", "French", "Ewbank", "UIAA", "British") or a discipline ("boulder",
        "route") to read ambiguous text as.

    Raises
    ------
    DataError
        The text is no grade of these systems (one line).
    UsageError
        `prefer` is neither a system nor a discipline.
    """
    raw = "" if text is None else str(text)
    order = _order(prefer)
    # A cell of dashes would be taken apart for long.
    grade = _read(raw, order) if 0 < len(raw) <= LONGEST else None
    if grade is None:
        known = f"known systems are {', '.join(SYSTEMS)}"
        raise DataError("cannot be read", path="the grade", value=raw, remedy=known)
    return grade


def read_grade(text: object, prefer: str | None = None) -> Grade | None:
    """`parse_grade`, but None where the text is no grade."""
    try:
        return parse_grade(text, prefer)
    except DataError:
        return None


@lru_cache(maxsize=CACHED)
def _read(raw: str, order: Order) -> Grade | None:
    """The grade of a text; None where it is none. A request asks for those of its sends again and again."""
    clean = normalised(raw)
    return read(clean, raw, order) if clean and not SCOTTISH.fullmatch(clean) else None


def ordinal(text: object, prefer: str | None = None) -> float:
    """The midpoint of a grade in steps (routes from `ROUTE_OFFSET` up); NaN when blank or unreadable."""
    found = read_grade(text, prefer)
    return float("nan") if found is None else found.ordinal


def far_apart(one: float | NDArray[np.float64], other: float | NDArray[np.float64]) -> Any:
    """Whether two ordinals, or two of each place of arrays, are too far apart to be of one climb.

    Never where one of them is not known.
    """
    gap: Any = one - other
    return abs(gap) > NEAR_STEPS


def ordinals(values: Sequence[object], prefer: str | None = None) -> NDArray[np.float64]:
    """`ordinal` of each value, shape [len(values)]; each different value is read once."""
    import numpy as np

    listed = list(values)
    known = {value: ordinal(value, prefer) for value in dict.fromkeys(listed)}
    return np.fromiter((known[value] for value in listed), np.float64, len(listed))


def parse_range(text: str, prefer: str | None = None, like: str = "V4 or V4:V6") -> GradeRange:
    """Read "V4:V6": the lowest and the highest grade, both included; "V4" alone is both.

    `like` is what an error gives as examples.

    Raises
    ------
    DataError
        A side is no grade, the sides are of two disciplines, or they are in the wrong order.
    """
    where, form = "`grade`", f"write a grade or two, as in {like}"
    try:
        first, *rest = [parse_grade(side, prefer) for side in text.split(":")]
    except DataError as error:
        raise DataError("is no range of grades", path=where, value=text, remedy=form) from error
    last = rest[-1] if rest else first
    if len(rest) > 1 or first.discipline != last.discipline or first.low > last.high:
        problem = "must go from a lower to a higher grade of one discipline"
        raise DataError(problem, path=where, value=text, remedy=form)
    return GradeRange(first, last, text)


def read_range(text: str, prefer: str | None = None) -> GradeRange | None:
    """`parse_range`, but None where the text is no range of grades."""
    try:
        return parse_range(text, prefer)
    except DataError:
        return None


def label(value: float) -> str:
    """The nearest plain grade of an ordinal: "V4", or French ("7a") for a route; "" for NaN."""
    if math.isnan(value):
        return ""
    if value > ROUTE_OFFSET / 2:
        step = round(value - ROUTE_OFFSET)
        french = FRENCH_STEPS[min(max(step, 0), len(FRENCH_STEPS) - 1)]
        return f"F{french}" if french.isdigit() else french  # a bare number would be read as Ewbank
    step = min(max(round(value), -1), 17)
    return "VB" if step < 0 else f"V{step}"


def _order(prefer: str | None) -> Order:
    """The systems to try, the preferred ones first."""
    if prefer is None:
        return Order(SYSTEMS, frozenset())
    wanted = prefer.casefold()
    first = tuple(s for s in SYSTEMS if wanted in (s.casefold(), DISCIPLINES[s]))
    if not first:
        names = ", ".join((*SYSTEMS, BOULDER, ROUTE))
        raise UsageError(f"there is no grade system or discipline {prefer!r}; choose from {names}")
    return Order(first + tuple(s for s in SYSTEMS if s not in first), frozenset(first))
