"""Loads a file of sends into one Arrow table with every row's number, whatever kind of file it is.

`recsys.logbooks.sheets` tells what the file is and reads it; here large CSV and Parquet are read by Arrow
instead, to be quick, and tests hold the two against each other. Every value of a CSV stays the text it was
("007" is no number). A row number counts data rows from 1: neither the header nor blank lines count.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.columns import OPTIONAL, REQUIRED
from recsys.errors import DataError
from recsys.logbooks.arrow_csv import one_line, read_csv
from recsys.logbooks.raw import RaggedRow, RawTable
from recsys.logbooks.sheets import Sheet, kinds
from recsys.logbooks.sheets.documents import json_rows
from recsys.logbooks.sheets.encoding import decode
from recsys.logbooks.sheets.open import parts_of, refuse_archive
from recsys.logbooks.sheets.rows import as_text
from recsys.logbooks.sheets.workbook import workbook_rows

_START: Final = 1 << 16
_CONTRACT: Final = frozenset((*REQUIRED, *OPTIONAL))
SMALL: Final = 4_000_000
"""Bytes up to which a text is read without Arrow, as the light reader reads it."""


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
        The file is missing, empty, has no rows, is of a kind that is not read, or a quote in it is never
        closed.
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
        raw = read_csv(path, path, *_header(Sheet(str(path), "CSV", decode(start)[0])))
        if raw is not None:
            return raw
    return _read_content(path, _content(path, start), kind, small)


def _start(path: Path) -> tuple[bytes, str]:
    """The first bytes of a file, unpacked where it is gzip, and what kind it is; DataError for what is not
    read.
    """
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
        problem = f"is gzip that cannot be unpacked: {one_line(error)}"
        raise DataError(problem, path=path, remedy="compress or copy it again") from error


def _content(path: Path, start: bytes) -> bytes:
    try:
        if start[:2] == b"\x1f\x8b":
            with gzip.open(path) as packed:
                return packed.read()
        return path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        problem = f"is gzip that cannot be unpacked: {one_line(error)}"
        raise DataError(problem, path=path, remedy="compress or copy it again") from error


def _read_content(path: Path, content: bytes, kind: str, small: int) -> RawTable:
    if kind == kinds.PARQUET:
        return _arrow_table(path, [_parquet(path, io.BytesIO(content))])
    if kind == kinds.TEXT:
        text, notes = decode(content)
        sheet = Sheet(str(path), "CSV", text, notes=notes)
        raw = read_csv(path, io.BytesIO(text.encode()), *_header(sheet)) if len(content) > small else None
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
        problem = f"is broken Parquet: {one_line(error)}"
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
        problem = f"is broken Parquet: {one_line(error)}"
        raise DataError(problem, path=path, remedy="write or copy it again") from error
    return RawTable(path, table, np.arange(1, table.num_rows + 1))


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    """The parts as one table; a column that is of several types in them is of the widest."""
    return pa.concat_tables(tables, promote_options="permissive")


def _header(sheet: Sheet) -> tuple[str, list[str]]:
    """(delimiter, names): the delimiter by which the first row holds most of the contract's names, else most
    names.
    """
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
    return RawTable(
        path, pa.Table.from_arrays(arrays, names=names), np.array(numbers, np.int64), ragged, sheet.notes
    )
