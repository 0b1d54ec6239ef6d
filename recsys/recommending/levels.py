"""Grades that are another domain's: levels (`schemas/books.toml`), written L8 and not V8; or text, such as
"teens", which has no order and is asked for by its own name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from recsys.errors import UsageError
from recsys.logbooks.grades import label
from recsys.recommending.request import as_written, nearest

_LEVEL: Final = re.compile(r"L\d{1,2}")
_BOULDER: Final = re.compile(r"\bV(B|\d{1,2})\b")


def as_text(text: str, known: Sequence[str]) -> str:
    """A grade that is text, as the catalogue writes it.

    Parameters
    ----------
    text:
        As it was asked for.
    known:
        The catalogue's.

    Raises
    ------
    UsageError
        It is none of them, or there are none.
    """
    if not known:
        raise UsageError("`grade`: the sends of this run have no grades")
    same = as_written(" ".join(text.split()), known)
    if same is not None:
        return same
    raise UsageError(f"`grade` {text[:80]!r}: none of the {len(known)} of this run{nearest(text, known)}")


def unordered(what: str) -> UsageError:
    """What is raised where something goes by the order of grades, and the catalogue's have none."""
    return UsageError(f"{what} goes by grades that have an order, and this run has none of them")


def has_levels(grades: Iterable[str | None]) -> bool:
    """Whether the grades are levels of another domain, L0 and up, and not V grades."""
    return any(isinstance(grade, str) and _LEVEL.fullmatch(grade) is not None for grade in grades)


def told(text: str, leveled: bool) -> str:
    """A text with its V grades as levels, where the catalogue's grades are levels (`has_levels`)."""
    return _BOULDER.sub(lambda found: f"L{found[1].replace('B', '0')}", text) if leveled else text


def level(ordinal: float, leveled: bool) -> str:
    """The nearest grade of an ordinal, as the catalogue writes them."""
    return told(label(ordinal), leveled)
