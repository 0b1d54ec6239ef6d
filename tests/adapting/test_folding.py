"""Fold-in by a model whose slope is known: half of the windows prompted, and a pull to where it began."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recsys.adapting.folding import fold_in
from recsys.columns import CLIMB, CLIMBER, CLIMBER_VECTOR, FIRST_VALUE_ID, GIVEN, UNKNOWN_ID
from recsys.sequences.split import TRAIN
from tests.builders.interaction_tables import of

ITEMS = 30


class Sloping(torch.nn.Module):
    """The score of each target, of two, grows with the first number of the climber's vector, by `slope`."""

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.slope, self.given, self.climbers = slope, [], set()

    def next_scores(self, batch):
        self.given.append(batch[GIVEN])
        self.climbers |= set(batch[CLIMBER].tolist())
        targets = torch.nn.functional.one_hot(batch[CLIMB][:, -1] - FIRST_VALUE_ID, ITEMS)
        return self.slope * targets * batch[CLIMBER_VECTOR][:, :1]


@pytest.fixture(scope="module")
def newcomers():
    """Four climbers of forty sends."""
    draw = np.random.default_rng(0)
    sent = draw.integers(0, ITEMS, (4, 40)).tolist()
    return of([[(item, TRAIN, float(day)) for day, item in enumerate(row)] for row in sent], ITEMS).sequences


def folded(newcomers, model):
    prior = np.zeros((4, 2), np.float32)
    return fold_in(model, newcomers, np.full(4, 40), prior, 10)


def test_a_slope_moves_a_vector_and_one_that_is_weak_does_not_carry_it_away(newcomers):
    strong = folded(newcomers, Sloping(50.0))
    assert (strong[:, 0] > 0.2).all()
    assert not strong[:, 1].any()  # nothing depends on it
    weak = folded(newcomers, Sloping(0.05))
    assert (np.abs(weak) < 0.1).all()


def test_half_of_the_windows_are_prompted_and_nobody_is_asked_by_an_id(newcomers):
    model = Sloping(1.0)
    folded(newcomers, model)
    given = torch.cat(model.given)
    assert (given.all(1) | ~given.any(1)).all()
    assert 0.35 < given.any(1).float().mean().item() < 0.65
    assert model.climbers == {UNKNOWN_ID}
