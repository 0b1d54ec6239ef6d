"""Loads a file of sends into one Arrow table with every row's number, whatever kind of file it is.

`recsys.logbooks.sheets` tells what the file is and reads it; here large CSV and Parquet are read by Arrow instead, to
be quick, and tests hold the two against each other. Every value of a CSV stays the text it was ("007" is no number).
A row number counts data rows from 1: neither the header nor blank lines count.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys.columns import OPTIONAL, REQUIRED
from recsys.errors import DataError
from recsys.logbooks.sheets import Sheet, kinds
from recsys.logbooks.sheets.documents import json_rows
from recsys.logbooks.sheets.encoding import decode
from recsys.logbooks.sheets.open import parts_of, refuse_archive
from recsys.logbooks.sheets.rows import NEVER_CLOSED, as_text
from recsys.logbooks.sheets.workbook import workbook_rows

_BLOCK_BYTES: Final = 1 << 25  # no single row may be longer than a block
_START: Final = 1 << 16
_CONTRACT: Final = frozenset((*REQUIRED, *OPTIONAL))
SMALL: Final = 4_000_000
"""Bytes up to which a text is read without Arrow, as the light reader reads it."""


@dataclass(frozen=True)
class RaggedRow:
    """A CSV row with too few or too many values, or with a `problem` of its own."""

    row: int
    text: str
    expected: int
    found: int
    problem: str = ""


@dataclass(frozen=True)
class RawTable:
    """A file as it was read: `rows` are the 1-based numbers of the table's rows, shape [table.num_rows]."""

    path: Path
    table: pa.Table
    rows: NDArray[np.int64]
    ragged: Sequence[RaggedRow] = ()
    notes: tuple[str, ...] = ()

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
    if path.is_dir():
        return list(_parquet(parts_of(path)[0]).schema_arrow.names)
    start, kind = _start(path)
    if kind == kinds.PARQUET:
        return list(_parquet(path).schema_arrow.names)
    if kind == kinds.TEXT:
        return _header(Sheet(str(path), "CSV", decode(start)[0]))[1]
    return list(read_table(path).table.column_names)


def read_table(path: Path, small: int = SMALL) -> RawTable:
    """Read the file, or the folder of Parquet parts.

    Raises
    ------
    DataError
        The file is missing, empty, has no rows, is of a kind that is not read, or a quote in it is never closed.
    """
    raw = _read(path, small)
    if raw.n_read == 0:
        raise DataError("has a header and no rows", path=path, remedy="give a file with one row a send")
    return raw


def _read(path: Path, small: int) -> RawTable:
    if path.is_dir():
        return _read_parquet(path, parts_of(path))
    start, kind = _start(path)
    if kind == kinds.PARQUET:
        return _read_parquet(path, [path])
    if path.suffix.lower() in (".parquet", ".pq"):
        problem, remedy = "is not Parquet", "write it again, or name it .csv"
        raise DataError(problem, path=path, value=start[:8], remedy=remedy)
    if kind == kinds.TEXT and path.stat().st_size > small and start[:2] != b"\x1f\x8b":
        raw = _read_csv(path, path, Sheet(str(path), "CSV", decode(start)[0]))
        if raw is not None:
            return raw
    return _read_content(path, _content(path, start), kind, small)


def _start(path: Path) -> tuple[bytes, str]:
    """The first bytes of a file, unpacked where it is gzip, and what kind it is; DataError for what is not read."""
    try:
        with path.open("rb") as file:
            start = file.read(_START)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", path=path, remedy="check the path") from error
    kind = kinds.kind_of(start, str(path))
    if kind != kinds.GZIP:
        return start, kind
    try:
        with gzip.open(path) as packed:
            return start[:2], kinds.kind_of(packed.read(_START), str(path))
    except (OSError, EOFError, zlib.error) as error:
        problem = f"is gzip that cannot be unpacked: {_one_line(error)}"
        raise DataError(problem, path=path, remedy="compress or copy it again") from error


def _content(path: Path, start: bytes) -> bytes:
    try:
        if start[:2] == b"\x1f\x8b":
            with gzip.open(path) as packed:
                return packed.read()
        return path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        problem = f"is gzip that cannot be unpacked: {_one_line(error)}"
        raise DataError(problem, path=path, remedy="compress or copy it again") from error


def _read_content(path: Path, content: bytes, kind: str, small: int) -> RawTable:
    if kind == kinds.PARQUET:
        return _arrow_table(path, [_parquet(path, io.BytesIO(content))])
    if kind == kinds.TEXT:
        text, notes = decode(content)
        sheet = Sheet(str(path), "CSV", text, notes=notes)
        raw = _read_csv(path, io.BytesIO(text.encode()), sheet) if len(content) > small else None
        return raw or _read_rows(path, sheet)
    if kind == kinds.JSON:
        return _read_rows(path, Sheet(str(path), "JSON", cells=json_rows(decode(content)[0], str(path))))
    refuse_archive(content, str(path))
    cells, notes = workbook_rows(content, str(path))
    return _read_rows(path, Sheet(str(path), "Excel", cells=cells, notes=notes))


def _parquet(path: Path, source: io.BytesIO | None = None) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(source or path)
    except (pa.ArrowException, OSError) as error:
        problem = f"is broken Parquet: {_one_line(error)}"
        raise DataError(problem, path=path, remedy="write or copy it again") from error


def _read_parquet(path: Path, parts: Sequence[Path]) -> RawTable:
    return _arrow_table(path, [_parquet(part) for part in parts], parts)


def _arrow_table(path: Path, files: Sequence[pq.ParquetFile], parts: Sequence[Path] = ()) -> RawTable:
    tables: list[pa.Table] = []
    try:
        for number, file in enumerate(files):
            table = file.read()
            if tables and sorted(table.column_names) != sorted(tables[0].column_names):
                problem = f"has other columns than the parts before it ({', '.join(table.column_names)[:80]})"
                raise DataError(problem, path=parts[number], remedy="give the parts of one table")
            tables.append(table.select(tables[0].column_names) if tables else table)
        table = tables[0] if len(tables) == 1 else _joined(tables)
    except (pa.ArrowException, OSError) as error:
        problem = f"is broken Parquet: {_one_line(error)}"
        raise DataError(problem, path=path, remedy="write or copy it again") from error
    return RawTable(path, table, np.arange(1, table.num_rows + 1))


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    """The parts as one table; a column that is of several types in them is of the widest."""
    return pa.concat_tables(tables, promote_options="permissive")


def _header(sheet: Sheet) -> tuple[str, list[str]]:
    """(delimiter, names): the delimiter by which the first row holds most of the contract's names, else most names."""
    firsts: dict[str, list[str]] = {}
    for delimiter, cells in sheet.heads():
        firsts.setdefault(delimiter, [cell.strip().lstrip("\ufeff") for cell in cells])
    if not any(firsts.values()):
        raise DataError("is not CSV: its header cannot be read", path=sheet.name, remedy="export it again")
    return max(firsts.items(), key=lambda pair: (len(_CONTRACT & set(pair[1])), len(pair[1])))


def _read_rows(path: Path, sheet: Sheet) -> RawTable:
    """The same without Arrow, row by row as every other reader has them."""
    delimiter, names = _header(sheet)
    rows = sheet.rows(delimiter)
    next(rows)
    numbers, ragged, table = [], [], []
    for number, row in enumerate(rows, 1):
        if row.problem or len(row.cells) != len(names):
            text = row.text or as_text(row.cells)
            ragged.append(RaggedRow(number, text, len(names), len(row.cells), row.problem))
        else:
            numbers.append(number)
            table.append(row.cells)
    columns = list(zip(*table, strict=True)) if table else [()] * len(names)
    arrays = [pa.array(list(cells), pa.string()) for cells in columns]
    return RawTable(path, pa.Table.from_arrays(arrays, names=names), np.array(numbers, np.int64), ragged, sheet.notes)


def _read_csv(path: Path, source: Path | io.BytesIO, sheet: Sheet) -> RawTable | None:
    """A large UTF-8 text by Arrow; None where it is not UTF-8."""
    delimiter, names = _header(sheet)
    ragged: list[RaggedRow] = []

    def skip(row: pa.csv.InvalidRow) -> str:
        # Arrow counts the header as row 1.
        ragged.append(RaggedRow(row.number - 1, row.text, row.expected_columns, row.actual_columns))
        return "skip"

    try:
        table = pa.csv.read_csv(
            source,
            # Arrow numbers the invalid rows only when it reads with one thread.
            read_options=pa.csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),
            parse_options=pa.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip
            ),
            convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowException as error:
        if "UTF8" in str(error) or "UTF-8" in str(error):
            return None
        problem = f"is not CSV: {_one_line(error)}"
        raise DataError(problem, path=path, remedy="export it again as CSV (UTF-8)") from error
    if table.column_names != names or any(not pa.types.is_string(each.type) for each in table.columns):
        table = table.rename_columns(names).cast(pa.schema([(name, pa.string()) for name in names]))
    raw = _numbered(path, table, ragged)
    _check_quotes(raw, source)
    return raw


def _numbered(path: Path, table: pa.Table, ragged: list[RaggedRow]) -> RawTable:
    """Numbers the rows, those of blanks alone left out."""
    physical = np.arange(1, table.num_rows + len(ragged) + 1)
    physical = np.delete(physical, [each.row - 1 for each in ragged])
    blank = _blank_rows(table)
    empty = {each.row for each in ragged if not each.text.strip(" \t\r\n,;\"")}
    gone = np.array(sorted(chain(physical[blank].tolist(), empty)), np.int64)
    if blank.any():
        table = table.filter(pa.array(~blank))
    rows = physical[~blank]
    rows = rows - np.searchsorted(gone, rows)
    kept = [
        RaggedRow(each.row - int(np.searchsorted(gone, each.row)), each.text, each.expected, each.found)
        for each in ragged
        if each.row not in empty
    ]
    return RawTable(path, table, rows, kept)


def _blank_rows(table: pa.Table) -> NDArray[np.bool_]:
    blank = np.ones(table.num_rows, bool)
    for column in table.columns:
        if not blank.any():
            break
        blank &= np.asarray(pc.equal(pc.utf8_trim_whitespace(column), "").to_numpy(zero_copy_only=False), bool)
    return blank


def _check_quotes(raw: RawTable, source: Path | io.BytesIO) -> None:
    """A quote that is never closed swallows the rest of the file into the last value: refuse it."""
    if not raw.table.num_rows or not raw.table.num_columns:
        return
    last = raw.table.column(raw.table.num_columns - 1)[-1].as_py()
    if not last or "\n" not in last:
        return
    content = source.read_bytes() if isinstance(source, Path) else source.getvalue()
    if content.count(b'"') % 2 and not content.rstrip().endswith(b'"'):
        row = int(raw.rows[-1])
        raise DataError(NEVER_CLOSED, path=raw.path, row=row, value=last, remedy='write a quote in a value as ""')


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120].rstrip(".")
