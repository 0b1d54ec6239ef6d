"""The model as a scorer: many cases in parts, and each as if it were alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recsys.columns import CLIMB
from recsys.model import scorer
from recsys.model.network import Network
from recsys.sequences.cases import Cases
from recsys.sequences.split import TEST, TRAIN
from tests.builders.interaction_tables import of

LENGTH, ITEMS = 5, 30


class Summing(Network):
    """Scores of a climb are its number times the sum of the window."""

    def __init__(self) -> None:
        super().__init__()
        self.number = torch.nn.Parameter(torch.tensor(1.0))
        self.rows: list[int] = []

    def next_scores(self, batch):
        self.rows.append(len(batch[CLIMB]))
        return batch[CLIMB].sum(1, keepdim=True) * self.number * torch.arange(ITEMS)


@pytest.mark.parametrize(("sends", "rows"), [(1_000, [23]), (35, [7, 7, 7, 2]), (1, [1] * 23)])
def test_parts_are_put_together_in_order(monkeypatch, sends, rows):
    monkeypatch.setattr(scorer, "SENDS_AT_A_TIME", sends)
    draw = np.random.default_rng(0)
    histories = [
        [
            (int(item), TEST if day == 7 else TRAIN, float(day))
            for day, item in enumerate(draw.permutation(ITEMS)[: 8 + climber % 2], start=-(climber % 2))
        ]
        for climber in range(23)
    ]
    cases = Cases.of(of(histories, ITEMS).sequences, of(histories, ITEMS).parts, "test")
    network = Summing()
    found = scorer.ModelScorer(network, cases, LENGTH, False).scores(np.arange(len(cases)))
    assert network.rows == rows
    one_by_one = scorer.ModelScorer(Summing(), cases, LENGTH, False)
    expected = np.concatenate([one_by_one.scores(np.array([case])) for case in range(len(cases))])
    np.testing.assert_array_equal(found, expected)
    assert len(np.unique(found[:, 1])) > 1


def test_full_windows_come_together(monkeypatch):
    """A part without padding needs no mask."""
    monkeypatch.setattr(scorer, "SENDS_AT_A_TIME", 3 * LENGTH)
    lengths = [2, 9, 3, 5, 4, 7, 8]
    sends = [[(item, TEST if item == n - 1 else TRAIN, 0.0) for item in range(n)] for n in lengths]
    interactions = of(sends, ITEMS)
    cases = Cases.of(interactions.sequences, interactions.parts, "test")
    network, real = Summing(), []
    monkeypatch.setattr(
        network,
        "next_scores",
        lambda batch: (
            real.append((batch[CLIMB] > 0).sum(1).tolist()) or torch.zeros(len(batch[CLIMB]), ITEMS)
        ),
    )
    scorer.ModelScorer(network, cases, LENGTH, False).scores(np.arange(len(cases)))
    assert real == [[5, 5, 5], [5, 4, 3], [2]]
