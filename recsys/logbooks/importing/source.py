"""What a source is: how its header is known, and how a row of it is read. One module a source is beside."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from recsys.logbooks import cells as values
from recsys.logbooks.importing.climb_kinds import climb_type as climb_type  # for sources, with the rest
from recsys.logbooks.importing.climb_kinds import discipline as discipline
from recsys.logbooks.importing.climb_kinds import discipline_of as discipline_of
from recsys.logbooks.importing.model import Draft, Fault
from recsys.logbooks.importing.outcome_words import outcome_of_tries
from recsys.logbooks.importing.text import clean
from recsys.logbooks.reasons import NO_FLAG
from recsys.logbooks.styles import ATTEMPT, UNKNOWN

_FIRST_TRIES: Final = (
    "flash",
    "flashed",
    "onsight",
    "on sight",
    "os",
    "o/s",
    "fl",
    "first",
    "first try",
    "first go",
)
_TRIES: Final = re.compile(
    r"(?:(?P<more>>|more than|over|mehr als|über|plus de|más de|più di)|≥|>=|at least|about|ca\.?|~)?\s*"
    r"(?P<n>\d{1,6})\s*(?:st|nd|rd|th|e|ème|eme|[.ºª+])?\s*"
    r"(?:x|×|×|tr(?:y|ies)|attempts?|go(?:es)?|shots?|burns?|versuche?|mal|essais?|intentos?|tentativ\w+)?",
    re.IGNORECASE,
)

# Names of columns that anybody may give.
_COMMON: Final = frozenset((
    "date", "name", "route", "climb", "climb name", "route name", "grade", "rating", "notes", "comment",
    "comments", "location", "crag", "crag name", "area", "region", "country", "county", "style", "type",
    "partner", "gym", "color", "length", "pitches", "url", "tries", "attempts", "angle", "difficulty",
    "project", "board", "climb type", "route type", "with", "height", "link", "quality", "repeats",
    "recommended", "is ascent", "location name",
))  # fmt: skip


@dataclass
class Seen:
    """What the reading of a file's cells showed: the columns asked for, and how many cells held a blank
    token.
    """

    asked: set[str] = field(default_factory=set)
    tokens: int = 0


class Cells:
    """A row's cells by the name of their column (see `text.key`), cleaned when asked for."""

    def __init__(self, indices: Mapping[str, int], values: Sequence[str], seen: Seen | None = None) -> None:
        self._indices = indices
        self._values = values
        self._seen = seen or Seen()

    def __call__(self, *names: str) -> str:
        """The first of these columns that is there and not blank (nor a blank token); "" when none is."""
        self._seen.asked.update(names)
        for name in names:
            if value := self._cell(name):
                if not values.is_blank_token(value):
                    return value
                self._seen.tokens += value.casefold() != "null"
        return ""

    def name(self, *names: str) -> str:
        """The same of what names a climb: one may well be called "None"."""
        self._seen.asked.update(names)
        return next((value for name in names if (value := self._cell(name))), "")

    def flag(self, name: str) -> tuple[bool | None, Fault | None]:
        """(true, false, or None where it is blank or unreadable; why the row is to be rejected, or None)."""
        text = self(name)
        value = values.flag(text) if text else None
        unread = Fault(f"{name.replace(' ', '_')} {NO_FLAG}", text) if text and value is None else None
        return value, unread

    def _cell(self, name: str) -> str:
        index = self._indices.get(name, len(self._values))
        return clean(self._values[index]) if index < len(self._values) else ""


@dataclass(frozen=True)
class Source:
    """A format of logbook.

    A header is of this source when it has all `required` columns, one of the `telling` ones, and hardly
    another than its `columns` (see `claims`); of several sources the one that knows most of the header's
    columns is taken. `day_first` is the site's habit for 3/4/2024; `days_only` is set where a time in a date
    means nothing. `date_columns` hold the dates, `rating_column` ratings whose scale the column tells
    (`ratings`), and `climber_column` whose the rows are. `first_row` is set where nothing stands above the
    header, and `own_columns` where the file's owner may have added as many columns as they like. `marks` is
    what a cell of this site looks like, and no cell of a spreadsheet of one's own.
    """

    name: str
    title: str
    columns: frozenset[str]
    required: frozenset[str]
    telling: frozenset[str]
    read: Callable[[Cells], Draft]
    day_first: bool = False
    days_only: bool = False
    date_columns: tuple[str, ...] = ("date",)
    first_row: bool = False
    own_columns: bool = False
    rating_column: str = ""
    climber_column: str = ""
    marks: re.Pattern[str] | None = None

    def claims(self, header: set[str], named: bool = False, cells: Iterable[str] = ()) -> int:
        """How many of the header's columns are this source's; 0 when the header is not of this source.

        A header with other columns is this source's when it has most of its columns and few others, and one
        without others when it has two fifths of them, or two that nobody else would think of: a spreadsheet
        of one's own shares a name or three with many a site. Where it has no column but such as anybody has,
        one of the `cells` below it has to bear the site's `marks`. `named`: the source was asked for.
        """
        if not self.required <= header or not self.telling & header:
            return 0
        known, others = len(self.columns & header), len(header - self.columns)
        if named or self.own_columns:
            return known
        own = len(self.columns & header - _COMMON)
        enough = 2 * known >= len(self.columns)
        if not others:
            enough = own > 1 or 5 * known >= 2 * len(self.columns)
        return known if enough and 3 * others <= known and (own or self._marked(cells)) else 0

    def _marked(self, cells: Iterable[str]) -> bool:
        return self.marks is not None and any(map(self.marks.search, map(clean, cells)))

    def lacks(self, header: set[str]) -> str:
        """What keeps a header from being this source's, in a clause."""
        missing = sorted(self.required - header) or (
            [] if self.telling & header else sorted(self.telling)[:3]
        )
        others = sorted(header - self.columns)
        if not missing and not others and not self.own_columns:
            own = sorted(self.columns - header - _COMMON)
            return f"has {', '.join(own[:3])} beside these" if own else "has more columns than these"
        parts = [f"needs {', '.join(missing)}"] if missing else []
        return " and ".join(parts + ([f"has no {', '.join(others[:6])}"] if others else []))


def names(text: str) -> frozenset[str]:
    """Column names, separated by commas."""
    return frozenset(name.strip() for name in text.split(","))


def number(text: str) -> float | None:
    """A finite number in plain digits, or None."""
    if len(text) > 20 or not re.fullmatch(r"[+-]?\d+([.,]\d+)?", text, re.ASCII):
        return None
    return float(text.replace(",", "."))


def count(text: str) -> int | None:
    """A count from 1, such as pitches; "4+" is 4, and 0 is unknown."""
    value = number(text.rstrip("+ "))
    return int(value) if value is not None and 1 <= value <= 1_000_000 else None


def tries(text: str) -> tuple[int | None, str, tuple[str, ...]]:
    """(how often a climb was tried, the outcome that this tells, notes) of "3", "2nd try", "Flashed", ">5".

    "project" is an attempt; of a number the outcome is unknown.
    """
    text = " ".join(text.casefold().replace("_", " ").split())
    if text in _FIRST_TRIES:
        return 1, outcome_of_tries(text), ()
    found = _TRIES.fullmatch(text) if len(text) < 40 else None
    if found:
        return count(str(int(found["n"]) + bool(found["more"]))), UNKNOWN, ()
    known, outcome = count(text), outcome_of_tries(text)
    blank = known is not None or not text or number(text) == 0 or text in ("?", "unknown")
    told = blank or outcome == ATTEMPT
    return known, outcome, () if told else ("tries cannot be read: left blank",)


def stars(text: str, lowest: float = 1, shift: float = 0) -> tuple[float | None, tuple[str, ...]]:
    """(1 to 5 stars or None, notes): below `lowest` is not rated; `shift` moves their scale onto ours."""
    value = number(text)
    if value is None:
        return None, ("a rating cannot be read: left blank",) if text else ()
    if value < lowest:
        return None, ()
    value += shift
    return (value, ()) if 1 <= value <= 5 else (None, ("a rating is outside its scale: left blank",))
