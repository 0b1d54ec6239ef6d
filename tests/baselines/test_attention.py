"""What every published attention network must hold: no leak, no padding in the scores, learning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from recsys.baselines.bst import BST
from recsys.baselines.sse_pt import SSEPT
from recsys.columns import ATTRIBUTES, GIVEN
from recsys.errors import UsageError
from tests.builders.attention_networks import (
    ALL,
    CAUSAL,
    LENGTH,
    UNPROMPTED,
    build,
    name_of,
    random_batch,
    scores,
    with_last,
)
from tests.conftest import N_CLIMBS


@pytest.mark.parametrize("settings", ALL, ids=name_of)
def test_scores_every_climb_and_padding_changes_nothing(settings, schema):
    network = build(settings, schema)
    short = scores(network, random_batch(real=5, length=6))
    assert short.shape == (6, N_CLIMBS)
    assert torch.isfinite(short).all()
    for length in (5, 10):
        assert torch.allclose(scores(network, random_batch(real=5, length=length)), short, atol=1e-5), length


@pytest.mark.parametrize("settings", ALL, ids=name_of)
def test_a_batch_wider_than_the_network_is_read_from_its_end(settings, schema):
    network, wide = build(settings, schema), random_batch(real=14, length=14)
    cut = {name: value[:, -LENGTH:] if value.ndim == 2 else value for name, value in wide.items()}
    assert torch.equal(scores(network, wide), scores(network, cut))


@pytest.mark.parametrize("settings", ALL, ids=name_of)
def test_the_target_is_not_read(settings, schema):
    """Whatever stands in the target's place, padding and unknown included; the climb before it counts."""
    network, batch = build(settings, schema), random_batch(real=7)
    before = scores(network, batch)
    for climb in (0, 1, 2, 3, N_CLIMBS + 2):
        assert torch.equal(scores(network, with_last(batch, "climb", climb)), before), climb
    moved = batch["climb"].clone()
    moved[:, -2] = torch.where(moved[:, -2] == 3, 4, 3)
    assert not torch.allclose(scores(network, {**batch, "climb": moved}), before, atol=1e-4)


@pytest.mark.parametrize("settings", UNPROMPTED, ids=name_of)
def test_unprompted_networks_read_climbs_and_at_most_the_climber(settings, schema):
    network, batch, noise = build(settings, schema), random_batch(seed=0), random_batch(seed=1)
    other = {**noise, "climb": batch["climb"], "climber": batch["climber"]}
    assert not network.prompted
    assert torch.equal(scores(network, other), scores(network, batch))
    someone = {**batch, "climber": noise["climber"]}
    assert torch.equal(scores(network, someone), scores(network, batch)) is (type(settings) is not SSEPT)


@pytest.mark.parametrize("settings", ALL, ids=name_of)
def test_an_unknown_climb_is_skipped(settings, schema):
    """Out of vocabulary and null have no embedding, and no position sees them."""
    network, batch = build(settings, schema), random_batch()
    batch["climb"][:, 4] = 2
    before = scores(network, batch)
    batch["climb"][:, 4] = 1
    assert torch.equal(scores(network, batch), before)
    assert torch.isfinite(before).all()


@pytest.mark.parametrize("settings", CAUSAL, ids=name_of)
@pytest.mark.parametrize("unread", [1, 2])
def test_scores_are_of_the_latest_known_climb(settings, unread, schema):
    """Training asks for nothing after a climb that is unknown, or null: the state there means nothing."""
    network, batch = build(settings, schema), random_batch(real=7)
    batch["climb"][0, -2] = batch["climb"][1, -3:-1] = unread
    climbers = (batch["climber"],) if isinstance(settings, SSEPT) else ()
    history = batch["climb"][:, :-1]
    with torch.inference_mode():
        states, table = network.hidden(history, *climbers), network.climbs.catalogue
    expected = states[torch.arange(6), torch.tensor([-2, -3, -1, -1, -1, -1]), : table.shape[1]] @ table.T
    torch.testing.assert_close(scores(network, batch), expected)


@pytest.mark.parametrize("settings", CAUSAL, ids=name_of)
def test_states_see_nothing_after_them(settings, schema):
    """Changing climb t leaves the states before t as they are and changes the one at t."""
    network, history = build(settings, schema), random_batch()["climb"][:, :-1]
    climbers = (torch.full((6,), 5),) if isinstance(settings, SSEPT) else ()
    with torch.inference_mode():
        before = network.hidden(history, *climbers)
        for t in range(LENGTH - 1):
            changed = history.clone()
            changed[:, t] = torch.where(history[:, t] == 3, 4, 3)
            after = network.hidden(changed, *climbers)
            assert torch.allclose(after[:, :t], before[:, :t], atol=1e-6)
            assert ((after - before)[:, t].abs().amax(1) > 1e-4).all()


@pytest.mark.parametrize("settings", ALL, ids=name_of)
def test_windows_without_a_known_climb_teach_nothing(settings, schema):
    """A batch whose targets are all unknown has a loss of 0 and finite gradients, not NaN."""
    network, batch = build(settings, schema).train(), random_batch(rows=2, real=1)
    batch["climb"][:, -1] = 2
    loss = network.training_loss(batch)
    loss.backward()
    assert loss.item() == 0
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


@pytest.mark.parametrize("settings", ALL, ids=name_of)
def test_learns_a_cycle(settings, schema):
    """Twelve climbs, always in one order from a random start: all but a few are found within 400 steps."""

    def cycle(rows, rng):
        start, real = rng.integers(0, 12, (rows, 1)), rng.integers(2, LENGTH + 1, (rows, 1))
        climbs = (start + np.arange(LENGTH)) % 12 + 3
        climbs = torch.from_numpy(np.where(np.arange(LENGTH) >= LENGTH - real, climbs, 0))
        return {**random_batch(rows), "climb": climbs}

    calm = {"sse_item": 0.1, "sse_target": 0.1, "sse_user": 0.5} if isinstance(settings, SSEPT) else {}
    network = build(replace(settings, layers=1, dropout=0.0, **calm), schema).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    rng = np.random.default_rng(0)
    test, asked = cycle(300, rng), {GIVEN: torch.zeros(300, len(ATTRIBUTES), dtype=torch.bool)}
    for _ in range(10):
        for _ in range(40):
            optimizer.zero_grad()
            network.training_loss(cycle(32, rng)).backward()
            optimizer.step()
        found = scores(network.eval(), test | asked).argmax(1) + 3
        accuracy = (found == test["climb"][:, -1]).double().mean()
        if accuracy > 0.97:
            return
        network.train()
    pytest.fail(f"after 400 steps accuracy is {accuracy:.3f}")


def test_only_the_causal_two_train_every_position(schema):
    kinds = {name_of(s): (s.prompted, s.sequential, build(s, schema).asking(LENGTH).kind) for s in ALL}
    assert kinds == {
        "SASRec": (False, True, "following"),
        "SSEPT": (False, True, "following"),
        "BERT4Rec-learned": (False, True, "hidden"),
        "BERT4Rec-fixed": (False, True, "hidden"),
        "BST": (True, True, "last"),
    }


def test_sizes_that_cannot_work_are_refused(schema):
    with pytest.raises(UsageError, match="not a multiple"):
        BST(d_model=10, heads=4)
    with pytest.raises(UsageError, match="climber_dim 64"):
        SSEPT(climber_dim=64)
    for settings in CAUSAL:
        with pytest.raises(UsageError, match=r"no history.*2 or more"):
            settings.build(schema, 1)
