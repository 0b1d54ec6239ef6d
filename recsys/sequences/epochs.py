"""The windows of an epoch: drawn so that every training send is asked for once on average.

An objective that asks for one climb a window needs a window a send; one that asks for every position needs
them end to end; one that hides a third, three times so many (`recsys.sequences.asking`). An epoch then means
as much learning, and the same patience, for all. Windows that lie end to end begin at a random offset in
each climber's history, drawn anew each epoch and each time round, so that no send always stands first.

Where a day is a set (`recsys.sequences.days`) its order is drawn anew each epoch. What an objective reads of
the day that it asks for:

    last        nothing, as in a case
    following   nothing: the state after the day before is asked for all sends of the day
    firsts      nothing: of each day it asks for the send that the draw put first
    days        nothing: each send of a day is asked for after the days before it
    hidden      the other sends of the window, on either side: filling in what is missing is the task

An objective that is asked backwards as well draws from the mirror images of the logbooks
(`recsys.sequences.mirrored`) as from the logbooks, no more windows in all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import torch
from torch.utils.data import Dataset

from recsys.arrays import Array, day_numbers
from recsys.columns import ASKED, CLIMB, DAY_NUMBER
from recsys.sequences import covering
from recsys.sequences.asking import Asking
from recsys.sequences.mirrored import both_ways
from recsys.sequences.store import ELAPSED, Sequences
from recsys.sequences.windows import Batch, Windows

# In a batch: ids [K], and row and column of the send before, [2, K].
TARGETS, AFTER = "targets", "targets_after"
_AT_A_TIME: Final = 10_000  # windows


class TrainingWindows(Dataset[Batch]):
    """The windows that an epoch may draw, each a pair: its first send and its last.

    Parameters
    ----------
    sequences:
        The histories.
    targets:
        Indexes of the training sends: of each climber's sends the first so many, or none.
    length:
        Sends in a window.
    asking:
        What the objective asks for.
    whole:
        Of "last": draw only windows that are full, and for each climber whose sends fill none the longest
        one (Thompson 2023).
    """

    def __init__(
        self, sequences: Sequences, targets: Array, length: int, asking: Asking, whole: bool = False
    ) -> None:
        self.length, self.asking, self._sends = length, asking, len(targets)
        if asking.mirrored:
            sequences, targets = both_ways(sequences, targets)
        self.sequences, self.targets = sequences, targets
        self.windows = Windows(sequences, targets, length)
        counts = sequences.counts(targets)
        self.starts = sequences.offsets[:-1][counts > 0]
        self.stops = self.starts + counts[counts > 0]
        self.limit = np.repeat(sequences.offsets[:-1] + counts, np.diff(sequences.offsets))  # [n_sends]
        self.order = np.arange(len(sequences))
        self.ends = self._whole() if whole else targets
        self._begun = np.concatenate([[0], np.cumsum(sequences.indices == 0)])

    def __len__(self) -> int:
        """Number of training sends, each counted once."""
        return self._sends

    def __getitems__(self, pairs: Sequence[tuple[int, int]]) -> Batch:
        """The windows from the first to the last send of each pair, as a batch."""
        firsts, ends = np.asarray(pairs, dtype=np.int64).T
        if self.asking.kind in ("hidden", "firsts", "days"):
            return self._reordered(firsts, ends)
        batch = self.windows.cut(ends)
        return {**batch, **self._following(firsts, ends)} if self.asking.kind == "following" else batch

    def shuffle_days(self, rng: np.random.Generator) -> None:
        """Draw the order within days that are sets; a send of another part than training stays out."""
        if self.sequences.indices.any():
            sends = np.arange(len(self.sequences))
            keys = (rng.random(len(sends)), sends >= self.limit, self.sequences.before(sends))
            self.order = np.lexsort(keys)

    def draw(self, rng: np.random.Generator) -> Array:
        """Windows that cover each training send once, and its mirror image once, int64 [n, 2], in order."""
        if self.asking.kind == "last":
            return np.stack([self.ends, self.ends], axis=1)
        bounds = self.starts, self.stops, self.length
        if self.asking.kind == "following":
            return covering.histories(self.sequences, *bounds, rng)
        if self.asking.kind == "days" and self.sequences.indices.any():
            found = covering.whole_days(self.sequences, *bounds, rng)
            return found if len(found) else np.stack([self.stops - 1] * 2, axis=1)
        return covering.end_to_end(*bounds, self.asking.context, rng)

    def n_targets(self, pairs: Array) -> float:
        """Climbs that the windows ask for, on average."""
        firsts, ends = pairs.T
        if self.asking.kind == "last":
            return float(len(pairs))
        if self.asking.kind == "following":
            return float(len(self._targets(firsts, ends)[0]))
        if self.asking.kind == "firsts":
            begun = self._begun[ends + 1] - self._begun[firsts + 1]
            return float(np.where(firsts == ends, 1, begun).sum())
        if self.asking.kind == "days":
            return float(self._asked(firsts, ends).sum())
        assert self.asking.hidden is not None
        return float(self.asking.hidden(ends - firsts + 1).sum())

    def _whole(self) -> Array:
        """The training sends that fill a window; of a climber who has none, the last training send."""
        first = self.sequences.starts(self.targets)
        full = self.sequences.before(self.targets) - first >= self.length - 1
        climber = np.searchsorted(self.starts, self.targets[full], side="right") - 1
        short = np.bincount(climber, minlength=len(self.starts)) == 0
        return np.sort(np.concatenate([self.targets[full], self.stops[short] - 1]))

    def _asked(self, firsts: Array, ends: Array) -> Array:
        """Sends that "days" asks for in each window; one at the least of a single send."""
        day = np.minimum(self.sequences.day_ends[firsts], ends + 1)
        piece = covering.is_piece(self.sequences, firsts, ends)
        history = self.sequences.before(firsts) > self.sequences.starts(firsts)
        whole = np.where(piece & (history | (firsts == ends)), firsts, day)
        return ends + 1 - whole

    def _targets(self, firsts: Array, ends: Array) -> tuple[Array, Array, Array]:
        """Sends that "following" asks for: which, of which window, and the end of the history before each."""
        stops = np.minimum(self.sequences.day_ends[ends], self.limit[ends])
        counts = stops - firsts - 1
        row = np.repeat(np.arange(len(ends)), counts)
        sends = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts) + firsts[row] + 1
        before = self.sequences.before(sends)
        kept = before > firsts[row]
        return sends[kept], row[kept], before[kept]

    def _following(self, firsts: Array, ends: Array) -> dict[str, torch.Tensor]:
        """`TARGETS` and `AFTER` of a batch."""
        sends, row, before = self._targets(firsts, ends)
        column = self.length - 2 - (self.sequences.before(ends)[row] - before)
        ids = self.sequences.features[CLIMB][sends].astype(np.int64)
        return {TARGETS: torch.from_numpy(ids), AFTER: torch.from_numpy(np.stack([row, column]))}

    def _reordered(self, firsts: Array, ends: Array) -> Batch:
        """All sends from first to last, days in the epoch's order, with `DAY_NUMBER`.

        For "days" with `ASKED`, and a piece of a day with the sends before that day in front.
        """
        at = ends[:, None] + np.arange(1 - self.length, 1)  # [batch, length]
        own = real = at >= firsts[:, None]
        if self.asking.kind == "days":
            at, real = self._with_history(at, real, firsts, ends)
        at = np.where(real, at, ends[:, None])
        batch = self.windows.at(self.order[at], real)
        numbers = day_numbers(self.sequences.before(at), real)
        batch[DAY_NUMBER] = torch.from_numpy(numbers)
        begin = at
        if self.asking.kind == "days":
            batch[ASKED] = torch.from_numpy(own)
            # The days elapsed of a piece's first send are those of its day.
            piece = real & (np.diff(numbers, axis=1, prepend=0) > 0) & (numbers > 1)
            begin = np.where(piece, self.sequences.before(at), at)
        for name in ELAPSED:  # what belongs to the index in the day, not to the send
            if name in batch:
                values = self.sequences.features[name]
                batch[name] = torch.from_numpy(np.where(real, values[begin], 0)).to(batch[name].dtype)
        return batch

    def _with_history(self, at: Array, real: Array, firsts: Array, ends: Array) -> tuple[Array, Array]:
        """The sends of each window, and of a piece of a day those before it in front: [batch, length]."""
        piece = covering.is_piece(self.sequences, firsts, ends)[:, None]
        before = self.sequences.before(firsts)[:, None]
        begin = self.sequences.starts(firsts)[:, None]
        at = np.where(piece & ~real, at - firsts[:, None] + before, at)
        return at, real | (piece & (at >= begin))


def epoch(windows: TrainingWindows, amount: int, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """An epoch's windows in random order: round after round is drawn until there are so many."""
    windows.shuffle_days(rng)
    rounds: list[Array] = []
    left = amount
    while left > 0:
        drawn = rng.permutation(windows.draw(rng))[:left]
        rounds.append(drawn)
        left -= len(drawn)
    return _each(rng.permutation(np.concatenate(rounds)))


def _each(pairs: Array) -> Iterator[tuple[int, int]]:
    """Rows of [n, 2] as pairs of Python's numbers, which take five times the memory: some at a time."""
    for start in range(0, len(pairs), _AT_A_TIME):
        firsts, ends = pairs[start : start + _AT_A_TIME].T.tolist()
        yield from zip(firsts, ends, strict=True)


def amount(windows: TrainingWindows, share: float, rng: np.random.Generator) -> int:
    """Windows that ask for `share` times as many climbs as there are training sends; 0: none asks."""
    drawn = windows.draw(rng)
    found = windows.n_targets(drawn)
    return max(1, round(share * len(windows) * len(drawn) / found)) if found else 0
