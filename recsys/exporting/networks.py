"""The study's networks as modules that can be traced: windows of one length in, scores of every climb out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from recsys.model.network import Network


class NextScores(torch.nn.Module):
    """A network's `next_scores` of tensors in a fixed order.

    Parameters
    ----------
    network:
        A trained network, in evaluation mode.
    names:
        The batch's tensors in the order of `forward`'s arguments; ``given`` is one of them.
    """

    def __init__(self, network: Network, names: list[str]) -> None:
        super().__init__()
        self.network, self.names = network, names

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        """Windows [batch, length], climber [batch], given [batch, n_attributes] to [batch, n_items]."""
        return self.network.next_scores(dict(zip(self.names, tensors, strict=True)))


@contextlib.contextmanager
def traceable() -> Iterator[None]:
    """Switch off the fused encoder layer of torch, which has no ONNX operator; its plain path is the same."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
