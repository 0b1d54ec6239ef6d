"""Reads a logbook whose columns are those of a run's mapping: its rows become rows of raw sends.

`recsys.logbooks.project` and `recsys.logbooks.validate` do the same for training, a column at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from recsys import columns as c
from recsys.logbooks.cells import on_distinct
from recsys.logbooks.days import READ, read_days
from recsys.logbooks.importing.beside import plain
from recsys.logbooks.importing.header import Header
from recsys.logbooks.importing.sources.sends import SENDS
from recsys.logbooks.importing.text import key
from recsys.logbooks.levels import as_level
from recsys.logbooks.mapping import ColumnMapping
from recsys.logbooks.sheets import Sheet
from recsys.logbooks.sheets.rows import RawRow

_NEEDED: Final = (c.CLIMB_ID, c.DATE)  # the climber may be left out: the sends are one climber's then


def needed(mapping: ColumnMapping) -> str:
    """What a file has to have, in words."""
    return " and ".join(mapping.columns[each].column for each in _NEEDED)


def find_mapped(sheet: Sheet, mapping: ColumnMapping) -> Header | None:
    """The header that has the mapping's columns, as it stands in the file; None where no row is one."""
    for delimiter, cells in sheet.heads():
        if mapping.reads({plain(cell) for cell in cells}, _NEEDED):
            return Header(SENDS, delimiter, {}, tuple(cells))
    return None


def as_sends(rows: Sequence[RawRow], header: Header, mapping: ColumnMapping) -> tuple[list[RawRow], Header]:
    """The rows under the contract's header, their values as the contract writes them, ratings in their own
    range, which the header has.

    A row that the mapping's [keep] leaves out has its reason for a problem.
    """
    theirs = [plain(cell) for cell in header.cells]
    sources = {
        ours: theirs.index(each.column) for ours, each in mapping.columns.items() if each.column in theirs
    }
    names = [f"their {cell}" if key(cell) in SENDS.columns else cell for cell in theirs]
    places: dict[str, int] = {}
    for ours, index in sources.items():
        if index in places.values():  # one column of theirs is two of ours
            index = len(names)
            names.append(ours)
        names[index] = ours
        places[ours] = index
    width = len(theirs)
    whole = [at for at, row in enumerate(rows) if not row.problem and len(row.cells) == width]
    columns = {
        ours: _translated(ours, [rows[at].cells[index] for at in whole], mapping)
        for ours, index in sources.items()
    }
    made = list(rows)
    for place, at in enumerate(whole):
        cells = [*rows[at].cells, *([""] * (len(names) - width))]
        for ours, index in places.items():
            cells[index] = columns[ours][place]
        made[at] = rows[at]._replace(cells=cells, problem=_left_out(rows[at], theirs, mapping))
    indices = {key(name): index for index, name in reversed([*enumerate(names)])}
    return made, replace(
        header,
        cells=tuple(names),
        indices=indices,
        rating_range=mapping.rating_range,
        rating_blank=mapping.rating_blank,
        mapped=True,
    )


def _left_out(row: RawRow, theirs: Sequence[str], mapping: ColumnMapping) -> str:
    keep = mapping.keep
    if keep is None or keep.column not in theirs:
        return ""
    return "" if row.cells[theirs.index(keep.column)].strip() in keep.values else keep.reason


def _translated(ours: str, cells: Sequence[str], mapping: ColumnMapping) -> list[str]:
    """A column's cells as the contract writes them."""
    first_of = mapping.columns[ours].first_of
    cells = [cell.strip() for cell in cells]
    if first_of is not None:
        cells = on_distinct(lambda cell: cell.split(first_of, 1)[0].strip(), cells)
    if ours == c.DATE and mapping.date_unit is not None:
        days = read_days([cell or None for cell in cells], mapping.date_unit).values
        return [day.text if day.state == READ else cell for day, cell in zip(days, cells, strict=True)]
    if ours == c.GRADE and mapping.has_levels:
        return on_distinct(as_level, cells)
    return list(cells)
