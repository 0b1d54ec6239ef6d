"""Reads Parquet, in one file or several parts, by Arrow."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.errors import DataError
from recsys.logbooks.arrow_csv import one_line
from recsys.logbooks.raw import RawTable
from recsys.logbooks.sheets.parquet import bounded_batches, read_bounded
from recsys.logbooks.sheets.partitions import keys_of
from recsys.logbooks.sheets.tables import texts_of
from recsys.logbooks.values import written


def open_parquet(path: Path) -> pq.ParquetFile:
    """The file; DataError, one line, where it is broken."""
    with _told_of(path):
        return pq.ParquetFile(path)


def batches(path: Path, rows: int, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """A file so many rows at a time, all its columns or these; DataError as in `arrow_table`."""
    with _told_of(path):
        yield from bounded_batches(path, rows, columns)


def refuse_other_columns(names: Collection[str], first: Collection[str], part: Path | str) -> None:
    """DataError where a part has not the columns of the first one."""
    if sorted(names) != sorted(first):
        problem = f"has other columns than the parts before it ({', '.join(names)[:80]})"
        raise DataError(problem, path=part, remedy="give the parts of one table")


def read_parquet(path: Path, parts: Sequence[Path]) -> RawTable:
    """A file, or the parts of a folder in their order, as one table."""
    return arrow_table(path, parts)


def arrow_table(path: Path, sources: Sequence[Path | io.BytesIO]) -> RawTable:
    """The rows of files, or their content, as one table.

    DataError where they are broken, of other columns, or far larger than they look
    (`recsys.logbooks.sheets.parquet`).
    """
    tables: list[pa.Table] = []
    with _told_of(path):
        for source in sources:
            name = str(source if isinstance(source, Path) else path)
            keys = keys_of(source, path) if isinstance(source, Path) and path.is_dir() else {}
            table = with_keys(read_bounded(source, name), keys)
            if tables:
                refuse_other_columns(table.column_names, tables[0].column_names, name)
            tables.append(table.select(tables[0].column_names) if tables else table)
        table = tables[0] if len(tables) == 1 else _joined(tables, path)
    return RawTable(path, table, np.arange(1, table.num_rows + 1))


def with_keys(table: pa.Table, keys: Mapping[str, str]) -> pa.Table:
    """The table with the columns that the names of folders give."""
    for name, value in keys.items():
        if name not in table.column_names:
            table = table.append_column(name, pa.array([value or None] * table.num_rows, pa.string()))
    return table


def _joined(tables: Sequence[pa.Table], path: Path) -> pa.Table:
    """The parts as one table; a column that is of several types in them is text, or whole numbers."""
    columns = zip(*(table.columns for table in tables), strict=True)
    arrays = [
        _one_kind(parts, name, path) for parts, name in zip(columns, tables[0].column_names, strict=True)
    ]
    return pa.Table.from_arrays(arrays, names=tables[0].column_names)


def _one_kind(parts: Sequence[pa.ChunkedArray], name: str, path: Path) -> pa.ChunkedArray:
    parts = [each.cast(each.type.value_type) if pa.types.is_dictionary(each.type) else each for each in parts]
    kinds = {each.type for each in parts if not pa.types.is_null(each.type)} or {pa.null()}
    if len(kinds) == 1:
        parts = [each.cast(*kinds) for each in parts]
    elif all(pa.types.is_integer(kind) and kind != pa.uint64() for kind in kinds):
        parts = [each.cast(pa.int64()) for each in parts]
    else:
        parts = [written(each, partial(texts_of, column=name, path=path)) for each in parts]
    return pa.chunked_array([chunk for each in parts for chunk in each.chunks], parts[0].type)


@contextlib.contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """What Arrow raises over a broken file, as one line that names it."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        problem = f"is broken Parquet: {one_line(error)}"
        raise DataError(problem, path=path, remedy="write or copy it again") from error
