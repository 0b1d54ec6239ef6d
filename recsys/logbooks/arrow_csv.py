"""Reads a large text of sends by Arrow, to be quick, where that says what the light reader says.

The two part a text alike until a quote is left open: Arrow then swallows rows up to the next quote, however
far that is, where the light reader (`recsys.logbooks.sheets.rows`) gives up one row. What could be such a
text, and what comes near the light reader's bounds, is left to it.
"""

from __future__ import annotations

import codecs
import io
import mmap
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from recsys.files import open_plain
from recsys.logbooks.raw import RaggedRow, RawTable
from recsys.logbooks.sheets.rows import MAX_COLUMNS, as_text, raw_rows

_BLOCK_BYTES: Final = 1 << 25  # no single row may be longer than a block
_CHUNK: Final = 1 << 24
_LONG: Final = 100_000
"""Bytes of a row below which it reaches no bound of the light reader's on lines and values."""
_MANY_LINES: Final = 200
"""Line breaks of a row below which it does not either, where a break may count twice."""
_BREAKS: Final = ("\n", "\r")
_BREAK: Final = re.compile(r"[\r\n]")
_MARK: Final = b"\xef\xbb\xbf"


def read_csv(path: Path, source: Path | io.BytesIO, delimiter: str, names: list[str]) -> RawTable | None:
    """The rows under a known header, the text's first line; None where the light reader is to read them."""
    if not _is_plain(source):
        return None
    skipped: list[pa.csv.InvalidRow] = []

    def skip(row: pa.csv.InvalidRow) -> str:
        skipped.append(row)
        return "skip"

    numbers = [str(number) for number in range(len(names))]  # a name may be there twice, or end in a blank
    try:
        with _opened(source) as file:
            table = pa.csv.read_csv(
                pa.PythonFile(file, "r"),  # by its name Arrow would unpack whatever is called .gz
                # Arrow numbers the invalid rows only when it reads with one thread.
                read_options=pa.csv.ReadOptions(
                    use_threads=False, block_size=_BLOCK_BYTES, column_names=numbers
                ),
                parse_options=pa.csv.ParseOptions(
                    delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip
                ),
                convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(numbers, pa.string())),
            )
    except pa.ArrowException:  # a row that is longer than a block
        return None
    if not table.num_rows or (skipped and skipped[0].number == 1):
        return None
    table = table.slice(1).rename_columns(names)
    texts = [row.text for row in skipped]
    if _beyond_bounds(table, texts, delimiter) or not _quotes_agree(table, texts, delimiter, source):
        return None
    return _numbered(path, table, skipped, delimiter)


def _opened(source: Path | io.BytesIO) -> AbstractContextManager[io.BufferedIOBase]:
    if isinstance(source, Path):
        return open_plain(source)
    source.seek(0)
    return nullcontext(source)


def _is_plain(source: Path | io.BytesIO) -> bool:
    """Whether a text is UTF-8 without a zero: the light reader leaves those out, and UTF-16 is full of them.

    Arrow would not let go of a row that is not UTF-8 and ragged.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    with _opened(source) as file:
        try:
            zeros = any("\0" in decoder.decode(chunk) for chunk in iter(lambda: file.read(_CHUNK), b""))
            return not zeros and not decoder.decode(b"", True)
        except UnicodeDecodeError:
            return False


def _beyond_bounds(table: pa.Table, texts: Sequence[str], delimiter: str) -> bool:
    """Whether a row could be one that the light reader gives up for its length."""
    longest = sum(_most(pc.binary_length(column)) for column in table.columns)
    if longest > _LONG or any(len(text) > _LONG or text.count(delimiter) >= MAX_COLUMNS for text in texts):
        return True
    if longest + table.num_columns < MAX_COLUMNS:
        return False
    parted = sum(_most(pc.count_substring(column, delimiter)) for column in table.columns)
    return parted + table.num_columns >= MAX_COLUMNS


def _quotes_agree(table: pa.Table, texts: Sequence[str], delimiter: str, source: Path | io.BytesIO) -> bool:
    """Whether no quote can have been left open: no row goes on beyond its line, or every quote is closed.

    A row of one line is parted alike, whatever its quotes are; but the last one may end inside of one.
    """
    breaks = [max(map(_breaks, texts), default=0)]
    breaks += [_most(pc.count_substring(column, each)) for column in table.columns for each in _BREAKS]
    if not any(breaks):
        return _ends_closed(source, delimiter)
    return sum(breaks) < _MANY_LINES and _all_closed(source, delimiter)


def _breaks(text: str) -> int:
    return len(_BREAK.findall(text.rstrip("\r\n")))


def _most(counts: pa.ChunkedArray) -> int:
    return int(pc.max(counts).as_py() or 0)


def _ends_closed(source: Path | io.BytesIO, delimiter: str) -> bool:
    """Whether the last line, of which the file may have no end, leaves no quote open."""
    with _opened(source) as file:
        file.seek(max(0, file.seek(0, io.SEEK_END) - 4 * _LONG))
        end = file.read().decode("utf-8", "replace")
    row = next(raw_rows(_BREAK.split(end)[-1], delimiter, ""), None)
    return row is None or not row.problem


def _all_closed(source: Path | io.BytesIO, delimiter: str) -> bool:
    """Whether every quote of the text is one of a whole quoted value, or stands inside a value without."""
    border = re.escape(delimiter.encode()) + rb"\r\n"
    value, inside = rb'(?<![^%b]")[^"]*(?:""[^"]*)*"(?![^%b])', rb'(?<=[^%b]")'
    quote = re.compile(b'"(?:' + (value + b"|" + inside) % (border, border, border) + b"|())")
    with _opened(source) as file, _held(file) as content, memoryview(content) as view:
        begin = len(_MARK) if bytes(view[: len(_MARK)]) == _MARK else 0
        with view[begin:] as text:
            return not any(match.lastindex for match in quote.finditer(text))


def _held(file: io.BufferedIOBase) -> AbstractContextManager[bytes | mmap.mmap]:
    if isinstance(file, io.BytesIO):
        return nullcontext(file.getvalue())
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _numbered(
    path: Path, table: pa.Table, skipped: Sequence[pa.csv.InvalidRow], delimiter: str
) -> RawTable | None:
    """Numbers the rows, those of blanks alone left out; None where a skipped one is whole to the other."""
    # Arrow counts the header as row 1.
    physical = np.arange(1, table.num_rows + len(skipped) + 1)
    physical = np.delete(physical, [row.number - 2 for row in skipped])
    read = [next(raw_rows(row.text, delimiter, str(path)), None) for row in skipped]
    if any(row and not row.problem and len(row.cells) == table.num_columns for row in read):
        return None
    blank = _blank_rows(table)
    empty = [each.number - 1 for each, row in zip(skipped, read, strict=True) if row is None]
    gone = np.sort(np.append(physical[blank], np.array(empty, np.int64)))
    rows = physical[~blank]
    ragged = [
        RaggedRow(
            each.number - 1 - int(np.searchsorted(gone, each.number - 1)),
            row.text or as_text(row.cells),
            table.num_columns,
            len(row.cells),
            row.problem,
        )
        for each, row in zip(skipped, read, strict=True)
        if row is not None
    ]
    table = table.filter(pa.array(~blank)) if blank.any() else table
    return RawTable(path, table, rows - np.searchsorted(gone, rows), ragged)


def _blank_rows(table: pa.Table) -> NDArray[np.bool_]:
    blank = np.ones(table.num_rows, bool)
    for column in table.columns:
        if not blank.any():
            break
        blank &= np.asarray(
            pc.equal(pc.utf8_trim_whitespace(column), "").to_numpy(zero_copy_only=False), bool
        )
    return blank


def one_line(error: Exception) -> str:
    """An error of Arrow's in one short line."""
    return " ".join(str(error).split())[:120].rstrip(".")
