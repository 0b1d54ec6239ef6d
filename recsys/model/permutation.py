"""Permutation LM: climbs are predicted in a random order, each from those before it in that order."""

from __future__ import annotations

from typing import Any

import torch
from transformers4rec.torch.masking import MaskingInfo, masking_registry

from recsys.model.masking import MaskedPositions


@masking_registry.register("prompt-plm")
class PermutedPositions(MaskedPositions):
    """Predict some climbs in a random factorisation order (XLNet: Yang et al. 2019), with their prompts.

    A target is predicted from every climb that is no target and from the targets before it in the order.
    XLNet runs two streams of attention for this, and its query stream starts from a bare mask: a prompt
    would be lost. Here it is one stream of two tokens a position, side by side: the send (climb and
    attributes) and its prompt (mask and the attributes that are given), from which the climb is predicted.
    A prompt attends to the sends before its own in the order and to itself, a send to itself too, and
    nothing attends to a prompt. Between two sends the relative distance is even, between a prompt and a send
    odd, so that XLNet's relative positions tell them apart.

    What else differs from XLNet: prompts, so that a target's attributes are known before its climb; targets
    chosen one by one with a chance, and not the last sixth of a permutation; a prompt attends to itself; no
    memory of earlier segments. The body's cost is that of windows twice as long. Asked for a recommendation,
    the last position is the only target.
    """

    two_tokens = True
    order: torch.Tensor | None = None  # int64 [batch, length]: 0 what is no target, then 1, 2, ...

    def tokens(self) -> torch.Tensor:
        """Which tokens are not padding: bool [batch, 2 * length]."""
        return interleave(super().tokens(), super().tokens())

    def outputs(self, body: Any) -> torch.Tensor:
        """The output at each prompt, [batch, length, d_model]."""
        output: torch.Tensor = body[0]
        return output[:, 1::2]

    def transformer_required_arguments(self) -> dict[str, Any]:
        """XLNet's ``perm_mask``, float [batch, 2 * length, 2 * length]; None before the first batch."""
        return {"perm_mask": None if self.order is None else unseen(self.order).float()}

    def _compute_masked_targets(
        self, item_ids: torch.Tensor, training: bool = False, testing: bool = False
    ) -> MaskingInfo:
        info = super()._compute_masked_targets(item_ids, training, testing)
        self.order = random_order(info.schema) if training else info.schema.long()
        return info


def random_order(targets: torch.Tensor) -> torch.Tensor:
    """Each row's targets, bool [batch, length], in a random order: int64, 1, 2, ... and 0 elsewhere."""
    draw = torch.rand(targets.shape, device=targets.device).masked_fill(~targets, 2.0)
    return torch.where(targets, draw.argsort(1).argsort(1) + 1, 0)


def unseen(order: torch.Tensor) -> torch.Tensor:
    """Which token may not attend to which, by the order of their positions.

    Parameters
    ----------
    order:
        As `random_order` returns it, [batch, length].

    Returns
    -------
    torch.Tensor
        Bool [batch, 2 * length, 2 * length], true where the token of the row may not attend to that of the
        column; even tokens are sends, odd ones are prompts.
    """
    of = interleave(order, order)
    token = torch.arange(of.shape[1], device=of.device)
    prompt = token % 2
    seen = of.unsqueeze(1) + prompt.unsqueeze(1) <= of.unsqueeze(2)
    return ~((seen & (prompt == 0)) | (token == token.unsqueeze(1)))


def interleave(even: torch.Tensor, odd: torch.Tensor) -> torch.Tensor:
    """Two tensors [batch, length, ...] to [batch, 2 * length, ...], position by position."""
    return torch.stack([even, odd], dim=2).flatten(1, 2)
