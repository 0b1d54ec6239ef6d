"""The forms in which logbooks write a date, with a time of day and a zone behind it or without."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from recsys.logbooks.days import OFFSET

LONGEST: Final = 80
"""Characters of the longest text that is looked at as a date."""
_CLOCK: Final = (
    r"(?:[T ,]+(?P<h>\d\d?):(?P<mi>\d\d)(?::(?P<s>\d\d)(?:[.,]\d+)?)?(?:\s?(?P<half>[ap])\.?m\.?)?)?"
)
_ZONE: Final = rf"\s*(?P<zone>Z|(?:UTC|GMT)?{OFFSET}|UTC|GMT)?(?:\s*\([^)]*\))?"
_NAME: Final = r"(?P<name>[^\W\d_]{3,13})\.?"
_WEEKDAY: Final = r"(?:[^\W\d_]{2,13}\.?,?\s+)?"
FORMS: Final = tuple(
    re.compile(form + _CLOCK + _ZONE, re.IGNORECASE)
    for form in (
        r"(?P<y>\d{4})[-/.](?P<m>\d\d?)[-/.](?P<d>\d\d?)",
        r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)",
        r"(?P<y>\d{4}|\d\d)\s?[年년]\s?(?P<m>\d\d?)\s?[月월]\s?(?P<d>\d\d?)\s?[日일]?",
        _WEEKDAY + r"(?P<d>\d\d?|\?\?)(?:st|nd|rd|th|er|º|\.)?[-/\s]\s*(?:de\s+|d')?"
        rf"{_NAME}[-/\s,]\s*(?:del?\s+)?(?P<y>\d{{4}}|\d\d)",
        rf"{_WEEKDAY}{_NAME}\s+(?P<d>\d\d?)(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}})",
    )
)
NAMED: Final = FORMS[3:5]
"""A day before the name of its month, and one behind it."""
PARTIAL: Final = tuple(
    re.compile(form)
    for form in (
        rf"(?:\?+[-/\s])?{_NAME}[-/\s](?P<y>\d{{4}}|\d\d)",
        r"(?P<y>\d{4})-(?P<m>\d\d)(?:-\?+)?",
        r"(?:\?+[-/\s]){0,2}(?P<y>\d{4})",
        r"(?P<y>\d{4})(?:-\?+){2}",
    )
)
SLASHED: Final = re.compile(
    r"(?P<first>\d\d?)(?P<by>[/.-]|\s)(?P<second>\d\d?)(?P=by)(?P<y>\d{4}|\d\d)" + _CLOCK,
    re.ASCII | re.IGNORECASE,
)
SHORT: Final = re.compile(
    r"(?P<first>\d\d)(?P<by>[/.-])(?P<second>\d\d?)(?P=by)(?P<third>\d\d?)" + _CLOCK,
    re.ASCII | re.IGNORECASE,
)
"""Three numbers of which the first may be the year, and the last too where it has two digits."""
SAID: Final = re.compile(
    r"(?i)(?<![^\W\d_])(?P<first>[dtjg]{1,2}|m{1,2})[-/. ]+"
    r"(?:[dtjg]{1,2}|m{1,2})[-/. ]+[yja]{2,4}(?![^\W\d_])"
)
"""What a header or a row of units says of dates: "DD/MM/YYYY", "TT.MM.JJJJ", "jj/mm/aaaa"."""
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
# "24. 11. 2023" and "24 / 11 / 2023"; a letter after it is a month's.
_APART: Final = re.compile(r"(?<=\d)(?:\s*([/.])\s+|\s+([/.])\s*|\s+(-)\s+)(?=\d)")
_FLOAT: Final = re.compile(r"(\d{8})[.,]0*")  # 20240531.0 of a table's floats
_TAIL: Final = re.compile(r"(?:\s*г|(?<=\d))\.$|\s*г$")


@lru_cache(maxsize=8192)
def tidy(text: str) -> str:
    """A date with plain hyphens, nothing about what stands between its numbers, and no dot at its end."""
    text = _TAIL.sub("", text[:LONGEST].strip().translate(_DASHES))
    if float_ := _FLOAT.fullmatch(text):
        return float_[1]
    return _APART.sub(lambda found: found[1] or found[2] or found[3], text)
