"""Raw sends in the contract's columns (schemas/sends.toml), such as simulated ones or an earlier import.

The climber may be left out: they are one climber's then. Every row is a send unless its `outcome` says
otherwise, or `ascent_style`, which files of theCrag's carry. `recsys.logbooks.importing.contract` checks the
columns that all readers share, and reads the dates.
"""

from __future__ import annotations

from typing import Final

from recsys.columns import OPTIONAL, REQUIRED
from recsys.logbooks.importing.model import Draft
from recsys.logbooks.importing.source import Cells, Source, count, tries
from recsys.logbooks.importing.text import key

EXTRA: Final = (
    "outcome", "repeat", "tries", "pitches", "discipline", "date_precision", "source", "ascent_style",
    "country",
)  # fmt: skip
"""What an import adds to the contract, and is read again."""


def _read(cell: Cells) -> Draft:
    repeat, problem = cell.flag("repeat")
    tried, _, notes = tries(cell("tries"))
    return Draft(
        name="",
        crag="",
        date="",
        grade="",
        outcome=cell("outcome"),
        discipline=cell("discipline"),
        style=cell("ascent style"),
        repeat=bool(repeat),
        tries=tried,
        pitches=count(cell("pitches")),
        precision=cell("date precision"),
        country=cell("country"),
        problems=(problem,) if problem else (),
        notes=notes,
    )


SENDS: Final = Source(
    name="sends",
    title="raw sends",
    columns=frozenset(key(name) for name in (*REQUIRED, *OPTIONAL, *EXTRA)),
    required=frozenset(("climb id", "date")),
    telling=frozenset(("climb id", "date")),
    read=_read,
    first_row=True,
    own_columns=True,
)
