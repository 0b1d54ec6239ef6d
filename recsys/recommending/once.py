"""Posted sends that are one ascent, once: by the rule of a logbook that is read from a file."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from recsys import columns as c
from recsys.logbooks.importing.merge import each_once
from recsys.logbooks.importing.model import Ascent
from recsys.logbooks.styles import SEND

_NOTES: Final = (c.COMMENT, c.BETA)


def once(rows: Sequence[dict[str, Any]], has_time: bool) -> list[dict[str, Any]]:
    """The rows of `recsys.recommending.logbook`, a climb's ascents of one day once, in their order.

    What the one that stays leaves blank of stars and notes is filled from the others.
    """
    days = [math.floor(row["when"][0]) if has_time else row["when"][0] for row in rows]
    pairs = list(zip((row[c.CLIMB_ID] for row in rows), days, strict=True))
    count = Counter(pairs)
    if len(count) == len(rows):
        return list(rows)
    again = [index for index, pair in enumerate(pairs) if count[pair] > 1]
    kept = {each.row: each for each in each_once((_ascent(i, rows[i]) for i in again), has_time)}
    lost = set(again) - set(kept)
    return [
        _filled(row, kept[index]) if index in kept else row
        for index, row in enumerate(rows)
        if index not in lost
    ]


def _filled(row: Mapping[str, Any], ascent: Ascent) -> dict[str, Any]:
    notes = {name: getattr(ascent, name) or None for name in _NOTES}
    return {**row, **notes, c.RATING: math.nan if ascent.rating is None else ascent.rating}


def _ascent(index: int, row: Mapping[str, Any]) -> Ascent:
    """A row by what tells whether it is one with another; the rest is blank."""
    day, sequence = row["when"]
    told: dict[str, Any] = {
        **dict.fromkeys(Ascent._fields, ""),
        **{name: row[name] or "" for name in (c.CLIMB_ID, c.GRADE, c.STYLE, *_NOTES)},
        c.SEQUENCE: None if sequence == math.inf else sequence,
        c.RATING: None if math.isnan(row[c.RATING]) else row[c.RATING],
        c.OUTCOME: row[c.OUTCOME] or SEND,
        c.DAY: day,
        "source": "sends",
        "tries": None,
        "row": index,
    }
    return Ascent(**told)
