"""Ranking losses against their papers' formulas in float64 NumPy and by hand; the sampler; the task."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recsys.model.losses import GBCE, BPRMax, ranking_loss
from recsys.model.negatives import NegativeSampler, popularity_law
from recsys.model.objective import Objective, score_all

N_ITEMS = 21
QUICK = settings(max_examples=60, deadline=None)


def logistic(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    return np.exp(x) / np.exp(x).sum()


# Each formula for one positive s, the negatives that count, and their expected counts.
FORMULAS = {
    "softmax": lambda s, n, c: -np.log(np.exp(s) / (np.exp(s) + (np.exp(n) / c).sum())),
    "bpr": lambda s, n, c: -np.log(logistic(s - n)).mean(),
    "top1": lambda s, n, c: (logistic(n - s) + logistic(n**2)).mean(),
    "top1-max": lambda s, n, c: (softmax(n) * (logistic(n - s) + logistic(n**2))).sum(),
    "bpr-max": lambda s, n, c: -np.log((softmax(n) * logistic(s - n)).sum()) + (softmax(n) * n**2).sum(),
}


@pytest.mark.parametrize("name", FORMULAS)
@QUICK
@given(
    scores=hnp.arrays(np.float64, (3, 5), elements=st.floats(-6, 6)),
    valid=hnp.arrays(np.bool_, (3, 4)),
    counts=hnp.arrays(np.float64, 4, elements=st.floats(0.01, 50)),
)
def test_losses_are_their_formulas_over_the_negatives_that_count(name, scores, valid, counts):
    expected = [
        FORMULAS[name](row[0], row[1:][kept], counts[kept]) if kept.any() else 0.0
        for row, kept in zip(scores, valid, strict=True)
    ]
    tensor = torch.from_numpy(scores)
    loss = ranking_loss(name, N_ITEMS)(
        tensor[:, 0], tensor[:, 1:], torch.from_numpy(valid), torch.from_numpy(counts).log()
    )
    assert loss.item() == pytest.approx(np.mean(expected), rel=1e-9, abs=1e-12)


@QUICK
@given(
    scores=hnp.arrays(np.float64, (3, 5), elements=st.floats(-6, 6)),
    calibration=st.floats(0, 1),
)
def test_gbce_is_the_likelihood_of_powered_probabilities(scores, calibration):
    rate = 4 / (N_ITEMS - 1)
    beta = rate * (calibration * (1 - 1 / rate) + 1 / rate)
    s, n = scores[:, 0] - np.log(N_ITEMS - 1), scores[:, 1:] - np.log(N_ITEMS - 1)
    expected = -(np.log(logistic(s) ** beta) + np.log(1 - logistic(n)).sum(1)) / 5
    tensor = torch.from_numpy(scores)
    loss = GBCE(N_ITEMS, calibration)(
        tensor[:, 0], tensor[:, 1:], torch.ones(3, 4, dtype=torch.bool), torch.zeros(4)
    )
    assert loss.item() == pytest.approx(expected.mean(), rel=1e-9)


def test_gbce_by_hand():
    # t = 0 is binary cross-entropy, t = 1 weighs the positive by the sampling rate.
    assert GBCE(101, 0.0).beta(10) == pytest.approx(1.0)
    assert GBCE(101, 1.0).beta(10) == pytest.approx(0.1)
    assert GBCE(101, 0.75).beta(10) == pytest.approx(0.1 * (0.75 * (1 - 10) + 10))  # 0.325
    one_in_two = math.log(100)  # scores start at odds of 1 to 100
    loss = GBCE(101, 0.75)(
        torch.full((1,), one_in_two),
        torch.full((1, 10), one_in_two),
        torch.ones(1, 10, dtype=torch.bool),
        torch.zeros(10),
    )
    assert loss.item() == pytest.approx((0.325 + 10) * math.log(2) / 11)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("softmax", math.log(1 + math.exp(-1) + math.exp(-2))),
        ("bpr", (math.log(1 + math.exp(-1)) + math.log(1 + math.exp(-2))) / 2),
        ("top1", (0.2689414 + 0.5 + 0.1192029 + 0.7310586) / 2),
        ("top1-max", 0.7310586 * (0.2689414 + 0.5) + 0.2689414 * (0.1192029 + 0.7310586)),
        ("bpr-max", -math.log(0.7310586 * 0.7310586 + 0.2689414 * 0.8807971) + 0.2689414),
    ],
)
def test_losses_by_hand(name, expected):
    """s = 1 against 0 and -1: p = (0.7310586, 0.2689414), the logistic of 1 and of -1."""
    loss = ranking_loss(name, N_ITEMS)(
        torch.tensor([1.0]), torch.tensor([[0.0, -1.0]]), torch.ones(1, 2, dtype=torch.bool), torch.zeros(2)
    )
    assert loss.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", [*FORMULAS, "gbce"])
def test_a_negative_that_is_the_target_changes_nothing_and_gets_no_gradient(name):
    negative = torch.tensor([[0.5, 90.0, -1.0], [90.0, 90.0, 90.0]], requires_grad=True)
    positive = torch.tensor([1.0, -2.0], requires_grad=True)
    valid = torch.tensor([[True, False, True], [False, False, False]])
    ranking_loss(name, N_ITEMS)(positive, negative, valid, torch.zeros(3)).backward()
    assert torch.isfinite(negative.grad).all()
    assert (negative.grad[~valid] == 0).all()
    assert (negative.grad[valid] != 0).all()
    assert positive.grad[0] < 0  # a higher score of what was sent costs less
    assert positive.grad[1] == 0  # a row without negatives


@pytest.mark.parametrize("name", [*FORMULAS, "gbce"])
def test_extreme_scores_stay_finite(name):
    for s in (-1e3, 1e3):
        positive, negative = torch.tensor([s], requires_grad=True), torch.tensor([[-s, 0.0]])
        loss = ranking_loss(name, N_ITEMS)(positive, negative, torch.ones(1, 2).bool(), torch.zeros(2))
        loss.backward()
        assert torch.isfinite(loss)
        assert torch.isfinite(positive.grad).all()


def test_score_regularization_can_be_left_out():
    scores = torch.tensor([1.0]), torch.tensor([[0.0, -1.0]]), torch.ones(1, 2).bool(), torch.zeros(2)
    assert (BPRMax()(*scores) - BPRMax(0.0)(*scores)).item() == pytest.approx(0.2689414, rel=1e-6)


def test_sampler_draws_climbs_alone_by_the_law_of_ranks():
    torch.manual_seed(0)
    sample = NegativeSampler(N_ITEMS, 100_000, alpha=0.5)()
    assert sample.ids.min() == 3  # never padding, null or unknown
    assert sample.ids.max() == N_ITEMS + 2
    rank = np.arange(1, N_ITEMS + 1)
    law = np.sqrt(np.log((rank + 1) / rank))
    law /= law.sum()
    drawn = np.bincount(sample.ids.numpy() - 3, minlength=N_ITEMS) / 100_000
    assert np.abs(drawn - law).max() < 4 * np.sqrt(law.max() / 100_000)
    np.testing.assert_allclose(sample.log_counts.exp(), 100_000 * law[sample.ids.numpy() - 3], rtol=1e-5)


def test_sampler_counts_the_batch_own_targets():
    sample = NegativeSampler(N_ITEMS, 4, alpha=0.0)(torch.tensor([5, 3]))
    assert sample.ids[:2].tolist() == [5, 3]
    law = popularity_law(N_ITEMS)
    expected = 4 / N_ITEMS + 2 * law[sample.ids - 3]
    np.testing.assert_allclose(sample.log_counts.exp(), expected, rtol=1e-5)


def objective_case(width=4):
    generator = torch.Generator().manual_seed(1)
    queries = torch.randn(6, width, generator=generator)
    table = torch.randn(N_ITEMS + 3, width, generator=generator)
    bias = torch.randn(N_ITEMS + 3, generator=generator)
    return queries, table, torch.tensor([3, 3, 4, 10, 22, 23]), bias


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_sampled_softmax_tends_to_the_full_one(alpha):
    """The logQ correction, in both its value and its gradient; uncorrected, both would be far off."""
    case = objective_case()
    torch.manual_seed(0)
    results = {}
    for negatives in (0, 30_000):
        queries = case[0].clone().requires_grad_()
        loss = Objective(N_ITEMS, "softmax", negatives, alpha)(queries, *case[1:])
        loss.backward()
        results[negatives] = (loss.item(), queries.grad)
    assert results[30_000][0] == pytest.approx(results[0][0], rel=0.02)
    torch.testing.assert_close(results[30_000][1], results[0][1], atol=0.02, rtol=0.02)


def test_in_batch_negatives_are_corrected_too():
    """Targets that are drawn by popularity, as a batch's are, estimate the full softmax as well."""
    queries, table, targets, bias = objective_case()
    torch.manual_seed(0)
    in_batch = NegativeSampler(N_ITEMS, 100_000, alpha=1.0)().ids
    full = Objective(N_ITEMS, "softmax", 0, 0.0)(queries, table, targets, bias)
    loss = Objective(N_ITEMS, "softmax", 50_000, 0.0)(queries, table, targets, bias, in_batch)
    assert loss.item() == pytest.approx(full.item(), rel=0.01)


@pytest.mark.parametrize("name", [*FORMULAS, "gbce"])
def test_whole_catalogue_takes_every_other_climb(name):
    queries, table, targets, bias = objective_case()
    scores = score_all(queries, table, bias)
    rows = [
        ranking_loss(name, N_ITEMS)(
            scores[[i], target - 3],
            torch.cat([scores[[i], : target - 3], scores[[i], target - 2 :]], dim=1),
            torch.ones(1, N_ITEMS - 1, dtype=torch.bool),
            torch.zeros(()),
        )
        for i, target in enumerate(targets)
    ]
    loss = Objective(N_ITEMS, name, 0, 0.0)(queries, table, targets, bias)
    assert loss.item() == pytest.approx(torch.stack(rows).mean().item(), rel=1e-5)


@pytest.mark.parametrize("loss", ["sampled-softmax", "bpr-max", "gbce"])
def test_transformer_trains_on_a_sample_and_ranks_the_whole_catalogue(schema, loss):
    from recsys.config.model import ModelConfig
    from recsys.model.prompted_transformer import build_model
    from tests.conftest import N_CLIMBS
    from tests.model.test_prompted_transformer import random_batch

    batch = random_batch(np.random.default_rng(0), 16)
    config = ModelConfig(features=("climb",), length=8, d_model=16, climb_dim=16, loss=loss, negatives=5)
    torch.manual_seed(0)
    model = build_model(schema, config)
    plain = build_model(schema, config.model_copy(update={"loss": "softmax"}))
    plain.load_state_dict(model.state_dict())  # the same weights: a run is loaded whatever trained it
    assert torch.equal(model.eval().next_scores(batch), plain.eval().next_scores(batch))
    assert model.next_scores(batch).shape == (16, N_CLIMBS)

    optimiser = torch.optim.Adam(model.train().parameters(), lr=0.01)
    first, *_, last = (_step(model, optimiser, batch) for _ in range(60))
    assert last < 0.7 * first
    table = model.heads[0].body.inputs.categorical_module.item_embedding_table.weight
    assert table.grad[:3].abs().sum() == 0  # padding, null and unknown are no one's negatives


def _step(model, optimiser, batch):
    optimiser.zero_grad()
    loss = model.training_loss(batch)
    loss.backward()
    optimiser.step()
    return loss.item()
