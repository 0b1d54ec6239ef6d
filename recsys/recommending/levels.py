"""A level as the catalogue writes it: V8, or L8 where grades are another domain's (`schemas/books.toml`)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from recsys.logbooks.grades import label

_LEVEL: Final = re.compile(r"L\d{1,2}")
_BOULDER: Final = re.compile(r"V(B|\d{1,2})")


def has_levels(grades: Iterable[str | None]) -> bool:
    """Whether the grades are levels of another domain, L0 and up, and not V grades."""
    return any(isinstance(grade, str) and _LEVEL.fullmatch(grade) is not None for grade in grades)


def told(text: str, grades: Iterable[str | None]) -> str:
    """A text with its V grades as levels, where the catalogue's grades are levels."""
    if not has_levels(grades):
        return text
    return _BOULDER.sub(lambda found: f"L{found[1].replace('B', '0')}", text)


def level(ordinal: float, grades: Iterable[str | None]) -> str:
    """The nearest grade of an ordinal, as the catalogue writes them."""
    return told(label(ordinal), grades)
