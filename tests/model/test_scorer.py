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
            for day, item in enumerate(draw.permutation(ITEMS)[:8])
        ]
        for _ in range(23)
    ]
    cases = Cases.of(of(histories, ITEMS).sequences, of(histories, ITEMS).parts, "test")
    network = Summing()
    found = scorer.ModelScorer(network, cases, LENGTH, False).scores(np.arange(len(cases)))
    assert network.rows == rows
    one_by_one = scorer.ModelScorer(Summing(), cases, LENGTH, False)
    expected = np.concatenate([one_by_one.scores(np.array([case])) for case in range(len(cases))])
    np.testing.assert_array_equal(found, expected)
    assert len(np.unique(found[:, 1])) > 1
