"""The dates of the contract, a column at a time and without any package: the one rule for every reader.

ISO text is a day or a moment (UTC when it names no zone). Of numbers, the size of the column's median
decides: from 1e8 they are epoch seconds, from 1e11 milliseconds, 1e14 microseconds, 1e17 nanoseconds. Smaller
ones are plain order, with no elapsed days, unless most are calendar days such as 20240531. A number among ISO
dates is no date, a calendar day among small numbers is none, and neither is 3/4/2024: who knows which is the
month. So the dates that are read of a column are read alike when the others are left out. Where every time of
a column of text is midnight, a program added it, and its dates are days.
"""

from __future__ import annotations

import math
import re
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final, NamedTuple

from recsys.logbooks.cells import number, on_distinct

DAY_SECONDS: Final = 86_400
# Unit: (smallest magnitude, ticks a second).
UNITS: Final = {"s": (1e8, 1), "ms": (1e11, 10**3), "us": (1e14, 10**6), "ns": (1e17, 10**9)}
DATE_UNITS: Final = ("order", *UNITS)
MAX_SECONDS: Final = 9.2e9
"""What a nanosecond timestamp can hold, in seconds since the epoch: the years 1678 to 2261."""
_CALENDAR: Final = (-62_135_596_800, 253_402_300_800)
"""The beginning of the years 1 and 10000."""
FIRST_CALENDAR, LAST_CALENDAR = 19_000_101, 21_001_231
SMALL_ORDER: Final = 1e6
"""Order whose lower median is below it holds no number that looks like a calendar day."""
FUTURE: Final = "date lies in the future"
PLAIN_ORDER: Final = "dates are plain numbers: an order, and no days"
READ, BLANK, UNREADABLE, ALIEN, BEYOND = "read", "blank", "unreadable", "alien", "beyond"
OFFSET: Final = r"[+-](?:0\d|1[0-4])(?::?[0-5]\d)?"
"""A zone's offset from UTC: none is beyond 14 hours."""
_ISO: Final = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)"
    r"(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(\.\d{1,9})?)?)?"
    rf"\s?(Z|UTC|{OFFSET})?)?",
    re.ASCII,
)
_FLOAT: Final = re.compile(r"(\d{8})[.,]0*", re.ASCII)
_LONGEST: Final = 48
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND: Final = timedelta(microseconds=1)


class Day(NamedTuple):
    """A date as read.

    `day` is in days since the Unix epoch, or the plain order itself; NaN unless `state` is "read". `text` is
    ISO ("2024-05-31", "2024-05-31T06:00:00Z") or the number.
    """

    day: float
    text: str
    state: str = READ


@dataclass(frozen=True)
class Days:
    """A column's dates, and whether they are times; where not, they are plain order."""

    values: Sequence[Day]
    has_time: bool


def read_days(texts: Sequence[str | None], unit: str | None = None) -> Days:
    """Read a column of trimmed texts, None where blank. `unit`: of `DATE_UNITS`, or None to tell by the
    values.
    """
    numbers = on_distinct(_number, texts)
    found = [value for value in numbers if value is not None]
    mostly = 2 * len(found) > sum(text is not None for text in texts)
    if unit is not None or (mostly and not mostly_calendar(found)):
        return _from_numbers(texts, numbers, unit)
    return Days(_whole_days(on_distinct(_from_text, texts)), True)


def future(row: int, date: str, file: str = "") -> str:
    """What is said of dates that are to come: which one is the first."""
    where = f"row {row} of {file}" if file else f"row {row}"
    return f"{FUTURE}, the first is {date[:10]} in {where}"


def latest() -> float:
    """The last day, since the Unix epoch, on which somebody may have climbed, wherever that is."""
    return time.time() // DAY_SECONDS + 2


def day_number(day: date) -> int:
    """Days from the Unix epoch to a day."""
    return day.toordinal() - _EPOCH.toordinal()


def is_beyond(seconds: float) -> bool:
    """Whether a moment of the calendar is in no year that can be held."""
    return _CALENDAR[0] <= seconds < _CALENDAR[1] and not abs(seconds) < MAX_SECONDS


def iso_microseconds(text: str) -> tuple[int, bool] | None:
    """(microseconds since the Unix epoch, whether there is a time of day) of strict ISO text, or None."""
    found = any_microseconds(text)
    return found if found is not None and abs(found[0]) < MAX_SECONDS * 1e6 else None


@lru_cache(maxsize=16_384)
def any_microseconds(text: str) -> tuple[int, bool] | None:
    """The same of any year from 1 to 9999."""
    if len(text) > _LONGEST:
        return None
    if float_ := _FLOAT.fullmatch(text):  # 20240531.0 of a table's floats
        text = float_[1]
    match = _ISO.fullmatch(text)
    if match is None or (len(text) > 8 and text[4] != "-") or (text[4] == "-") != (text[7:8] == "-"):
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        when = datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            tzinfo=timezone.utc,
        )
    except ValueError:
        return None
    micro = (when - _EPOCH) // _MICROSECOND + round(float(fraction or 0) * 1e6) - _offset(zone) * 10**6
    return micro, hour is not None


def iso_text(microseconds: int, clock: bool = True) -> str:
    """A day, or a moment in UTC, as ISO text."""
    when = _EPOCH + timedelta(microseconds=microseconds)
    return f"{when.replace(tzinfo=None).isoformat()}Z" if clock else when.date().isoformat()


def order_text(value: float) -> str:
    """A plain order as text: whole where it is."""
    return str(int(value)) if value.is_integer() else repr(value)


def mostly_calendar(numbers: Sequence[float]) -> bool:
    """Whether more than half of the numbers look like 20240531; the others are no dates then."""
    return 2 * sum(looks_calendar(value) for value in numbers) > len(numbers)


def looks_calendar(value: float) -> bool:
    """Whether a number has the size of a day written as 20240531, be it one of the calendar or not."""
    return FIRST_CALENDAR <= value <= LAST_CALENDAR and float(value).is_integer()


def is_calendar(value: float) -> bool:
    """Whether a number is a day written as 20240531."""
    return looks_calendar(value) and iso_microseconds(str(int(value))) is not None


def unit_of(numbers: Sequence[float]) -> int:
    """The index in `DATE_UNITS` of the unit that most numbers are in: their median's."""
    return int(statistics.median([_band(value) for value in numbers]))


def _band(value: float) -> int:
    return sum(abs(value) >= smallest for smallest, _ in UNITS.values())


def midnights(dates: Iterable[str]) -> bool:
    """Whether every time of day in ISO dates is midnight, as where a program added it to days."""
    return all(date.endswith(("T00:00:00Z", "T00:00:00")) for date in set(dates) if "T" in date)


def _whole_days(days: Sequence[Day]) -> Sequence[Day]:
    """The dates without their times of day, where these are midnight throughout."""
    return on_distinct(_whole_day, days) if midnights(day.text for day in days if day.state == READ) else days


def _whole_day(day: Day) -> Day:
    return day._replace(text=day.text[:10]) if day.state == READ else day


def _number(text: str | None) -> float | None:
    return None if text is None else number(text)


def _from_text(text: str | None) -> Day:
    if text is None:
        return Day(math.nan, "", BLANK)
    found = any_microseconds(text)
    if found is None or not abs(found[0]) < MAX_SECONDS * 1e6:
        return Day(math.nan, text, BEYOND if found and is_beyond(found[0] / 1e6) else UNREADABLE)
    return Day(found[0] / 1e6 / DAY_SECONDS, iso_text(*found))


def _from_numbers(texts: Sequence[str | None], numbers: Sequence[float | None], unit: str | None) -> Days:
    known = [value for value in numbers if value is not None]
    told = unit is not None
    band = 0 if told or not known else unit_of(known)
    unit = unit if unit is not None else DATE_UNITS[band]
    small = not told and band == 0 and statistics.median_low(map(abs, known or [0])) < SMALL_ORDER
    values = []
    for text, value in zip(texts, numbers, strict=True):
        if text is None or value is None:
            values.append(Day(math.nan, text or "", BLANK if text is None else UNREADABLE))
        elif (not told and _band(value) != band) or (small and looks_calendar(value)):
            values.append(Day(math.nan, text, ALIEN))
        else:
            values.append(_from_number(value, unit))
    return Days(values, unit in UNITS)


def _from_number(value: float, unit: str) -> Day:
    if unit not in UNITS:
        return Day(value, order_text(value))
    seconds = value / UNITS[unit][1]
    if not abs(seconds) < MAX_SECONDS:
        return Day(math.nan, repr(value), BEYOND if is_beyond(seconds) else UNREADABLE)
    return Day(seconds / DAY_SECONDS, iso_text(round(seconds * 1e6)))


def _offset(zone: str | None) -> int:
    """Seconds east of UTC."""
    if zone is None or zone in ("Z", "UTC"):
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return (-1 if zone[0] == "-" else 1) * (int(digits[:2]) * 3600 + int(digits[2:]) * 60)
