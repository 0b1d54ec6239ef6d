"""Elapsed time in attention: rotary positions in days, and a learned bias by log-spaced gaps.

Rotations: half of each head's pairs turn by the order index (Su et al. 2021) and half by days, or all of
them by days ("time-alone"), with periods spaced logarithmically from two days to some twenty years. A product
then depends on the days between two sends. Not on the logarithm of the days since the target, since causal
training asks at every position and logarithms of two times do not differ by a function of their gap;
log-spaced periods resolve what a logarithm would, near gaps finely and far ones coarsely.

Bias: a learned number a head and a bin of the gap, two bins a doubling, is added before the softmax. As the
temporal part of HSTU's relative bias (Zhai et al. 2024), which there is added to a pointwise SiLU attention
without a softmax, together with one by order; FuXi-alpha (Ye et al. 2025) gives time and order weights and
values of their own, apart from the products. Here it joins softmax attention, beside whatever positions.
"""

from __future__ import annotations

import math
from typing import Final

import torch

from recsys.model.times import Times

SHORTEST, DOUBLINGS = 2.0, 12  # days of the shortest period, and how often the longest doubles it
BINS: Final = 32


def time_rotations(days: torch.Tensor, pairs: int) -> torch.Tensor:
    """Angles of rotary positions in time, float32 [batch, 1, tokens, pairs], of days [batch, tokens]."""
    step = torch.arange(pairs, device=days.device).float() * (DOUBLINGS / max(1, pairs - 1))
    turns = days.unsqueeze(1).unsqueeze(-1) * (2.0**-step / SHORTEST)
    return 2 * math.pi * (turns - turns.floor())  # whole turns change nothing but the rounding


def gap_bins(times: Times) -> torch.Tensor:
    """Bin of the days between each asking token and each token read, int64 [batch, tokens, tokens]."""
    gaps = (times.asked.unsqueeze(2) - times.read.unsqueeze(1)).abs()
    return (2 * torch.log2(1 + gaps)).long().clamp(max=BINS - 1)


class TimeBias(torch.nn.Module):
    """The bias of one layer; it adds nothing until it has learned something."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.by_bin = torch.nn.Embedding(BINS, heads)
        torch.nn.init.zeros_(self.by_bin.weight)

    def forward(self, bins: torch.Tensor, visible: torch.Tensor) -> torch.Tensor:
        """Bins [batch, tokens, tokens] and what may be seen [batch, 1, tokens, tokens] to what is added.

        Returns
        -------
        float32 [batch, heads, tokens, tokens]; minus infinity where nothing may be seen.
        """
        found = self.by_bin(bins).permute(0, 3, 1, 2)
        return found.masked_fill(~visible, float("-inf"))
