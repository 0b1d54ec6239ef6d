"""Which climbs are hidden and predicted: last-item and MLM, in Transformers4Rec's masking registry.

Transformers4Rec masks an interaction after its features have been concatenated, so that grade, region and
the rest vanish with the climb. Here a masking hides the climb's embedding only, before the concatenation
(`recsys.model.inputs` applies it), and what else is known of the send stays as a prompt (Thompson 2023).

A masking also keeps the padding mask of the batch, for the body to attend by (`recsys.model.body`).
"""

from __future__ import annotations

import torch
from transformers4rec.torch.masking import MaskingInfo, MaskSequence, masking_registry


class PromptMasking(MaskSequence):
    """Hides climbs and leaves their attributes. ``hidden_size`` is the dimension of a climb's embedding.

    In evaluation and when recommending, the last real position is the one hidden, wherever the padding is.
    """

    real: torch.Tensor | None = None  # bool [batch, length]: what is not padding, of the last batch seen

    def choose(self, real: torch.Tensor) -> torch.Tensor:
        """The positions that training hides: bool [batch, length], a part of `real`."""
        raise NotImplementedError

    def _compute_masked_targets(
        self, item_ids: torch.Tensor, training: bool = False, testing: bool = False
    ) -> MaskingInfo:
        self.real = item_ids != self.padding_idx
        schema = self.choose(self.real) if training else last(self.real)
        return MaskingInfo(schema, torch.where(schema, item_ids, self.padding_idx))

    def apply_mask_to_inputs(
        self, inputs: torch.Tensor, schema: torch.Tensor, training: bool = False, testing: bool = False
    ) -> torch.Tensor:
        """Put the learned mask in place of the hidden climbs' embeddings, [batch, length, climb_dim]."""
        return torch.where(schema.unsqueeze(-1), self.masked_item_embedding.to(inputs.dtype), inputs)


@masking_registry.register("prompt-last")
class LastItem(PromptMasking):
    """Hide the last climb of each window (Thompson 2023)."""

    def choose(self, real: torch.Tensor) -> torch.Tensor:
        """The last real position of each row."""
        return last(real)


@masking_registry.register("prompt-mlm")
class MaskedPositions(PromptMasking):
    """Hide each climb with a probability, and at least one in a window (MLM: Devlin et al. 2019; Sun et al.
    2019). Unlike BERT's, a chosen climb is always masked, never swapped or kept.

    Parameters
    ----------
    mlm_probability:
        Chance of each position to be hidden.
    """

    def __init__(self, hidden_size: int, mlm_probability: float = 0.3, **kwargs: object) -> None:
        super().__init__(hidden_size=hidden_size, **kwargs)
        self.mlm_probability = mlm_probability

    def choose(self, real: torch.Tensor) -> torch.Tensor:
        """Each real position by chance; where none came up, the one that came closest."""
        draw = torch.rand(real.shape, device=real.device).masked_fill(~real, 2.0)
        closest = torch.zeros_like(real).scatter_(1, draw.argmin(dim=1, keepdim=True), True)
        return ((draw < self.mlm_probability) | closest) & real


def steps_to_last(real: torch.Tensor) -> torch.Tensor:
    """How many real positions stand to the right of each one: int64 [batch, length], 0 at the last."""
    return (real.long().flip(1).cumsum(1).flip(1) - 1).clamp(min=0)


def last(real: torch.Tensor) -> torch.Tensor:
    """The last real position of each row, whether the padding is on the left or on the right."""
    return real & (steps_to_last(real) == 0)
