"""What an import hands on: an ascent, a row that was not used, and what became of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from recsys.errors import UsageError

SEND: Final = "send"
ATTEMPT: Final = "attempt"
UNKNOWN: Final = "unknown"
"""The outcome where the logbook does not say it, such as a Mountain Project tick with a blank style."""

BOULDER: Final = "boulder"
ROUTE: Final = "route"
DISCIPLINE_CHOICES: Final = ("all", BOULDER, ROUTE)


@dataclass(frozen=True, slots=True)
class Draft:
    """A row as its source understands it; shared code makes the date, the id and the `Ascent` of it.

    `date` is text as logged, or `logged` (when it was entered) where the day of the ascent is missing. `crag`
    tells climbs of one name apart. `site_id` is the site's own id with its prefix, "" where it has none.
    `precision` and `climber` are given by files that know them (raw sends), and blank otherwise.
    """

    name: str
    crag: str
    date: str
    grade: str
    outcome: str
    discipline: str = ""
    climb_type: str = ""
    style: str = ""
    region: str = ""
    area: str = ""
    rating: float | None = None
    comment: str = ""
    beta: str = ""
    repeat: bool = False
    tries: int | None = None
    pitches: int | None = None
    site_id: str = ""
    logged: str = ""
    precision: str = ""
    climber: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ascent:
    """One ascent under the contract's names, and what the contract has no column for.

    `date` is ISO, a day ("2026-08-11") or a moment in UTC ("2026-08-11T15:17:17Z"). `date_precision` is
    "time", "day", "month" or "year" (the middle of it stands for it), or "logged" (the day it was entered).
    Text is "" where blank. `file` and `row` (1-based, header not counted) say where it was read.
    """

    climber_id: str
    climb_id: str
    date: str
    region: str
    area: str
    climb_name: str
    climb_type: str
    style: str
    grade: str
    rating: float | None
    comment: str
    beta: str
    outcome: str
    repeat: bool
    tries: int | None
    pitches: int | None
    discipline: str
    date_precision: str
    source: str
    crag: str
    file: str
    row: int


COLUMNS: Final = tuple(name for name in Ascent.__dataclass_fields__ if name not in ("crag", "file", "row"))
"""The columns of the output, in order: the contract's, then the import's own."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was not used: its 1-based number (the header is not counted), its line, why, its text."""

    file: str
    row: int
    line: int
    reason: str
    value: str
    text: str


@dataclass(frozen=True)
class Parsed:
    """A logbook as read. `notes` counts what was used and should be known, such as partial dates."""

    rows: Sequence[Ascent]
    rejects: Sequence[Reject]
    source: str
    notes: Mapping[str, int] = field(default_factory=dict)
    n_read: int = 0


@dataclass(frozen=True)
class Wanted:
    """What to take from a logbook: whose it is (None: the file's stem), attempts too, which discipline."""

    climber: str | None = None
    attempts: bool = False
    unknown: bool = True
    discipline: str = "all"

    def __post_init__(self) -> None:
        if self.discipline not in DISCIPLINE_CHOICES:
            choices = ", ".join(DISCIPLINE_CHOICES)
            raise UsageError(f"there is no discipline {self.discipline!r}; choose from {choices}")
        if self.climber is not None and not self.climber.strip():
            raise UsageError("the climber's id is blank; give --climber an id, or leave it out")
