"""Reads one logbook, from bytes to ascents, in pure Python: what import, `recommend` and the service share.

What is refused as a whole is a `DataError`. A row that cannot be used is a `Reject`, with every reason.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path, PurePath

from recsys.errors import DataError, UsageError
from recsys.logbooks.importing.beside import plain, with_beside
from recsys.logbooks.importing.contract import read_contract
from recsys.logbooks.importing.header import AUTO, Header, find_header, source_named
from recsys.logbooks.importing.mapped import as_sends, find_mapped, needed
from recsys.logbooks.importing.model import Parsed, Wanted
from recsys.logbooks.importing.own import check_columns, has_any, own_source
from recsys.logbooks.importing.people import refuse_several
from recsys.logbooks.importing.site_rows import parse_rows
from recsys.logbooks.importing.unread import unread_columns
from recsys.logbooks.mapping import ColumnMapping
from recsys.logbooks.sheets import MAX_ROWS, RawRow, Sheet, open_sheet
from recsys.logbooks.sheets.open import too_large


def parse_logbook(
    content: bytes,
    name: str,
    source: str = AUTO,
    wanted: Wanted | None = None,
    columns: Mapping[str, str] | None = None,
    own: ColumnMapping | None = None,
) -> Parsed:
    """Read a logbook as its site exports it, or raw sends.

    Parameters
    ----------
    content:
        The file's bytes: CSV (commas, semicolons or tabs) in UTF-8, UTF-16 or Windows-1252, plain or gzipped;
        JSON; Parquet and Excel where pyarrow and openpyxl are at hand.
    name:
        The file's name, for messages; its stem is the climber's id where `wanted` gives none.
    source:
        A name in `SOURCES`, or "auto" to tell by the header.
    wanted:
        What to take; sends of every discipline by default, and ascents whose outcome is unknown.
    columns:
        The columns of a spreadsheet of one's own, {ours: theirs} (`own.parse_columns`), in place of a source;
        a file that has none of them is told by its header.
    own:
        The mapping of the run that the logbook is for (`recsys.logbooks.remembered`); a file that has not its
        columns is told by its header.

    Raises
    ------
    DataError
        The file is too large, or is no logbook of the source (one line).
    UsageError
        There is no such source or column.
    """
    source_named(source)
    return parse_sheet(
        open_sheet(content, _printable(name) or "the logbook"), source, wanted, columns, own=own
    )


def parse_sheet(
    sheet: Sheet,
    source: str = AUTO,
    wanted: Wanted | None = None,
    columns: Mapping[str, str] | None = None,
    max_rows: int | None = MAX_ROWS,
    own: ColumnMapping | None = None,
    folder: Path | None = None,
) -> Parsed:
    """The same of a file that is open already; `max_rows` is None for no limit.

    `folder`: where the file lies, and with it what a mapping joins.
    """
    mapped = find_mapped(sheet, own) if own is not None and source == AUTO and columns is None else None
    hint = "" if own is None else f"name its columns {needed(own)}; "
    header = mapped or _header(sheet, source, columns, hint)
    rows = list(_data_rows(sheet, header, max_rows))
    left: list[int] = []
    alone = ""
    if mapped is not None and own is not None:
        joined, header, alone = with_beside(rows, header, own, folder)
        left = _left(header, own)
        rows, header = as_sends(joined, header, own)
    refuse_several(rows, header, sheet.name)
    wanted = _named(wanted or Wanted(), sheet.name)
    read = read_contract if header.source.name == "sends" else parse_rows
    parsed = read(rows, sheet.name, header, wanted)
    notes = Counter(parsed.notes) + unread_columns(rows, header, left)
    notes.update([*sheet.notes, alone] if alone else sheet.notes)
    return replace(parsed, notes=dict(notes), mapping=None if mapped is None else own)


def _header(sheet: Sheet, source: str, columns: Mapping[str, str] | None, hint: str) -> Header:
    """The header by one's own columns; a file that has none of these may be of a known source beside it."""
    if columns is None:
        return find_header(sheet, source, hint)
    try:
        check_columns(columns, sheet)
    except UsageError:
        if has_any(columns, sheet):
            raise
        with contextlib.suppress(DataError):
            return find_header(sheet, source)
        raise
    return find_header(sheet, own_source(columns))


def _left(header: Header, own: ColumnMapping) -> list[int]:
    """The indices of the columns that a mapping knows and that become none of ours."""
    names = [plain(cell) for cell in header.cells]
    return [index for index, name in enumerate(names) if name in own.known]


def _data_rows(sheet: Sheet, header: Header, max_rows: int | None) -> Iterator[RawRow]:
    """The rows below the header, wherever that is."""
    rows = sheet.rows(header.delimiter)
    for row in rows:
        if tuple(row.cells) == header.cells:
            break
    yield from islice(rows, max_rows)
    if next(rows, None) is not None:
        raise too_large(sheet.name, f"{max_rows} rows")


def _named(wanted: Wanted, name: str) -> Wanted:
    stem = PurePath(name.replace("\\", "/")).name.partition(".")[0].strip()
    return wanted if wanted.climber is not None else replace(wanted, climber=stem or "climber")


def _printable(name: str) -> str:
    """A file's name as it can be shown: bytes that are no text, and control characters, do not stay."""
    return "".join(c for c in name.encode("utf-8", "replace").decode() if c.isprintable())
