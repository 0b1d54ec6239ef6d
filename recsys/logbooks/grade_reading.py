"""How a grade's text becomes an interval: systems are tried in order, pairs read as two."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from recsys.logbooks.grade_tables import DISCIPLINES, ROUTE, TABLES, Table

ROUTE_OFFSET: Final = 100.0
"""Added to a route's ordinal, so that boulders (-1.25 to 17.25) and routes (99 to 131.25) share a column."""
SCOTTISH: Final = re.compile(r"[IVX]{1,4}[ ,]+\d{1,2}[+-]?(?:[/-]\d{1,2})?", re.IGNORECASE)
_PAIR: Final = re.compile(r"([^/]+?)[/-]([^/]+)")
_PREFIXES: Final = (
    (re.compile(r"(?i)^uiaa\s*(?=\d|[IVX])"), "UIAA"),
    (re.compile(r"(?i)^ewbank\s*(?=\d)"), "Ewbank"),
    (re.compile(r"(?i)^yds\s*(?=\d)"), "YDS"),
    (re.compile(r"(?i)^british\s*(?=\d)"), "British"),
    (re.compile(r"(?i)^(font|fb)\s*(?=\d)"), "Font"),
    (re.compile(r"^f\s*(?=\d)"), "Font"),
    (re.compile(r"(?i)^fr(ench|\.)?\s*(?=\d)"), "French"),
    (re.compile(r"^F\s*(?=\d[a-c]?\+?)"), "French"),
)
_NEAR: Final = 3.0
"""Steps between the grades of a pair of which the second is a digit in place of the first's last."""
Span = tuple[float, float]


class Order(NamedTuple):
    """The systems to try, in order, and those among them that the caller asked for."""

    systems: tuple[str, ...]
    preferred: frozenset[str]


@dataclass(frozen=True)
class Grade:
    """A grade as logged, and where it lies on its discipline's own ladder (in steps, without the offset).

    `names` are the two grades of its system's table that it lies between: twice the same where it is one.
    """

    raw: str
    system: str
    discipline: str
    low: float
    high: float
    names: tuple[str, str] = ("", "")

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


def read(text: str, raw: str, order: Order) -> Grade | None:
    """The grade of a text that is `grade_words.normalised` in the first system that has it, or None."""
    for pattern, system in _PREFIXES:
        if pattern.match(text):
            order, text = Order((system,), frozenset((system,))), pattern.sub("", text)
            break
    pair = _PAIR.fullmatch(text)
    for system in order.systems:
        names = _both(_look_up(text, system, order.preferred))
        if names is None and pair is not None:
            names = _pair(pair[1], pair[2], system, order.preferred)
        if names is not None:
            lows, highs = zip(*(TABLES[system][name] for name in names), strict=True)
            return Grade(raw, system, DISCIPLINES[system], min(lows), max(highs), names)
    return _several(text, raw, order)


def _several(text: str, raw: str, order: Order) -> Grade | None:
    """Grades of different systems in one string: the preferred one, else V of a slashed pair, else the first.

    A slashed pair ("6c/V5") names one boulder twice; "5.10a V0+" is a route with a boulder's crux. One figure
    behind a slash ("5.9/1") is of a pair that was refused.
    """
    words = text.split(" ")
    parts = words if words[1:] else text.split("/")
    if not parts[1:] or len(parts) > 6 or (len(parts) == 2 and text[-2] == "/" and parts[1].isdigit()):
        return None
    found = [grade for part in parts if (grade := read(part, raw, order)) is not None]
    if len(found) < len(parts):
        return None
    favourites = order.preferred or (frozenset() if words[1:] else frozenset("V"))
    return min(found, key=lambda grade: grade.system not in favourites)


def _both(name: str | None) -> tuple[str, str] | None:
    return None if name is None else (name, name)


def _pair(first: str, second: str, system: str, preferred: frozenset[str]) -> tuple[str, str] | None:
    """The two grades of a pair ("V4-5", "5.10a/b", "22/3", "5.10-/+") in one system."""
    low = _look_up(first, system, preferred)
    if low is None:  # as in most systems: the many look-ups that follow are of the others
        return None
    if second[0] in "+-":  # of the first grade itself: any beginning of "VII-" is another one
        high = _look_up(first.rstrip("+-") + second, system, preferred)
        return None if high is None else (low, high)
    # The second half borrows the beginning of the first that makes it a grade.
    found = ((n, _look_up(first[:n] + second, system, preferred)) for n in range(len(first) + 1))
    ends = [(n, end) for n, end in found if end is not None]
    if ends and second[0].isdigit():
        ends = _nearest(first, low, second, ends, TABLES[system])
    return (low, ends[0][1]) if ends else None


def _nearest(
    first: str, low: str, second: str, ends: list[tuple[int, str]], table: Table
) -> list[tuple[int, str]]:
    """The end that is nearest to the first grade, for of "22/3" it is 23, not 3; [] where none can be meant.

    One far off is meant where its number is written in full, and leads up or stands alone ("V0-5", "23/18").
    """

    def gap(name: str) -> float:
        return max(table[name][0] - table[low][1], table[low][0] - table[name][1])

    n, end = min(ends, key=lambda each: gap(each[1]))
    full = not first[:n][-1:].isdigit() and (table[end] > table[low] or (n == 0 and len(second) > 1))
    return [(n, end)] if gap(end) <= _NEAR or full else []


def _look_up(text: str, system: str, preferred: frozenset[str]) -> str | None:
    """One grade as its table names it. Case tells Font from French, unless one of them was asked for."""
    if system in ("UIAA", "British") and system not in preferred and text[:1].islower():
        return None
    if system not in ("Font", "French") or system in preferred:
        if system == "V" and preferred == {"V"} and text[:1].isdigit():
            text = f"V{text}"
        text = text.lower() if system in ("YDS", "French") else text.upper()
    return text if text in TABLES[system] else None
