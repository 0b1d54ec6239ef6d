"""Ids that are numbers, and what pandas and Excel make of them."""

from __future__ import annotations

import math
import re
from typing import Final

_WHOLE: Final = re.compile(r"'?0*(\d{1,40}?)(?:[.,]0*)?", re.ASCII)
# Excel writes long numbers with six digits: of fewer it has left out none.
_SCIENTIFIC: Final = re.compile(r"'?(\d(?:[.,]\d{1,4})?)[eE]\+?(\d{1,2})", re.ASCII)

# What is left of a number of more digits than are shown.
_CUT: Final = re.compile(r"'?\d[.,]\d{1,14}[eE]\+?(\d{1,2})", re.ASCII)


def is_cut(climb: str) -> bool:
    """Whether a spreadsheet has left out digits of an id, so that others have become the same."""
    found = _CUT.fullmatch(climb)
    return found is not None and int(found[1]) > 5 and whole(climb) is None


def whole(climb: str) -> str | None:
    """The number that an id is, however a program has written it; None for other ids.

    Zeros before it, a ".0" after it, an apostrophe and a short power of ten are undone: "00130", "130.0",
    "1.3E+02".
    """
    if match := _SCIENTIFIC.fullmatch(climb):
        value = float(match[1].replace(",", ".")) * 10 ** int(match[2])
        return str(round(value)) if math.isclose(value, round(value)) and value < 2**53 else None
    match = _WHOLE.fullmatch(climb)
    return None if match is None else (match[1] or "0")
