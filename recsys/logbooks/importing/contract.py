"""Reads raw sends in the contract's columns, in pure Python: the rule that every reader of such files
follows.

`recsys.logbooks.read` does the same for training with pandas and Arrow, to be quick; a property test holds
the two against each other. What is wrong with a row is named by all that is wrong with it, in the order of
the columns.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from recsys import columns as c
from recsys.logbooks import reasons
from recsys.logbooks.cells import number, on_distinct
from recsys.logbooks.days import ALIEN, BEYOND, READ, Days, read_days
from recsys.logbooks.grade_context import GUESSED, Logged, Settled, settle
from recsys.logbooks.importing.contract_table import IDS, Table, read_table, reject
from recsys.logbooks.importing.header import Header
from recsys.logbooks.importing.model import Ascent, Fault, Parsed, Wanted
from recsys.logbooks.importing.sources.sends import outcome_told
from recsys.logbooks.mapping import stretched
from recsys.logbooks.sheets.rows import RawRow
from recsys.logbooks.styles import ATTEMPT, OUTCOMES, UNKNOWN, UNKNOWN_KEPT

BLANK_TOKENS: Final = "blank tokens (NA, null, -) in text and number columns: read as blank"
_NUMBERS: Final = (c.SEQUENCE, c.RATING)
_TEXTS: Final = (c.REGION, c.AREA, c.CLIMB_NAME, c.CLIMB_TYPE, c.COMMENT, c.BETA)
Value = TypeVar("Value")


@dataclass(frozen=True)
class _Read:
    """What the columns of a table say, one entry a row."""

    outcomes: Sequence[str]
    days: Days
    logged: Sequence[Logged]
    grades: Sequence[Settled]
    numbers: dict[str, list[float | None]]


def read_contract(rows: Sequence[RawRow], name: str, header: Header, wanted: Wanted) -> Parsed:
    """Rows under the contract's header as ascents, in the order of the file.

    Raises
    ------
    DataError
        A column of the contract is there twice.
    """
    table, rejects = read_table(rows, header, name)
    logged = table.logged()
    numbers = {column: on_distinct(_number, table.column(column)) for column in _NUMBERS}
    numbers[c.RATING] = on_distinct(partial(_rating, header), numbers[c.RATING])
    read = _Read(
        _outcomes(table, header),
        read_days(table.column(c.DATE)),
        logged,
        settle(logged),
        numbers,
    )
    faults = _faults(table, read, wanted)
    for index, found in faults.items():
        reason = "; ".join(each.reason for each in found)
        rejects.append(reject(table.rows[index], table.numbers[index], reason, found[0].value, name))
    ascents = list(_ascents(table, read, faults, name, str(wanted.climber)))
    rejects.sort(key=lambda each: each.row)
    notes = {
        BLANK_TOKENS: table.n_tokens,
        GUESSED: sum(grade.guessed for grade in read.grades),
        UNKNOWN_KEPT: sum(each.outcome == UNKNOWN for each in ascents),
    }
    notes.update(Counter(note for cells in table.added for note in table.drafts[cells].notes))
    counted = {note: n for note, n in notes.items() if n}
    return Parsed(
        ascents, rejects, "sends", counted, len(rows), read.days.has_time, c.CLIMBER_ID in table.texts
    )


def _outcomes(table: Table, header: Header) -> list[str]:
    """What the rows say; a mapping's columns say nothing of it."""
    styles = [None] * len(table.rows) if header.mapped else table.column(c.STYLE)

    def told(row: tuple[tuple[str, ...], str | None]) -> str:
        draft = table.drafts[row[0]]
        return outcome_told(draft.outcome, draft.style, row[1] or "", draft.tried)

    return on_distinct(told, zip(table.added, styles, strict=True))


def _number(text: str | None) -> float | None:
    return None if text is None else number(text)


def _rating(header: Header, value: float | None) -> float | None:
    """Stars of 1 to 5; outside of them where it is outside of its own range."""
    if value is None or value in header.rating_blank:
        return None
    return stretched(value, header.rating_range, c.STARS)


def _faults(table: Table, read: _Read, wanted: Wanted) -> dict[int, list[Fault]]:
    """All that is wrong with the rows, by index, in the order of the columns."""
    faults: dict[int, list[Fault]] = defaultdict(list)

    def mark(column: Sequence[Value], fault: Callable[[Value], Sequence[Fault]]) -> None:
        known = {value: found for value in dict.fromkeys(column) if (found := fault(value))}
        for index, value in enumerate(column) if known else ():
            faults[index].extend(known.get(value, ()))

    mark(read.outcomes, lambda outcome: _unwanted(outcome, wanted))
    for column in IDS:
        if column in table.texts:
            mark(table.texts[column], partial(_blank_faults, column))
    states = [day.state for day in read.days.values]
    mark(list(zip(states, table.column(c.DATE), strict=True)), _date_faults)
    for column in _NUMBERS:
        pairs = list(zip(table.column(column), read.numbers[column], strict=True))
        mark(pairs, partial(_number_faults, column))
    outcomes = table.of_draft(lambda draft: draft.outcome)
    mark(list(zip(read.outcomes, outcomes, strict=True)), _outcome_faults)
    mark(table.added, lambda cells: table.drafts[cells].problems)
    if wanted.discipline != "all":
        mark(read.logged, lambda logged: _other_discipline(logged, wanted.discipline))
    return {index: found for index, found in faults.items() if found}


def _unwanted(outcome: str, wanted: Wanted) -> list[Fault]:
    if outcome == ATTEMPT and not wanted.attempts:
        return [Fault(reasons.ATTEMPT)]
    return [Fault("outcome unknown")] if outcome == UNKNOWN and not wanted.unknown else []


def _blank_faults(column: str, text: str | None) -> list[Fault]:
    return [] if text else [Fault(f"blank {column}")]


def _date_faults(date: tuple[str, str | None]) -> list[Fault]:
    state, text = date
    if state == READ:
        return []
    named = {ALIEN: reasons.ALIEN_DATE, BEYOND: reasons.BEYOND_DATE}
    return [Fault(named.get(state, f"{state} date"), text or "")]


def _number_faults(column: str, cell: tuple[str | None, float | None]) -> list[Fault]:
    text, value = cell
    if text is not None and _number(text) is None:
        return [Fault(f"unreadable {column}", text)]
    outside = column == c.RATING and value is not None and not c.STARS[0] <= value <= c.STARS[1]
    return [Fault(f"{column} out of range", text or "")] if outside else []


def _outcome_faults(outcome: tuple[str, str]) -> list[Fault]:
    read, said = outcome
    return [] if read in OUTCOMES else [Fault(reasons.UNREADABLE_OUTCOME, said)]


def _other_discipline(logged: Logged, wanted: str) -> list[Fault]:
    return [] if logged.discipline == wanted else [Fault(f"not a {wanted}", logged.kind or logged.grade)]


def _ascents(
    table: Table, read: _Read, faults: dict[int, list[Fault]], name: str, climber: str
) -> Iterator[Ascent]:
    """The rows that nothing is wrong with."""
    ids, climbs, styles = table.column(c.CLIMBER_ID), table.column(c.CLIMB_ID), table.column(c.STYLE)
    texts = {column: [each or "" for each in table.column(column)] for column in _TEXTS}
    for index, day in enumerate(read.days.values):
        if index in faults:
            continue
        draft = table.drafts[table.added[index]]
        precision = "order" if not read.days.has_time else "time" if "T" in day.text else "day"
        yield Ascent(
            climber_id=ids[index] or climber,
            climb_id=climbs[index] or "",
            date=day.text,
            sequence=read.numbers[c.SEQUENCE][index],
            region=texts[c.REGION][index],
            area=texts[c.AREA][index],
            climb_name=texts[c.CLIMB_NAME][index],
            climb_type=texts[c.CLIMB_TYPE][index],
            style=styles[index] or draft.style,
            grade=read.grades[index].text,
            rating=read.numbers[c.RATING][index],
            comment=texts[c.COMMENT][index],
            beta=texts[c.BETA][index],
            outcome=read.outcomes[index],
            repeat=draft.repeat,
            tries=draft.tries,
            pitches=draft.pitches,
            discipline=read.logged[index].discipline,
            date_precision=draft.precision or precision,
            source="sends",
            crag=texts[c.AREA][index],
            file=name,
            row=table.numbers[index],
            day=0.0 if math.isnan(day.day) else day.day,
        )
