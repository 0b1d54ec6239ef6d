"""The model's inputs: Transformers4Rec's tabular sequence features, with the climb masked before the concat.

Each feature is embedded by Transformers4Rec; then, still apart,

1. the climb's embedding is replaced where the masking hides it;
2. an attribute (grade, region, rating ...) of a hidden climb that is not part of the prompt is replaced by
   that attribute's own learned "unknown": at random in training, as asked when recommending;
3. whatever the vocabulary does not know (a new climber, region or climb) becomes "unknown" as well, and
   training hides some known ones, so that "unknown" has been learned;

and only then everything is concatenated and projected to the body's width.
"""

from __future__ import annotations

from typing import Any

import torch
import transformers4rec.torch as tr

from recsys.model.config import ATTRIBUTES, ModelConfig
from recsys.model.masking import PromptMasking
from workflows.sends import BIN, CATEGORIFIED, CLIMBER, UNKNOWN_ID

GIVEN = "given"  # in a batch: bool [batch, len(ATTRIBUTES)], which attributes the prompt holds; absent = all


class PromptedSequenceFeatures(tr.TabularSequenceFeatures):
    """Tabular sequence features whose masking hides the climb and leaves the prompt.

    Made by ``PromptedSequenceFeatures.from_schema(...)`` like its parent, then completed by `prepare`.
    """

    config: ModelConfig

    def prepare(self, config: ModelConfig) -> PromptedSequenceFeatures:
        """Give every feature its learned "unknown", and keep the chances with which training hides it."""
        self.config = config
        widths = {
            name: size[-1]
            for part in self.merge_values
            for name, size in part.forward_output_size(part.input_size).items()
        }
        self.unknown = torch.nn.ParameterDict(
            {name: torch.nn.Parameter(torch.randn(width) * 0.02) for name, width in widths.items()}
        )
        return self

    def forward(
        self, inputs: dict[str, torch.Tensor], training: bool = False, testing: bool = False, **_: Any
    ) -> torch.Tensor:
        """Ids and numbers, [batch, length] each, to [batch, length, d_model]."""
        masking: PromptMasking = self.masking
        climbs = inputs[self.item_id]
        hidden = masking.compute_masked_targets(climbs, training=training, testing=testing).schema
        given = self._given(inputs, len(climbs), training).to(climbs.device)
        embedded = {name: value for part in self.merge_values for name, value in part(inputs).items()}
        for name, value in embedded.items():
            if value.ndim == 2:  # the climber's, one a row: [batch, width] -> [batch, length, width]
                value = value.unsqueeze(1).expand(-1, climbs.shape[1], -1)
            absent = self._absent(name, inputs[name], hidden, given, training)
            embedded[name] = torch.where(absent.unsqueeze(-1), self.unknown[name].to(value.dtype), value)
        embedded[self.item_id] = masking.apply_mask_to_inputs(embedded[self.item_id], hidden)
        return self.projection_module(self.aggregation(embedded))

    def _given(self, inputs: dict[str, torch.Tensor], rows: int, training: bool) -> torch.Tensor:
        """Which attributes each row's prompt holds: bool [batch, len(ATTRIBUTES)]."""
        if training:
            whole = torch.rand(rows, 1) < self.config.hide_prompt
            return ~(whole | (torch.rand(rows, len(ATTRIBUTES)) < self.config.hide_attribute))
        if GIVEN in inputs:
            return inputs[GIVEN].bool()
        return torch.ones(rows, len(ATTRIBUTES), dtype=torch.bool)

    def _absent(
        self, name: str, values: torch.Tensor, hidden: torch.Tensor, given: torch.Tensor, training: bool
    ) -> torch.Tensor:
        """Where a feature is replaced by its "unknown": bool [batch, length]."""
        attribute = name.removesuffix(BIN)
        if attribute in ATTRIBUTES:
            absent = hidden & ~given[:, [ATTRIBUTES.index(attribute)]]
        elif training and name == CLIMBER:
            absent = torch.rand(len(hidden), 1).expand_as(hidden) < self.config.hide_climber
        elif training:
            absent = torch.rand(hidden.shape) < self.config.hide_climb
        else:
            absent = torch.zeros_like(hidden)
        absent = absent.to(hidden.device)
        if name not in CATEGORIFIED:
            return absent
        return absent | (values.unsqueeze(-1) if values.ndim == 1 else values).eq(UNKNOWN_ID)
