"""Raw sends in the contract's columns (schemas/sends.toml), such as simulated ones or an earlier import.

Every row is a send unless its `outcome` says otherwise, or `ascent_style`, which files of theCrag's carry.
"""

from __future__ import annotations

from typing import Final

from recsys.columns import OPTIONAL, REQUIRED
from recsys.logbooks.importing.model import ATTEMPT, SEND, UNKNOWN, Draft
from recsys.logbooks.importing.source import Cells, Source, count, discipline, stars
from recsys.logbooks.importing.sources.thecrag import outcome_of
from recsys.logbooks.importing.text import key


def _read(cell: Cells) -> Draft:
    grade, kind, area = cell("grade"), cell("climb type"), cell("area")
    rating, notes = stars(cell("rating"))
    style = cell("style", "ascent style")
    outcome = cell("outcome") or outcome_of(key(cell("ascent style")))
    return Draft(
        name=cell("climb name"),
        crag=area,
        date=cell("date"),
        grade=grade,
        outcome=outcome if outcome == ATTEMPT or (outcome == UNKNOWN and cell("outcome")) else SEND,
        discipline=cell("discipline") or discipline(kind, grade),
        climb_type=kind,
        style=style,
        region=cell("region"),
        area=area,
        rating=rating,
        comment=cell("comment"),
        beta=cell("beta"),
        repeat=cell("repeat").casefold() == "true",
        tries=count(cell("tries")),
        pitches=count(cell("pitches")),
        site_id=cell("climb id"),
        precision=cell("date precision"),
        climber=cell("climber id"),
        notes=notes,
    )


SENDS: Final = Source(
    name="sends",
    title="raw sends",
    columns=frozenset(key(name) for name in (*REQUIRED, *OPTIONAL)),
    required=frozenset(key(name) for name in REQUIRED),
    telling=frozenset(key(name) for name in REQUIRED),
    read=_read,
)
