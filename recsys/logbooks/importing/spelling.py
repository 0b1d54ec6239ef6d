"""One text in the spellings that programs give it, so that ids and names can be compared.

macOS writes "é" as two characters, spreadsheets make ’ of ', and web pages &amp; of &: what looks the same is
the same. Ids stay as they were written; this is only what they are compared by.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from recsys.logbooks.importing.numbers import is_cut, whole
from recsys.logbooks.importing.text import clean

ALIKE_CLIMBS: Final = "climbs whose ids differ in case, spelling or form of a number alone: kept apart"
ALIKE_CLIMBERS: Final = "climbers whose ids differ in case, spelling or form of a number alone: kept apart"
CUT_IDS: Final = (
    "ids of which a spreadsheet has left digits out, as 1.23457E+17: several may be one; "
    "format the column as text"
)
_APOSTROPHES: Final = str.maketrans(dict.fromkeys("’‘ʼ´`", "'"))


def letters(text: str) -> str:
    """A text in one spelling: an accent with its letter, plain apostrophes, no entities, single blanks."""
    return " ".join(text.split()) if _is_plain(text) else _letters(text)


def folded(text: str) -> str:
    """The same in small letters."""
    return letters(text).lower() if _is_plain(text) else _folded(text)


def _is_plain(text: str) -> bool:
    return text.isascii() and "&" not in text and "`" not in text


@lru_cache(maxsize=16_384)
def _letters(text: str) -> str:
    text = unicodedata.normalize("NFC", text).translate(_APOSTROPHES)
    return " ".join(unicodedata.normalize("NFC", clean(text)).translate(_APOSTROPHES).split())


@lru_cache(maxsize=16_384)
def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", _letters(text).casefold())


def form(id_: str) -> str:
    """What an id is compared by: the number that it is, else its letters without case."""
    return whole(id_) or folded(id_)


def by_letters(mapping: Mapping[str, str]) -> dict[str, str]:
    """A mapping of ids by their letters, or the numbers that they are, where no two of them are one."""
    told: dict[str, set[str]] = {}
    for ours, theirs in mapping.items():
        told.setdefault(whole(ours) or letters(ours), set()).add(theirs)
    return {each: theirs for each, (theirs, *more) in told.items() if not more}


def spelled_as(name: str, names: Iterable[str]) -> str | None:
    """The one of the names that a name is, to the letter, in another spelling or as the number that it is
    ("130.0" and "00130" are 130); None: none, or several.
    """
    listed = list(names)
    if name in listed:
        return name
    plain = letters(name)
    number = whole(plain)
    found = [each for each in listed if letters(each) == plain]
    found = found or [each for each in listed if number and whole(letters(each)) == number]
    return found[0] if len(found) == 1 else None


def alike_ids(climbs: Iterable[str], climbers: Iterable[str]) -> Counter[str]:
    """Notes on different ids, of climbs and of climbers, that have one form: who wrote them may mean one; and
    on those that may be several's.
    """
    climbs, climbers = list(climbs), list(climbers)
    cut = sum(map(is_cut, (*climbs, *climbers)))
    return +Counter({ALIKE_CLIMBS: _n_alike(climbs), ALIKE_CLIMBERS: _n_alike(climbers), CUT_IDS: cut})


def _n_alike(ids: Iterable[str]) -> int:
    return sum(n for n in Counter(map(form, ids)).values() if n > 1)
