"""What the networks read of a window: its known climbs, and nothing of the last position when scoring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from recsys.columns import CLIMB, FIRST_VALUE_ID
from recsys.sequences.epochs import AFTER, TARGETS

if TYPE_CHECKING:
    from recsys.sequences.windows import Batch


def whole(batch: Batch) -> torch.Tensor:
    """The climbs of a training window, `known_first`, [batch, length]."""
    return known_first(batch[CLIMB])


def before_target(batch: Batch) -> torch.Tensor:
    """The climbs before the target, `known_first`, [batch, length - 1]."""
    return known_first(batch[CLIMB][:, :-1])


def targets(batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The known climbs that training asks for, by networks that read `before_target`.

    Returns
    -------
    Of each one the row, the number of known climbs read before it, and its id: int64 [K] each. They are those
    that the batch names (`recsys.sequences.epochs`), else every climb of a window.
    """
    if TARGETS not in batch:
        climbs = whole(batch)
        row, sends = torch.nonzero(climbs, as_tuple=True)
        return row, sends, climbs[row, sends]
    row, column = batch[AFTER]
    sends = (batch[CLIMB] >= FIRST_VALUE_ID).long().cumsum(1)[row, column]
    known = batch[TARGETS] >= FIRST_VALUE_ID
    return row[known], sends[known], batch[TARGETS][known]


def followed(batch: Batch, length: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The same, where a climb is asked for only after a known one: row, column of that one, id; int64 [n]."""
    climbs = batch[CLIMB][:, -length:]
    if TARGETS in batch:
        (row, column), ids = batch[AFTER], batch[TARGETS]
    else:
        row, column = torch.nonzero(climbs[:, 1:], as_tuple=True)
        ids = climbs[row, column + 1]
    known = (ids >= FIRST_VALUE_ID) & (climbs[row, column] >= FIRST_VALUE_ID)
    return row[known], column[known], ids[known]


def latest(states: torch.Tensor, climbs: torch.Tensor) -> torch.Tensor:
    """The state of each row's latest known climb, of a row without one the last: [batch, width].

    What networks score from that are trained by `followed`: a state after an unknown climb is asked for
    nothing.

    Parameters
    ----------
    states:
        Of each position, [batch, length, width].
    climbs:
        The ids there, [batch, length].
    """
    length = climbs.shape[1]
    index = torch.arange(length, device=climbs.device)
    at = torch.where(climbs >= FIRST_VALUE_ID, index, -1).amax(1) % length
    return states.gather(1, at[:, None, None].expand(-1, 1, states.shape[2])).squeeze(1)


def known_first(climbs: torch.Tensor) -> torch.Tensor:
    """Known climbs moved to the start in their order, 0 after them, [batch, length].

    Padding, null and unknown say nothing and go; so a network that reads from the left never meets them
    before it is through, and however much a window was padded, its scores are the same.
    """
    known = climbs >= FIRST_VALUE_ID
    length = climbs.shape[1]
    indices = torch.arange(length, device=climbs.device)
    order = torch.argsort(indices + length * (~known).long(), dim=1)  # all keys differ, so nothing is tied
    return climbs.masked_fill(~known, 0).gather(1, order)
