"""The ratings of a spreadsheet of one's own: stars, numbers, "4/5", "80%"; the scale is told by the column.

Where a quarter of the numbers or more is beyond 5, all are of a scale up to 10, or up to 100: they are
brought to 1 to 5, and counted. A few that are beyond are slips: they alone are left blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from recsys.logbooks.importing.source import number, stars

MOST: Final = 5.0
_TOPS: Final = (10.0, 100.0)
_FEW: Final = 4
_UNREAD: Final = "a rating cannot be read: left blank"
_OF: Final = re.compile(r"(\d{1,3}(?:[.,]\d+)?)\s*(?:/|of|out of|von|sur|de)\s*(\d{1,3})")
_PERCENT: Final = re.compile(r"(\d{1,3}(?:[.,]\d+)?)\s*%")
_SIGNS: Final = re.compile(r"([★⭐✭✮*]{1,5})[☆✩·.\s]*([½]?)")
_WORDS: Final = re.compile(
    r"(\d(?:[.,]\d+)?)\s*(½)?\s*(?:★|⭐|\*|stars?|sterne?|étoiles?|estrellas?|stelle?)?"
)


def top_of(texts: Iterable[str]) -> float:
    """The best rating of a column's scale, 5, 10 or 100; infinity where its numbers are of none of them."""
    values = [value for text in texts if (value := number(text.strip())) is not None and value >= 0]
    beyond = [value for value in values if value > MOST]
    if _FEW * len(beyond) < max(len(values), 1) or not beyond:
        return MOST
    # A slip may be anything: the scale is what nearly all numbers fit.
    fits = (top for top in _TOPS if _FEW * sum(value > top for value in beyond) < len(beyond))
    return next(fits, float("inf"))


def rating(text: str, top: float) -> tuple[float | None, tuple[str, ...]]:
    """(1 to 5 stars or None, notes) of a text in a column of that scale."""
    text = text.replace("\ufe0f", "").strip()
    if number(text) is not None and top == MOST:
        return stars(text)
    if number(text) is not None:
        return _scaled(text, top, told=False)
    if found := _SIGNS.fullmatch(text):
        return stars(str(min(len(found[1]) + 0.5 * bool(found[2]), MOST)))
    if found := _OF.fullmatch(text):
        return _scaled(found[1], float(found[2]), told=True)
    if found := _PERCENT.fullmatch(text):
        return _scaled(found[1], 100.0, told=True)
    if found := _WORDS.fullmatch(text.casefold()):
        return stars(str((number(found[1]) or 0) + 0.5 * bool(found[2])))
    return None, (_UNREAD,) if text else ()


def _scaled(text: str, top: float, told: bool) -> tuple[float | None, tuple[str, ...]]:
    """A rating of another scale as of 1 to 5; the note is left out where the cell itself tells the scale."""
    value = number(text) or 0.0
    if value <= 0:
        return None, ()
    if not value <= top < float("inf"):
        return None, ("a rating is outside its scale: left blank",)
    note = () if told else (f"a rating is of a scale up to {top:g}: brought to 1 to 5",)
    return max(round(value / top * MOST, 2), 1.0), note
