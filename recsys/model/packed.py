"""Several networks side by side in one, each in its own share of every width.

A mean of networks that were trained apart is better than one of them, and than one twice as wide ("deep
ensembles": Lakshminarayanan et al. 2017). Here they are one module, as in "Packed-Ensembles" (Laurent et al.
2023): each of its layers is as many small layers, each embedding holds theirs end to end, attention's heads
are shared out. So tables, weights, bundle, adapting and forgetting know of nothing but wider vectors, and
what a climb is scored by is one product, the mean of the networks' own.

What differs: embeddings are apart too, for networks that share them hardly differ (measured), and no
network is narrower than one alone would be. Each is trained by itself, to an epoch of its own, and then put
beside the others (`pack`): trained together, on the same windows, they gain half as much (measured too). Only
where the training of a run is continued do they go on together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import torch
from torch.nn import functional
from transformers4rec.torch.tabular.aggregation import ConcatFeatures

_OF_ONE: Final = re.compile(r"\.each\.(\d+)")  # in a weight's name: which network's it is


class Packed(torch.nn.Module):
    """One layer of each network, from its share of the inputs to its share of the outputs.

    Parameters
    ----------
    each:
        The layers.
    parts:
        Pieces that the outputs fall into (queries, keys and values): each piece holds all networks' shares.
    """

    def __init__(self, each: Iterable[torch.nn.Module], parts: int = 1) -> None:
        super().__init__()
        self.each, self.parts = torch.nn.ModuleList(each), parts

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """[..., inputs] to [..., outputs]."""
        shares = values.chunk(len(self.each), dim=-1)
        found = [layer(share) for layer, share in zip(self.each, shares, strict=True)]
        return side_by_side(found, self.parts)


class PackedConcat(ConcatFeatures):
    """Transformers4Rec's concatenation, network by network, of features whose embeddings hold all networks'.

    Parameters
    ----------
    networks:
        How many.
    """

    def __init__(self, networks: int) -> None:
        super().__init__()
        self.networks = networks

    def forward(self, inputs: Any) -> torch.Tensor:
        """Features [batch, length, their widths], by their names, to [batch, length, the sum of them]."""
        return side_by_side([inputs[name] for name in sorted(inputs)], self.networks)


@torch.no_grad()
def pack(packed: torch.nn.Module, networks: Sequence[torch.nn.Module]) -> None:
    """Copy networks that were trained apart into one that was built for all of them."""
    states = [each.state_dict() for each in networks]
    for name, values in packed.state_dict().items():
        index = _OF_ONE.search(name)
        if index:
            values.copy_(states[int(index[1])][_OF_ONE.sub("", name)])
            continue
        own = [state[name] for state in states]
        wider = [axis for axis, size in enumerate(own[0].shape) if size != values.shape[axis]]
        if wider:  # an embedding's last; what takes texts to one gives it in its first
            values.copy_(torch.cat(own, dim=wider[0]))
        else:  # the climbs' biases, and what was counted or written of them
            values.copy_(torch.stack(own).mean(0) if values.is_floating_point() else own[0])


def linear(networks: int, inputs: int, outputs: int, bias: bool = True, parts: int = 1) -> torch.nn.Module:
    """A linear layer of each network, whose widths are those of all; of one network torch's own."""
    widths = inputs // networks, outputs // networks
    made = [torch.nn.Linear(*widths, bias=bias) for _ in range(networks)]
    return made[0] if networks == 1 else Packed(made, parts)


def norm(networks: int, width: int) -> torch.nn.Module:
    """A layer norm of each network, whose width is that of all; of one network torch's own."""
    made = [torch.nn.LayerNorm(width // networks) for _ in range(networks)]
    return made[0] if networks == 1 else Packed(made)


def linears(layer: torch.nn.Module) -> list[torch.nn.Linear]:
    """The linear layers in a module, those of each network in their order."""
    return [each for each in layer.modules() if isinstance(each, torch.nn.Linear)]


def piece(layer: torch.nn.Module, values: torch.Tensor, low: int, high: int, parts: int) -> torch.Tensor:
    """Of a linear layer's outputs, which fall into `parts` pieces, those from `low` to before `high`."""
    layers, found = linears(layer), []
    for each, share in zip(layers, values.chunk(len(layers), dim=-1), strict=True):
        size = each.out_features // parts
        rows = slice(low * size, high * size)
        found.append(functional.linear(share, each.weight[rows], each.bias[rows]))
    return found[0] if len(found) == 1 else side_by_side(found, high - low)


def side_by_side(values: Sequence[torch.Tensor], parts: int) -> torch.Tensor:
    """Values [..., widths], each of which falls into as many parts: the first parts of all, the second ...

    Of one part: end to end.
    """
    pieces = zip(*(each.chunk(parts, dim=-1) for each in values), strict=True)
    return torch.cat([each for piece in pieces for each in piece], dim=-1)
