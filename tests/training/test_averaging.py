"""The running average of the weights, by hand."""

from __future__ import annotations

import math

import pytest
import torch

from recsys.training.averaging import RunningAverage


def trained(average, weights, steps):
    """The weights count up by one a step; what an epoch ends with."""
    average.begin(weights)
    for _ in range(steps):
        with torch.no_grad():
            for each in weights:
                each += 1
        average.step(weights)
    average.end(weights)
    return weights[0][0].item()


def by_hand(keep, start, values):
    found = start
    for step, value in enumerate(values, 1):
        share = min(keep, step / (9 + step))
        found = share * found + (1 - share) * value
    return found


def test_an_epoch_ends_with_the_average_and_the_next_goes_on_from_the_weights():
    weights = [torch.nn.Parameter(torch.zeros(2)), torch.nn.Parameter(torch.zeros(3, 2))]
    average = RunningAverage(epochs=2, steps=10)
    keep = math.exp(-1 / 20)
    assert trained(average, weights, 10) == pytest.approx(by_hand(keep, 0, range(1, 11)))
    assert average.other[0][0] == 10
    assert trained(average, weights, 5) == pytest.approx(by_hand(keep, 0, range(1, 16)), rel=1e-5)
    assert weights[1].eq(weights[1][0, 0]).all()


def test_the_share_that_a_step_leaves_is_that_of_the_epochs_in_the_end():
    average = RunningAverage(epochs=1, steps=4)
    weights = [torch.nn.Parameter(torch.zeros(1))]
    for _ in range(50):
        trained(average, weights, 4)
    lag = 200 - weights[0].item()
    assert lag == pytest.approx(1 / (math.exp(1 / 4) - 1), rel=1e-4)  # of weights that move by one a step


def test_a_state_goes_on_where_it_was():
    whole, weights = RunningAverage(1, 3), [torch.nn.Parameter(torch.zeros(2))]
    trained(whole, weights, 3)
    other, others = RunningAverage(1, 3), [torch.nn.Parameter(weights[0].detach().clone())]
    other.load(whole.state())
    assert trained(other, others, 3) == trained(whole, weights, 3)
    assert torch.equal(other.other[0], whole.other[0])
