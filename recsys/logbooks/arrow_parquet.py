"""Reads Parquet, in one file or several parts, by Arrow."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.errors import DataError
from recsys.logbooks.arrow_csv import one_line
from recsys.logbooks.raw import RawTable
from recsys.logbooks.sheets.parquet import read_bounded
from recsys.logbooks.sheets.partitions import keys_of


def open_parquet(path: Path) -> pq.ParquetFile:
    """The file; DataError, one line, where it is broken."""
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        problem = f"is broken Parquet: {one_line(error)}"
        raise DataError(problem, path=path, remedy="write or copy it again") from error


def read_parquet(path: Path, parts: Sequence[Path]) -> RawTable:
    """A file, or the parts of a folder in their order, as one table."""
    return arrow_table(path, parts)


def arrow_table(path: Path, sources: Sequence[Path | io.BytesIO]) -> RawTable:
    """The rows of files, or their content, as one table.

    DataError where they are broken, of other columns, or far larger than they look
    (`recsys.logbooks.sheets.parquet`).
    """
    tables: list[pa.Table] = []
    try:
        for source in sources:
            name = str(source if isinstance(source, Path) else path)
            keys = keys_of(source, path) if isinstance(source, Path) and path.is_dir() else {}
            table = with_keys(read_bounded(source, name), keys)
            if tables and sorted(table.column_names) != sorted(tables[0].column_names):
                problem = f"has other columns than the parts before it ({', '.join(table.column_names)[:80]})"
                raise DataError(problem, path=name, remedy="give the parts of one table")
            tables.append(table.select(tables[0].column_names) if tables else table)
        table = tables[0] if len(tables) == 1 else _joined(tables)
    except (pa.ArrowException, OSError) as error:
        problem = f"is broken Parquet: {one_line(error)}"
        raise DataError(problem, path=path, remedy="write or copy it again") from error
    return RawTable(path, table, np.arange(1, table.num_rows + 1))


def with_keys(table: pa.Table, keys: Mapping[str, str]) -> pa.Table:
    """The table with the columns that the names of folders give."""
    for name, value in keys.items():
        if name not in table.column_names:
            table = table.append_column(name, pa.array([value or None] * table.num_rows, pa.string()))
    return table


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    """The parts as one table; a column that is of several types in them is of the widest."""
    return pa.concat_tables(tables, promote_options="permissive")
