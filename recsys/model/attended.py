"""A transformer's attention mask, from which tokens are real and whether it is causal."""

from __future__ import annotations

import torch


def attended(real: torch.Tensor, causal: bool) -> torch.Tensor:
    """Which tokens (last axis) each token attends to: bool [batch, 1, tokens, tokens].

    Every token attends to itself, padding too: a row of nothing would have no softmax.
    """
    index = torch.arange(real.shape[1], device=real.device)
    own = index == index.unsqueeze(1)
    seen = real.unsqueeze(1) & (index <= index.unsqueeze(1)) if causal else real.unsqueeze(1)
    return (seen | own).unsqueeze(1)
