"""Reads the dates of logbooks: ISO, 28/Sep/25, 3/23/2024, JavaScript's Date strings, and partial ones.

A partial date keeps the precision it has and stands for the middle: `??/Aug/24` is 2024-08-15 (month) and
`???/2022` is 2022-07-01 (year), so that an ascent sorts near its true place and is never off by more than
half of what is unknown. 3/4/2024 may be April or March: the file's other dates decide, whatever stands
between the numbers (24-11 tells of 5/11), then the site's own habit, and dates that rest on that are counted.
A climber's day is the one that was written: with `local` the offset after a time is dropped, else moments are
brought to UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Final, NamedTuple

from recsys.logbooks.importing.text import slug

_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_CLOCK: Final = (
    r"(?:[T ,]+(?P<h>\d\d?):(?P<mi>\d\d)(?::(?P<s>\d\d)(?:[.,]\d+)?)?(?:\s?(?P<half>[ap])\.?m\.?)?)?"
)
_ZONE: Final = r"\s*(?P<zone>Z|(?:UTC|GMT)?[+-]\d\d:?\d\d|(?:UTC|GMT)?[+-]\d\d|UTC|GMT)?(?:\s*\([^)]*\))?"
_NAME: Final = r"(?P<name>[^\W\d_]{3,12})\.?"
_FORMS: Final = tuple(
    re.compile(form + _CLOCK + _ZONE, re.IGNORECASE)
    for form in (
        r"(?P<y>\d{4})[-/.](?P<m>\d\d?)[-/.](?P<d>\d\d?)",
        r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)",
        rf"(?P<d>\d\d?|\?\?)(?:st|nd|rd|th|\.)?[-/\s]\s*(?:de\s+)?{_NAME}[-/\s,]\s*(?:del?\s+)?(?P<y>\d{{4}}|\d\d)",
        rf"(?:[^\W\d_]{{3,10}},?\s+)?{_NAME}\s+(?P<d>\d\d?)(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}})",
        rf"[^\W\d_]{{3,10}},?\s+(?P<d>\d\d?)\s+{_NAME}\s+(?P<y>\d{{4}})",
    )
)
_PARTIAL: Final = tuple(
    re.compile(form)
    for form in (
        rf"(?:\?+[-/\s])?{_NAME}[-/\s](?P<y>\d{{4}}|\d\d)",
        r"(?P<y>\d{4})-(?P<m>\d\d)(?:-\?+)?",
        r"(?:\?+[-/\s]){0,2}(?P<y>\d{4})",
        r"(?P<y>\d{4})(?:-\?+){2}",
    )
)
_SLASHED: Final = re.compile(
    r"(?P<first>\d\d?)(?P<by>[/.-])(?P<second>\d\d?)(?P=by)(?P<y>\d{4}|\d\d)" + _CLOCK,
    re.ASCII | re.IGNORECASE,
)
_MONTHS: Final = {
    word: number
    for number, words in enumerate(
        (
            "jan ene gen", "feb fev", "mar", "apr avr abr", "may mai mag", "jun giu juin", "jul lug juil",
            "aug ago aou", "sep set", "oct okt ott out", "nov", "dec dez dic",
        ), 1,
    )
    for word in words.split()
}  # fmt: skip


class When(NamedTuple):
    """A date in ISO, its precision, and whether its day and month could be the other way round."""

    date: str
    precision: str
    unsure: bool = False


class Order(NamedTuple):
    """Whether 3/4/2024 is 3 April in a file, and whether the file's own dates tell so."""

    day_first: bool
    settled: bool


def order_of(dates: Iterable[str], habit: bool) -> Order:
    """The order of day and month: by dates that can be read in one way alone, else by habit."""
    found = [_SLASHED.match(text.strip()[:40]) for text in dates]
    pairs = [(int(each["first"]), int(each["second"])) for each in found if each]
    days, months = (sum(pair[i] > 12 for pair in pairs) for i in (0, 1))
    if days == months:
        dotted = bool(found) and all(each["by"] == "." for each in found if each) and any(found)
        # Dotted dates are written with the day first wherever dots are used.
        return Order(habit or dotted, dotted)
    return Order(days > months, not (days and months))


def day_first(dates: Iterable[str], habit: bool) -> bool:
    """Whether 3/4/2024 is 3 April in this file."""
    return order_of(dates, habit).day_first


@lru_cache(maxsize=8192)
def read_date(
    text: str, day_comes_first: bool = False, local: bool = False, settled: bool = False
) -> When | None:
    """Read one date; None when it is none, or not in the years 1900 to 2100.

    `settled`: the file's other dates tell the order of day and month, so that none is unsure.
    """
    text = text.strip()
    if not text or len(text) > 80 or not any(c.isdigit() for c in text):
        return None
    for form in _FORMS:
        if match := form.fullmatch(text):
            return _partial(match) if match["d"] == "??" else _full(match, local)
    if match := _SLASHED.fullmatch(text):
        return _slashed(match, day_comes_first, local, settled)
    return next((_partial(match) for form in _PARTIAL if (match := form.fullmatch(text))), None)


def _full(match: re.Match[str], local: bool) -> When | None:
    month = _month(match)
    return None if month is None else _moment(match, _year(match["y"]), month, int(match["d"]), local)


def _slashed(match: re.Match[str], day_comes_first: bool, local: bool, settled: bool) -> When | None:
    first, second, year = int(match["first"]), int(match["second"]), _year(match["y"])
    dotted = match["by"] == "." and not settled
    swapped = first > 12 or (second <= 12 and (day_comes_first or dotted))
    month, day = (second, first) if swapped else (first, second)
    unsure = first != second and max(first, second) <= 12 and not dotted and not settled
    when = _moment(match, year, month, day, local)
    return when._replace(unsure=unsure) if when else None


def _partial(match: re.Match[str]) -> When | None:
    fields, year = match.groupdict(), _year(match["y"])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    if not (fields.get("name") or fields.get("m")):
        return When(f"{year}-07-01", "year")
    month = _month(match)
    return None if month is None or not 1 <= month <= 12 else When(f"{year}-{month:02}-15", "month")


def _moment(match: re.Match[str], year: int, month: int, day: int, local: bool) -> When | None:
    fields = match.groupdict()
    hour, minute, second = (int(fields[part] or 0) for part in ("h", "mi", "s"))
    if half := fields["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (half.casefold() == "p")
    try:
        offset = _offset(fields.get("zone"))
        when = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
        when = when if local else when - offset
    except (ValueError, OverflowError):
        return None
    if not _FIRST_YEAR <= when.year <= _LAST_YEAR:
        return None
    if fields["h"] is None:
        return When(f"{year}-{month:02}-{day:02}", "day")
    zone = "" if local and offset else "Z"
    return When(when.strftime("%Y-%m-%dT%H:%M:%S") + zone, "time")


def _offset(zone: str | None) -> timedelta:
    digits = "".join(c for c in zone or "" if c.isdigit()).ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -offset if "-" in (zone or "") else offset


def _year(digits: str) -> int:
    year = int(digits)
    return year if len(digits) == 4 else year + (1900 if year >= 70 else 2000)


def _month(match: re.Match[str]) -> int | None:
    fields = match.groupdict()
    if fields.get("m"):
        return int(fields["m"])
    name = slug(fields["name"])
    return _MONTHS.get(name[:4], _MONTHS.get(name[:3]))
