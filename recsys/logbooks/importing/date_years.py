"""Dates of three numbers, the year of two digits (24-05-31, 24/5/1): whether it is the first or the last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from typing import Final

from recsys.logbooks.days import DAY_SECONDS, latest
from recsys.logbooks.importing.date_forms import SHORT, SLASHED

FIRST, LAST = "first", "last"
_OLDEST: Final = 1970
"""The year from which on most logbooks are: what tells the year from the day is no older."""


def year_of(texts: Sequence[str]) -> str:
    """Where the year stands in dates with one of two digits: `FIRST`, `LAST`, or "" for not known.

    By a number of one digit, by what is a day of a month, by the order of the rows, by which number differs
    less, by what is to come.
    """
    found = [each for each in map(SHORT.fullmatch, texts) if each]
    listed = [(int(each["first"]), int(each["second"]), int(each["third"])) for each in found]
    dates = set(listed)
    one_digit = any(len(each["first"]) < 2 for text in texts if (each := SLASHED.fullmatch(text)))
    if not dates or one_digit:
        return LAST
    years, ends = {first for first, _, _ in dates}, {last for _, _, last in dates}
    days = all(_is_day(b, c) for _, b, c in dates), all(_is_day(b, a) or _is_day(a, b) for a, b, _ in dates)
    have_been = _have_been(years), _have_been(ends)
    if any(len(each["third"]) < 2 for each in found) and days[0] and have_been[0]:  # else it is mistyped
        return FIRST
    turned = [[(c, b, a) for a, b, c in listed], [(c, a, b) for a, b, c in listed]]
    ordered = _is_ordered(listed), any(map(_is_ordered, turned))
    fewer = len(years) < len(ends), len(ends) < len(years)
    # Without zeros before them, October to December are all that look like years: 10/5/24 is no rare form.
    autumn = max(years) <= 12 and any(len(each["second"]) < 2 for each in found)
    told = (days, have_been) if autumn else (days, ordered, fewer, have_been)
    return next((FIRST if first else LAST for first, last in told if first != last), "")


def _is_ordered(dates: Sequence[tuple[int, int, int]]) -> bool:
    """Whether the dates, (year, month, day), go up or down as those of a logbook do."""
    return list(dates) in (sorted(dates), sorted(dates, reverse=True))


def _have_been(years: Iterable[int]) -> bool:
    return all(full_year(f"{year:02}") >= _OLDEST for year in years)


def _is_day(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= 31


def full_year(digits: str) -> int:
    """The year of four digits, or of two, of which one that is to come is of the last century: it is done."""
    year = int(digits)
    if len(digits) == 4:
        return year
    last = datetime.fromtimestamp(latest() * DAY_SECONDS, timezone.utc).year
    return year + (1900 if year + 2000 > last else 2000)
