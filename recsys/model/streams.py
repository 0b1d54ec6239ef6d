"""Causal LM over days: what was sent and what is asked for are two tokens, and a day is read as a set.

    contents  0 1 2 3 4 5     a token a send: its climb and all that is known of it
    days      a a b b b c
    queries       . . . .     a token a send that is asked for: its prompt, and the mean of the day before

A content attends to the contents of its own day and of earlier ones, a query to those of earlier days and to
itself, and nothing attends to a query. Positions count days. So nothing depends on the order of the sends of
one day, which most logs do not know, and every send of a day is asked for as a case asks for it
(`recsys.sequences.cases`). Where every send is a day of its own, this is the usual order.

Two streams are XLNet's (Yang et al. 2019): contents that see themselves, and queries that do not. What
differs: the order is that of days and not drawn; a query begins from its prompt and the day before in place
of a bare mask; both are tokens of one pass through the same weights. That a token holds what came before
beside its prompt is `recsys.model.causal`'s, by which a climb's embedding reaches the output as it is
(`recsys.model.straight`); of a day it is the mean, as in a set network (Zaheer et al. 2017, "Deep Sets").

Training reads twice as many tokens as a window has sends. When recommending nothing but the last send is
asked for, its query stands in the place of its content, and there are as many tokens as sends.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import torch
from transformers4rec.torch.masking import MaskingInfo, masking_registry

from recsys.columns import BIN, ELAPSED_DAYS
from recsys.config.model import ModelConfig
from recsys.model.body import token_width
from recsys.model.inputs import PromptedSequenceFeatures, attributes_of
from recsys.model.masking import PromptMasking
from recsys.model.times import Times, begins, times_of_days
from recsys.sequences.asking import DAYS, Asking


class WindowDays:
    """The days of a batch's windows, and what a send reads of its own and of the one before.

    What this takes depends on no feature, and is worked out once.

    Parameters
    ----------
    numbers:
        Of which day of its window each send is, int64 [batch, length], rising.
    real:
        What is not padding, bool [batch, length].
    """

    def __init__(self, numbers: torch.Tensor, real: torch.Tensor) -> None:
        self.numbers, self.real = numbers, real

    @cached_property
    def _first(self) -> torch.Tensor:
        """Where the send stands that begins each one's day: int64 [batch, length]."""
        days = self.numbers
        first = (days.unsqueeze(2) == days.unsqueeze(1)) & begins(days).unsqueeze(1)
        return (first * torch.arange(days.shape[1], device=days.device)).sum(2)

    @cached_property
    def _shares(self) -> torch.Tensor:
        """What each send (last axis) is of the mean of the day before another: [batch, length, length]."""
        days = self.numbers
        before = (days.unsqueeze(1) == days.unsqueeze(2) - 1) & self.real.unsqueeze(1)
        weights = before.float()
        return weights / weights.sum(2, keepdim=True).clamp(min=1)

    def first(self, values: torch.Tensor) -> torch.Tensor:
        """The value of the send that begins each one's day: [batch, length, width] to the same."""
        return values.gather(1, self._first.unsqueeze(-1).expand_as(values))

    def before(self, values: torch.Tensor) -> torch.Tensor:
        """The mean of the sends of the day before each one's, [batch, length, width]; 0 where none is."""
        return self._shares.to(values.dtype) @ values


@masking_registry.register("prompt-clm-days")
class DayPositions(PromptMasking):
    """Predict each send from the days before its own, its prompt given."""

    apart = True
    beside: bool = False  # whether its queries stand beside the contents, and not in their places
    window: WindowDays  # of the last batch

    def asking(self) -> Asking:
        """Every send whose day has a history."""
        return DAYS

    def choose(self, real: torch.Tensor) -> torch.Tensor:
        """What the batch says, or every position, of those with a day before; of one send alone, that.

        Bool [batch, length], of what is `real`.
        """
        asked = real if self.asked is None else real & self.asked
        return (asked & (self.day_numbers() > 1)) | (real & (real.sum(1, keepdim=True) == 1))

    def _compute_masked_targets(
        self, item_ids: torch.Tensor, training: bool = False, testing: bool = False
    ) -> MaskingInfo:
        info = super()._compute_masked_targets(item_ids, training, testing)
        self.beside = training
        self.window = WindowDays(self.day_numbers(), super().tokens())
        return info

    def streams(self, contents: torch.Tensor, queries: torch.Tensor) -> torch.Tensor:
        """Contents and queries of all sends, [batch, length, ...] both, to those of the body's tokens."""
        if self.beside:
            return torch.cat([contents, queries], dim=1)
        assert self.hidden is not None, "the inputs' masking sees the batch before its tokens are made"
        hidden = self.hidden if contents.ndim == self.hidden.ndim else self.hidden.unsqueeze(-1)
        return torch.where(hidden, queries, contents)

    def tokens(self) -> torch.Tensor:
        """Which of the body's tokens are not padding: bool [batch, tokens]."""
        return self._each(super().tokens())

    def positions(self) -> torch.Tensor:
        """The number of each token's day: int64 [batch, tokens]."""
        return self._each(self.day_numbers())

    def visible(self) -> torch.Tensor:
        """Which tokens (last axis) each attends to: bool [batch, 1, tokens, tokens]; itself, always."""
        days, queries = self.positions(), self.hidden
        if self.beside:
            queries = torch.arange(days.shape[1], device=days.device) >= days.shape[1] // 2
            queries = queries.expand_as(days)
        assert queries is not None, "the inputs' masking sees the batch before the body does"
        row, column = days.unsqueeze(2), days.unsqueeze(1)
        seen = (column < row) | ((column == row) & ~queries.unsqueeze(2))
        seen = seen & (self.tokens() & ~queries).unsqueeze(1)  # nobody attends to a query
        index = torch.arange(seen.shape[1], device=days.device)
        return (seen | (index == index.unsqueeze(1))).unsqueeze(1)

    def _each(self, values: torch.Tensor) -> torch.Tensor:
        """What a content and a query of a send have in common, [batch, length], of the tokens."""
        return torch.cat([values, values], dim=1) if self.beside else values

    def wanted(self) -> torch.Tensor | None:
        """The queries, int64 [batch, length]; of one send alone, its own."""
        if self.every or not self.beside:
            return super().wanted()
        rows, length = self.window.numbers.shape
        return torch.arange(length, 2 * length, device=self.window.numbers.device).expand(rows, length)

    def outputs(self, body: Any) -> torch.Tensor:
        """Of what the body returns, the output at each position's query: [batch, length, d_model]."""
        output = super().outputs(body)
        return output[:, output.shape[1] // 2 :] if self.every and self.beside else output


class TwoStreamFeatures(PromptedSequenceFeatures):
    """`PromptedSequenceFeatures` whose tokens are contents and queries; its masking is `DayPositions`."""

    masking: DayPositions

    def prepare(self, config: ModelConfig, n_texts: int = 0) -> PromptedSequenceFeatures:
        """As its parent's, and what tells a query from a content."""
        super().prepare(config, n_texts)
        self.asks = torch.nn.Parameter(torch.zeros(token_width(config)))
        return self

    def tokens(
        self, sends: dict[str, torch.Tensor], hidden: torch.Tensor, given: torch.Tensor
    ) -> torch.Tensor:
        """The features of the sends to the body's tokens, [batch, tokens, d_model]."""
        masking, window = self.masking, self.masking.window
        contents = dict(sends)
        for name in contents.keys() & {ELAPSED_DAYS, ELAPSED_DAYS + BIN}:
            contents[name] = window.first(sends[name])
        prompts = self.withhold(contents, hidden, given)
        prompts[self.item_id] = torch.where(
            (window.numbers > 1).unsqueeze(-1),
            window.before(sends[self.item_id]),
            masking.masked_item_embedding.to(sends[self.item_id].dtype),
        )
        queries = self.join(prompts) + self.asks
        if self.before is not None:
            queries = queries + self.before(window.before(attributes_of(contents, self.config.networks)))
        return masking.streams(self.join(contents), queries)

    def times(self, days: torch.Tensor, known: torch.Tensor) -> Times:
        """When each token asks and is read, of the days elapsed before each send, [batch, length] both."""
        masking, window = self.masking, self.masking.window
        of_day = window.first(days.unsqueeze(-1)).squeeze(-1)
        contents, queries = times_of_days(of_day, known, window.numbers)
        at = masking.streams(contents, queries)
        return Times(at, at)
