"""A running average of the weights, which is what validation scores and a run keeps.

The exponential average of Polyak & Juditsky (1992) as it is used since the Adam of Kingma & Ba (2015, section
7.2): after each step the average goes a share of the way to the weights, and an epoch ends with it in their
place. What differs: the share follows from the steps of an epoch, so that the average reaches back as many
epochs in a small log as in a large one, and it begins larger, so that the first epoch is not that of the
random start (as TensorFlow's `ExponentialMovingAverage` does).

Lightning's own callback copies the whole module, its data included; this holds the parameters alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch.optim.swa_utils import get_ema_multi_avg_fn


class RunningAverage:
    """The weights while an epoch is trained, their average between epochs.

    Parameters
    ----------
    epochs:
        How far back it reaches.
    steps:
        Of an epoch.
    """

    def __init__(self, epochs: float, steps: int) -> None:
        self.keep = math.exp(-1 / (epochs * steps))  # share of the average that a step leaves
        self.seen = 0
        self.other: list[torch.Tensor] = []  # the average during an epoch, the weights between epochs

    @torch.no_grad()
    def begin(self, weights: Iterable[torch.nn.Parameter]) -> None:
        """An epoch begins: from the first weights, or with the weights put back in place of their average."""
        if self.other:
            self._swap(weights)
        else:
            self.other = [each.detach().clone() for each in weights]

    @torch.no_grad()
    def step(self, weights: Iterable[torch.nn.Parameter]) -> None:
        """The optimiser made a step."""
        self.seen += 1
        keep = min(self.keep, self.seen / (9 + self.seen))
        get_ema_multi_avg_fn(keep)(self.other, [each.detach() for each in weights], self.seen)

    @torch.no_grad()
    def end(self, weights: Iterable[torch.nn.Parameter]) -> None:
        """The epoch ends: the average takes the place of the weights."""
        self._swap(weights)

    def _swap(self, weights: Iterable[torch.nn.Parameter]) -> None:
        for place, weight in enumerate(weights):
            held = weight.detach().clone()
            weight.copy_(self.other[place])
            self.other[place] = held

    def state(self) -> dict[str, Any]:
        """What a checkpoint between epochs needs beside the average: the weights, and the steps so far."""
        return {"weights": self.other, "steps": self.seen}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.other, self.seen = list(state["weights"]), int(state["steps"])
