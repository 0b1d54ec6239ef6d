"""Which climbs are hidden and predicted: last-item, MLM and spans, in Transformers4Rec's masking registry.

Transformers4Rec masks an interaction after its features have been concatenated, so that grade, region and
the rest vanish with the climb. Here a masking hides the climb's embedding only, before the concatenation
(`recsys.model.inputs` applies it), and what else is known of the send stays as a prompt (Thompson 2023).

A masking also keeps the padding mask of the batch, for the body to attend by (`recsys.model.body`). Those
that restrict what a position may attend to are in `causal` and `permutation`, the one with a second task in
`detection`.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers4rec.torch.masking import MaskingInfo, MaskSequence, masking_registry

from recsys.model.times import Times
from recsys.sequences.asking import LAST, Asking, by_chance, by_span


class PromptMasking(MaskSequence):
    """Hides climbs and leaves their attributes. ``hidden_size`` is the dimension of a climb's embedding.

    In evaluation and when recommending, the last real position is the one hidden, wherever the padding is.
    """

    real: torch.Tensor | None = None  # bool [batch, length]: what is not padding, of the last batch seen
    days: torch.Tensor | None = None  # int64 [batch, length]: `DAY_NUMBER`, where the last batch has it
    asked: torch.Tensor | None = None  # bool [batch, length]: `ASKED`, where the last batch has it
    apart: bool = False  # whether training draws what a prompt holds for each position, not for each window
    two_tokens: bool = False  # whether a position's send and its prompt are two tokens of the body
    times: Times | None = None  # of the last batch's tokens, where the body reads them
    hidden: torch.Tensor | None = None  # bool [batch, length]: what the last batch asks for
    alone: bool = False  # whether that is one position of each row
    lasts: bool = False  # whether training, too, asks for the last of each row and nothing else
    every: bool = False  # whether all outputs are worked out, and not those that are asked for alone
    hole: torch.Tensor | None = None  # bool [batch, length]: asked for in place of the last (`model.filling`)

    def choose(self, real: torch.Tensor) -> torch.Tensor:
        """The positions that training hides: bool [batch, length], a part of `real`."""
        raise NotImplementedError

    def asking(self) -> Asking:
        """How many of a window's climbs training asks for."""
        return LAST

    def day_numbers(self) -> torch.Tensor:
        """Of which day of its window each position is, int64 [batch, length]; its own where none are told."""
        assert self.real is not None, "the inputs' masking sees the batch before it is asked"
        return self.real.long().cumsum(1) * self.real if self.days is None else self.days

    def tokens(self) -> torch.Tensor:
        """Which of the body's tokens are not padding: bool [batch, tokens]."""
        assert self.real is not None, "the inputs' masking sees the batch before the body does"
        return self.real

    def positions(self) -> torch.Tensor:
        """Where each token stands, for bodies with absolute positions: int64 [batch, tokens]."""
        return steps_to_last(self.tokens())

    def visible(self) -> torch.Tensor | None:
        """Which tokens (last axis) each attends to, bool [batch, 1, tokens, tokens]; None: the body's own."""
        return None

    def wanted(self) -> torch.Tensor | None:
        """The tokens whose outputs are read, int64 [batch, n]; None where any may be.

        A body that takes it returns these alone.
        """
        if self.every or not self.alone:
            return None
        assert self.hidden is not None, "the inputs' masking sees the batch before the body does"
        return self.hidden.long().argmax(1, keepdim=True)

    def outputs(self, body: Any) -> torch.Tensor:
        """Of what the body returns, the output at each position: [batch, length, d_model].

        Where one was wanted of each row it stands at every position.
        """
        output: torch.Tensor = body[0]
        if self.hidden is not None and output.shape[1] == 1:
            return output.expand(-1, self.hidden.shape[1], -1)
        return output

    def _compute_masked_targets(
        self, item_ids: torch.Tensor, training: bool = False, testing: bool = False
    ) -> MaskingInfo:
        self.real = item_ids != self.padding_idx
        targets = last(self.real) if self.hole is None else self.hole
        schema = self.choose(self.real) if training else targets
        self.hidden, self.alone = schema, self.hole is None and (self.lasts or not training)
        return MaskingInfo(schema, torch.where(schema, item_ids, self.padding_idx))

    def apply_mask_to_inputs(
        self, inputs: torch.Tensor, schema: torch.Tensor, training: bool = False, testing: bool = False
    ) -> torch.Tensor:
        """Put the learned mask in place of the hidden climbs' embeddings, [batch, length, climb_dim]."""
        return torch.where(schema.unsqueeze(-1), self.masked_item_embedding.to(inputs.dtype), inputs)


@masking_registry.register("prompt-last")
class LastItem(PromptMasking):
    """Hide the last climb of each window (Thompson 2023)."""

    lasts = True

    def choose(self, real: torch.Tensor) -> torch.Tensor:
        """The last real position of each row: bool [batch, length], of what is real."""
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

    def asking(self) -> Asking:
        """Each by chance."""
        return by_chance(self.mlm_probability)

    def choose(self, real: torch.Tensor) -> torch.Tensor:
        """Real positions by chance, bool [batch, length]; where none came up, the one that came closest."""
        draw = torch.rand(real.shape, device=real.device).masked_fill(~real, 2.0)
        closest = torch.zeros_like(real).scatter_(1, draw.argmin(dim=1, keepdim=True), True)
        return ((draw < self.mlm_probability) | closest) & real


@masking_registry.register("prompt-span")
class MaskedSpan(PromptMasking):
    """Hide one run of climbs in each window (SpanBERT: Joshi et al. 2020).

    SpanBERT hides spans until 15% of a text is hidden, of geometrically distributed lengths of at most 10,
    and adds a loss that predicts a span from its borders alone. Here it is one span, its length is uniform,
    and each climb is predicted at its own position, by the usual loss.

    Parameters
    ----------
    span_length:
        Longest span; a shorter window can be hidden whole.
    """

    def __init__(self, hidden_size: int, span_length: int = 5, **kwargs: object) -> None:
        super().__init__(hidden_size=hidden_size, **kwargs)
        self.span_length = span_length

    def asking(self) -> Asking:
        """One span."""
        return by_span(self.span_length)

    def choose(self, real: torch.Tensor) -> torch.Tensor:
        """A run of 1 to `span_length` real positions, the whole row if it has fewer; any start as likely.

        Bool [batch, length], as `real`.
        """
        sends = real.sum(1, keepdim=True)
        drawn = torch.randint(1, self.span_length + 1, sends.shape, device=real.device)
        span = torch.minimum(drawn, sends)
        start = (torch.rand(sends.shape, device=real.device) * (sends - span + 1)).long()
        index = real.long().cumsum(1) - 1
        return real & (index >= start) & (index < start + span)


def steps_to_last(real: torch.Tensor) -> torch.Tensor:
    """How many real positions stand to the right of each one: int64 [batch, length], 0 at the last."""
    return (real.long().flip(1).cumsum(1).flip(1) - 1).clamp(min=0)


def last(real: torch.Tensor) -> torch.Tensor:
    """The last real position of each row, whether the padding is left or right: bool [batch, length]."""
    return real & (steps_to_last(real) == 0)
