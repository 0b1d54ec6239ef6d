"""Loads a file to import: a logbook, or raw sends as CSV or Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recsys.errors import DataError
from recsys.logbooks.importing.header import AUTO, Header, find_header
from recsys.logbooks.importing.model import Parsed, Wanted
from recsys.logbooks.importing.parse import parse_logbook, parse_rows
from recsys.logbooks.importing.table import RawRow, as_text


def load(path: Path, source: str = AUTO, wanted: Wanted | None = None) -> Parsed:
    """Read a file of any known source; DataError, one line, when it cannot be."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", path=path, remedy="check the path") from error
    if content.startswith(b"PAR1"):
        return _load_parquet(path, source, wanted)
    return parse_logbook(content, str(path), source, wanted)


def _load_parquet(path: Path, source: str, wanted: Wanted | None) -> Parsed:
    from recsys.logbooks.tables import read_table

    table = read_table(path).table
    names = [str(name) for name in table.column_names]
    header: Header = find_header(as_text(names), str(path), source)
    columns = [[_text(value) for value in column.to_pylist()] for column in table.columns]
    rows = (RawRow(0, list(cells)) for cells in zip(*columns, strict=True))
    return parse_rows(rows, str(path), header, wanted)


def _text(value: Any) -> str:
    """A value as CSV would hold it: whole floats without ".0", times in ISO."""
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
