"""The embeddings of climbers in a trained transformer: where they lie, and that of somebody unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

from recsys.columns import CLIMBER, UNKNOWN_ID

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.model.network import Network

INPUTS: Final = "heads.0.body.0"  # where Transformers4Rec keeps a model's inputs


def unknown_vector(model: Network, name: str) -> torch.Tensor:
    """The learned embedding of a feature's value that is not known, float32 [dimension]."""
    return model.get_parameter(f"{INPUTS}.unknown.{name}").detach()


def unknown_climber(model: Network) -> Array:
    """The learned embedding of a climber whom the vocabulary does not know, float32 [climber_dim]."""
    return unknown_vector(model, CLIMBER).numpy().copy()


def tables_of(model: Network) -> dict[str, torch.nn.Embedding]:
    """Feature to the table of its embeddings by id."""
    tables = model.get_submodule(f"{INPUTS}.to_merge.categorical_module.embedding_tables")
    return dict(tables.named_children())  # type: ignore[arg-type]


def climber_table(model: Network) -> torch.nn.Embedding | None:
    """The climbers' embeddings by id; None where the model reads no climber."""
    return tables_of(model).get(CLIMBER)


def climber_vectors(model: Network) -> Array | None:
    """What a transformer reads of each climber, float32 [n_ids, climber_dim]; None where it reads none.

    Row `UNKNOWN_ID` is the learned embedding of somebody unknown, as `recsys.model.inputs` puts it there.
    """
    table = climber_table(model)
    if table is None:
        return None
    vectors: Array = table.weight.detach().float().cpu().numpy().copy()
    vectors[UNKNOWN_ID] = unknown_climber(model)
    return vectors
