"""The model's inputs: Transformers4Rec's tabular sequence features, with the climb masked before joining.

Each feature is embedded by Transformers4Rec; then, still apart,

1. the climb's embedding is replaced where the masking hides it;
2. an attribute (grade, region, rating ...) of a hidden climb that is not part of the prompt is replaced by
   that attribute's own learned "unknown": at random in training, as asked when recommending;
3. whatever the vocabulary does not know (a new climber, region or climb) becomes "unknown" as well, and
   training hides some known ones, so that "unknown" has been learned; a number that enters as it is and was
   not logged becomes that number's learned "not logged" (its bin says so, where numbers enter as bins);
   what was written of a climb is added to its embedding (`recsys.model.texts`) and stays where training
   hides which climb it was;

and only then everything is concatenated, or summed, and projected to the body's width.
"""

from __future__ import annotations

from typing import Any

import torch
import transformers4rec.torch as tr

from recsys.columns import (
    ASKED,
    ATTRIBUTES,
    BIN,
    CATEGORIFIED,
    CLIMBER,
    CLIMBER_VECTOR,
    DAY_NUMBER,
    ELAPSED_DAYS,
    FIRST_VALUE_ID,
    GIVEN,
    NOT_LOGGED_BIN,
    NUMBERS,
    TEXT,
    UNKNOWN_ID,
)
from recsys.config.model import ModelConfig
from recsys.model.body import token_width
from recsys.model.masking import PromptMasking
from recsys.model.packed import linear, side_by_side
from recsys.model.permutation import interleave
from recsys.model.texts import ClimbTexts
from recsys.model.times import Times, days_of_bins, times_of


class PromptedSequenceFeatures(tr.TabularSequenceFeatures):
    """Tabular sequence features whose masking hides the climb and leaves the prompt.

    Made by ``PromptedSequenceFeatures.from_schema(...)`` like its parent, then completed by `prepare`.
    """

    config: ModelConfig
    days: torch.Tensor  # that each bin of elapsed days stands for, where the body reads times

    def prepare(self, config: ModelConfig, n_texts: int = 0) -> PromptedSequenceFeatures:
        """Give every feature its learned "unknown", and keep the chances with which training hides it.

        Parameters
        ----------
        config:
            Of the model.
        n_texts:
            States of the climbs' texts (`recsys.model.texts`); 0 where none are read.
        """
        self.config = config
        self.texts = ClimbTexts(n_texts, config.climb_dim) if n_texts else None
        widths = self.widths()
        self.unknown = torch.nn.ParameterDict(
            {name: torch.nn.Parameter(torch.randn(width) * 0.02) for name, width in widths.items()}
        )
        self.not_logged = torch.nn.ParameterDict(
            {
                name: torch.nn.Parameter(torch.randn(width) * 0.02)
                for name, width in widths.items()
                if name in NUMBERS
            }
        )
        if config.reads_time:
            self.register_buffer("days", days_of_bins(), persistent=False)
        before = [name for name in widths if name.removesuffix(BIN) in ATTRIBUTES]
        self.before: torch.nn.Module | None = None
        if config.whole_history and self.masking.apart and before:
            joined = sum(widths[name] for name in before)
            self.before = linear(config.networks, joined, token_width(config), bias=False)
        return self

    def widths(self) -> dict[str, int]:
        """Width of every feature's embedding."""
        return {
            name: size[-1]
            for part in self.merge_values
            for name, size in part.forward_output_size(part.input_size).items()
        }

    def forward(
        self, inputs: dict[str, torch.Tensor], training: bool = False, testing: bool = False, **_: Any
    ) -> torch.Tensor:
        """Ids and numbers, [batch, length] each, to the body's tokens, [batch, length, d_model].

        A masking of two tokens a position gets [batch, 2 * length, d_model].
        """
        masking: PromptMasking = self.masking
        climbs = inputs[self.item_id]
        masking.days, masking.asked = inputs.get(DAY_NUMBER), inputs.get(ASKED)
        hidden = masking.compute_masked_targets(climbs, training=training, testing=testing).schema
        given = self._given(inputs, climbs, training).to(climbs.device)
        if self.config.reads_time:
            days = self.days[inputs[ELAPSED_DAYS + BIN].clamp(max=len(self.days) - 1)]
            # Where they may be read: not of a hidden send that they are no prompt of.
            masking.times = self.times(days, ~(hidden & ~given[..., ATTRIBUTES.index(ELAPSED_DAYS)]))
        return self.tokens(self.read(inputs, training), hidden, given)

    def times(self, days: torch.Tensor, known: torch.Tensor) -> Times:
        """When each token asks and is read, of the days elapsed before each send, [batch, length] both."""
        return times_of(days, known, self.masking.apart)

    def tokens(
        self, sends: dict[str, torch.Tensor], hidden: torch.Tensor, given: torch.Tensor
    ) -> torch.Tensor:
        """The features of the sends to the body's tokens, [batch, tokens, d_model].

        Parameters
        ----------
        sends:
            Every feature's embedding, [batch, length, its width].
        hidden:
            Sends whose climb is hidden, bool [batch, length].
        given:
            Which attributes the prompts hold, bool [batch, length or 1, n_attributes].
        """
        masking: PromptMasking = self.masking
        prompts = self.withhold(sends, hidden, given)
        prompts[self.item_id] = masking.apply_mask_to_inputs(sends[self.item_id], hidden)
        tokens = self.join(prompts)
        if self.before is not None:
            tokens = tokens + self._before(sends)
        return interleave(self.join(sends), tokens) if masking.two_tokens else tokens

    def read(self, inputs: dict[str, torch.Tensor], training: bool) -> dict[str, torch.Tensor]:
        """Every feature's embedding, [batch, length, its width], nothing masked; training hides some."""
        climbs = inputs[self.item_id]
        if training and self.config.swap_climb:
            inputs = {**inputs, self.item_id: self._swapped(climbs)}
        embedded = {name: value for part in self.merge_values for name, value in part(inputs).items()}
        by_vector = CLIMBER_VECTOR in inputs  # which no id need have: of a climber not trained on
        if by_vector:
            embedded[CLIMBER] = inputs[CLIMBER_VECTOR].to(self.unknown[CLIMBER].dtype)
        for name, value in embedded.items():
            if value.ndim == 2:  # the climber's, one a row: [batch, width] -> [batch, length, width]
                value = value.unsqueeze(1).expand(-1, climbs.shape[1], -1)
            if name != CLIMBER or not by_vector:
                value = self._replace(name, value, self._lost(name, inputs[name], climbs, training))
            if name in self.not_logged and name + BIN in inputs:
                blank = inputs[name + BIN].eq(NOT_LOGGED_BIN).unsqueeze(-1)
                value = torch.where(blank, self.not_logged[name].to(value.dtype), value)
            embedded[name] = value
        if self.texts is not None:
            embedded[self.item_id] = embedded[self.item_id] + self.texts(inputs[TEXT])
        return embedded

    def join(self, embedded: dict[str, torch.Tensor]) -> torch.Tensor:
        """Every feature's embedding to [batch, length, d_model]."""
        joined: torch.Tensor = self.projection_module(self.aggregation(dict(embedded)))
        return joined

    def _before(self, sends: dict[str, torch.Tensor]) -> torch.Tensor:
        """What the attributes of the send before add to each token, [batch, length, d_model]."""
        masking: PromptMasking = self.masking
        joined = attributes_of(sends, self.config.networks)
        assert self.before is not None, "asked for where there is one"
        added: torch.Tensor = self.before(masking.shift(joined, torch.zeros_like(joined[:1, :1])))
        return added

    def _given(self, inputs: dict[str, torch.Tensor], climbs: torch.Tensor, training: bool) -> torch.Tensor:
        """Which attributes the prompts hold: bool [batch, length or 1 for all, len(ATTRIBUTES)]."""
        rows, positions = len(climbs), climbs.shape[1] if self.masking.apart else 1
        if training:
            whole = torch.rand(rows, positions, 1) < self.config.hide_prompt
            return ~(whole | (torch.rand(rows, positions, len(ATTRIBUTES)) < self.config.hide_attribute))
        if GIVEN in inputs:
            return inputs[GIVEN].bool().unsqueeze(1)
        return torch.ones(rows, 1, len(ATTRIBUTES), dtype=torch.bool)

    def withhold(
        self, embedded: dict[str, torch.Tensor], hidden: torch.Tensor, given: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """The same, without those attributes of the `hidden` sends that are not `given`."""
        kept = dict(embedded)
        for name, value in embedded.items():
            attribute = name.removesuffix(BIN)
            if attribute in ATTRIBUTES:
                kept[name] = self._replace(name, value, hidden & ~given[..., ATTRIBUTES.index(attribute)])
        return kept

    def _swapped(self, climbs: torch.Tensor) -> torch.Tensor:
        """The climbs, some by chance another: stochastic shared embeddings, uniform (Wu et al. 2019)."""
        top = self.categorical_module.item_embedding_table.num_embeddings
        swap = (torch.rand(climbs.shape) < self.config.swap_climb).to(climbs.device) & (
            climbs >= FIRST_VALUE_ID
        )
        return torch.where(swap, torch.randint(FIRST_VALUE_ID, top, climbs.shape).to(climbs.device), climbs)

    def _lost(self, name: str, values: torch.Tensor, climbs: torch.Tensor, training: bool) -> torch.Tensor:
        """Where a feature is unknown, or hidden by training whatever the masking: bool [batch, length]."""
        lost = torch.zeros_like(climbs, dtype=torch.bool)
        if training and name == CLIMBER:
            lost = torch.rand(len(climbs), 1).expand(climbs.shape) < self.config.hide_climber
        elif training and name == self.item_id:
            lost = torch.rand(climbs.shape) < self.config.hide_climb
        lost = lost.to(climbs.device)
        if name not in CATEGORIFIED:
            return lost
        return lost | (values.unsqueeze(-1) if values.ndim == 1 else values).eq(UNKNOWN_ID)

    def _replace(self, name: str, value: torch.Tensor, lost: torch.Tensor) -> torch.Tensor:
        """A feature's embedding, [batch, length, width], with its learned "unknown" where it is `lost`."""
        return torch.where(lost.unsqueeze(-1), self.unknown[name].to(value.dtype), value)


def attributes_of(embedded: dict[str, torch.Tensor], networks: int) -> torch.Tensor:
    """A send's attributes, by their names, network by network: [batch, length, their widths]."""
    names = [name for name in sorted(embedded) if name.removesuffix(BIN) in ATTRIBUTES]
    return side_by_side([embedded[name] for name in names], networks)
