"""Initialises input and output projections as each other's transpose.

SASRec adds positions to the climbs' embeddings and scores by the same embeddings, so that from the first step
a state is near to the climbs it came from. Here features are joined and projected to the body's width, and
the body's output is projected back to the embeddings': two random maps, which have to be learned to agree
before one climb's neighbours mean anything to the other end. After `straighten` a climb's embedding reaches
the output as it is.
"""

from __future__ import annotations

from typing import Final

import torch

from recsys.model.inputs import PromptedSequenceFeatures
from recsys.model.packed import linears

GAIN: Final = 3.0  # of a climb beside the other features, which keep their own start


def straighten(inputs: PromptedSequenceFeatures, head: torch.nn.Module) -> None:
    """Start the climb's columns of the input projection orthogonal, and the head as their transpose.

    Parameters
    ----------
    inputs:
        Features that are concatenated in the order of their names, or summed, and projected.
    head:
        Its one linear layer takes the body's output to a climb's embedding.
    """
    widths = {name: width // inputs.config.networks for name, width in inputs.widths().items()}
    start, columns = 0, widths[inputs.item_id]
    if inputs.config.aggregation == "concat":
        start = sum(width for name, width in widths.items() if name < inputs.item_id)
    # Each network has one of each.
    for linear, back in zip(linears(inputs.projection_module[0]), linears(head), strict=True):
        rows = linear.out_features
        largest = max(rows, columns)
        turn = torch.nn.init.orthogonal_(torch.empty(largest, largest))[:rows, :columns]
        with torch.no_grad():
            linear.weight[:, start : start + columns] = GAIN * turn
            back.weight.copy_(turn.T)
            back.bias.zero_()
