"""Reads raw sends in the contract's columns, in pure Python: the rule that every reader of such files
follows.

`recsys.logbooks.read` does the same for training with pandas and Arrow, to be quick; a property test holds
the two against each other. What is wrong with a row is named by all that is wrong with it, in the order of
the columns.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from recsys import columns as c
from recsys.errors import DataError
from recsys.logbooks import reasons
from recsys.logbooks.cells import is_blank_token, number
from recsys.logbooks.days import ALIEN, READ, Day, read_days
from recsys.logbooks.grade_context import GUESSED, Logged, settle
from recsys.logbooks.importing.header import Header
from recsys.logbooks.importing.model import Ascent, Draft, Parsed, Reject, Wanted
from recsys.logbooks.importing.source import Cells, Seen, discipline
from recsys.logbooks.importing.sources.thecrag import outcome_of
from recsys.logbooks.importing.text import key
from recsys.logbooks.sheets.rows import RawRow, as_text
from recsys.logbooks.styles import ATTEMPT, OUTCOMES, SEND, UNKNOWN, UNKNOWN_KEPT
from recsys.spreadsheet import restored

BLANK_TOKENS: Final = "blank tokens (NA, null, -) in text and number columns: read as blank"
STARS: Final = (1.0, 5.0)
_IDS: Final = (c.CLIMBER_ID, c.CLIMB_ID)
_NUMBERS: Final = (c.SEQUENCE, c.RATING)


@dataclass
class _Row:
    """A row while it is read: its columns' texts (None = blank), what the import adds, and what is wrong."""

    number: int
    raw: RawRow
    texts: dict[str, str | None]
    draft: Draft
    reasons: list[str] = field(default_factory=list)
    value: str = ""
    values: dict[str, float | None] = field(default_factory=dict)

    def add(self, reason: str, value: str | None = "") -> None:
        self.reasons.append(reason)
        self.value = self.value or (value or "")


def read_contract(rows: Sequence[RawRow], name: str, header: Header, wanted: Wanted) -> Parsed:
    """Rows under the contract's header as ascents, in the order of the file.

    Raises
    ------
    DataError
        A column of the contract is there twice.
    """
    indices = _indices(header, name)
    notes: Counter[str] = Counter()
    listed, rejects = _split(rows, header, indices, name, notes)
    days = read_days([row.texts[c.DATE] for row in listed])
    grades = settle([_logged(row) for row in listed])
    ascents = []
    for row, day, grade in zip(listed, days.values, grades, strict=True):
        outcome = _check(row, day, wanted)
        if row.reasons:
            text = as_text(row.raw.cells)[:20_000]
            rejects.append(
                Reject(name, row.number, row.raw.line, "; ".join(row.reasons), row.value[:200], text)
            )
        else:
            ascents.append(_ascent(row, day, grade.text, outcome, name, wanted, days.has_time))
    guessed = sum(grade.guessed for grade in grades)
    notes.update({GUESSED: guessed} if guessed else {})
    unknown = sum(each.outcome == UNKNOWN for each in ascents)
    notes.update({UNKNOWN_KEPT: unknown} if unknown else {})
    rejects.sort(key=lambda each: each.row)
    return Parsed(ascents, rejects, "sends", dict(notes), len(rows), days.has_time, c.CLIMBER_ID in indices)


def _indices(header: Header, name: str) -> dict[str, int]:
    """The contract's columns that the header has, by index: the exact name first, else without case and
    marks.
    """
    indices = {}
    for column in (*c.REQUIRED, *c.OPTIONAL):
        exact = [index for index, cell in enumerate(header.cells) if cell.strip().lstrip("\ufeff") == column]
        if len(exact) > 1:
            raise DataError(f"has the column {column!r} twice", path=name, remedy="rename or remove one")
        index = exact[0] if exact else header.indices.get(key(column))
        if index is not None:
            indices[column] = index
    return indices


def _split(
    rows: Sequence[RawRow], header: Header, indices: dict[str, int], name: str, notes: Counter[str]
) -> tuple[list[_Row], list[Reject]]:
    """The rows that have their cells, and those that do not as rejects."""
    width = len(header.cells)
    listed, rejects = [], []
    seen = Seen()
    for number_, raw in enumerate(rows, 1):
        if raw.problem or len(raw.cells) != width:
            reason = raw.problem or reasons.RAGGED
            value = raw.problem or f"has {len(raw.cells)} values where the header has {width}"
            rejects.append(
                Reject(name, number_, raw.line, reason, value, (raw.text or as_text(raw.cells))[:20_000])
            )
            continue
        texts = {column: _text(column, raw.cells[index], seen) for column, index in indices.items()}
        draft = header.source.read(Cells(header.indices, raw.cells))
        listed.append(_Row(number_, raw, texts, draft))
    if seen.tokens:
        notes[BLANK_TOKENS] = seen.tokens
    return listed, rejects


def _text(column: str, cell: str, seen: Seen) -> str | None:
    text = restored(cell.strip())
    if not text or column in _IDS or not is_blank_token(text):
        return text or None
    seen.tokens += 1
    return None


def _logged(row: _Row) -> Logged:
    grade, kind = row.texts.get(c.GRADE) or "", row.texts.get(c.CLIMB_TYPE) or ""
    return Logged(grade, row.draft.discipline or discipline(kind, grade), kind, row.draft.country)


def _check(row: _Row, day: Day, wanted: Wanted) -> str:
    """The row's outcome; what is wrong with the row is added to its reasons."""
    outcome = row.draft.outcome.casefold() or _by_style(row.draft.style)
    if outcome == ATTEMPT and not wanted.attempts:
        row.add(reasons.ATTEMPT)
    if outcome == UNKNOWN and not wanted.unknown:
        row.add("outcome unknown")
    for column in _IDS:
        if column in row.texts and row.texts[column] is None:
            row.add(f"blank {column}")
    if day.state != READ:
        row.add(reasons.ALIEN_DATE if day.state == ALIEN else f"{day.state} date", row.texts[c.DATE])
    _check_numbers(row)
    if outcome not in OUTCOMES:
        row.add(reasons.UNREADABLE_OUTCOME, row.draft.outcome)
    for problem in row.draft.problems:
        row.add(problem)
    kind = _logged(row)
    if wanted.discipline not in ("all", kind.discipline):
        row.add(f"not a {wanted.discipline}", kind.kind or kind.grade)
    return outcome


def _check_numbers(row: _Row) -> None:
    for column in _NUMBERS:
        text = row.texts.get(column)
        value = None if text is None else number(text)
        row.values[column] = value
        if text is not None and value is None:
            row.add(f"unreadable {column}", text)
        elif value is not None and column == c.RATING and not STARS[0] <= value <= STARS[1]:
            row.add(f"{column} out of range", text)


def _by_style(style: str) -> str:
    """A file of theCrag's tells attempts by their style; every other row is a send."""
    return ATTEMPT if style and outcome_of(key(style)) == ATTEMPT else SEND


def _ascent(
    row: _Row, day: Day, grade: str, outcome: str, name: str, wanted: Wanted, has_time: bool
) -> Ascent:
    def text(column: str) -> str:
        return row.texts.get(column) or ""

    draft = row.draft
    precision = "time" if "T" in day.text else "day"
    return Ascent(
        climber_id=text(c.CLIMBER_ID) or str(wanted.climber),
        climb_id=text(c.CLIMB_ID),
        date=day.text,
        sequence=row.values.get(c.SEQUENCE),
        region=text(c.REGION),
        area=text(c.AREA),
        climb_name=text(c.CLIMB_NAME),
        climb_type=text(c.CLIMB_TYPE),
        style=text(c.STYLE) or draft.style,
        grade=grade,
        rating=row.values.get(c.RATING),
        comment=text(c.COMMENT),
        beta=text(c.BETA),
        outcome=outcome,
        repeat=draft.repeat,
        tries=draft.tries,
        pitches=draft.pitches,
        discipline=_logged(row).discipline,
        date_precision=draft.precision or (precision if has_time else "order"),
        source="sends",
        crag=text(c.AREA),
        file=name,
        row=row.number,
        day=day.day if not math.isnan(day.day) else 0.0,
    )
