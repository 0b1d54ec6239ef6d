"""What a person is told of an import: what was used, what was not and why, and what looks doubtful."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from recsys.logbooks.importing.merge import Merged
from recsys.logbooks.importing.model import Parsed
from recsys.logbooks.importing.sources import SOURCES

_SHOWN: Final = 10


def file_lines(name: str, parsed: Parsed, used: int) -> list[str]:
    """One line on a file: what it is, and how many of its rows are used (`Merged.used`)."""
    title = SOURCES[parsed.source].title if parsed.source in SOURCES else "your own columns"
    return [f"{name}: {title}, {used} of {parsed.n_read} rows used"]


def summary_lines(merged: Merged, rejects: Path | str) -> list[str]:
    """The lines after the files': totals, reasons, notes, unreadable grades, ids that look alike."""
    rows = merged.rows
    climbers, climbs = len({row.climber_id for row in rows}), len({row.climb_id for row in rows})
    repeats = sum(row.repeat for row in rows)
    outcomes = Counter(row.outcome for row in rows)
    parts = ", ".join(f"{number} {outcome}" for outcome, number in outcomes.most_common())
    lines = [f"{len(rows)} ascents ({parts}; {repeats} repeats) of {climbs} climbs by {climbers} climbers"]
    reasons = Counter(reject.reason for reject in merged.rejects)
    if reasons:
        lines.append(f"not used, in {rejects}:")
        lines += [f"  {number:6d}  {reason}" for reason, number in reasons.most_common()]
    if merged.notes:
        lines.append("used, but:")
        lines += [f"  {number:6d}  {note}" for note, number in merged.notes.most_common()]
    return lines + _alike_lines(merged)


def _alike_lines(merged: Merged) -> list[str]:
    if not merged.alike:
        return []
    lines = [f"may be one climb under two ids, kept apart ({len(merged.alike)}):"]
    for crag, first, second in merged.alike[:_SHOWN]:
        lines.append(f"  {first[1]} ({first[0]}) and {second[1]} ({second[0]}), {crag}")
    return lines + (["  ..."] if len(merged.alike) > _SHOWN else [])
