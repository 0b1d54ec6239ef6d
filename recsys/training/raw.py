"""What is said and kept of raw sends, whether they are prepared all at once or a range at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from recsys import run_files
from recsys.atomic import atomic_path
from recsys.config.run import DayOrder
from recsys.console import warn
from recsys.errors import DataError

Kept = TypeVar("Kept")
SIMULATED: Final = "simulated BC logbooks, seed 0"
_ORDER: Final = {
    "set": "nothing reads it (day: set)",
    "seeded": "it was drawn anew (day: seeded)",
    "file": "figures are too good if it is read (day: file); use set",
}


def simulated(folder: Path) -> Path:
    """The logbooks that are made up where none are given, as a file in the run's folder."""
    from recsys.logbooks.simulate import simulate

    with atomic_path(folder / run_files.SIMULATED) as fresh:
        simulate("bc", seed=0).to_parquet(fresh, index=False)
    return folder / run_files.SIMULATED


def largest_core(core: Callable[[int], tuple[int, Kept]], k: int, needed: int = 1) -> tuple[Kept, int]:
    """The k-core of sends, or where too little is left of it the one of the largest k that leaves enough.

    Parameters
    ----------
    core:
        A number of sends to the climbers that are left, and what is kept of them.
    k:
        Sends of each climb and climber.
    needed:
        Climbers that are enough; where all sends have fewer, those are kept.

    Returns
    -------
    What is kept, and the number.
    """
    few = ""
    for least in range(k, 0, -1):
        climbers, kept = core(least)
        few = few or (f"fewer than {needed} climbers have" if climbers else "no climbs and climbers have")
        if climbers >= (needed if least > 1 else 1):
            if least < k:
                warn(f"{few} {k} sends each; kept those with {least} (min_sends {least})")
            return kept, least
    raise DataError("holds no sends")


def warn_of_order(by: str | None, day: DayOrder, source: str) -> None:
    """Say that the days of a file look sorted, where they do (`recsys.sequences.days.looks_sorted`)."""
    if by:
        warn(f"{source}: days look sorted by {by}, which is no order of sending; {_ORDER[day]}")
