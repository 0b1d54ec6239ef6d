"""BST, the Behavior Sequence Transformer (Chen et al., DLP-KDD 2019): attributes bypass the transformer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import torch
from torch.nn import functional

from recsys.baselines.attention import (
    AttentionSettings,
    Blocks,
    ClimbTable,
    Positions,
    is_climb,
    softmax_loss,
)
from recsys.baselines.network_settings import cardinality
from recsys.columns import ATTRIBUTES, BIN, CATEGORIFIED, CLIMB, CLIMBER, GIVEN, UNKNOWN_ID
from recsys.model.network import Network

if TYPE_CHECKING:
    from merlin.schema import Schema

    from recsys.sequences.windows import Batch


@dataclass(frozen=True)
class BST(AttentionSettings):
    """Sizes of BST.

    As in the paper: one post-norm transformer layer with leaky ReLU over the climbs, whose output in the
    target's place joins the "other features" before a perceptron of leaky ReLUs.

    What differs: the paper ranks candidates by the chance of a click, with the candidate in the sequence;
    here the target's place holds a learned token and the perceptron's output is dotted with every climb's
    embedding, so that one pass scores all of them, trained by softmax. Its "other features" are the climber
    and the target's attributes, each unknown by chance in training, so that it also answers without a
    prompt. Positions are learned and count back; the paper's are the seconds to the target.

    Attributes
    ----------
    mlp:
        Widths of the perceptron's hidden layers (the paper: 1024, 512, 256).
    climber_dim, attribute_dim:
        Dimensions of the embeddings that bypass the transformer.
    hide_prompt, hide_attribute, hide_climber:
        Chances that training hides a whole prompt, one attribute of one, who climbed.
    """

    prompted: ClassVar[bool] = True

    layers: int = 1
    mlp: tuple[int, ...] = (256, 128)
    climber_dim: int = 16
    attribute_dim: int = 16
    hide_prompt: float = 0.25
    hide_attribute: float = 0.1
    hide_climber: float = 0.5

    def build(self, schema: Schema, length: int) -> BSTNetwork:
        """The untrained network for windows of `length` sends, with the attributes that the schema has."""
        return BSTNetwork(self, schema, length)


class Bypass(torch.nn.Module):
    """A categorical feature's embedding, whose last row is the learned "unknown".

    Parameters
    ----------
    name:
        The feature's column.
    n_ids:
        Number of its ids.
    width:
        Dimension.
    """

    def __init__(self, name: str, n_ids: int, width: int) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(n_ids + 1, width)
        self.has_unknown_id = name in CATEGORIFIED

    def forward(self, ids: torch.Tensor, given: torch.Tensor) -> torch.Tensor:
        """Ids and which of them may be read, [batch] each, to [batch, width]."""
        if self.has_unknown_id:
            given = given & (ids != UNKNOWN_ID)
        embedded: torch.Tensor = self.table(torch.where(given, ids, self.table.num_embeddings - 1))
        return embedded


class BSTNetwork(Network):
    """Reads a window's history, its climber and the prompt, and scores what comes last.

    Parameters
    ----------
    settings:
        Sizes and chances.
    schema:
        Which attributes there are, and the ids of everything.
    length:
        Most sends of a window that are read, the target included.
    """

    def __init__(self, settings: BST, schema: Schema, length: int) -> None:
        super().__init__()
        self.settings, self.length = settings, length
        self.columns = attribute_columns(schema)
        self.prompted = bool(self.columns)
        self.climbs = ClimbTable(cardinality(schema, CLIMB), settings.d_model)
        self.target = torch.nn.Parameter(torch.randn(settings.d_model) * 0.02)
        self.positions = Positions(length, settings.d_model)
        self.dropout = torch.nn.Dropout(settings.dropout)
        self.blocks = Blocks(settings, 4 * settings.d_model, functional.leaky_relu)
        dims = {CLIMBER: settings.climber_dim} | dict.fromkeys(self.columns.values(), settings.attribute_dim)
        self.others = torch.nn.ModuleDict(
            {name: Bypass(name, cardinality(schema, name), width) for name, width in dims.items()}
        )
        self.perceptron = perceptron(
            (settings.d_model + sum(dims.values()), *settings.mlp), settings.d_model, settings.dropout
        )
        self.bias = torch.nn.Parameter(torch.zeros(len(self.climbs.catalogue)))

    def training_loss(self, batch: Batch) -> torch.Tensor:
        """Mean cross-entropy of the windows' last climbs."""
        targets = batch[CLIMB][:, -1]
        known = is_climb(targets)
        return softmax_loss(self.next_scores(batch)[known], targets[known])

    def next_scores(self, batch: Batch) -> torch.Tensor:
        """Scores of every climb for the last position, [batch, n_items]; parts are hidden in training."""
        joined = torch.cat([self.hidden(batch[CLIMB][:, -self.length :]), *self._others(batch)], dim=-1)
        return self.perceptron(joined) @ self.climbs.catalogue.T + self.bias

    def hidden(self, climbs: torch.Tensor) -> torch.Tensor:
        """Climbs, [batch, length], to the transformer's output in the target's place, [batch, d_model]."""
        target = self.target.expand(climbs.shape[0], 1, -1)  # len() would be a constant in ONNX
        embedded = self.dropout(self.positions(torch.cat([self.climbs(climbs[:, :-1]), target], dim=1)))
        return self.blocks(embedded, functional.pad(is_climb(climbs[:, :-1]), (0, 1), value=True))[:, -1]

    def _others(self, batch: Batch) -> list[torch.Tensor]:
        """The climber's and the attributes' embeddings, [batch, width] each."""
        climbers = batch[CLIMBER]
        known = torch.ones_like(climbers, dtype=torch.bool)
        if self.training:
            known = torch.rand(climbers.shape, device=climbers.device) >= self.settings.hide_climber
        given = self._given(batch)
        return [
            self.others[CLIMBER](climbers, known),
            *(
                self.others[column](batch[column][:, -1], given[:, ATTRIBUTES.index(attribute)])
                for attribute, column in self.columns.items()
            ),
        ]

    def _given(self, batch: Batch) -> torch.Tensor:
        """Which attributes may be read: bool [batch, len(ATTRIBUTES)], drawn in training, else as asked."""
        rows, device = len(batch[CLIMB]), batch[CLIMB].device
        if self.training:
            whole = torch.rand(rows, 1, device=device) < self.settings.hide_prompt
            one = torch.rand(rows, len(ATTRIBUTES), device=device) < self.settings.hide_attribute
            return ~(whole | one)
        if GIVEN in batch:
            return batch[GIVEN].bool()
        return torch.ones(rows, len(ATTRIBUTES), dtype=torch.bool, device=device)


def attribute_columns(schema: Schema) -> dict[str, str]:
    """The columns of ids that the schema has for the attributes: bins of the numbers, ids of the others."""
    there = {column.name for column in schema if column.int_domain is not None}
    candidates = {name: name + BIN if name + BIN in there else name for name in ATTRIBUTES}
    return {name: column for name, column in candidates.items() if column in there}


def perceptron(widths: tuple[int, ...], out: int, dropout: float) -> torch.nn.Sequential:
    """Linear layers of these widths, each with leaky ReLU and dropout, and one more to the width `out`."""
    hidden = [
        torch.nn.Sequential(torch.nn.Linear(a, b), torch.nn.LeakyReLU(), torch.nn.Dropout(dropout))
        for a, b in pairwise(widths)
    ]
    return torch.nn.Sequential(*hidden, torch.nn.Linear(widths[-1], out))
