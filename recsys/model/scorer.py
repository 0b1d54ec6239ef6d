"""The model as something that can be evaluated: scores of every climb for a batch of cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from recsys.model.config import ATTRIBUTES
from recsys.model.inputs import GIVEN
from recsys.sequences.cases import Cases
from recsys.sequences.windows import Batch, Windows
from workflows.sends import CLIMB

if TYPE_CHECKING:
    from recsys.model.network import Network
    from recsys.sequences.store import Array


class ModelScorer:
    """Scores cases with a model, prompted or not.

    Parameters
    ----------
    model:
        Any network; put in evaluation mode.
    cases:
        What is asked for.
    length:
        Sends in a window, the target included.
    prompted:
        Whether the target's attributes are given (all of them) or withheld (all of them).
    shuffle:
        Seed with which the sends before each target are put in a random order, features and all, or None:
        what a model loses by it is what it owed to their order.
    """

    def __init__(
        self, model: Network, cases: Cases, length: int, prompted: bool, shuffle: int | None = None
    ) -> None:
        self.model = model.eval()
        self.windows = Windows(cases.sequences, cases.sends, length)
        self.prompted = prompted
        self.keys: Array | None = None
        if shuffle is not None:
            self.keys = np.random.default_rng(shuffle).random((len(cases), length), dtype=np.float32)

    @torch.inference_mode()
    def scores(self, cases: Array) -> Array:
        """[B] case indices to float32 [B, n_items]."""
        device = next(self.model.parameters()).device
        windows = self.windows.cut(self.windows.targets[cases])
        if self.keys is not None:
            windows = shuffled(windows, self.keys[cases])
        batch = {name: value.to(device) for name, value in windows.items()}
        batch[GIVEN] = torch.full((len(cases), len(ATTRIBUTES)), self.prompted, device=device)
        return np.asarray(self.model.next_scores(batch).float().cpu())


def shuffled(windows: Batch, keys: Array) -> Batch:
    """Windows whose sends before the target stand in the order of their keys, [batch, length].

    Padding stays at the start and the target at the end.
    """
    real = np.asarray(windows[CLIMB]) != 0
    keys = np.where(real, keys, -1.0)
    keys[:, -1] = 2.0
    order = torch.from_numpy(np.argsort(keys, axis=1, kind="stable"))
    return {
        name: value.gather(1, order) if value.shape == order.shape else value
        for name, value in windows.items()
    }
