"""Loads files to import: logbooks or raw sends, of any kind that `recsys.logbooks.sheets` opens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from recsys.errors import DataError, UsageError
from recsys.logbooks.cells import as_cell
from recsys.logbooks.importing.header import AUTO
from recsys.logbooks.importing.merge import Merged, merge
from recsys.logbooks.importing.model import Parsed, Wanted
from recsys.logbooks.importing.own import parse_columns
from recsys.logbooks.importing.parse import parse_sheet
from recsys.logbooks.importing.same import read_same, unite
from recsys.logbooks.mapping import ColumnMapping
from recsys.logbooks.sheets import MAX_ROWS, Sheet, open_path
from recsys.postgres import is_address, place, rows
from recsys.stores import fetched, shown


def load(
    path: Path,
    source: str = AUTO,
    wanted: Wanted | None = None,
    columns: Mapping[str, str] | None = None,
    own: ColumnMapping | None = None,
) -> Parsed:
    """Read a file or a folder of Parquet parts of any known source; DataError, one line, if it cannot be."""
    with fetched(path) as local:
        sheet = replace(open_path(local, max_rows=None), name=shown(path))
        limit = None if sheet.kind == "Parquet" else MAX_ROWS
        return parse_sheet(sheet, source, wanted, columns, limit, own, local.parent)


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


def load_all(
    names: Sequence[str],
    source: str = AUTO,
    wanted: Wanted | None = None,
    columns: str | None = None,
    same: Path | None = None,
    query: str | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> tuple[list[Parsed], Merged]:
    """Files as one community's sends: each as it was read, and all merged, a climb under one id.

    Parameters
    ----------
    names:
        Files, or addresses of databases.
    columns:
        A spreadsheet's own columns, "date=Datum,climb=Route".
    same:
        A file of two columns: a climb's id, the id of the same climb to use instead.
    query:
        What to read of a database.
    advance:
        Called with 1 after each file.

    Raises
    ------
    DataError
        A file cannot be read, or is no logbook; or some have dates and others a plain order.
    UsageError
        `source` or `columns` cannot be right, or a database lacks its `query`.
    """
    own = None if columns is None else parse_columns(columns)
    parsed = []
    for name in names:
        parsed.append(_loaded(name, query, source, wanted, own))
        advance(1)
    return parsed, merge(unite(parsed, None if same is None else read_same(same)))


def _loaded(
    name: str, query: str | None, source: str, wanted: Wanted | None, columns: Mapping[str, str] | None
) -> Parsed:
    """What a file holds, or the query of a database gives."""
    if not is_address(name):
        return load(Path(name), source, wanted, columns)
    if query is None:
        raise UsageError(f"{place(name)}: say what to read of it with `query`: SELECT ... FROM ...")  # no SQL  # nosec B608
    return load_query(name, query, source, wanted, columns)
