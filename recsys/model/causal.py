"""Causal LM: every climb is predicted from the ones before it, each with its own prompt."""

from __future__ import annotations

from typing import Any

import torch
from transformers4rec.torch.masking import MaskingInfo, masking_registry

from recsys.model.masking import PromptMasking
from recsys.model.queries import Queries
from recsys.sequences.asking import DAYS, FIRSTS, Asking


@masking_registry.register("prompt-clm")
class CausalPositions(PromptMasking):
    """Predict each climb from the earlier ones (GPT: Radford et al. 2018; SASRec: Kang & McAuley 2018).

    There, the token of send t - 1 predicts item t, and what else is known of send t has no place. Here the
    climbs' embeddings are shifted against their attributes: token t holds the climb of t - 1, or the mask
    where there is none, with the attributes of t, which are the prompt, and predicts the climb of t. A token
    attends to itself and to what is before it. Training hides prompts position by position, since each one is
    a target; what is hidden of a send is hidden from the later positions too.

    Where days are sets, a token may read the day it stands in, and only the first of a day can be asked for.
    With `whole_days` every other send of the day has a second token (`recsys.model.queries`).

    GPT-2 is causal by itself. XLNet is made so by its ``perm_mask``: Transformers4Rec's own causal masking
    leaves XLNet attending to both sides, and so to the answer. Positions count from the first send, so that
    nothing, not even their number, is known of the sends that follow.
    """

    apart = True

    def __init__(self, hidden_size: int, whole_days: bool = False, **kwargs: object) -> None:
        super().__init__(hidden_size=hidden_size, **kwargs)
        self.whole_days = whole_days

    def asking(self) -> Asking:
        """Each position whose day has a history, or each that begins a day."""
        return DAYS if self.whole_days else FIRSTS

    def choose(self, real: torch.Tensor) -> torch.Tensor:
        """Every real position with a history, bool [batch, length]; the last one where no position has any.

        Where days are sets, those alone that begin a day: the others would read sends of their own day. With
        tokens of their own they are asked for too.
        """
        alone = real.sum(1, keepdim=True) == 1
        if self.starts is not None:
            return (real & follows(real).gather(1, self.starts)) | (real & alone)
        begins = real if self.indices is None else real & (self.indices == 0)
        return (follows(real) & begins) | (real & alone)

    def apply_mask_to_inputs(
        self, inputs: torch.Tensor, schema: torch.Tensor, training: bool = False, testing: bool = False
    ) -> torch.Tensor:
        """Shift the climbs' embeddings, [batch, length, climb_dim], by one to the right."""
        return self.shift(inputs, self.masked_item_embedding.to(inputs.dtype))

    def shift(self, values: torch.Tensor, first: torch.Tensor) -> torch.Tensor:
        """Each position's value, [batch, length, width], at the next; `first` where no real one is before."""
        return torch.where(follows(super().tokens()).unsqueeze(-1), torch.roll(values, 1, dims=1), first)

    def _compute_masked_targets(
        self, item_ids: torch.Tensor, training: bool = False, testing: bool = False
    ) -> MaskingInfo:
        info = super()._compute_masked_targets(item_ids, training, testing)
        self.queries = None
        if training and self.starts is not None:
            self.queries = Queries.of(info.schema, self.starts)
        return info

    def tokens(self) -> torch.Tensor:
        """Which of the body's tokens are not padding: bool [batch, tokens]."""
        real = super().tokens()
        return real if self.queries is None else self.queries.with_queries(real, self.queries.real)

    def positions(self) -> torch.Tensor:
        """Real positions before each token's day, or before itself: int64 [batch, tokens]."""
        real = super().tokens()
        before = (real.long().cumsum(1) - 1).clamp(min=0)
        return before if self.queries is None else self.queries.at_start(before)

    def visible(self) -> torch.Tensor | None:
        """What tokens attend to where sends have tokens of their own: bool [batch, tokens, tokens]."""
        return None if self.queries is None else self.queries.visible(super().tokens())

    def outputs(self, body: Any) -> torch.Tensor:
        """The output at each position, [batch, length, width], at a send's own token where it has one."""
        output: torch.Tensor = body[0]
        return output if self.queries is None else self.queries.outputs(output)

    def transformer_optional_arguments(self) -> dict[str, Any]:
        """XLNet's ``perm_mask``, float [batch, length, length]: 1 where row i may not attend to column j."""
        real = super().tokens()
        rows, length = real.shape
        index = torch.arange(length, device=real.device)
        return {"perm_mask": (index > index.unsqueeze(1)).float().expand(rows, length, length)}


def follows(real: torch.Tensor) -> torch.Tensor:
    """The real positions but the first of each row: bool [batch, length]."""
    return real & (real.long().cumsum(1) > 1)
