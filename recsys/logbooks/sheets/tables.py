"""Parquet as rows of text, through pyarrow where it is at hand."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

from recsys.columns import OPTIONAL, REQUIRED
from recsys.errors import DataError
from recsys.logbooks.cells import as_cell
from recsys.logbooks.sheets.parquet import read_bounded

_MAX_COLUMNS: Final = 2_000
_MAX_UNPACKED: Final = 4 << 30


def parquet_rows(content: bytes | Path, name: str, max_rows: int | None) -> list[list[str]]:
    """The header and the rows.

    Raises
    ------
    DataError
        pyarrow is missing, the file is broken, or it has too many rows or columns.
    """
    try:
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        remedy = "pip install pyarrow, or export it as CSV (UTF-8)"
        raise DataError("is Parquet, which needs pyarrow", path=name, remedy=remedy) from None
    try:
        file = pq.ParquetFile(content if isinstance(content, Path) else io.BytesIO(content))
        _check(file.metadata, name, max_rows)
        table = read_bounded(content if isinstance(content, Path) else io.BytesIO(content), name)
        named = zip(table.column_names, table.columns, strict=True)
        columns = [texts_of(column, column_name, name) for column_name, column in named]
    # pyarrow's errors are ValueError, OSError, NotImplementedError, KeyError and more, by what is broken.
    except DataError:
        raise
    except Exception as error:
        problem = f"is broken Parquet: {' '.join(str(error).split())[:120].rstrip('.')}"
        raise DataError(problem, path=name, remedy="write or copy it again") from error
    names = [str(each) for each in table.column_names]
    return [names, *(list(cells) for cells in zip(*columns, strict=True))]


def _check(about: Any, name: str, max_rows: int | None) -> None:
    unpacked = sum(about.row_group(each).total_byte_size for each in range(min(about.num_row_groups, 10_000)))
    limits = (
        (max_rows is not None and about.num_rows > max_rows, f"{max_rows} rows"),
        (about.num_columns > _MAX_COLUMNS, f"{_MAX_COLUMNS} columns"),
        (unpacked > _MAX_UNPACKED, "4 GB once unpacked"),
    )
    for beyond, limit in limits:
        if beyond:
            remedy = "give one climber's logbook, or fewer rows"
            raise DataError(f"holds more than {limit}", path=name, remedy=remedy)


def texts_of(values: Any, column: str, path: Path | str) -> list[str]:
    """The values of a `pyarrow` column as CSV would hold them; DataError for one of the contract's that is
    no text.
    """
    import pyarrow as pa

    kind = values.type
    if (pa.types.is_nested(kind) or pa.types.is_duration(kind)) and column in (*REQUIRED, *OPTIONAL):
        raise DataError(f"the column {column!r} holds {kind}, not text", path=path, remedy="write it as text")
    if pa.types.is_timestamp(values.type) and values.type.unit == "ns":
        values = values.cast(pa.timestamp("us", values.type.tz), safe=False)
    try:
        return [as_cell(each) for each in values.to_pylist()]
    except (OverflowError, ValueError):  # a day that Python's calendar does not have
        return [as_cell(each) for each in values.cast(pa.string()).to_pylist()]
