"""Bare numbers as grades of boulders: V's where the logbook's others tell, else Font's; never a route's.

V counts from 0 to 17, Font from 3 to 8 where it has no letter: a 0, a 1, a 2 or a 9 beside a 5 tells that it
is V5. In a land of Font grades a 1 or a 2 tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from recsys.logbooks.grade_lands import FONT

NUMBER: Final = re.compile(r"(\d{1,2})(?:[.,]0)?([+-]?)(?:\s*[/-]\s*(\d{1,2})(?:[.,]0)?([+-]?))?", re.ASCII)
"""A number or two of them, each with a sign or without; a table's floats lose their ".0"."""
_V: Final = re.compile(r"(?i)V\s?\d.*")
_FONT: Final = re.compile(r"(?i)(?:(?:f|fb|font)\s?)?[1-9][abc].*|(?:f|fb|font)\s?\d.*")
_LEAST_V: Final = 9


@dataclass(frozen=True)
class Boulders:
    """What a logbook's boulders say: the lands where some of their numbers are of V alone, whether some are
    written as V, and as Font.
    """

    lands: frozenset[str] = frozenset()
    v: bool = False
    font: bool = False


def boulders_of(grades: Iterable[tuple[str, str]]) -> Boulders:
    """What the boulders' grades, each with its land, say of bare numbers."""
    pairs = [(grade, land) for grade, land in grades if len(grade) < 12]
    return Boulders(
        frozenset(land for grade, land in pairs if _is_v(grade, land)),
        any(_V.fullmatch(grade) for grade, _ in pairs),
        any(_FONT.fullmatch(grade) for grade, _ in pairs),
    )


def of_number(grade: str, land: str, beside: Boulders) -> tuple[str, bool]:
    """(the grade of a boulder that is a bare number, as it is read alone; whether its system is a guess)."""
    told = _is_v(grade, land) or land in beside.lands
    guessed = (beside.v or bool(beside.lands)) and not beside.font and land not in FONT
    letter = "V" if told or guessed else "f"
    return letter + NUMBER.sub(_plain, grade, count=1), not told


def _is_v(grade: str, land: str) -> bool:
    found = NUMBER.fullmatch(grade)
    numbers = [int(each) for each in found.group(1, 3) if each] if found else []
    return any(each == 0 or each >= _LEAST_V or (each < 3 and land not in FONT) for each in numbers)


def _plain(found: re.Match[str]) -> str:
    first, sign, second, other = found.groups()
    return f"{first}{sign}-{second}{other}" if second else f"{first}{sign}"
