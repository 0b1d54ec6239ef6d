"""Reads the dates of logbooks: ISO, 28/Sep/25, 3/23/2024, JavaScript's Date strings, and partial ones.

Months are named in some twenty languages (`months`). Where most dates of a file are numbers they are Excel's
days or epoch seconds; in a spreadsheet of one's own smaller numbers are plain order, unless most are years.

A partial date keeps the precision it has and stands for the middle: `??/Aug/24` is 2024-08-15 (month) and
`???/2022` is 2022-07-01 (year), so that an ascent sorts near its true place and is never off by more than
half of what is unknown. 3/4/2024 may be April or March: the file's other dates decide, those with the same
between the numbers first (24.11 tells of 5/11 where no date with slashes does), then the site's own habit,
and dates that rest on that are counted.
Of 24-05-31 the first number or the last is the year, as the file's others tell (`date_years`); where nothing
tells, it is the last, and they are counted.
A climber's day is the one that was written: with `local` the offset after a time is dropped, else moments are
brought to UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Final, NamedTuple

from recsys.logbooks.cells import number
from recsys.logbooks.days import DAY_SECONDS, UNITS, iso_text, looks_calendar, order_text, unit_of
from recsys.logbooks.importing.date_forms import FORMS, LONGEST, NAMED, PARTIAL, SAID, SHORT, SLASHED, tidy
from recsys.logbooks.importing.date_years import FIRST, LAST, full_year, year_of
from recsys.logbooks.importing.months import month_of

_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_YEAR: Final = re.compile(r"(?<!\d)\d{4}(?=\d{4}(?!\d)|(?!\d))", re.ASCII)
BEYOND: Final = f"date is outside the years {_FIRST_YEAR} to {_LAST_YEAR}"
_LAST_SECOND: Final = 4_133_980_800
"""The end of that last year but one, since the epoch."""
EXCEL: Final = "Excel"
ORDER: Final = "order"
_SERIAL: Final = (20_000.0, 60_000.0)
"""Excel's days from 1954 to 2064, counted from 30 December 1899."""
_EXCEL_BEGAN: Final = datetime(1899, 12, 30)


class When(NamedTuple):
    """A date in ISO, its precision, and whether its day and month could be the other way round."""

    date: str
    precision: str
    unsure: bool = False


class Order(NamedTuple):
    """How a file writes its dates.

    Whether 3/4/2024 is 3 April in it, and whether its own dates tell so. `unit`: where most of them are
    numbers, what these count: "Excel" its days, a unit of `recsys.logbooks.days.UNITS`, or "order" nothing
    but what comes before what; else None. `year`: of 24-05-31 "first" or "last"; "" where nothing tells.
    """

    day_first: bool
    settled: bool
    unit: str | None = None
    year: str = LAST
    own: tuple[tuple[str, bool], ...] = ()

    def told(self, text: str) -> tuple[bool, bool]:
        """(whether the day comes first, whether dates tell so) of a date, by what is between its numbers."""
        found = SLASHED.match(tidy(text)) if self.own else None
        own = dict(self.own).get(found["by"]) if found else None
        return (self.day_first, self.settled) if own is None else (own, True)


def order_of(dates: Iterable[str], habit: bool, plain: bool = False, head: Iterable[str] = ()) -> Order:
    """The order of day and month: by dates that can be read in one way alone, else by habit.

    One that says "DD/MM/YYYY", in its `head` or below, and has no date against it, is settled by that. A file
    that has "24 Nov 2023" too is in the habit of the day first, one with "Nov 24, 2023" of the month.

    `plain`: whether small numbers may be plain order, as they may in no site's file.
    """
    texts = [tidy(text) for text in dates]
    unit, year = _unit(texts, plain), year_of(texts)
    rest = [text for text in texts if not SHORT.fullmatch(text)] if year == FIRST else texts
    found = [SLASHED.match(text) for text in rest]
    tells: dict[str, list[int]] = {}  # how often the day is first, and the month, by what is between them
    for each in filter(None, found):
        counts = tells.setdefault(each["by"], [0, 0])
        for place, number_ in enumerate((each["first"], each["second"])):
            counts[place] += int(number_) > 12
    days, months = (sum(counts[place] for counts in tells.values()) for place in (0, 1))
    own: tuple[tuple[str, bool], ...] = ()
    if days and months:
        own = tuple((by, counts[0] > 0) for by, counts in tells.items() if (counts[0] > 0) != (counts[1] > 0))
    said = {found["first"][0].casefold() != "m" for found in map(SAID.search, (*head, *texts)) if found}
    if len(said) == 1 and year != FIRST and not (months if True in said else days):
        return Order(True in said, True, unit, LAST, own)
    if days == months:
        named = [sum(map(bool, map(form.match, texts))) for form in NAMED]
        habit = habit if named[0] == named[1] else named[0] > named[1]
        dotted = bool(found) and all(each["by"] == "." for each in found if each) and any(found)
        # Dotted dates are written with the day first wherever dots are used.
        return Order(habit or dotted, dotted, unit, year, own)
    return Order(days > months, not (days and months), unit, year, own)


def _unit(texts: Sequence[str], plain: bool) -> str | None:
    """What most dates count, where they are numbers: neither a calendar day such as 20240531 nor a year."""
    filled = [text for text in texts if text]
    numbers = [value for text in filled if len(text) != 8 and (value := number(text)) is not None]
    if 2 * len(numbers) <= len(filled):
        return None
    if sum(_SERIAL[0] <= value <= _SERIAL[1] for value in numbers) * 2 > len(numbers):
        return EXCEL
    if band := unit_of(numbers):
        return list(UNITS)[band - 1]
    years = sum(_FIRST_YEAR <= value <= _LAST_YEAR for value in numbers)
    return ORDER if plain and 2 * years <= len(numbers) else None


def day_first(dates: Iterable[str], habit: bool) -> bool:
    """Whether 3/4/2024 is 3 April in this file."""
    return order_of(dates, habit).day_first


@lru_cache(maxsize=8192)
def read_date(
    text: str,
    day_comes_first: bool = False,
    local: bool = False,
    settled: bool = False,
    unit: str | None = None,
    year: str = LAST,
) -> When | None:
    """Read one date; None when it is none, or not in the years 1900 to 2100.

    `settled`: the file's other dates tell the order of day and month, so that none is unsure. `unit`: what
    its numbers count, and `year` where that stands in 24-05-31 (`Order`).
    """
    if len(text) > LONGEST or not any(c.isdigit() for c in text):
        return None
    text = tidy(text)
    if unit is not None and (value := number(text)) is not None:
        return _counted(value, unit)
    for form in FORMS:
        if match := form.fullmatch(text):
            return _partial(match) if match["d"] == "??" else _full(match, local)
    if year == FIRST and (match := SHORT.fullmatch(text)):
        return _moment(match, full_year(match["first"]), int(match["second"]), int(match["third"]), local)
    if match := SLASHED.fullmatch(text):
        when = _slashed(match, day_comes_first, local, settled)
        return when if year or when is None or not SHORT.fullmatch(text) else when._replace(unsure=True)
    return next((_partial(match) for form in PARTIAL if (match := form.fullmatch(text))), None)


def is_beyond(text: str) -> bool:
    """Whether a text that `read_date` does not read would be a date if its year were another."""
    year = _YEAR.search(text[: LONGEST + 1])
    if year is None or _FIRST_YEAR <= int(year[0]) <= _LAST_YEAR:
        return False
    return read_date(f"{text[: year.start()]}2000{text[year.end() :]}") is not None


def _counted(value: float, unit: str) -> When | None:
    """A number as a day of Excel's, as a moment since the epoch, or as plain order."""
    if unit == ORDER:
        small = abs(value) < UNITS["s"][0] and not looks_calendar(value)
        return When(order_text(value), ORDER) if small else None
    if unit != EXCEL:
        seconds = value / UNITS[unit][1]
        return When(iso_text(round(seconds * 1e6)), "time") if 0 <= seconds < _LAST_SECOND else None
    if not _SERIAL[0] <= value <= _SERIAL[1]:
        return None
    when = _EXCEL_BEGAN + timedelta(seconds=round(value * DAY_SECONDS))
    return When(f"{when.isoformat()}Z", "time") if value % 1 else When(when.date().isoformat(), "day")


def _full(match: re.Match[str], local: bool) -> When | None:
    month = _month(match)
    return None if month is None else _moment(match, full_year(match["y"]), month, int(match["d"]), local)


def _slashed(match: re.Match[str], day_comes_first: bool, local: bool, settled: bool) -> When | None:
    first, second, year = int(match["first"]), int(match["second"]), full_year(match["y"])
    dotted = match["by"] == "." and not settled
    swapped = first > 12 or (second <= 12 and (day_comes_first or dotted))
    month, day = (second, first) if swapped else (first, second)
    unsure = first != second and max(first, second) <= 12 and not dotted and not settled
    when = _moment(match, year, month, day, local)
    return when._replace(unsure=unsure) if when else None


def _partial(match: re.Match[str]) -> When | None:
    fields, year = match.groupdict(), full_year(match["y"])
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


def _month(match: re.Match[str]) -> int | None:
    fields = match.groupdict()
    return int(fields["m"]) if fields.get("m") else month_of(fields["name"])
