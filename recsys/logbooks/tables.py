"""Loads a file of sends into one Arrow table with every row's number, whatever kind of file it is.

`recsys.logbooks.sheets` tells what the file is and reads it; here large CSV and Parquet are read by Arrow
instead, to be quick, and tests hold the two against each other. Every value of a CSV stays the text it was
("007" is no number). A row number counts data rows from 1: neither the header nor blank lines count.
"""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from recsys.columns import OPTIONAL, REQUIRED
from recsys.errors import DataError
from recsys.files import open_plain, read_plain
from recsys.logbooks.arrow_csv import read_csv
from recsys.logbooks.arrow_parquet import arrow_table, open_parquet, read_parquet
from recsys.logbooks.raw import RaggedRow, RawTable
from recsys.logbooks.reasons import NO_ROWS
from recsys.logbooks.sheets import Sheet, kinds
from recsys.logbooks.sheets.documents import json_rows
from recsys.logbooks.sheets.encoding import EXCEL_MARK, WIDE_MARKS, decode
from recsys.logbooks.sheets.open import parts_of, read_content, refuse_archive
from recsys.logbooks.sheets.packed import gunzip_path, start_of
from recsys.logbooks.sheets.partitions import keys_of
from recsys.logbooks.sheets.rows import as_text, raw_rows
from recsys.logbooks.sheets.sheet import DELIMITERS, has_row_names
from recsys.logbooks.sheets.workbook import workbook_rows

_START: Final = 1 << 16
MAX_ARCHIVE: Final = 100_000_000
"""Bytes of an Excel workbook or another archive."""
MAX_JSON: Final = 200_000_000
"""Bytes of JSON, unpacked: it takes some twenty times as many in memory, where other kinds take two."""
_CONTRACT: Final = frozenset((*REQUIRED, *OPTIONAL))
SMALL: Final = 4_000_000
"""Bytes up to which a text is read without Arrow, as the light reader reads it."""


def column_names(path: Path) -> list[str]:
    """The names of the columns, without reading the rows. Raises DataError like `read_table`."""
    if path.is_dir():
        first = parts_of(path)[0]
        names = open_parquet(first).schema_arrow.names
        return [*names, *(key for key in keys_of(first, path) if key not in names)]
    start, kind, packed = _start(path)
    if kind == kinds.PARQUET and not packed:
        return list(open_parquet(path).schema_arrow.names)
    if kind == kinds.TEXT:
        return _header(_head(path, start))[1]
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
        raise DataError(NO_ROWS, path=path, remedy="give a file that has some")
    return raw


def _read(path: Path, small: int) -> RawTable:
    if path.is_dir():
        return read_parquet(path, parts_of(path))
    start, kind, packed = _start(path)
    if kind == kinds.PARQUET and not packed:
        return read_parquet(path, [path])
    if kind == kinds.TEXT and not packed and path.stat().st_size > small and _plain(start, path):
        raw = read_csv(path, path, *_header(_head(path, start)))
        if raw is not None:
            return raw
    return _read_content(path, _content(path, kind, packed), kind, small)


def _start(path: Path) -> tuple[bytes, str, bool]:
    """The first bytes of a file, unpacked where it is gzip; what kind it is, and whether it is gzip.

    DataError for what is not read.
    """
    if path.is_fifo():
        raise DataError("is a pipe, which is read once only", path=path, remedy="save it as a file first")
    try:
        with open_plain(path) as file:
            start = file.read(_START)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", path=path, remedy="check the path") from error
    kind = kinds.kind_of(start, str(path))
    if kind != kinds.GZIP:
        return start, kind, False
    start = start_of(path, _START)
    kind = kinds.kind_of(start, str(path))
    if kind == kinds.GZIP:
        raise DataError("is gzip within gzip", path=path, remedy="unpack it and give the file inside")
    return start, kind, True


def _head(path: Path, start: bytes) -> Sheet:
    """The first lines; the last one, of which a letter may be cut in two, is left out."""
    return Sheet(str(path), "CSV", decode(start[: start.rfind(b"\n") + 1] or start)[0])


def _plain(start: bytes, path: Path) -> bool:
    """Whether a text is UTF-8 by its start, and the first line the header as it stands, as Arrow needs it.

    So there is no "sep=;" above it, no blank line or one of commas, and there are no names of rows.
    """
    if start.startswith(WIDE_MARKS) or b"\0" in start:
        return False
    text = start.decode("utf-8", "replace").removeprefix("\ufeff")
    rows = [list(islice(raw_rows(text, delimiter, str(path)), 60)) for delimiter in DELIMITERS]
    first = all(each and each[0].line == 1 for each in rows)
    return first and not EXCEL_MARK.match(text) and not any(map(has_row_names, rows))


def _content(path: Path, kind: str, packed: bool) -> bytes:
    """The file's bytes, unpacked; of Excel, zip and JSON no more than one may have."""
    if kind == kinds.JSON:
        return _json(path, packed)
    if packed:
        return gunzip_path(path)
    return read_content(path, MAX_ARCHIVE) if kind == kinds.ZIP else read_plain(path)


def _json(path: Path, packed: bool) -> bytes:
    """The content of a JSON file, or a DataError where it has more than `MAX_JSON` bytes."""
    content = gunzip_path(path) if packed else b""
    if max(len(content), path.stat().st_size) > MAX_JSON:
        problem = f"holds more than {MAX_JSON // 1_000_000} MB of JSON, which is read in memory"
        raise DataError(problem, path=path, remedy="give `data` as Parquet or CSV")
    return content if packed else read_plain(path)


def _read_content(path: Path, content: bytes, kind: str, small: int) -> RawTable:
    if kind == kinds.PARQUET:
        return arrow_table(path, [io.BytesIO(content)])
    if kind == kinds.TEXT:
        text, notes = decode(content)
        sheet = Sheet(str(path), "CSV", text, notes=notes)
        large = len(content) > small and _plain(text[:_START].encode("utf-8", "replace"), path)
        raw = read_csv(path, io.BytesIO(text.encode("utf-8", "replace")), *_header(sheet)) if large else None
        return _read_rows(path, sheet) if raw is None else replace(raw, notes=notes)
    if kind == kinds.JSON:
        cells, notes = json_rows(decode(content)[0], str(path))
        return _read_rows(path, Sheet(str(path), "JSON", cells=cells, notes=notes))
    refuse_archive(content, str(path))
    cells, notes = workbook_rows(content, str(path))
    return _read_rows(path, Sheet(str(path), "Excel", cells=cells, notes=notes))


def _header(sheet: Sheet) -> tuple[str, list[str]]:
    """(delimiter, names): the delimiter by which the first row holds most of the contract's names, else most
    names.
    """
    firsts: dict[str, list[str]] = {}
    for delimiter, cells in sheet.heads():
        firsts.setdefault(delimiter, [cell.strip().lstrip("\ufeff") for cell in cells])
    if not any(firsts.values()):
        raise sheet.no_header()
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
