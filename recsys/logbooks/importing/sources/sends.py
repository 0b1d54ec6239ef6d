"""Raw sends in the contract's columns (schemas/sends.toml), such as simulated ones or an earlier import.

The climber may be left out: they are one climber's then. Every row is a send unless its `outcome` says
otherwise, or a flag (`FLAGS`), or the style, in the contract's column or in theCrag's (`ascent_style`), or,
where no style says that it was sent, its tries.
`recsys.logbooks.importing.contract` checks the columns that all readers share, and reads the dates.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from recsys.columns import OPTIONAL, REQUIRED
from recsys.logbooks.importing.climb_kinds import told_discipline
from recsys.logbooks.importing.model import Draft
from recsys.logbooks.importing.outcome_words import outcome_of_words
from recsys.logbooks.importing.source import Cells, Source, count, tries
from recsys.logbooks.importing.text import key
from recsys.logbooks.styles import ATTEMPT, SEND, outcome_of

EXTRA: Final = (
    "outcome", "repeat", "tries", "pitches", "discipline", "date_precision", "source", "ascent_style",
    "country",
)  # fmt: skip
"""What an import adds to the contract, and is read again."""
FLAGS: Final = ("sent", "is_ascent", "topped")
"""Columns of true and false that say whether it was sent, where there is no outcome."""


def outcome_told(outcome: str, ascent_style: str, style: str, tried: str = "") -> str:
    """A row's outcome by its own column, else by its styles, else by its tries (`tried`): other than an
    attempt it is a send.
    """
    if outcome:
        return outcome.casefold()
    styles = {outcome_of_style(each) for each in (ascent_style, style)}
    return ATTEMPT if ATTEMPT in styles or (tried == ATTEMPT and SEND not in styles) else SEND


@lru_cache(maxsize=4096)
def outcome_of_style(style: str) -> str:
    """What a style tells of the outcome: an attempt where a site's words or anybody's say so."""
    told = outcome_of(key(style))
    return ATTEMPT if outcome_of_words(style) == ATTEMPT else told


def _read(cell: Cells) -> Draft:
    repeat, problem = cell.flag("repeat")
    flags = [cell.flag(key(name)) for name in FLAGS]
    sent = next((value for value, _ in flags if value is not None), None)
    problems = (problem, *(each for _, each in flags))
    tried, told, notes = tries(cell("tries"))
    return Draft(
        name="",
        crag="",
        date="",
        grade="",
        outcome=cell("outcome") or ("" if sent is None else SEND if sent else ATTEMPT),
        discipline=told_discipline(cell("discipline")),
        style=cell("ascent style"),
        repeat=bool(repeat),
        tries=tried,
        tried=told,
        pitches=count(cell("pitches")),
        precision=cell("date precision"),
        country=cell("country"),
        problems=tuple(each for each in problems if each),
        notes=notes,
    )


SENDS: Final = Source(
    name="sends",
    title="raw sends",
    columns=frozenset(key(name) for name in (*REQUIRED, *OPTIONAL, *EXTRA, *FLAGS)),
    required=frozenset(("climb id", "date")),
    telling=frozenset(("climb id", "date")),
    read=_read,
    first_row=True,
    own_columns=True,
)
