"""What a file is, by its first bytes; and what to do about those that are not read."""

from __future__ import annotations

import re
from typing import Final

from recsys.errors import DataError

TEXT, PARQUET, GZIP, ZIP, JSON = "text", "Parquet", "gzip", "zip", "JSON"

PARQUET_MARK: Final = b"PAR1"
_KNOWN: Final = ((PARQUET_MARK, PARQUET), (b"\x1f\x8b", GZIP), (b"PK\x03\x04", ZIP), (b"PK\x05\x06", ZIP))
_SAVE: Final = "open it and save it as CSV (UTF-8)"
_UNPACK: Final = "unpack it and give the file inside"
_EXPORT: Final = "export it again from the site as CSV"
_OTHERS: Final = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls), or one with a password", f"{_SAVE}, or as .xlsx"),
    (b"SQLite format 3\0", "a SQLite database", "export the table as CSV or Parquet"),
    (b"%PDF", "a PDF document", _EXPORT),
    (b"\x89PNG", "an image (PNG)", _EXPORT),
    (b"\xff\xd8\xff", "an image (JPEG)", _EXPORT),
    (b"GIF8", "an image (GIF)", _EXPORT),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ", "an xz archive", _UNPACK),
    (b"7z\xbc\xaf", "a 7z archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", _UNPACK),
    (b"Rar!", "a rar archive", _UNPACK),
    (b"ARROW1", "an Arrow (Feather) file", "write it as Parquet or CSV"),
    (b"FEA1", "a Feather file", "write it as Parquet or CSV"),
    (b"ORC", "an ORC file", "write it as Parquet or CSV"),
    (b"Obj\x01", "an Avro file", "write it as Parquet or CSV"),
    (b"\x89HDF", "an HDF5 file", "write it as Parquet or CSV"),
    (b"\x93NUMPY", "a NumPy array", "write it as Parquet or CSV"),
    (b"{\\rtf", "a rich-text document", _SAVE),
    (b"\x80\x04\x95", "a Python pickle", "write it as Parquet or CSV"),
    (b"\x80\x05\x95", "a Python pickle", "write it as Parquet or CSV"),
)
_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_JSON: Final = re.compile(rb'\s*(\[\s*[\[{\]]|\{\s*["}])')
_MARKUP: Final = re.compile(rb"\s*<(!doctype|!--|html|\?xml|head|body|meta|table|div|gpx|kml)", re.IGNORECASE)
_CONTROL: Final = bytes(c for c in range(32) if c not in b"\t\n\r\f\x1a\x1b") + b"\0"
_TAR: Final = slice(257, 262)
_LOOKED_AT: Final = 1 << 14


def kind_of(content: bytes, name: str) -> str:
    """`TEXT`, `PARQUET`, `GZIP`, `ZIP` or `JSON`.

    Raises
    ------
    DataError
        The file is empty, or is something that is not read: one line says what, and what to do.
    """
    start = content[:_LOOKED_AT]
    if not start.removeprefix(b"\xef\xbb\xbf").strip() and not content.removeprefix(b"\xef\xbb\xbf").strip():
        raise DataError("is empty", path=name, remedy="give a CSV or Parquet file with rows")
    for mark, kind in _KNOWN:
        if start.startswith(mark):
            return kind
    for mark, what, remedy in _OTHERS:
        if start.startswith(mark):
            raise DataError(f"is {what}", path=name, remedy=remedy)
    if start[_TAR] == b"ustar":
        raise DataError("is a tar archive", path=name, remedy=_UNPACK)
    text = _narrow(start)
    if _MARKUP.match(text):
        raise DataError("is a web page or XML, not a table", path=name, remedy=_EXPORT)
    if _JSON.match(text):
        return JSON
    if not start.startswith(_MARKS[1:]) and not _is_wide(start) and _is_binary(start):
        problem = "is neither CSV nor Parquet"
        raise DataError(problem, path=name, value=start[:8], remedy="export it as CSV (UTF-8) or Parquet")
    return TEXT


def wide_encoding(start: bytes) -> str | None:
    """The UTF-16 that a text without a mark is in, or None: every other byte of Latin letters is zero."""
    even, odd = start[0:512:2], start[1:512:2]
    if len(odd) < 4:
        return None
    if odd.count(0) > 0.8 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.8 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be"
    return None


def _is_wide(start: bytes) -> bool:
    return wide_encoding(start) is not None


def _narrow(start: bytes) -> bytes:
    """The start as UTF-8 without a mark, to look for what it begins with."""
    wide = "utf-16" if start.startswith(_MARKS[1:]) else wide_encoding(start)
    return start.decode(wide, "replace").encode("utf-8", "replace") if wide else start.removeprefix(_MARKS[0])


def _is_binary(start: bytes) -> bool:
    """Whether more than one byte in fifty is a control character that no text holds."""
    controls = len(start) - len(start.translate(None, _CONTROL))
    return controls * 50 > len(start)
