"""Reads a large text of sends by Arrow, to be quick; tests hold it against the light reader's rows."""

from __future__ import annotations

import io
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from recsys.errors import DataError
from recsys.files import read_plain
from recsys.logbooks.raw import RaggedRow, RawTable
from recsys.logbooks.sheets.rows import NEVER_CLOSED

_BLOCK_BYTES: Final = 1 << 25  # no single row may be longer than a block


def read_csv(path: Path, source: Path | io.BytesIO, delimiter: str, names: list[str]) -> RawTable | None:
    """The rows under a known header; None where the text is not UTF-8."""
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
        problem = f"is not CSV: {one_line(error)}"
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
    empty = {each.row for each in ragged if not each.text.strip(' \t\r\n,;"')}
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
        blank &= np.asarray(
            pc.equal(pc.utf8_trim_whitespace(column), "").to_numpy(zero_copy_only=False), bool
        )
    return blank


def _check_quotes(raw: RawTable, source: Path | io.BytesIO) -> None:
    """A quote that is never closed swallows the rest of the file into the last value: refuse it."""
    if not raw.table.num_rows or not raw.table.num_columns:
        return
    last = raw.table.column(raw.table.num_columns - 1)[-1].as_py()
    if not last or "\n" not in last:
        return
    content = read_plain(source) if isinstance(source, Path) else source.getvalue()
    if content.count(b'"') % 2 and not content.rstrip().endswith(b'"'):
        row = int(raw.rows[-1])
        raise DataError(
            NEVER_CLOSED, path=raw.path, row=row, value=last, remedy='write a quote in a value as ""'
        )


def one_line(error: Exception) -> str:
    """An error of Arrow's in one short line."""
    return " ".join(str(error).split())[:120].rstrip(".")
