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
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from recsys.errors import DataError, UsageError
from recsys.logbooks.grade_tables import BOULDER, DISCIPLINES, FRENCH_STEPS, ROUTE, SYSTEMS, TABLES

LONGEST: Final = 100
"""Characters of the longest text that is looked at as a grade."""
ROUTE_OFFSET: Final = 100.0
"""Added to a route's ordinal, so that boulders (-1.25 to 17.25) and routes (99 to 131.25) share a column."""

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

"""Letters in a grade: none is longer, and nonsense of thousands would take long to refuse."""
# Protection, aid and sit-start marks say nothing about difficulty.
_NOISE: Final = re.compile(r"(?i)^(G|PG|PG-?13|R|X|[AC][0-5][+-]?|SS|SDS)$")
# How serious a climb is as a whole ("IV 5.9", "5.9 Grade III") says nothing of its hardest move.
_COMMITMENT: Final = re.compile(r"(?i)^(grade|[IV]{1,4}[+-]?)$")
_SCOTTISH: Final = re.compile(r"[IVX]{1,4}[ ,]+\d{1,2}", re.IGNORECASE)
_PREFIXES: Final = (
    (re.compile(r"(?i)^uiaa\s*(?=\d|[IVX])"), "UIAA"),
    (re.compile(r"(?i)^ewbank\s*(?=\d)"), "Ewbank"),
    (re.compile(r"(?i)^yds\s*(?=\d)"), "YDS"),
    (re.compile(r"(?i)^(font|fb)\s*(?=\d)"), "Font"),
    (re.compile(r"^f\s*(?=\d)"), "Font"),
    (re.compile(r"(?i)^fr(ench|\.)?\s*(?=\d)"), "French"),
    (re.compile(r"^F\s*(?=\d[a-c]?\+?)"), "French"),
)


Span = tuple[float, float]


class _Order(NamedTuple):
    """The systems to try, in order, and those among them that the caller asked for."""

    systems: tuple[str, ...]
    preferred: frozenset[str]


@dataclass(frozen=True)
class Grade:
    """A grade as logged, and where it lies on its discipline's own ladder (in steps, without the offset)."""

    raw: str
    system: str
    discipline: str
    low: float
    high: float

    @property
    def span(self) -> Span:
        """(low, high) in steps on the shared column: routes are moved by `ROUTE_OFFSET`."""
        offset = ROUTE_OFFSET if self.discipline == ROUTE else 0.0
        return self.low + offset, self.high + offset

    @property
    def ordinal(self) -> float:
        """The midpoint of `span`."""
        low, high = self.span
        return (low + high) / 2


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
    clean = _normalised(raw) if len(raw) <= LONGEST else ""  # a cell of dashes would be taken apart for long
    grade = _read(clean, raw, order) if clean and not _SCOTTISH.fullmatch(clean) else None
    if grade is None:
        known = f"known systems are {', '.join(SYSTEMS)}"
        raise DataError("cannot be read", path="the grade", value=raw, remedy=known)
    return grade


def ordinal(text: object, prefer: str | None = None) -> float:
    """The midpoint of a grade in steps (routes from `ROUTE_OFFSET` up); NaN when blank or unreadable."""
    try:
        return parse_grade(text, prefer).ordinal
    except DataError:
        return float("nan")


def ordinals(values: Sequence[object], prefer: str | None = None) -> NDArray[np.float64]:
    """`ordinal` of each value, shape [len(values)]; each different value is read once."""
    import numpy as np

    listed = list(values)
    known = {value: ordinal(value, prefer) for value in dict.fromkeys(listed)}
    return np.fromiter((known[value] for value in listed), np.float64, len(listed))


def parse_range(text: str, prefer: str | None = None) -> Span:
    """Read "V4:V6" into (lowest, highest) ordinal, both included; "V4" alone is that grade's own interval.

    Raises
    ------
    DataError
        A side is no grade, the sides are of two disciplines, or they are in the wrong order.
    """
    form = "write a grade or two, as in V4 or V4:V6"
    try:
        first, *rest = [parse_grade(side, prefer) for side in text.split(":")]
    except DataError as error:
        raise DataError("are no range of grades", path="the grades", value=text, remedy=form) from error
    last = rest[-1] if rest else first
    if len(rest) > 1 or first.discipline != last.discipline or first.low > last.high:
        problem = "must go from a lower to a higher grade of one discipline"
        raise DataError(problem, path="the grades", value=text, remedy=form)
    return first.span[0], last.span[1]


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


def _order(prefer: str | None) -> _Order:
    """The systems to try, the preferred ones first."""
    if prefer is None:
        return _Order(SYSTEMS, frozenset())
    wanted = prefer.casefold()
    first = tuple(s for s in SYSTEMS if wanted in (s.casefold(), DISCIPLINES[s]))
    if not first:
        names = ", ".join((*SYSTEMS, BOULDER, ROUTE))
        raise UsageError(f"there is no grade system or discipline {prefer!r}; choose from {names}")
    return _Order(first + tuple(s for s in SYSTEMS if s not in first), frozenset(first))


def _normalised(text: str) -> str:
    """One space between words, plain hyphens, no marks that are not about difficulty."""
    text = re.sub("[‐‑‒–—−]", "-", text)
    text = re.sub(r"\s*/\s*|\s+-\s+|\s+to\s+", "/", text.strip())
    words = text.split()
    if len(words) > 1:
        words = [word for word in words if not _NOISE.match(word)]
    if len(words) > 1 and any(word.startswith("5.") for word in words):
        words = [
            word for word in (each.strip(",;()") for each in words) if word and not _COMMITMENT.match(word)
        ]
    return " ".join(words)


def _read(text: str, raw: str, order: _Order) -> Grade | None:
    for pattern, system in _PREFIXES:
        if pattern.match(text):
            order, text = _Order((system,), frozenset((system,))), pattern.sub("", text)
            break
    for system in order.systems:
        span = _span(text, system, order.preferred)
        if span is not None:
            return Grade(raw, system, DISCIPLINES[system], *span)
    return _several(text, raw, order)


def _several(text: str, raw: str, order: _Order) -> Grade | None:
    """Grades of different systems in one string: the preferred one, else V of a slashed pair, else the first.

    A slashed pair ("6c/V5") names one boulder twice; "5.10a V0+" is a route with a boulder's crux.
    """
    words = text.split(" ")
    parts = words if words[1:] else text.split("/")
    if not parts[1:] or len(parts) > 6:
        return None
    found = [grade for part in parts if (grade := _read(part, raw, order)) is not None]
    if len(found) < len(parts):
        return None
    favourites = order.preferred or (frozenset() if words[1:] else frozenset("V"))
    return min(found, key=lambda grade: grade.system not in favourites)


def _span(text: str, system: str, preferred: frozenset[str]) -> Span | None:
    """The interval of a grade or of a pair ("V4-5", "5.10a/b") in one system."""
    whole = _look_up(text, system, preferred)
    pair = re.fullmatch(r"([^/]+?)[/-]([^/]+)", text)
    if whole is not None or pair is None:
        return whole
    first, second = pair.groups()
    low = _look_up(first, system, preferred)
    # "V4-5": the second half borrows the shortest beginning of the first that makes it a grade.
    ends = (_look_up(first[:n] + second, system, preferred) for n in range(len(first) + 1))
    high = next((end for end in ends if end is not None), None)
    return None if low is None or high is None else (min(low[0], high[0]), max(low[1], high[1]))


def _look_up(text: str, system: str, preferred: frozenset[str]) -> Span | None:
    """One grade's interval. Case tells Font from French, unless one of them was asked for."""
    table = TABLES[system]
    if system in ("Font", "French") and system not in preferred:
        return table.get(text)
    if system == "V" and preferred == {"V"} and text[:1].isdigit():
        text = f"V{text}"
    if system in ("UIAA", "British") and system not in preferred and text[:1].islower():
        return None
    return table.get(text.lower() if system in ("YDS", "French") else text.upper())
