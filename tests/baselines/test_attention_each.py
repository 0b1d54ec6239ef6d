"""What is each attention network's own: its loss, its regulariser, its masks, its prompt."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from recsys.baselines.bert4rec import BERT4Rec
from recsys.baselines.bst import BST, attribute_columns
from recsys.baselines.sse_pt import SSEPT
from recsys.columns import ATTRIBUTES, GIVEN
from recsys.model.sinusoids import sinusoids
from tests.builders.attention_networks import (
    CAUSAL,
    LENGTH,
    SMALL,
    build,
    name_of,
    random_batch,
    scores,
    with_last,
)


@pytest.mark.parametrize("settings", CAUSAL, ids=name_of)
def test_every_position_is_asked_for_the_next_climb(settings, schema):
    """The loss is the mean over positions, padding left out, of what NumPy finds in the scores."""
    network, batch = build(settings, schema), random_batch(real=6)
    climbers = (batch["climber"],) if isinstance(settings, SSEPT) else ()
    table = network.climbs.weight.detach().numpy().astype(np.float64)[3:]
    with torch.no_grad():
        states = network.hidden(batch["climb"][:, :-1], *climbers).numpy().astype(np.float64)
        loss = network.training_loss(batch).item()
    surprise = []
    for row, t in itertools.product(range(6), range(LENGTH - 6, LENGTH - 1)):
        logits = table @ states[row, t, : table.shape[1]]
        target = int(batch["climb"][row, t + 1]) - 3
        surprise.append(np.log(np.exp(logits).sum()) - logits[target])
    assert loss == pytest.approx(np.mean(surprise), rel=1e-5)


@pytest.mark.parametrize("settings", CAUSAL, ids=name_of)
def test_bce_with_one_negative(settings, schema):
    """Of two climbs the other one is the negative: the loss is the plain formula, climber's part included."""
    bce = replace(settings, loss="bce")
    network, batch = build(bce, schema), random_batch(rows=1, real=2)
    network.n_climbs = 5
    batch["climb"][:, -2:] = torch.tensor([3, 4])
    climbers = (batch["climber"],) if isinstance(settings, SSEPT) else ()
    with torch.no_grad():
        state = network.hidden(batch["climb"][:, :-1], *climbers)[0, -1]
        tables = [network.climbs.weight[[4, 3]]]
        if climbers:
            tables.append(network.climbers.weight[climbers[0]].expand(2, -1))
        positive, negative = (torch.cat(tables, dim=1) @ state).tolist()
        loss = network.training_loss(batch).item()
    assert loss == pytest.approx(math.log1p(math.exp(-positive)) + math.log1p(math.exp(negative)), rel=1e-5)


def test_sharing_has_a_chance_for_each_of_the_three(schema):
    batch = random_batch()
    history, targets, climbers = batch["climb"][:, :-1], batch["climb"][:, 1:], batch["climber"]
    for index, chance in enumerate(("sse_item", "sse_target", "sse_user")):
        chances = {"sse_item": 0, "sse_target": 0, "sse_user": 0, "unknown_user": 0, chance: 1}
        network = build(SSEPT(**SMALL, climber_dim=4, **chances), schema)
        parts = (history, targets, climbers)
        moved = [(new != old).all().item() for new, old in zip(network.shared(*parts), parts, strict=True)]
        assert moved == [i == index for i in range(3)], chance


def test_nothing_is_replaced_outside_training(schema):
    """With every chance 1 an evaluated network has the loss and the scores of one with every chance 0."""
    sizes = {**SMALL, "climber_dim": 4, "dropout": 0.0}
    calm = build(SSEPT(**sizes, sse_item=0, sse_target=0, sse_user=0, unknown_user=0), schema)
    wild = build(SSEPT(**sizes, sse_item=1, sse_target=1, sse_user=1, unknown_user=0), schema)
    batch = random_batch()
    expected = calm.training_loss(batch).item()
    assert wild.training_loss(batch).item() == expected
    assert torch.equal(scores(wild, batch), scores(calm, batch))
    assert calm.train().training_loss(batch).item() == pytest.approx(expected, rel=1e-5)
    assert wild.train().training_loss(batch).item() != pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_the_unknown_climber_is_trained_by_its_chance(schema, chance):
    network = build(SSEPT(**SMALL, climber_dim=4, unknown_user=chance), schema).train()
    network.training_loss(random_batch()).backward()
    trained = network.climbers.weight.grad.abs().sum(1) > 0
    assert trained[2].item() is (chance == 1)
    assert trained[3:].any().item() is (chance == 0)


def test_masks_come_at_their_rates(schema):
    torch.manual_seed(0)
    known = torch.ones(4000, LENGTH, dtype=torch.bool)
    known[:, :3] = False
    drawn = build(BERT4Rec(**SMALL, mask_probability=0.5, last_probability=0), schema).choose(known)
    assert drawn.any(1).all()
    assert not (drawn & ~known).any()
    expected = 0.5 + 0.5**7 / 7  # one of seven where chance gave none
    assert abs(drawn[known].double().mean() - expected) < 5 * math.sqrt(0.25 / (4000 * 7))
    alone = build(BERT4Rec(**SMALL, last_probability=1), schema).choose(known)
    assert torch.equal(alone.nonzero()[:, 1], torch.full((4000,), LENGTH - 1))


def test_bert4rec_does_not_read_what_it_is_asked_for(schema):
    """Masked climbs do not enter the states; unmasked ones do, on both sides."""
    network, climbs = build(BERT4Rec(**SMALL), schema), random_batch()["climb"]
    masked = torch.zeros_like(climbs, dtype=torch.bool)
    masked[:, 4] = True
    with torch.inference_mode():
        before = network.hidden(climbs, masked)
        for t, matters in ((4, False), (2, True), (7, True)):
            changed = climbs.clone()
            changed[:, t] = torch.where(climbs[:, t] == 3, 4, 3)
            assert torch.equal(network.hidden(changed, masked)[:, 4], before[:, 4]) is not matters, t


def test_fixed_positions_count_back_and_are_not_learned(schema):
    network = build(BERT4Rec(**SMALL, positions="fixed"), schema)
    assert torch.equal(network.positions.table[-1], sinusoids(1, 16)[0])
    assert torch.equal(network.positions.table[-4], sinusoids(4, 16)[3])
    assert not list(network.positions.parameters())


def test_bst_reads_what_the_prompt_holds(schema):
    """Each attribute counts where it is given and nowhere else; an unknown region is none."""
    network, batch = build(BST(**SMALL), schema), random_batch(real=5)
    assert network.prompted
    for name, column in (("region", "region"), ("grade", "grade_bin"), ("comment", "comment")):
        other = with_last(
            batch, column, torch.where(batch[column][:, -1] == 3, 4, 3) if name != "comment" else 0
        )
        for held in (True, False):
            asked = {GIVEN: torch.tensor([[held and a == name for a in ATTRIBUTES]] * 6)}
            same = torch.allclose(scores(network, batch | asked), scores(network, other | asked), atol=1e-6)
            assert same is not held, name
    nothing = {GIVEN: torch.zeros(6, len(ATTRIBUTES), dtype=torch.bool)}
    without = {GIVEN: torch.tensor([[a != "region" for a in ATTRIBUTES]] * 6)}
    unknown = with_last(batch, "region", 2)
    assert torch.equal(scores(network, unknown), scores(network, batch | without))
    assert not torch.allclose(scores(network, batch | nothing), scores(network, batch), atol=1e-4)
    someone = {**batch, "climber": batch["climber"].flip(0)}
    assert not torch.allclose(scores(network, someone), scores(network, batch), atol=1e-5)


def test_bst_hides_the_prompt_in_training_at_its_rates(schema):
    torch.manual_seed(0)
    network = build(BST(**SMALL, hide_prompt=0.2, hide_attribute=0.1), schema).train()
    given_ = network._given({"climb": torch.zeros(20_000, 2, dtype=torch.long)}).double()
    whole = 0.2 + 0.8 * 0.1 ** len(ATTRIBUTES)
    assert abs((given_.sum(1) == 0).double().mean() - whole) < 5 * math.sqrt(0.16 / 20_000)
    assert abs(given_.mean(0) - 0.8 * 0.9).max() < 5 * math.sqrt(0.72 * 0.28 / 20_000)


def test_bst_leaves_out_what_the_schema_lacks(schema):
    bins = {name: f"{name}_bin" for name in ("grade", "rating", "elapsed_days")}
    assert attribute_columns(schema) == {"region": "region", **bins, "comment": "comment", "beta": "beta"}
    bare = schema.select_by_name(["climb", "climber"])
    network, batch = build(BST(**SMALL), bare), random_batch()
    assert not network.prompted
    kept = {name: batch[name] for name in ("climb", "climber")}
    assert torch.equal(scores(network, kept), scores(network, batch))


def numpy64(tensor):
    return tensor.detach().numpy().astype(np.float64)


def dense(values, layer):
    return values @ numpy64(layer.weight).T + numpy64(layer.bias)


def test_bert4rec_names_masked_climbs_through_gelu_norm_and_the_tied_embeddings(schema):
    network, batch = build(BERT4Rec(**SMALL), schema), random_batch()
    torch.nn.init.normal_(network.bias)
    torch.manual_seed(1)
    masked = network.choose(torch.ones_like(batch["climb"], dtype=torch.bool))
    torch.manual_seed(1)  # the loss draws the same masks
    with torch.no_grad():
        states = numpy64(network.hidden(batch["climb"], masked)[masked])
        loss = network.training_loss(batch).item()
    linear, _, norm = network.head
    x = dense(states, linear)
    x = x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + norm.eps)
    x = x * numpy64(norm.weight) + numpy64(norm.bias)
    logits = x @ numpy64(network.climbs.weight)[3:].T + numpy64(network.bias)
    targets = batch["climb"][masked].numpy() - 3
    surprise = np.log(np.exp(logits).sum(-1)) - logits[np.arange(len(targets)), targets]
    assert 6 <= len(targets) < masked.numel()
    assert loss == pytest.approx(surprise.mean(), rel=1e-5)


def test_bst_joins_the_transformer_with_what_bypassed_it(schema):
    """Scores are perceptron([state; climber; attributes]) times the climbs' embeddings, and a bias."""
    network, batch = build(BST(**SMALL, mlp=(32,)), schema), random_batch()
    torch.nn.init.normal_(network.bias)
    columns = ("climber", *attribute_columns(schema).values())
    assert list(network.others) == list(columns)
    ids = {name: batch[name] if name == "climber" else batch[name][:, -1] for name in columns}
    with torch.no_grad():
        parts = [numpy64(network.hidden(batch["climb"]))]
    parts += [numpy64(network.others[name].table.weight)[ids[name].numpy()] for name in columns]
    (first, *_), last = network.perceptron
    x = dense(np.concatenate(parts, axis=-1), first)
    x = dense(np.where(x > 0, x, 0.01 * x), last)
    logits = x @ numpy64(network.climbs.weight)[3:].T + numpy64(network.bias)
    np.testing.assert_allclose(scores(network, batch).numpy(), logits, rtol=1e-4, atol=1e-5)
