"""When each token asks and when what it holds happened, in days: for positions and biases by elapsed time.

The days between sends are the middles of their bins (`workflows.sends.graph.BOUNDARIES`), which double from
one to the next, so that a batch needs nothing that it does not hold, and what was not logged counts as none.
Only differences of the times mean anything.

The days before a send whose climb is asked for are part of its prompt. Where they are not given, the time
asked at is that of the send before: nothing of the target's own date is read. A token of the causal masking
holds the send before its position (`recsys.model.causal`) and is attended to at that send's time, so a later
token's date shows to none before it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch

from recsys.columns import ELAPSED_DAYS, FIRST_BIN
from workflows.sends.graph import BOUNDARIES

_PARTS: Final = 64  # of a day


@dataclass(frozen=True)
class Times:
    """Days since the first send of a window, float32 [batch, tokens] both: when a token asks, and is read."""

    asked: torch.Tensor
    read: torch.Tensor


def days_of_bins() -> torch.Tensor:
    """The days that a bin of elapsed days stands for, float32 [n_bins]: its geometric middle, 0 below.

    In whole parts of a day of a power of two, so that sums of hundreds of years are exact in float32.
    """
    edges = BOUNDARIES[ELAPSED_DAYS]
    middles = [0.0] * (FIRST_BIN + 1)  # padding, not logged, and less than the least
    for low, high in zip(edges[FIRST_BIN:], edges[FIRST_BIN + 1 :], strict=False):
        middles.append(math.sqrt(low * high))
    days = torch.tensor([*middles, math.sqrt(2) * edges[-1]])
    return torch.where(days > 0, (days * _PARTS).round().clamp(min=1) / _PARTS, days)


def times_of(elapsed: torch.Tensor, known: torch.Tensor, shifted: bool) -> Times:
    """Times from the days before each send.

    Parameters
    ----------
    elapsed:
        Days since the send before, float32 [batch, length].
    known:
        Where they may be read: not of a hidden send that they are no prompt of, bool [batch, length].
    shifted:
        Whether a token holds the send before its position.
    """
    if not shifted:
        total = (elapsed * known).cumsum(1)
        return Times(total, total)
    before = torch.nn.functional.pad(elapsed.cumsum(1)[:, :-1], (1, 0))  # not a difference: it would round
    return Times(before + elapsed * known, before)


def times_of_days(
    elapsed: torch.Tensor, known: torch.Tensor, days: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """When each send was, and when it is asked for, where the sends of a day have one time.

    Parameters
    ----------
    elapsed:
        Days since the day before, float32 [batch, length], the same for all sends of a day.
    known:
        Where what is asked for may read them, bool [batch, length].
    days:
        Of which day each send is, int64 [batch, length], rising (`recsys.columns.DAY_NUMBER`).

    Returns
    -------
    float32 [batch, length], both.
    """
    gaps = (elapsed * begins(days)).unsqueeze(1)  # [batch, 1, length]
    earlier = days.unsqueeze(1) < days.unsqueeze(2)  # row: a send, column: those that may be before it
    before = (gaps * earlier).sum(2)  # not a difference of sums: it would round
    return before + elapsed, before + elapsed * known


def begins(days: torch.Tensor) -> torch.Tensor:
    """The first send of each day, bool [batch, length], of which day each is, int64 [batch, length]."""
    return days != torch.nn.functional.pad(days[:, :-1], (1, 0))
