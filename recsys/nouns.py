"""The words of a domain: what a person is told of climbs and sends, told of books and loans instead.

Messages are written in the words of climbing. A mapping may name its own (`recsys.logbooks.mapping`,
[nouns]); from the moment on that a command reads data by it, or opens a run of it, every line that is shown
says those. Only whole words of prose are replaced, and a verb "send" is a noun to it: no setting, option,
argument (SENDS), file name, identifier or quoted value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from contextvars import ContextVar
from html import escape
from typing import Final, TypeGuard

NOUNS: Final = ("climb", "climber", "send", "sent", "grade", "logbook", "region", "area", "climbing")
FACTS: Final = "nouns"  # in a run's facts: what its mapping says instead

_LONGEST: Final = 40  # characters of a word
_BETWEEN: Final = (
    " -'\u2019"  # what a word may have beside letters and digits: it is shown in HTML, JSON, CSV
)
_MARKUP: Final = re.compile(r"(<script\b.*?</script>|<style\b.*?</style>|<[^>]*>)", re.DOTALL | re.IGNORECASE)
_READ_OUT: Final = re.compile(r'( (?:aria-label|placeholder|content)=")([^"]*)')
# How a word begins that takes "an", as far as its letters tell: not as in "unit", "user", "Europe", "one".
_VOWEL: Final = re.compile(r"(?!uni|us[aeu]|ut[ei]|eu|one\b|once)[aeiou]|hour|hono|heir", re.IGNORECASE)
_spoken: ContextVar[Mapping[str, str] | None] = ContextVar("nouns", default=None)
# A word that stands alone: not in a path, an option, a name with underscores, or quotes; with its article.
_WORD: Final = re.compile(
    r"(?<![\w/.\-`'\"=@])(?:(an?)(\s+))?(climb|climber|send|sent|grade|logbook|region|area|climbing)(s?)(?![\w/`\"=@]|-\w|\.\w|'(?!s\b|\s))",
    re.IGNORECASE,
)


def speak(facts: object) -> None:
    """Set the domain's vocabulary for all later messages; empty resets to climbing."""
    _spoken.set(nouns_of(facts) or None)


def nouns_of(facts: object) -> dict[str, str]:
    """The words under `FACTS`, whoever wrote them: of nouns that there are those that `is_word` takes."""
    found = facts.get(FACTS) if isinstance(facts, Mapping) else None
    if not isinstance(found, Mapping):
        return {}
    return {name: word for name in NOUNS if is_word(word := found.get(name))}


def is_word(word: object) -> TypeGuard[str]:
    """Whether it can stand for a noun: a few letters and digits, and spaces, hyphens, apostrophes after."""
    return (
        isinstance(word, str)
        and 0 < len(word) <= _LONGEST
        and word[0].isalnum()
        and all(each.isalnum() or each in _BETWEEN or _mark(each) for each in word)
    )


def _mark(letter: str) -> bool:
    """Whether it is a vowel's sign, as scripts of India write them, or an accent."""
    return unicodedata.category(letter) in ("Mn", "Mc")


def current() -> Mapping[str, str]:
    """What `speak` was told last: for what is said later, when another domain may be spoken."""
    return _spoken.get() or {}


def spoken(text: str, nouns: Mapping[str, str] | None = None) -> str:
    """A text in the words of the domain: of `nouns` (empty: of climbing), or of what `speak` was told.

    >>> spoken("3 climbs of 2 climbers", {"climb": "book", "climber": "reader"})
    '3 books of 2 readers'
    """
    words = current() if nouns is None else nouns
    return text if not words else _WORD.sub(lambda found: _replaced(found, words), text)


def spoken_page(page: str, nouns: Mapping[str, str] | None = None) -> str:
    """An HTML page in the words of the domain: its text and labels, and no other markup, script or style.

    The words are text there, whatever they hold.
    """
    words = current() if nouns is None else nouns
    if not words:
        return page
    words = {name: escape(word, quote=True) for name, word in words.items()}
    parts = _MARKUP.split(page)  # what is between comes at even indices
    parts[::2] = [spoken(each, words) for each in parts[::2]]
    parts[1::2] = [
        _READ_OUT.sub(lambda found: found[1] + spoken(found[2], words), each) for each in parts[1::2]
    ]
    return "".join(parts)


def _replaced(found: re.Match[str], words: Mapping[str, str]) -> str:
    article, space, word, plural = found.groups()
    other = None if word.isupper() else words.get(word.lower())  # SENDS is an argument of a command
    if other is None:
        return found[0]
    if plural:
        other = _plural(other)
    said = other[:1].upper() + other[1:] if word[0].isupper() else other
    if article is None:
        return said
    article = article[:1] + ("n" if _VOWEL.match(other) else "")
    return f"{article}{space}{said}"


def _plural(word: str) -> str:
    """The plural of an English noun, as far as its ending tells: lists of films."""
    word, of, rest = word.partition(" of ")
    return _ending(word) + of + rest


def _ending(word: str) -> str:
    if word.endswith(("s", "x", "ch", "sh")):
        return word if word == "series" else word + "es"
    return word[:-1] + "ies" if word.endswith("y") and word[-2:-1] not in "aeiou" else word + "s"
