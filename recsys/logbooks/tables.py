"""Loads a CSV or Parquet file, told apart by content, into one Arrow table with every row's number.

CSV is UTF-8 with commas, with or without a byte-order mark, and may hold quoted line breaks; every value
stays the text it was ("007" is no number). A row number counts data rows from 1: neither the header nor blank
lines count.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys.errors import DataError

_PARQUET_MAGIC: Final = b"PAR1"
_BLOCK_BYTES: Final = 1 << 25  # no single row may be longer than a block


@dataclass(frozen=True)
class RaggedRow:
    """A CSV row with too few or too many values."""

    row: int
    text: str
    expected: int
    found: int


@dataclass(frozen=True)
class RawTable:
    """A file as it was read: `rows` are the 1-based numbers of the table's rows, shape [table.num_rows]."""

    path: Path
    table: pa.Table
    rows: NDArray[np.int64]
    ragged: Sequence[RaggedRow] = ()

    @property
    def n_read(self) -> int:
        """Data rows in the file, ragged ones included."""
        return len(self.rows) + len(self.ragged)

    def column(self, name: str) -> pa.ChunkedArray:
        """The column; DataError when the file has it twice."""
        if self.table.column_names.count(name) > 1:
            raise DataError(f"has the column {name!r} twice", path=self.path, remedy="rename or remove one")
        return self.table.column(name)


def column_names(path: Path) -> list[str]:
    """The names of the columns, without reading the rows. Raises DataError like `read_table`."""
    if _is_parquet(path):
        return list(_parquet(path).schema_arrow.names)
    return [name.strip() for name in _header(path)]


def read_table(path: Path) -> RawTable:
    """Read the file.

    Raises
    ------
    DataError
        The file is missing, empty, has no rows, is neither CSV nor Parquet, is not UTF-8, or a quote in it is
        never closed.
    """
    raw = _read_parquet(path) if _is_parquet(path) else _read_csv(path)
    if raw.n_read == 0:
        raise DataError("has a header and no rows", path=path, remedy="give a file with one row a send")
    return raw


def _is_parquet(path: Path) -> bool:
    """Whether the file begins as Parquet does; DataError when it is missing, empty, or no text either."""
    try:
        with path.open("rb") as file:
            start = file.read(1 << 16)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", path=path, remedy="check the path") from error
    if not start.removeprefix(b"\xef\xbb\xbf").strip():
        raise DataError("is empty", path=path, remedy="give a CSV or Parquet file of sends")
    if start.startswith(_PARQUET_MAGIC):
        return True
    if path.suffix.lower() in (".parquet", ".pq"):
        raise DataError(
            "is not Parquet", path=path, value=start[:8], remedy="write it again, or name it .csv"
        )
    if b"\0" in start or start[:2] == b"\x1f\x8b":
        remedy = "export it as CSV (UTF-8) or Parquet"
        raise DataError("is neither CSV nor Parquet", path=path, value=start[:8], remedy=remedy)
    return False


def _parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        problem = f"is broken Parquet: {_one_line(error)}"
        raise DataError(problem, path=path, remedy="write or copy it again") from error


def _read_parquet(path: Path) -> RawTable:
    file = _parquet(path)
    try:
        table = file.read()
    except (pa.ArrowException, OSError) as error:
        problem = f"is broken Parquet: {_one_line(error)}"
        raise DataError(problem, path=path, remedy="write or copy it again") from error
    return RawTable(path, table, np.arange(1, table.num_rows + 1))


def _read_csv(path: Path) -> RawTable:
    names = _header(path)
    ragged: list[RaggedRow] = []

    def skip(row: pa.csv.InvalidRow) -> str:
        # Arrow counts the header as row 1.
        ragged.append(RaggedRow(row.number - 1, row.text, row.expected_columns, row.actual_columns))
        return "skip"

    try:
        table = pa.csv.read_csv(
            path,
            # Arrow numbers the invalid rows only when it reads with one thread.
            read_options=pa.csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),
            parse_options=pa.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip),
            convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowException as error:
        _check_utf8(path)
        problem = f"is not CSV: {_one_line(error)}"
        raise DataError(problem, path=path, remedy="export it again as CSV (UTF-8)") from error
    raw = _numbered(path, table, ragged)
    _check_quotes(raw)
    return raw


def _numbered(path: Path, table: pa.Table, ragged: list[RaggedRow]) -> RawTable:
    rows = np.arange(1, table.num_rows + len(ragged) + 1)
    rows = np.delete(rows, [each.row - 1 for each in ragged])
    return RawTable(path, table.rename_columns([n.strip() for n in table.column_names]), rows, ragged)


def _header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            names = next((row for row in csv.reader(file) if row), [])
    except (UnicodeDecodeError, csv.Error):
        _check_utf8(path)
        raise DataError(
            "is not CSV: its header cannot be read", path=path, remedy="export it again"
        ) from None
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise DataError(f"has the column {twice[0]!r} twice", path=path, remedy="rename or remove one")
    return names


def _check_utf8(path: Path) -> None:
    content = path.read_bytes()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        value = content[error.start : error.start + 8]
        problem = f"is not UTF-8 at line {line}"
        raise DataError(problem, path=path, value=value, remedy="save it as CSV (UTF-8)") from error


def _check_quotes(raw: RawTable) -> None:
    """A quote that is never closed swallows the rest of the file into the last value: refuse it."""
    if not raw.table.num_rows or not raw.table.num_columns:
        return
    last = raw.table.column(raw.table.num_columns - 1)[-1].as_py()
    content = raw.path.read_bytes() if "\n" in last else b""
    if content.count(b'"') % 2 and not content.rstrip().endswith(b'"'):
        problem = "a quoted value is never closed"
        row = int(raw.rows[-1])
        raise DataError(problem, path=raw.path, row=row, value=last, remedy='write a quote in a value as ""')


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120].rstrip(".")
