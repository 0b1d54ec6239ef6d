"""What the networks read of a window: its known climbs, and nothing of the last position when scoring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from recsys.columns import CLIMB, FIRST_VALUE_ID

if TYPE_CHECKING:
    from recsys.sequences.windows import Batch


def whole(batch: Batch) -> torch.Tensor:
    """The climbs of a training window, `known_first`, [batch, length]."""
    return known_first(batch[CLIMB])


def before_target(batch: Batch) -> torch.Tensor:
    """The climbs before the target, `known_first`, [batch, length - 1]."""
    return known_first(batch[CLIMB][:, :-1])


def known_first(climbs: torch.Tensor) -> torch.Tensor:
    """Known climbs moved to the start in their order, 0 after them, [batch, length].

    Padding, null and unknown say nothing and go; so a network that reads from the left never meets them
    before it is through, and however much a window was padded, its scores are the same.
    """
    known = climbs >= FIRST_VALUE_ID
    length = climbs.shape[1]
    places = torch.arange(length, device=climbs.device)
    order = torch.argsort(places + length * (~known).long(), dim=1)  # all keys differ, so nothing is tied
    return climbs.masked_fill(~known, 0).gather(1, order)
