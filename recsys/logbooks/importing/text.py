"""Cells of text as the climber wrote them.

They lose what exports add: HTML entities, control characters, and UTF-8 that was once read as Windows-1252
("Î²" is "β").
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from typing import Final

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\ufeff]")
_BREAK: Final = re.compile(r"(?i)<br\s*/?>|\r\n?")
_FOREIGN: Final = re.compile(r"[^\x00-\x7f]+")
# Letters that have no accent to strip.
_PLAIN: Final = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "’": "'"})
# A word keeps its apostrophes out: "Fred's" is "freds", and so is "Freds".
_APOSTROPHES: Final = re.compile(r"['`´‘]")
_SHORT: Final = 48
_SEPARATORS: Final = re.compile(r"[\W_]+")


def clean(cell: str) -> str:
    """A cell as its writer meant it, without white space at its ends; "" for blank."""
    return _clean_short(cell) if len(cell) <= _SHORT else _clean(cell)


def _clean(cell: str) -> str:
    if not cell.isascii():
        cell = _FOREIGN.sub(_repaired, cell)
    if "&" in cell:
        cell = _unescaped(cell)
    if "<" in cell or "\r" in cell:
        cell = _BREAK.sub("\n", cell)
    return _CONTROL.sub("", cell).strip()


# Most cells are short and say the same as others: a grade, a style, a crag.
_clean_short = lru_cache(maxsize=16_384)(_clean)


@lru_cache(maxsize=16_384)
def key(name: str) -> str:
    """The name of a column, without case and punctuation: "Your Stars", "your_stars" and "YOUR STARS"."""
    return _SEPARATORS.sub(" ", unicodedata.normalize("NFC", clean(name)).casefold()).strip()


@lru_cache(maxsize=8192)
def slug(text: str) -> str:
    """Lower-case words joined by "-", without accents and punctuation; "" when nothing is left."""
    text = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    text = "".join(c for c in text if not unicodedata.combining(c))
    return _SEPARATORS.sub("-", _APOSTROPHES.sub("", text)).strip("-")


def _unescaped(cell: str) -> str:
    """Without HTML entities, also those that were escaped twice ("&amp;amp;")."""
    try:
        return html.unescape(html.unescape(cell))
    except ValueError:  # an entity of thousands of digits
        return cell


def _repaired(match: re.Match[str]) -> str:
    """A run of foreign letters, read again as UTF-8 while that is possible (twice at the most)."""
    run = match.group()
    once = _read_again(run)
    return once if once == run else _read_again(once)


def _read_again(run: str) -> str:
    try:
        return b"".join(_byte(c) for c in run).decode("utf-8")
    except UnicodeError:
        return run


def _byte(character: str) -> bytes:
    """The byte that Windows-1252 shows so; the five it leaves undefined stand for themselves."""
    return character.encode("latin-1" if "\x80" <= character <= "\x9f" else "cp1252")
