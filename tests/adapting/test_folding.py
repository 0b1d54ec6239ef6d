"""Fold-in by a model whose slope is known: half of the windows prompted, and a pull to where it began."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recsys.adapting import folding
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


def test_it_is_adam_on_each_climber_s_own_mean_loss_and_its_pull(newcomers):
    """By hand, of one climber: with this model every window has the same loss, whoever's it is."""
    begun = torch.tensor([[0.3, -0.2]])
    vector = begun.clone().requires_grad_()
    tuning = torch.optim.Adam([vector], lr=folding.RATE)
    for _ in range(folding.STEPS):
        score = 6.0 * vector[0, 0]
        loss = torch.log(torch.exp(score) + ITEMS - 1) - score
        loss = loss + folding.PULL * (vector - begun).square().sum()
        (vector.grad,) = torch.autograd.grad(loss, vector)
        tuning.step()
    found = fold_in(Sloping(6.0), newcomers, np.array([40, 40, 5, 2]), begun.numpy().repeat(4, 0), 10)
    assert found == pytest.approx(vector.detach().numpy().repeat(4, 0), abs=1e-4)


def test_the_last_sends_are_asked_for_and_the_seed_says_which_are_prompted(newcomers, monkeypatch):
    monkeypatch.setattr(folding, "RECENT", 7)
    given = []
    for seed in (1, 1, 2):
        model = Sloping(1.0)
        fold_in(model, newcomers, np.full(4, 40), np.zeros((4, 2), np.float32), 10, seed)
        given.append(model.given[0])
        assert len(model.given[0]) == 4 * 7
    assert torch.equal(given[0], given[1])
    assert not torch.equal(given[0], given[2])
