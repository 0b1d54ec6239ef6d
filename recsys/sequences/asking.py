"""Which positions of a window are prediction targets, so that all objectives get equally many an epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from recsys.arrays import Array


@dataclass(frozen=True)
class Asking:
    """What of a training window is asked for.

    Attributes
    ----------
    kind:
        "last": the window's last send, after those before its day, as in a case.
        "following": after each day of the window the sends of the next one, and after its last day the
        target's; the batch names them (`TARGETS`, `AFTER`). For networks with a state at each position.
        "firsts": each position that begins a day, its own prompt given, after those before it. For networks
        whose inputs at a position hold the send before.
        "days": every send of each day that the window holds the send before of, its own prompt given, after
        those before the day; the batch says which of its sends may be asked for (`ASKED`). For networks that
        can keep the sends of a day from each other.
        "hidden": some positions, whatever stands on either side.
    hidden:
        Of "hidden": sends of a window, int64 [n], to the climbs asked for, on average.
    mirrored:
        Whether of half of the windows it is asked backwards (`recsys.sequences.mirrored`).
    """

    kind: Literal["last", "following", "firsts", "days", "hidden"] = "last"
    hidden: Callable[[Array], Array] | None = None
    mirrored: bool = False

    @property
    def context(self) -> int:
        """Sends at the start of a window that are not asked for: neighbouring windows share them."""
        return 1 if self.kind in ("firsts", "days") else 0


LAST = Asking()
FOLLOWING = Asking("following")
FIRSTS = Asking("firsts")
DAYS = Asking("days")
ALL = Asking("hidden", lambda sizes: sizes)


def by_chance(probability: float) -> Asking:
    """Each position with a probability, and one at the least."""
    return Asking("hidden", lambda sizes: sizes * probability + (1 - probability) ** sizes)


def by_span(longest: int) -> Asking:
    """One run of positions, of 1 to `longest` or the whole window."""
    lengths = np.arange(1, longest + 1)
    return Asking("hidden", lambda sizes: np.minimum(lengths, np.asarray(sizes)[:, None]).mean(1))


def by_chance_or_last(probability: float, last: float) -> Asking:
    """As `by_chance`, but with a chance `last` the last position alone."""
    often = by_chance(probability).hidden
    assert often is not None
    return Asking("hidden", lambda sizes: (1 - last) * often(sizes) + last)
