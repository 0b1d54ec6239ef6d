"""Logbook files as posted sends: every kind and source that an import reads, several as one logbook."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from recsys import columns as c
from recsys.config.bad_rows import BadRows, check_bad_rows
from recsys.errors import DataError, UsageError
from recsys.logbooks.importing import Ascent, Parsed, Reject, Wanted, parse_logbook
from recsys.logbooks.importing.bad_rows import fail
from recsys.logbooks.importing.load import load
from recsys.logbooks.importing.merge import merge
from recsys.logbooks.importing.sources.sends import outcome_told
from recsys.logbooks.importing.spelling import spelled_as
from recsys.logbooks.mapping import ColumnMapping
from recsys.logbooks.reasons import NO_ROWS
from recsys.recommending.request import nearest

STANDARD_INPUT: Final = "-"
_COLUMNS: Final = (*c.REQUIRED, *c.OPTIONAL)


@dataclass(frozen=True)
class Book:
    """The sends of one or more files, in order of time, in the contract's columns; and what was not used of
    them.

    `notes` counts what was used and should be known, such as partial dates; `n_read` are the rows of all
    files.
    """

    sends: Sequence[dict[str, Any]]
    rejects: Sequence[Reject]
    notes: Mapping[str, int]
    source: str
    n_read: int

    def lines(self) -> list[str]:
        """What a person is told of the reading, a line each; nothing where all went as it should."""
        reasons = Counter(reject.reason for reject in self.rejects)
        lines = [f"{n} rows not used: {reason}" for reason, n in reasons.most_common()]
        lines += [f"the logbook {NO_ROWS}"] if not self.n_read else []
        return lines + [f"{n}  {note}" for note, n in self.notes.items()]


def read_files(
    paths: Sequence[Path],
    climber: str | None = None,
    columns: Mapping[str, str] | None = None,
    bad_rows: BadRows = "fail",
    own: ColumnMapping | None = None,
) -> Book:
    """The sends of one climber in several files; "-" is standard input.

    Parameters
    ----------
    paths:
        Logbooks, or raw sends.
    climber:
        Whose sends, where a file names climbers.
    columns:
        The columns of a spreadsheet of one's own, {ours: theirs}, for every file that is of no known source.
    bad_rows:
        "fail" raises on the first bad row of raw sends, as training does; "drop" leaves such rows out.
    own:
        The mapping of the run that is asked: a file may have its columns.

    Raises
    ------
    DataError
        A file cannot be read, or is in no known format; or, with "fail", a row is bad.
    UsageError
        The files hold several climbers and none of them was named, or not the one that was.
    """
    check_bad_rows(bad_rows)
    parsed = [_read(path, columns, own) for path in paths]
    return book_of(parsed, climber, bad_rows)


def book_of(parsed: Sequence[Parsed], climber: str | None, bad_rows: BadRows) -> Book:
    """Files that were read already as one climber's logbook (see `read_files`)."""
    checked = [_checked(each, bad_rows) for each in parsed]
    mine = [_of_climber(each, climber) for each in checked]
    owner = _owner(mine, climber)
    merged = merge([_owned(each, owner) for each in mine])
    source = ", ".join(dict.fromkeys(each.source for each in parsed))
    rejects = list(merged.rejects)
    return Book([_plain(row) for row in merged.rows], rejects, dict(merged.notes), source, merged.n_read)


def _owned(parsed: Parsed, owner: str) -> Parsed:
    """The file, all of its rows the owner's."""
    if all(row.climber_id == owner for row in parsed.rows):
        return parsed
    return replace(parsed, rows=[row._replace(climber_id=owner) for row in parsed.rows])


def _of_climber(parsed: Parsed, climber: str | None) -> Parsed:
    """The file's rows of one climber; of a file that names none, all of them."""
    if not parsed.names_climbers:
        return parsed
    owners = list(dict.fromkeys(row.climber_id for row in parsed.rows))
    if climber is not None and (owner := spelled_as(climber, owners)) is not None:
        return replace(parsed, rows=[row for row in parsed.rows if row.climber_id == owner])
    _refuse_several(owners, climber)
    return parsed


def _owner(parsed: Sequence[Parsed], climber: str | None) -> str:
    """The one climber whose logbooks these are; files that name nobody are taken for the same one's."""
    named = list(dict.fromkeys(row.climber_id for each in parsed if each.names_climbers for row in each.rows))
    _refuse_several(named, climber)
    return named[0] if named else next((row.climber_id for each in parsed for row in each.rows), "climber")


def _refuse_several(owners: Sequence[str], climber: str | None) -> None:
    if len(owners) > 1:
        what = "name one with `climber`" if climber is None else f"{climber!r} is none of them"
        raise UsageError(f"`logbook`: holds {len(owners)} climbers; {what}{nearest(climber or '', owners)}")


def _read(path: Path, columns: Mapping[str, str] | None, own: ColumnMapping | None) -> Parsed:
    if str(path) != STANDARD_INPUT:
        return load(path, columns=columns, own=own)
    content = sys.stdin.buffer.read()
    return parse_logbook(content, "standard input", wanted=Wanted("climber"), columns=columns, own=own)


def _checked(parsed: Parsed, bad_rows: BadRows) -> Parsed:
    """The file; its first bad row is an error where it is raw sends and bad rows are to fail."""
    if parsed.source == "sends" and bad_rows == "fail":
        fail(parsed)
    if not parsed.rows and parsed.rejects:
        first = parsed.rejects[0]
        problem = f"none of its {parsed.n_read} rows can be used: {first.reason}, for example"
        raise DataError(
            problem, path=first.file, row=first.row, value=first.value or None, remedy="correct it"
        )
    return parsed


def _plain(ascent: Ascent) -> dict[str, Any]:
    """An ascent in the contract's columns, blanks as None; with its outcome where its style does not tell it:
    where that is not known, or the style is an attempt's and another column says that it was sent.
    """
    send = {name: None if (value := getattr(ascent, name, None)) == "" else value for name in _COLUMNS}
    told = ascent.outcome == outcome_told("", "", ascent.style)
    return send if told else {**send, c.OUTCOME: ascent.outcome}
