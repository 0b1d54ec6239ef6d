"""Elapsed time in attention: bins by hand, what a gap changes, and that a date not given is not read."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recsys.columns import ATTRIBUTES, GIVEN
from recsys.config.model import ModelConfig
from recsys.errors import UsageError
from tests.model.test_prompted_transformer import LENGTH, build, random_batch, scores

WAYS = [{"positions": "time"}, {"positions": "time-alone"}, {"time_bias": True}]
NO_DAYS = tuple(each for each in ("climb", "climber", *ATTRIBUTES) if each != "elapsed_days")


def timed(schema, masking, way):
    """A model that reads elapsed days in its attention alone, its biases as if they had been learned."""
    model = build(schema, "prenorm", masking, layers=2, features=NO_DAYS, **way)
    for name, each in model.named_parameters():
        if "by_bin" in name:
            torch.nn.init.normal_(each)
    return model


def test_days_of_bins_lie_in_their_bins():
    from recsys.model.times import days_of_bins
    from workflows.sends.graph import BOUNDARIES

    days = days_of_bins()
    edges = BOUNDARIES["elapsed_days"]
    assert len(days) == len(edges) + 1
    assert np.digitize(days[2:].numpy(), edges).tolist() == list(range(2, len(edges) + 1))
    assert days[:2].tolist() == [0, 0]


def test_times_by_hand():
    from recsys.model.times import times_of

    elapsed = torch.tensor([[0.0, 2.0, 5.0]])
    known = torch.tensor([[True, True, False]])
    plain, shifted = times_of(elapsed, known, False), times_of(elapsed, known, True)
    assert plain.asked.tolist() == plain.read.tolist() == [[0, 2, 2]]
    assert shifted.read.tolist() == [[0, 0, 2]]  # a token holds the send before it
    assert shifted.asked.tolist() == [[0, 2, 2]]  # the last date is not given
    assert times_of(elapsed, torch.ones(1, 3, dtype=torch.bool), True).asked.tolist() == [[0, 2, 7]]


def test_the_sends_of_a_day_have_one_time_and_a_query_as_far_as_its_own_prompt_tells():
    from recsys.model.times import times_of_days

    elapsed, days = torch.tensor([[0.0, 2.0, 2.0, 5.0]]), torch.tensor([[1, 2, 2, 3]])
    known = torch.tensor([[True, False, True, True]])
    sent, asked = times_of_days(elapsed, known, days)
    assert sent.tolist() == [[0, 2, 2, 7]]
    assert asked.tolist() == [[0, 0, 2, 7]]


def test_gaps_are_binned_by_halves_of_doublings():
    from recsys.model.time_attention import BINS, gap_bins
    from recsys.model.times import Times

    days = torch.tensor([[0.0, 1.0, 3.0, 1e9]])
    bins = gap_bins(Times(days, days))[0]
    assert bins[0].tolist() == [0, 2, 4, BINS - 1]
    assert bins.diagonal().tolist() == [0, 0, 0, 0]


def test_products_turned_by_time_depend_on_the_gap_alone():
    from recsys.model.prenorm import rotate
    from recsys.model.time_attention import time_rotations

    torch.manual_seed(0)
    query, key = torch.randn(2, 1, 1, 1, 8)

    def product(i, j):
        turned = [rotate(v, time_rotations(torch.tensor([[d]]), 4)) for v, d in ((query, i), (key, j))]
        return (turned[0] * turned[1]).sum().item()

    assert product(0.0, 3.0) == pytest.approx(product(40.0, 43.0), abs=1e-4)
    assert product(0.0, 3.0) != pytest.approx(product(0.0, 0.0), abs=1e-3)


@pytest.mark.parametrize("positions", ["time", "time-alone"])
def test_a_token_asks_at_one_time_and_is_read_at_another(positions):
    """When a token asks changes what it finds, and nothing else; when it is read, what all find."""
    from recsys.model.prenorm import PreNormConfig
    from recsys.model.times import Times

    torch.manual_seed(0)
    config = PreNormConfig.build(16, 2, 1, 16, causal=False, positions=positions)
    body = config.to_huggingface_torch_model().eval()
    tokens, real, index = torch.randn(1, 4, 16), torch.ones(1, 4), torch.arange(4).expand(1, 4)
    days = torch.tensor([[0.0, 3.0, 9.0, 27.0]])
    later = torch.tensor([[0.0, 500.0, 9.0, 27.0]])

    def found(asked, read):
        return body(tokens, real, index, times=Times(asked, read))[0]

    moved = [
        (found(*times) - found(days, days)).abs().amax(2) > 1e-6 for times in ((later, days), (days, later))
    ]
    assert moved[0].tolist() == [[False, True, False, False]]
    assert moved[1].all()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("masking", ["clm", "last", "mlm"])
def test_a_gap_counts_and_the_date_of_the_target_only_where_it_is_given(schema, masking, way):
    model = timed(schema, masking, way)
    batch = random_batch(np.random.default_rng(1), 8, least=LENGTH)
    index = ATTRIBUTES.index("elapsed_days")
    for column, told in ((3, True), (-1, True), (-1, False)):
        given = batch[GIVEN].clone()
        given[:, index] = told
        later = batch["elapsed_days_bin"].clone()
        later[:, column] = torch.where(later[:, column] > 8, 2, 14)
        first, second = (
            scores(model, {**batch, GIVEN: given, "elapsed_days_bin": each})
            for each in (batch["elapsed_days_bin"], later)
        )
        assert torch.equal(first, second) is (column == -1 and not told)


@pytest.mark.parametrize("way", WAYS)
def test_no_later_date_shows_to_a_causal_token(schema, way):
    model = timed(schema, "clm", way)
    batch = random_batch(np.random.default_rng(2), 4, least=LENGTH)
    other = {**batch, "elapsed_days_bin": batch["elapsed_days_bin"].clone()}
    other["elapsed_days_bin"][:, 5] = torch.where(batch["elapsed_days_bin"][:, 5] > 8, 2, 14)
    block = model.heads[0].body
    block.inputs.masking.every = True
    with torch.inference_mode():
        first, second = (block(dict(each), testing=True) for each in (batch, other))
    moved = (first - second).abs().amax((0, 2)) > 1e-6
    assert moved.tolist() == [index >= 5 for index in range(LENGTH)]


def test_what_cannot_read_time_is_refused(schema):
    with pytest.raises(UsageError, match="bert has no time positions"):
        ModelConfig(body="bert", masking="mlm", positions="time")
    with pytest.raises(UsageError, match="bert has no time_bias"):
        ModelConfig(body="bert", masking="mlm", time_bias=True)
    with pytest.raises(UsageError, match="no multiple of 4"):
        ModelConfig(d_model=12, heads=2, positions="time")
    plain = schema.excluding_by_name(["elapsed_days", "elapsed_days_bin"])
    with pytest.raises(UsageError, match="have none"):
        build(plain, "prenorm", "clm", time_bias=True)
