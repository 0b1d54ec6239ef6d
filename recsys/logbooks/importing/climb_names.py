"""Names of climbs and crags as one site and another write them, brought to one form."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from recsys.logbooks.importing.text import slug

# Articles before a name, or after it in an index ("Nose, The"), and words for "and".
_ARTICLES: Final = frozenset((
    "the", "a", "der", "die", "das", "ein", "eine", "le", "la", "les", "l", "un", "une", "el", "los", "las",
    "lo", "il", "gli", "i", "het", "de",
))  # fmt: skip
_ANDS: Final = frozenset(("and", "und", "et", "y", "e", "n"))
_ELISION: Final = re.compile(r"(?i)\b[ld]['’`´](?=\w)")
_UMLAUTS: Final = re.compile("(?<=[aou])e(?=[^aeiou]|$)")

_PARTS: Final = re.compile(r"[,>/|;()\[\]»›:]|\s+[-–—]\s+")


@lru_cache(maxsize=8192)
def name_key(text: str) -> str:
    """A name without case, accents and punctuation: "Grey-Heron!" is "greyheron"."""
    return slug(text).replace("-", "")


@lru_cache(maxsize=8192)
def loose_key(text: str) -> str:
    """The same without its article and its "and", and with ä as ae and a alike: for names that differ so.

    "The Nose" and "Nose, The", "L'Ange" and "Ange", "Black & Tan" and "Black and Tan", "Überhang" and
    "Ueberhang". A name of nothing else stays what it is.
    """
    words = slug(_ELISION.sub("", text)).split("-")
    kept = words[1:] if words[0] in _ARTICLES else words
    kept = kept[:-1] if kept and kept[-1] in _ARTICLES else kept
    kept = [word for word in kept if word not in _ANDS]
    return _UMLAUTS.sub("", "".join(kept or words))


@lru_cache(maxsize=8192)
def place_keys(text: str) -> tuple[str, ...]:
    """What a place is found by: the whole, and each part of "Squamish, BC" or "Averstal > Magic Wood"."""
    keys = (loose_key(part) for part in (text, *_PARTS.split(text)))
    return tuple(dict.fromkeys(key for key in keys if key))


@lru_cache(maxsize=8192)
def place_words(text: str) -> frozenset[str]:
    """The words of a place: those of "Magic Wood" are among those of "Averstal - Magic Wood"."""
    return frozenset(slug(text).split("-")) - {""}


def keys_of(texts: Iterable[str | None]) -> list[str]:
    """What several places are found by, each key once: wholes and parts."""
    return list(dict.fromkeys(key for text in texts if text for key in place_keys(text)))


def words_of(texts: Iterable[str | None]) -> set[str]:
    """The words of several places."""
    return {word for text in texts if text for word in place_words(text)}
