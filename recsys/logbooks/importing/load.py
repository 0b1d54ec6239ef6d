"""Loads a file to import: a logbook or raw sends, of any kind that `recsys.logbooks.sheets` opens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from recsys.errors import DataError
from recsys.logbooks.cells import as_cell
from recsys.logbooks.importing.header import AUTO
from recsys.logbooks.importing.model import Parsed, Wanted
from recsys.logbooks.importing.parse import parse_sheet
from recsys.logbooks.sheets import MAX_ROWS, Sheet, open_path
from recsys.postgres import place, rows
from recsys.stores import fetched, shown


def load(
    path: Path, source: str = AUTO, wanted: Wanted | None = None, columns: Mapping[str, str] | None = None
) -> Parsed:
    """Read a file or a folder of Parquet parts of any known source; DataError, one line, if it cannot be."""
    with fetched(path) as local:
        sheet = replace(open_path(local, max_rows=None), name=shown(path))
    limit = None if sheet.kind == "Parquet" else MAX_ROWS
    return parse_sheet(sheet, source, wanted, columns, limit)


def load_query(
    address: str,
    query: str,
    source: str = AUTO,
    wanted: Wanted | None = None,
    columns: Mapping[str, str] | None = None,
) -> Parsed:
    """The same of a query's rows, its columns by their names; they are fetched in batches, read only."""
    found = rows(address, query)
    cells = [list(map(str, next(found))), *([as_cell(value) for value in row] for row in found)]
    if len(cells) == 1:
        raise DataError("the query gives no rows", path=place(address), remedy="check `query`")
    return parse_sheet(Sheet(place(address), "PostgreSQL", cells=cells), source, wanted, columns, None)
