"""Causal LM: every climb is predicted from the ones before it, each with its own prompt."""

from __future__ import annotations

from typing import Any

import torch
from transformers4rec.torch.masking import masking_registry

from recsys.model.masking import PromptMasking
from recsys.model.times import begins
from recsys.sequences.asking import FIRSTS, Asking


@masking_registry.register("prompt-clm")
class CausalPositions(PromptMasking):
    """Predict each climb from the earlier ones (GPT: Radford et al. 2018; SASRec: Kang & McAuley 2018).

    There, the token of send t - 1 predicts item t, and what else is known of send t has no place. Here the
    climbs' embeddings are shifted against their attributes: token t holds the climb of t - 1, or the mask
    where there is none, with the attributes of t, which are the prompt, and predicts the climb of t. A token
    attends to itself and to what is before it. Training hides prompts position by position, since each one is
    a target; what is hidden of a send is hidden from the later positions too.

    Where days are sets, a token may read the day it stands in, and only the first of a day can be asked for.
    `recsys.model.streams` asks for all of them.

    GPT-2 is causal by itself. XLNet is made so by its ``perm_mask``: Transformers4Rec's own causal masking
    leaves XLNet attending to both sides, and so to the answer. Positions count from the first send, so that
    nothing, not even their number, is known of the sends that follow.
    """

    apart = True

    def asking(self) -> Asking:
        """Each position that begins a day."""
        return FIRSTS

    def choose(self, real: torch.Tensor) -> torch.Tensor:
        """Every real position with a history, bool [batch, length]; the last one where no position has any.

        Where days are sets, those alone that begin a day: the others would read sends of their own day.
        """
        days = self.day_numbers()
        alone = real.sum(1, keepdim=True) == 1
        return (follows(real) & begins(days)) | (real & alone)

    def apply_mask_to_inputs(
        self, inputs: torch.Tensor, schema: torch.Tensor, training: bool = False, testing: bool = False
    ) -> torch.Tensor:
        """Shift the climbs' embeddings, [batch, length, climb_dim], by one to the right."""
        return self.shift(inputs, self.masked_item_embedding.to(inputs.dtype))

    def shift(self, values: torch.Tensor, first: torch.Tensor) -> torch.Tensor:
        """Each position's value, [batch, length, width], at the next; `first` where no real one is before."""
        return torch.where(follows(self.tokens()).unsqueeze(-1), torch.roll(values, 1, dims=1), first)

    def positions(self) -> torch.Tensor:
        """Real positions before each: int64 [batch, length]."""
        return (self.tokens().long().cumsum(1) - 1).clamp(min=0)

    def transformer_optional_arguments(self) -> dict[str, Any]:
        """XLNet's ``perm_mask``, float [batch, length, length]: 1 where row i may not attend to column j."""
        real = self.tokens()
        rows, length = real.shape
        index = torch.arange(length, device=real.device)
        return {"perm_mask": (index > index.unsqueeze(1)).float().expand(rows, length, length)}


def follows(real: torch.Tensor) -> torch.Tensor:
    """The real positions but the first of each row: bool [batch, length]."""
    return real & (real.long().cumsum(1) > 1)
