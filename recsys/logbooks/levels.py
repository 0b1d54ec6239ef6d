"""Grades of another domain that are numbers: a mapping's `[grade] unit = "level"`.

A grade's text goes on alone, where "5" would be Ewbank's and "0" nothing: as L5 and L0 they are levels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from recsys.logbooks.cells import number
from recsys.logbooks.days import order_text

LEVEL: Final = "level"
GRADE_UNITS: Final = (LEVEL,)
HIGHEST: Final = 17
"""What has an order is of the boulder ladder (`recsys.logbooks.grade_tables`); above it levels are text."""
TAKEN: Final = f'whole numbers, taken for levels (L0, L1, ...), as [grade] unit = "{LEVEL}" of a mapping says'
_PAIR: Final = re.compile(r"(\d+)\s*[-/]\s*(\d+)", re.ASCII)


def as_level(text: str) -> str:
    """A number, or two as in "4-5", as a level; what is none stays as it is."""
    if (value := number(text)) is not None:
        return f"L{order_text(value)}"
    pair = _PAIR.fullmatch(text)
    return f"L{pair[1]}-{pair[2]}" if pair else text


def are_levels(texts: Iterable[str]) -> bool:
    """Whether texts, which by their column's name are no climbing grades, are whole numbers on the ladder."""
    values = [number(each) for each in texts]
    return bool(values) and all(
        each is not None and each.is_integer() and 0 <= each <= HIGHEST for each in values
    )
