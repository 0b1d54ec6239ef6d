"""Fixed positions (Vaswani et al. 2017)."""

from __future__ import annotations

import torch


def sinusoids(positions: int, width: int) -> torch.Tensor:
    """sin and cos of ``k / 10000^(2i / width)`` in columns 2i and 2i + 1 (Vaswani et al. 2017).

    Returns
    -------
    float32 [positions, width], row k for position k.
    """
    rates = 10_000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angles = torch.arange(positions, dtype=torch.float64)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :width].float()
