"""Loads a file to import: a logbook or raw sends, of any kind that `recsys.logbooks.sheets` opens."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from recsys.logbooks.importing.header import AUTO
from recsys.logbooks.importing.model import Parsed, Wanted
from recsys.logbooks.importing.parse import parse_sheet
from recsys.logbooks.sheets import MAX_ROWS, open_path


def load(
    path: Path, source: str = AUTO, wanted: Wanted | None = None, columns: Mapping[str, str] | None = None
) -> Parsed:
    """Read a file or a folder of Parquet parts of any known source; DataError, one line, if it cannot be."""
    sheet = open_path(path, max_rows=None)
    limit = None if sheet.kind == "Parquet" else MAX_ROWS
    return parse_sheet(sheet, source, wanted, columns, limit)
