"""A model with more rows, or with fewer: what new ones begin with, and that the others are as they were."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recsys.adapting.growing import drop_climbers, fill_climbs, grow_model
from recsys.columns import CLIMB, CLIMBER, FIRST_VALUE_ID
from recsys.model.climbers import climber_table
from recsys.model.output import SENDS, buffer_of
from tests.conftest import N_CLIMBS
from tests.model.test_prompted_transformer import build, random_batch, scores


def test_a_new_climb_begins_as_the_climbs_that_it_is_like(schema):
    model = build(schema, "prenorm", "clm")
    scores, first = model.task.pre, FIRST_VALUE_ID + N_CLIMBS - 2  # the last two are new
    kind = scores.get_buffer(buffer_of(SENDS))
    with torch.no_grad():
        scores.bias.copy_(torch.arange(len(scores.bias)) / 10)
        kind.copy_(torch.arange(len(kind)) % 7)
    before = {name: values.clone() for name, values in model.state_dict().items()}
    weights = np.zeros((2, N_CLIMBS - 2))
    weights[0, [4, 5]], weights[1, 9] = [0.75, 0.25], 1
    known = [FIRST_VALUE_ID + index for index in (4, 5, 9)]
    sides = {name: np.array([2, 0]) for name in scores.sides}
    fill_climbs(model, first, weights, sides)

    def mixed(values):
        a, b, c = (values[index].detach().double() for index in known)
        return torch.stack([0.75 * a + 0.25 * b, c]).numpy()

    assert scores.table.weight[first:].detach().numpy() == pytest.approx(mixed(scores.table.weight))
    assert scores.bias[first:].detach().numpy() == pytest.approx(mixed(scores.bias))
    assert kind[first:].tolist() == mixed(kind).round().tolist() != [0, 0]
    others = [name for name in scores.sides if name != SENDS]
    assert others
    assert all(scores.get_buffer(buffer_of(name))[first:].tolist() == [2, 0] for name in others)
    for name, values in model.state_dict().items():
        same = values if values.shape[:1] != scores.bias.shape else values[:first]
        assert torch.equal(same, before[name][: len(same)] if same.ndim else before[name]), name


def test_climbs_that_are_added_are_scored_by_a_product_of_their_own(schema):
    """So that the old ones' scores stay what they were to the last bit."""
    more = schema.copy()
    more[CLIMB] = schema[CLIMB].with_properties({"domain": {"min": 0, "max": N_CLIMBS + 7, "name": CLIMB}})
    old = build(schema, "prenorm", "clm")
    config = old.heads[0].body.inputs.config
    grown = grow_model(old, more, config)
    assert grown.task.pre.cuts == (N_CLIMBS + FIRST_VALUE_ID,)
    assert grow_model(grown, more, config).task.pre.cuts == grown.task.pre.cuts
    batch = random_batch(np.random.default_rng(0), 8)
    assert torch.equal(scores(grown, batch)[:, :N_CLIMBS], scores(old, batch))


def test_fewer_climbers_leave_the_others_and_where_climbs_were_added(schema):
    fewer = schema.copy()
    domain = {"domain": {"min": 0, "max": 20, "name": CLIMBER}}
    fewer[CLIMBER] = schema[CLIMBER].with_properties(domain)
    old, new = build(schema, "prenorm", "clm"), build(fewer, "prenorm", "clm", seed=1)
    old.task.pre.cuts = (80, 95)
    drop_climbers(old, new, [4, 7])
    table = climber_table(old).weight.detach().numpy()
    assert np.array_equal(climber_table(new).weight.detach().numpy(), np.delete(table, [4, 7], axis=0))
    assert new.task.pre.cuts == (80, 95)  # the product whose sums have their order
    before, after = old.state_dict(), new.state_dict()
    same = [name for name in before if before[name].shape == after[name].shape]
    assert all(torch.equal(before[name], after[name]) for name in same)
