"""What an import hands on: an ascent, a row that was not used, and what became of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from recsys.errors import UsageError
from recsys.logbooks.mapping import ColumnMapping

BOULDER: Final = "boulder"
ROUTE: Final = "route"
DISCIPLINE_CHOICES: Final = ("all", BOULDER, ROUTE)


class Fault(NamedTuple):
    """Why a row is to be rejected, and the value that shows it."""

    reason: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A row as its source understands it; shared code makes the date, the id and the `Ascent` of it.

    `date` is text as logged, or `logged` (when it was entered) where the day of the ascent is missing. `crag`
    tells climbs of one name apart. `site_id` is the site's own id with its prefix, "" where it has none.
    `precision` and `climber` are given by files that know them (raw sends), and blank otherwise.
    `kind` is the type of the climb in the site's words, and with `country` tells what system its grade is of.
    `sequence` orders the ascents of a day. `tried` is the outcome that the tries tell, where they are read
    beside a style. `problems` say why the row is to be rejected, such as a flag that
    cannot be read.
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
    kind: str = ""
    country: str = ""
    sequence: float | None = None
    tried: str = ""
    problems: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


class Ascent(NamedTuple):
    """One ascent under the contract's names, and what the contract has no column for.

    `date` is ISO, a day ("2026-08-11") or a moment ("2026-08-11T15:17:17Z", in UTC; without "Z" where a site
    writes local time), or a plain number where a file has only an order. `date_precision` is "time", "day",
    "month" or "year" (the middle of it stands for it), "logged" (the day it was entered) or "order". Text is
    "" where blank. `file` and `row` (1-based, header not counted) say where it was read; `day` is the date in
    days since the Unix epoch, or the order itself.
    """

    climber_id: str
    climb_id: str
    date: str
    sequence: float | None
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
    day: float


COLUMNS: Final = tuple(n for n in Ascent._fields if n not in ("crag", "file", "row", "day"))
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
    """A logbook as read. `notes` counts what was used and should be known, such as partial dates.

    `has_time` is false where the dates are plain order; `names_climbers` where the file itself says whose the
    ascents are. `mapping` is that of a run, where the file was read by it.
    """

    rows: Sequence[Ascent]
    rejects: Sequence[Reject]
    source: str
    notes: Mapping[str, int] = field(default_factory=dict)
    n_read: int = 0
    has_time: bool = True
    names_climbers: bool = False
    mapping: ColumnMapping | None = None


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
            raise UsageError("the climber's id is blank; give `climber` an id, or leave it out")
