"""Which weights AdamW decays (Loshchilov & Hutter 2019)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import torch
from transformers.models.xlnet.modeling_xlnet import XLNetRelativeAttention
from transformers.pytorch_utils import Conv1D

_LINEAR: Final = (torch.nn.Linear, torch.nn.RNNBase, torch.nn.MultiheadAttention, Conv1D)


def decay_groups(model: torch.nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """The parameters for the optimiser: weights of linear layers decay; tables, norms and biases do not.

    A climb's row gets a gradient in few of the steps where the loss is sampled, and would decay in all. Not
    all tables are `torch.nn.Embedding`, nor is all that has two axes a weight: what decays is named.
    """
    tables = {id(each.weight) for each in model.modules() if isinstance(each, torch.nn.Embedding)}
    linear = {id(each) for each in _linear_weights(model)} - tables
    decayed: list[torch.nn.Parameter] = []
    kept: list[torch.nn.Parameter] = []
    for each in model.parameters():
        (decayed if id(each) in linear else kept).append(each)
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": kept, "weight_decay": 0.0}]


def _linear_weights(model: torch.nn.Module) -> Iterator[torch.nn.Parameter]:
    """What inputs are multiplied by: of linear, recurrent and attention layers."""
    for layer in model.modules():
        if isinstance(layer, XLNetRelativeAttention):  # has biases and a table beside them, of as many axes
            yield from (layer.q, layer.k, layer.v, layer.o, layer.r)
        elif isinstance(layer, _LINEAR):
            yield from (each for each in layer.parameters(recurse=False) if each.ndim > 1)
