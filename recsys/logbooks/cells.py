"""What a cell of a file says, the same for every reader: blank or not, a number, a flag, a typed value as
text.

Blank tokens are what programs write for "nothing" (R's NA, pandas' nan, SQL's null). They are blank in text
and number columns, and stay what they are where they name something: an id may be "null".
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Iterable
from datetime import date, datetime, time, timezone
from typing import Any, Final, TypeVar

Cell = TypeVar("Cell", bound=Hashable)
Read = TypeVar("Read")

BLANK_TOKENS: Final = frozenset((
    "na", "n/a", "n.a.", "#n/a", "#n/d", "#nv", "<na>", "null", "#null!", "(null)", "\\n", "nan", "none",
    "nil", "nat", "-", "--", "–", "—", "#ref!", "#value!", "#name?", "#div/0!", "#num!", "#wert!", "#bezug!",
))  # fmt: skip
LONGEST_TOKEN: Final = max(map(len, BLANK_TOKENS))
_NUMBER: Final = re.compile(
    r"[+-]?(?:\d{1,400}(?:[.,]\d{0,400})?|[.,]\d{1,400})(?:[eE][+-]?\d{1,4})?", re.ASCII
)
# True and false as the spreadsheets of a dozen languages write them.
_YES: Final = (
    "true t yes y 1 1.0 1,0 x wahr ja vrai oui verdadero si sí vero sim verdadeiro waar sand sant kyllä tosi "
    "prawda tak pravda ano áno igaz igen истина да так doğru evet adevărat αληθησ ναι istina cert benar ya "
    "đúng はい 是 真 참 예 on ✓ ✔ ☑ ✅"
)
_NO: Final = (
    "false f no n 0 0.0 0,0 falsch nein faux non falso não nao onwaar nee falsk nej nei ei epätosi fałsz "
    "falsz nie nepravda ne hamis nem ложь нет ні yanlış yanliş hayır fals ψευδησ οχι laž salah tidak sai "
    "いいえ 否 假 偽 거짓 아니요 off ✗ ✘ ☐ ❌"
)
_TRUE: Final = frozenset(_YES.split())
_FALSE: Final = frozenset(_NO.split())


def on_distinct(function: Callable[[Cell], Read], column: Iterable[Cell]) -> list[Read]:
    """`function` of every cell, once for each different one: a column says the same again and again."""
    cells = list(column)
    known = {cell: function(cell) for cell in dict.fromkeys(cells)}
    return [known[cell] for cell in cells]


def is_blank_token(text: str) -> bool:
    """Whether a trimmed text is a program's word for nothing."""
    return len(text) <= LONGEST_TOKEN and text.casefold() in BLANK_TOKENS


def number(text: str) -> float | None:
    """A finite number in plain or scientific notation ("4", "3.5", "3,5", "1e9"), or None."""
    if len(text) > 400 or not _NUMBER.fullmatch(text):
        return None
    value = float(text.replace(",", "."))
    return value if math.isfinite(value) else None


def flag(text: str) -> bool | None:
    """True or false as spreadsheets of several languages write them; None where it is neither."""
    word = text.strip().casefold()
    return True if word in _TRUE else False if word in _FALSE else None


def as_cell(value: Any) -> str:
    """A typed value as CSV would hold it.

    Whole floats lose their ".0" (7.0 is "7"), a midnight without a zone is a day, bytes are UTF-8 text, and
    what is missing (None, NaN, pandas' NaT and NA) is "".
    """
    if isinstance(value, str):
        return value
    if value is None or type(value).__name__ == "NAType" or value != value:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "replace")
    return _time(value) if isinstance(value, (date, time)) else str(value)


def _time(value: date | time) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            return value.astimezone(timezone.utc).replace(tzinfo=None).isoformat() + "Z"
        if value.time() == time():
            return value.date().isoformat()
    return value.isoformat()
