"""The text of a file: UTF-8 (with or without a mark), UTF-16 or UTF-32, else Windows-1252.

A file that is UTF-8 but for some bytes (pasted together, or edited by an old program) keeps what is UTF-8;
the other bytes alone are read as Windows-1252.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from recsys.logbooks.sheets.kinds import wide_encoding

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"), (codecs.BOM_UTF8, "utf-8-sig"),
)  # fmt: skip
WIDE_MARKS: Final = tuple(mark for mark, name in _MARKS if name != "utf-8-sig")
NOT_UTF8: Final = "the file is not UTF-8: read as Windows-1252"
PARTLY_UTF8: Final = "some of the file is not UTF-8: that is read as Windows-1252"
EXCEL_MARK: Final = re.compile(r'\ufeff?"?sep=[,;\t|]?"?[,;\t| ]*(\r\n|\n|\r)', re.IGNORECASE)
"""Excel's own first line, which names the delimiter and is no row."""
_UTF8: Final = re.compile(rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+")
_FOREIGN: Final = re.compile(rb"[\x80-\xff]+")
_LOOKED_AT: Final = 1 << 22


def decode(content: bytes) -> tuple[str, tuple[str, ...]]:
    """The text, and remarks on how it was read; it never fails, because Windows-1252 reads any bytes."""
    text, notes = _decoded(content)
    return EXCEL_MARK.sub("", text, count=1) if EXCEL_MARK.match(text) else text, notes


def _decoded(content: bytes) -> tuple[str, tuple[str, ...]]:
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    encoding = encoding or wide_encoding(content[:512]) or "utf-8"
    try:
        return content.decode(encoding).replace("\0", ""), ()
    except UnicodeDecodeError:
        pass
    if encoding not in ("utf-8", "utf-8-sig"):
        return content.decode(encoding, "replace").replace("\0", ""), ()
    content = content.removeprefix(codecs.BOM_UTF8)
    if not _mostly_utf8(content[:_LOOKED_AT]):
        return content.decode("cp1252", "replace").replace("\0", ""), (NOT_UTF8,)
    parts = _UTF8.split(content), [each.decode("utf-8", "replace") for each in _UTF8.findall(content)]
    return "".join(
        text.decode("cp1252", "replace") + found
        for text, found in zip(parts[0], [*parts[1], ""], strict=True)
    ).replace("\0", ""), (PARTLY_UTF8,)


def _mostly_utf8(content: bytes) -> bool:
    """Whether more of the runs of foreign bytes are UTF-8 than are not."""
    runs = _FOREIGN.findall(content)
    return 2 * sum(_UTF8.fullmatch(run) is not None for run in runs) > len(runs)
