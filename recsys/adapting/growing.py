"""A trained model with more rows (climbs in the tied table, bias and attributes; climbers), or with fewer.

Nothing is trained here, and no number of an old row changes. The scores of the old climbs stay what they were
to the last bit: the new ones are a product of their own (`recsys.model.output.ClimbScores.cuts`), since one
product over more columns may add in another order.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from recsys import run_files
from recsys.model.climbers import climber_table
from recsys.model.network import Network
from recsys.model.output import SENDS, buffer_of
from recsys.model.prompted_transformer import PromptedTransformer, build_model
from recsys.model.weights import load_weights
from workflows.sends import read_schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from merlin.schema import Schema

    from recsys.arrays import Array
    from recsys.config.model import ModelConfig


def grown_from(
    source: Path, target: Path, config: ModelConfig
) -> tuple[PromptedTransformer, PromptedTransformer]:
    """The model of a run's folder, and as `grow_model` makes it for the schema of another folder."""
    before, after = (read_schema(folder / run_files.SCHEMA) for folder in (source, target))
    old = load_weights(source, before, config)
    return old, grow_model(old, after, config)


def grow_model(old: PromptedTransformer, schema: Schema, config: ModelConfig) -> PromptedTransformer:
    """The model for a schema whose domains grew, in evaluation mode; added rows as before training."""
    new = build_model(schema, config).eval()
    before = old.state_dict()
    with torch.no_grad():
        for name, values in new.state_dict().items():
            kept = before[name]
            values[: len(kept)].copy_(kept) if values.ndim else values.copy_(kept)
    first, last = old.task.pre.table.num_embeddings, new.task.pre.table.num_embeddings
    new.task.pre.cuts = (*old.task.pre.cuts, first) if last > first else old.task.pre.cuts
    return new


@torch.no_grad()
def fill_climbs(
    model: PromptedTransformer,
    first: int,
    weights: Array,
    sides: Mapping[str, Array],
    described: tuple[Array, Array] | None = None,
) -> None:
    """Give the climbs from id `first` on what is known of them.

    Parameters
    ----------
    first:
        Id of the first new climb.
    weights:
        Of the climbs before it, [n_new, n_known], rows summing to 1: how much each new one is like each.
    sides:
        Attribute to its ids of the new climbs, int64 [n_new]; 0 where it is not known.
    described:
        Number of texts of each new climb, [n_new], and their sum as the pools' vectors, [n_new, WIDTH]. They
        are pooled with those of the climbs that it is like as one more.
    """
    scores = model.task.pre
    mixed = torch.from_numpy(weights).to(scores.bias.dtype)  # [n_new, n_known]
    known = slice(first - weights.shape[1], first)
    if scores.texts is not None:
        written = scores.texts.get_buffer("table")
        written[first:] = mixed @ written[known]
        if described is not None:
            number, total = (torch.from_numpy(each).to(written.dtype) for each in described)
            written[first:] = (written[first:] + total) / (number[:, None] + 1)
    scores.table.weight[first:] = mixed @ scores.table.weight[known]
    scores.bias[first:] = mixed @ scores.bias[known]
    for name in scores.sides:
        kind = scores.get_buffer(buffer_of(name))
        if name == SENDS:
            kind[first:] = (mixed @ kind[known].to(mixed.dtype)).round().to(kind.dtype)
        else:
            kind[first:] = torch.from_numpy(sides[name])


@torch.no_grad()
def fill_climbers(model: PromptedTransformer, first: int, vectors: Array) -> None:
    """Set the embeddings of the climbers from id `first` on to `vectors`, float32 [n_new, climber_dim]."""
    table = climber_table(model)
    assert table is not None, "asked for where there is one"
    table.weight[first:] = torch.from_numpy(vectors)


@torch.no_grad()
def drop_climbers(old: Network, new: Network, rows: Sequence[int]) -> None:
    """Copy a trained network into one built for fewer climbers, without those rows of what is by climber.

    Whatever has another length in the two is by climber: their schemas differ in nothing else.
    """
    before, after = old.state_dict(), new.state_dict()
    for name, values in after.items():
        kept = before[name]
        if kept.shape != values.shape:
            stays = torch.ones(len(kept), dtype=torch.bool)
            stays[list(rows)] = False
            kept = kept[stays]
        values.copy_(kept)
    if isinstance(old, PromptedTransformer) and isinstance(new, PromptedTransformer):
        new.task.pre.cuts = old.task.pre.cuts
