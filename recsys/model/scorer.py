"""The model as something that can be evaluated: scores of every climb for a batch of cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from recsys.columns import GIVEN, Given, given_attributes
from recsys.sequences.cases import Cases
from recsys.sequences.windows import Windows

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.model.network import Network


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
        Whether the target's attributes are given (all of them) or withheld (all of them); or which are given.
    """

    def __init__(self, model: Network, cases: Cases, length: int, prompted: Given) -> None:
        self.model = model.eval()
        self.windows = Windows(cases.sequences, cases.sends, length)
        self.prompted = prompted

    @torch.inference_mode()
    def scores(self, cases: Array) -> Array:
        """[B] case indices to float32 [B, n_items]."""
        device = next(self.model.parameters()).device
        windows = self.windows.cut(self.windows.targets[cases])
        batch = {name: value.to(device) for name, value in windows.items()}
        batch[GIVEN] = torch.tensor([given_attributes(self.prompted)] * len(cases), device=device)
        return np.asarray(self.model.next_scores(batch).float().cpu())
