"""The text of a file: UTF-8 (with or without a mark), UTF-16 or UTF-32, else Windows-1252."""

from __future__ import annotations

import codecs
from typing import Final

from recsys.logbooks.sheets.kinds import wide_encoding

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"), (codecs.BOM_UTF8, "utf-8-sig"),
)  # fmt: skip
NOT_UTF8: Final = "the file is not UTF-8: read as Windows-1252"


def decode(content: bytes) -> tuple[str, tuple[str, ...]]:
    """The text, and remarks on how it was read; it never fails, because Windows-1252 reads any bytes."""
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    encoding = encoding or wide_encoding(content[:512]) or "utf-8"
    try:
        return content.decode(encoding).replace("\0", ""), ()
    except UnicodeDecodeError:
        pass
    if encoding not in ("utf-8", "utf-8-sig"):
        return content.decode(encoding, "replace").replace("\0", ""), ()
    text = content.removeprefix(codecs.BOM_UTF8).decode("cp1252", "replace")
    return text.replace("\0", ""), (NOT_UTF8,)
