"""A spreadsheet of one's own, its columns named by hand: `--columns date=Datum,climb=Route,grade=Grad`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Final

from recsys.errors import UsageError
from recsys.logbooks.cells import flag, number
from recsys.logbooks.importing.climb_kinds import climb_type, discipline
from recsys.logbooks.importing.model import Draft, Fault
from recsys.logbooks.importing.outcome_words import outcome_of_words
from recsys.logbooks.importing.source import Cells, Source, tries
from recsys.logbooks.importing.text import key
from recsys.logbooks.reasons import UNREADABLE_OUTCOME
from recsys.logbooks.sheets import Sheet
from recsys.logbooks.styles import ATTEMPT, SEND, UNKNOWN

COLUMNS: Final = (
    "date", "climb", "climb_id", "crag", "area", "region", "country", "grade", "style", "outcome", "rating",
    "type", "comment", "beta", "tries", "climber", "sequence",
)  # fmt: skip
_NEEDED: Final = ("date", "climb")
_LETTERS: Final = ("f", "t")  # flash and top rope as well as false and true
_PAIRS: Final = re.compile(r",(?=\s*\w+\s*=)")
"""Between two pairs; a comma that no name and "=" follow belongs to the name of a column."""


def parse_columns(text: str) -> dict[str, str]:
    """Read "date=Datum,climb=Route" into {ours: theirs}.

    Raises
    ------
    UsageError
        It is not of that form, names a column that there is not, or leaves out the date or the climb.
    """
    pairs = [part.partition("=") for part in _PAIRS.split(text) if part.strip()]
    named = {ours.strip().casefold(): theirs.strip() for ours, _, theirs in pairs}
    named["climb"] = named.pop("climb_name", named.pop("name", named.get("climb", "")))
    named = {ours: theirs for ours, theirs in named.items() if ours != "climb" or theirs}
    form = "write it as date=Datum,climb=Route,grade=Grad"
    if any(not equals or not theirs.strip() for _, equals, theirs in pairs):
        raise UsageError(f"`columns` {text[:80]}: {form}")
    for ours in named:
        if ours not in COLUMNS:
            raise UsageError(
                f"`columns` {ours[:40]}: there is no such column; choose from {', '.join(COLUMNS)}"
            )
    missing = [
        each for each in _NEEDED if each not in named and not (each == "climb" and "climb_id" in named)
    ]
    if missing:
        raise UsageError(f"`columns` {text[:80]}: {' and '.join(missing)} is missing; {form}")
    return named


def own_source(columns: Mapping[str, str]) -> Source:
    """The source that reads a file by these columns, {ours: theirs}."""
    theirs = {ours: key(name) for ours, name in columns.items()}
    wanted = frozenset(theirs.values())
    return Source(
        name="own",
        title="your own columns",
        columns=wanted,
        required=wanted,
        telling=wanted,
        read=lambda cell: _read(cell, theirs),
        date_columns=(theirs["date"],),
        own_columns=True,
        rating_column=theirs.get("rating", ""),
        climber_column=theirs.get("climber", ""),
    )


def has_any(columns: Mapping[str, str], sheet: Sheet) -> bool:
    """Whether one of the first rows has one of the columns."""
    wanted = {key(theirs) for theirs in columns.values()}
    return any(wanted & {key(cell) for cell in cells[:2000]} for _, cells in sheet.heads())


def check_columns(columns: Mapping[str, str], sheet: Sheet) -> None:
    """Raise UsageError for a column that the file does not have; it names the nearest."""
    wanted = {key(theirs) for theirs in columns.values()}
    heads = [{key(cell): cell for cell in cells[:2000] if cell.strip()} for _, cells in sheet.heads()]
    header = max(heads, key=lambda head: (len(wanted & set(head)), len(head)), default={})
    for ours, theirs in columns.items():
        if key(theirs) not in header:
            near = difflib.get_close_matches(key(theirs), list(header), 1, 0.5) or list(header)[:8]
            shown = ", ".join(" ".join(header[name].split())[:40] for name in near) or "none"
            raise UsageError(
                f"`columns` {ours}={theirs[:40]}: {sheet.name} has no such column; it has {shown}"
            )


def _read(cell: Cells, theirs: Mapping[str, str]) -> Draft:
    """A row; its rating is read by the scale of the whole column (`ratings`)."""

    def text(ours: str) -> str:
        return cell(theirs[ours]) if ours in theirs else ""

    grade, kind, crag = text("grade"), text("type"), text("crag") or text("area")
    style = text("style").casefold()
    outcome, problem = _outcome(text("outcome"), style, "style" in theirs or "outcome" in theirs)
    tried, told, notes = tries(text("tries"))
    if told != UNKNOWN and not (text("outcome") or style):
        outcome = told
    sequence = number(text("sequence"))
    unordered = (
        Fault("unreadable sequence", text("sequence")) if text("sequence") and sequence is None else None
    )
    return Draft(
        name=cell.name(theirs["climb"]) if "climb" in theirs else "",
        crag=crag,
        date=text("date"),
        grade=grade,
        outcome=outcome,
        discipline=discipline(kind, grade),
        climb_type=climb_type(kind),
        style=style,
        region=text("region") or text("country"),
        area=text("area") or crag,
        comment=text("comment"),
        beta=text("beta"),
        tries=tried,
        sequence=sequence,
        site_id=cell.name(theirs["climb_id"]) if "climb_id" in theirs else "",
        climber=text("climber"),
        kind=kind,
        country=text("country"),
        problems=tuple(each for each in (problem, unordered) if each),
        notes=notes,
    )


def _outcome(outcome: str, style: str, told: bool) -> tuple[str, Fault | None]:
    """(outcome, why the row is to be rejected, or None): without a column for it every row is a send.

    True and false are read in an outcome, where a word that is neither rejects the row; in a style it leaves
    the outcome unknown.
    """
    if not told:
        return SEND, None
    if outcome and outcome.casefold() not in _LETTERS and (sent := flag(outcome)) is not None:
        return SEND if sent else ATTEMPT, None
    read = outcome_of_words(outcome or style)
    unread = bool(outcome) and read == UNKNOWN and outcome.casefold() not in (UNKNOWN, "?")
    return read, Fault(UNREADABLE_OUTCOME, outcome) if unread else None
