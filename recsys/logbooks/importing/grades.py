"""Writes a grade so that it is read on its discipline's ladder: Font and French differ by case alone.

A boulder logged as "7a" is written 7A, a route logged as "7A" is written 7a; all else stays as logged.
`recsys.logbooks.grades` does the reading.
"""

from __future__ import annotations

import re
from typing import Final

from recsys.logbooks.importing.model import BOULDER, ROUTE

_LETTERED: Final = re.compile(r"[1-9][a-cA-C]\+?(\s*[-/]\s*[1-9]?[a-cA-C]?\+?)?", re.ASCII)


def readable(grade: str, discipline: str) -> str:
    """The grade with its letters in the case of its discipline's system."""
    if not _LETTERED.fullmatch(grade):
        return grade
    return grade.upper() if discipline == BOULDER else grade.lower() if discipline == ROUTE else grade
