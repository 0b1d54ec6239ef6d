"""Why a row of raw sends is not used: the same words from every reader, each with what to do."""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Reason(NamedTuple):
    """What is wrong with the value, in a clause, and the remedy."""

    problem: str
    remedy: str


_DATES: Final = "write dates as 2024-05-31, or as epoch seconds"
_UNIT: Final = Reason(
    "is not in the unit of most other dates", 'correct it, or set [date] unit = "order" in a `schema`'
)
UNREADABLE_OUTCOME: Final = "unreadable outcome"
ALIEN_DATE: Final = "date in another unit"
BEYOND_DATE: Final = "date out of range"
YEARS: Final = "1678 to 2261"
RAGGED: Final = "ragged row"
DUPLICATE: Final = "duplicate"
BETTER_STAYS: Final = f"{DUPLICATE}: the day's better outcome is kept"
ATTEMPT: Final = "attempt"
NO_ROWS: Final = "has a header and no rows"
NO_FLAG: Final = "is neither true nor false"
_OF: Final = re.compile(
    rf"(?:blank|unreadable) (\w+)|(\w+) (?:out of range|in another unit|{NO_FLAG})", re.ASCII
)


def ragged(found: int, expected: int) -> Reason:
    """Why a row of too many or too few values cannot be read."""
    remedy = "quote values that hold commas"
    if found < expected:
        remedy = "quote values that hold line breaks, and give each column a value, blank or not"
    return Reason(f"has {found} values where the header has {expected}", remedy)


def column_of(name: str) -> str:
    """The column that a reason is of: "rating" of "unreadable rating"; "" where it is of the whole row."""
    found = _OF.fullmatch(name)
    return (found[1] or found[2]) if found else ""


def reason(name: str, column: str, span: str = "1 to 5") -> Reason:
    """The words for a reason of `contract` or `validate`: "blank climb_id", "unreadable rating"..."""
    if name == "blank date":
        return Reason("is blank", _DATES)
    if name.startswith("blank "):
        return Reason("is blank", "give every row its id")
    if name == "unreadable date":
        return Reason("is not a date", _DATES)
    if name == BEYOND_DATE:
        return Reason(f"is outside the years {YEARS}", "correct its year")
    if name == ALIEN_DATE:
        return _UNIT
    if name == UNREADABLE_OUTCOME:
        return Reason("is no outcome", "write 'send', 'attempt' or 'unknown', or leave it blank")
    if name.startswith("unreadable "):
        return Reason("is not a number", "write a number, or leave it blank")
    if name.endswith("out of range"):
        return Reason(f"is outside {span}", f"give {span}, or leave it blank")
    if name.endswith(NO_FLAG):
        return Reason(NO_FLAG, "write true or false, or leave it blank")
    return Reason(f"cannot be read: {name}", "correct it") if column else Reason(name, "correct it")
