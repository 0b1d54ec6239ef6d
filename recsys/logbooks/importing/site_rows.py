"""Reads the rows of a site's logbook under a known header: dates, outcomes, and why a row cannot be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from recsys.logbooks.cells import number
from recsys.logbooks.days import midnights
from recsys.logbooks.grade_context import GUESSED
from recsys.logbooks.importing.ascents import Dated, ascents_of, oldest_first
from recsys.logbooks.importing.contract import BLANK_TOKENS
from recsys.logbooks.importing.dates import BEYOND, EXCEL, ORDER, Order, When, is_beyond, order_of, read_date
from recsys.logbooks.importing.header import Header
from recsys.logbooks.importing.model import Draft, Fault, Parsed, Reject, Wanted
from recsys.logbooks.importing.outcome_words import outcome_of_words
from recsys.logbooks.importing.ratings import rating, top_of
from recsys.logbooks.importing.source import Cells, Seen, Source
from recsys.logbooks.sheets import RawRow
from recsys.logbooks.sheets.rows import as_text
from recsys.logbooks.styles import ATTEMPT, UNKNOWN, UNKNOWN_KEPT

_PARTIAL: Final = {
    "month": "date known to the month: the middle of it is used",
    "year": "date known to the year: the middle of it is used",
    "logged": "date missing: the day it was logged is used",
}
_OLD_YEAR: Final = "a year of two digits is yet to come: read as of the last century"


@dataclass
class _Reading:
    """A logbook while it is read."""

    name: str
    header: Header
    wanted: Wanted
    order: Order
    names_climbers: bool = False
    rated: list[str] = field(default_factory=list)
    """What the column of ratings says in each row of a climb and a day, used or not."""
    seen: Seen = field(default_factory=Seen)
    drafts: list[Dated] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    n_read: int = 0

    def reject(self, row: RawRow, reasons: str, value: str = "") -> None:
        text = row.text or as_text(row.cells)
        self.rejects.append(Reject(self.name, self.n_read, row.line, reasons, value[:200], text[:20_000]))


def parse_rows(rows: Sequence[RawRow], name: str, header: Header, wanted: Wanted) -> Parsed:
    """Rows of a site's logbook, in the order of the file, under a known header."""
    indices = [header.indices[column] for column in header.source.date_columns if column in header.indices]
    dates = (row.cells[index] for row in rows for index in indices if index < len(row.cells))
    source = header.source
    # Where spreadsheets part cells by semicolons, the day is written first.
    habit = source.day_first or (source.own_columns and header.delimiter == ";")
    order = order_of(dates, habit, source.own_columns, (header.cells[index] for index in indices))
    reading = _Reading(name, header, wanted, order, _names_climbers(rows, header))
    for row in rows:
        _read_row(row, reading)
    if source.rating_column:
        _rate(reading)
    if order.unit is None and midnights(each.when.date for each in reading.drafts):  # a program added them
        reading.drafts = [each._replace(when=_day(each.when)) for each in reading.drafts]
    ascents, guessed = ascents_of(reading.drafts, str(wanted.climber), source.name, name)
    if guessed:
        reading.notes[GUESSED] = guessed
    if reading.seen.tokens:
        reading.notes[BLANK_TOKENS] = reading.seen.tokens
    return Parsed(
        oldest_first(ascents), reading.rejects, source.name, dict(reading.notes), reading.n_read,
        order.unit != ORDER, reading.names_climbers,
    )  # fmt: skip


def _read_row(row: RawRow, reading: _Reading) -> None:
    reading.n_read += 1
    header = reading.header
    width = len(header.cells)
    if row.problem:
        reading.reject(row, row.problem)
    elif tuple(row.cells) == header.cells:
        reading.reject(row, "the header again")
    elif any(cell.strip() for cell in row.cells[width:]):
        reading.reject(row, f"more values than the header's {width}")
    else:
        cells = Cells(header.indices, row.cells, reading.seen)
        rated = cells(header.source.rating_column) if header.source.rating_column else ""
        _use(row, _tried(header.source.read(cells), header.source), rated, reading)


def _tried(draft: Draft, source: Source) -> Draft:
    """The draft, an attempt where the site does not know its style and the style's words say so."""
    unknown = draft.outcome == UNKNOWN and not source.own_columns
    return replace(draft, outcome=ATTEMPT) if unknown and outcome_of_words(draft.style) == ATTEMPT else draft


def _names_climbers(rows: Sequence[RawRow], header: Header) -> bool:
    """Whether some row says whose it is."""
    column = header.source.climber_column
    return bool(column) and any(Cells(header.indices, row.cells)(column) for row in rows)


def _rate(reading: _Reading) -> None:
    """Give the drafts their ratings, by the scale that all rows of climbs tell, and no totals."""
    top = top_of(reading.rated)
    rated = []
    for each in reading.drafts:
        value, notes = rating(each.rated, top)
        reading.notes.update(notes)
        rated.append(each._replace(draft=replace(each.draft, rating=value)))
    reading.drafts = rated


def _use(row: RawRow, draft: Draft, rated: str, reading: _Reading) -> None:
    """Keep the draft, or reject the row for all that is wrong with it."""
    when = _when(draft, reading)
    if when is not None and (draft.name or draft.site_id):
        reading.rated.append(rated)
    reasons = list(_reasons(draft, when, reading))
    if when is None or reasons:
        reading.reject(row, "; ".join(each.reason for each in reasons), reasons[0].value)
        return
    reading.drafts.append(Dated(reading.n_read, draft, when, rated))
    _note(draft, when, reading)


def _reasons(draft: Draft, when: When | None, reading: _Reading) -> Iterator[Fault]:
    """Everything that keeps a row out."""
    wanted = reading.wanted
    if draft.outcome == ATTEMPT and not wanted.attempts and not draft.problems:
        yield Fault("attempt", draft.style)
    if draft.outcome == UNKNOWN and not wanted.unknown and not draft.problems:
        yield Fault("outcome unknown", draft.style)
    yield from draft.problems
    if wanted.discipline not in ("all", draft.discipline):
        yield Fault(f"not a {wanted.discipline}", draft.climb_type or draft.grade)
    if reading.names_climbers and not draft.climber:
        yield Fault("blank climber")
    if not (draft.name or draft.site_id):
        yield Fault("no name of the climb")
    if when is None:
        given = draft.date or draft.logged
        yield Fault(BEYOND if is_beyond(given) else "date cannot be read" if given else "no date", given)


def _when(draft: Draft, reading: _Reading) -> When | None:
    """The date of the ascent, else of its entry; a site that logs days alone fills in a time of its own."""
    order, given = reading.order, draft.date or draft.logged
    day_first, settled = order.told(given)
    when = read_date(given, day_first, True, settled, order.unit, order.year)
    if when is None:
        return None
    if reading.header.source.days_only:
        when = _day(when)
    known = draft.precision if draft.date else "logged"
    return when._replace(precision=known) if known else when


def _day(when: When) -> When:
    """A date without its time of day."""
    return when._replace(date=when.date[:10], precision="day") if when.precision == "time" else when


def _note(draft: Draft, when: When, reading: _Reading) -> None:
    given = draft.date or draft.logged
    reading.notes.update(draft.notes)
    if when.precision in _PARTIAL:
        reading.notes[_PARTIAL[when.precision]] += 1
    if reading.order.unit == EXCEL and number(given) is not None:
        reading.notes["date is Excel's number of a day"] += 1
    if when.unsure:
        order = "day/month" if reading.order.told(given)[0] else "month/day"
        order += "" if reading.order.year else "/year"
        reading.notes[f"date could be read two ways: read as {order}"] += 1
    if "1900" <= when.date[:4] < "1970" and when.date[:4] not in given and reading.order.unit is None:
        reading.notes[_OLD_YEAR] += 1
    if draft.outcome == UNKNOWN:
        reading.notes[UNKNOWN_KEPT] += 1
