"""Opens a file, or a folder of Parquet parts, as a `Sheet`."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from recsys.bounds import MAX_BYTES
from recsys.errors import DataError
from recsys.files import without_waiting
from recsys.logbooks.sheets import kinds
from recsys.logbooks.sheets.documents import json_rows
from recsys.logbooks.sheets.encoding import decode
from recsys.logbooks.sheets.packed import gunzip
from recsys.logbooks.sheets.partitions import keys_of
from recsys.logbooks.sheets.sheet import Sheet
from recsys.logbooks.sheets.tables import parquet_rows
from recsys.logbooks.sheets.workbook import is_workbook, workbook_rows

MAX_ROWS: Final = 250_000


def open_path(path: Path, max_rows: int | None = MAX_ROWS) -> Sheet:
    """Open a file or a folder of Parquet parts. `max_rows` of Parquet; None for no limit.

    Raises
    ------
    DataError
        It cannot be read, or is something that is not read (one line).
    """
    if path.is_dir():
        return _table([(str(part), part) for part in parts_of(path)], str(path), max_rows, path)
    content = read_content(path)
    if content.startswith(kinds.PARQUET_MARK):
        return _table([(str(path), path)], str(path), max_rows)
    return open_sheet(content, str(path), max_rows)


def open_sheet(content: bytes, name: str, max_rows: int | None = MAX_ROWS) -> Sheet:
    """The same of a file's content; `name` is for messages. Larger content than `MAX_BYTES` is refused."""
    if len(content) > MAX_BYTES:
        raise too_large(name, f"{MAX_BYTES // 1_000_000} MB")
    kind = kinds.kind_of(content, name)
    if kind == kinds.GZIP:
        content = gunzip(content, name)
        kind = kinds.kind_of(content, name)
        if kind == kinds.GZIP:
            raise DataError("is gzip within gzip", path=name, remedy="unpack it and give the file inside")
    if kind == kinds.PARQUET:
        return _table([(name, content)], name, max_rows)
    if kind == kinds.JSON:
        cells, notes = json_rows(decode(content)[0], name)
        return Sheet(name, "JSON", cells=cells, notes=notes)
    if kind == kinds.ZIP:
        refuse_archive(content, name)
        cells, notes = workbook_rows(content, name)
        return Sheet(name, "an Excel workbook", cells=cells, notes=notes)
    text, notes = decode(content)
    return Sheet(name, "CSV", text=text, notes=notes)


def read_content(path: Path, most: int = MAX_BYTES) -> bytes:
    """A file's bytes, or a DataError where it cannot be read or has more; of Parquet the first few alone."""
    try:
        with open(path, "rb", opener=without_waiting) as file:
            start = file.read(len(kinds.PARQUET_MARK))
            if start == kinds.PARQUET_MARK:
                return start
            content = start + file.read(most + 1 - len(start))
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", path=path, remedy="check the path") from error
    if len(content) > most:
        raise too_large(str(path), f"{most // 1_000_000} MB")
    return content


def has_parts(folder: Path) -> bool:
    """Whether a folder holds Parquet files."""
    try:
        return bool(parts_of(folder))
    except DataError:
        return False


def parts_of(folder: Path) -> list[Path]:
    """The Parquet files in a folder, at any depth, in the order of their names; hidden ones are left out."""
    parts = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in (".parquet", ".pq")
        and path.is_file()
        and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
    ]
    if not parts:
        raise DataError(
            "is a folder without Parquet files", path=folder, remedy="give the file of sends itself"
        )
    return parts


def too_large(name: str, limit: str) -> DataError:
    """The refusal of a file that is larger than one climber's logbook can be."""
    remedy = "give one climber's logbook, or raw sends as Parquet"
    return DataError(f"holds more than {limit}", path=name, remedy=remedy)


def refuse_archive(content: bytes, name: str) -> None:
    """Raise DataError for a zip archive that is no Excel workbook; it names what is inside."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [entry for entry in archive.namelist() if not entry.endswith("/")]
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError) as error:
        raise DataError("is a broken zip archive", path=name, remedy="copy or export it again") from error
    if is_workbook(names):
        return
    if "content.xml" in names:
        raise DataError("is an OpenDocument file", path=name, remedy="save it as CSV (UTF-8) or .xlsx")
    shown = ", ".join(ascii(entry)[1:-1][:60] for entry in names[:3]) + (", ..." if len(names) > 3 else "")
    remedy = "unpack it and give the file inside"
    raise DataError(f"is a zip archive with {shown or 'nothing in it'}", path=name, remedy=remedy)


def _table(
    parts: Sequence[tuple[str, bytes | Path]], name: str, max_rows: int | None, folder: Path | None = None
) -> Sheet:
    cells: list[list[str]] = []
    for part, content in parts:
        rows = parquet_rows(content, part, None if max_rows is None else max_rows - len(cells))
        keys = {} if folder is None else keys_of(Path(part), folder)
        keys = {key: value for key, value in keys.items() if key not in rows[0]}
        rows = [rows[0] + list(keys), *(row + list(keys.values()) for row in rows[1:])] if keys else rows
        if cells and sorted(rows[0]) != sorted(cells[0]):
            problem = f"has other columns than the parts before it ({', '.join(rows[0])[:80]})"
            raise DataError(problem, path=part, remedy="give the parts of one table")
        if cells and rows[0] != cells[0]:
            order = [rows[0].index(column) for column in cells[0]]
            rows = [[row[index] for index in order] for row in rows]
        cells += rows[1:] if cells else rows
    return Sheet(name, "Parquet", cells=cells)
