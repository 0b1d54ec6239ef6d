"""The published attention networks: what they may read, what they compute, that they learn."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recsys.baselines.attention import AttentionSettings, Blocks, another, bce_loss, sinusoids, softmax_loss
from recsys.baselines.bert4rec import BERT4Rec
from recsys.baselines.bst import BST, attribute_columns
from recsys.baselines.sasrec import SASRec
from recsys.baselines.sse_pt import SSEPT, replaced
from recsys.errors import UsageError
from recsys.model.config import ATTRIBUTES
from recsys.model.inputs import GIVEN
from tests.conftest import N_CLIMBS

LENGTH = 10
SMALL = {"d_model": 16, "layers": 2, "heads": 2}
ALL = [
    SASRec(**SMALL),
    SSEPT(**SMALL, climber_dim=4),
    BERT4Rec(**SMALL),
    BERT4Rec(**SMALL, positions="fixed"),
    BST(**SMALL, mlp=(32,)),
]
UNPROMPTED = ALL[:-1]
CAUSAL = ALL[:2]


def name_of(settings):
    return f"{type(settings).__name__}-{getattr(settings, 'positions', '')}".strip("-")


def build(settings, schema, seed=0):
    torch.manual_seed(seed)
    return settings.build(schema, LENGTH).eval()


def random_batch(rows=6, real=LENGTH, length=LENGTH, seed=0):
    """Uniformly random sends, the last `real` of `length` positions."""
    rng = np.random.default_rng(seed)

    def draw(low, high):
        values = torch.from_numpy(rng.integers(low, high, (rows, real)))
        return torch.nn.functional.pad(values, (length - real, 0))

    return {
        "climb": draw(3, N_CLIMBS + 3),
        "region": draw(3, 7),
        "grade_bin": draw(2, 13),
        "comment": draw(1, 3),
        "climber": torch.from_numpy(rng.integers(3, 23, rows)),
    }


def with_last(batch, name, value):
    """The batch with another value in the last position of a feature."""
    changed = batch[name].clone()
    changed[:, -1] = value
    return {**batch, name: changed}


@torch.inference_mode()
def scores(network, batch):
    return network.next_scores(batch)


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


def layer_by_hand(layer, x, allowed, norm_first, activation):
    """One transformer layer over one row, [length, width], in float64 NumPy."""
    state = {name: value.detach().numpy().astype(np.float64) for name, value in layer.state_dict().items()}

    def linear(values, name):
        return values @ state[f"{name}.weight"].T + state[f"{name}.bias"]

    def norm(values, name):
        centred = values - values.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
        return scaled * state[f"{name}.weight"] + state[f"{name}.bias"]

    def attend(values):
        width = values.shape[-1]
        joint = values @ state["self_attn.in_proj_weight"].T + state["self_attn.in_proj_bias"]
        size, parts = width // layer.self_attn.num_heads, []
        for h in range(layer.self_attn.num_heads):
            q, k, v = (joint[:, i * width + h * size : i * width + (h + 1) * size] for i in range(3))
            weights = np.where(allowed, np.exp(q @ k.T / math.sqrt(size)), 0)
            parts.append(weights / weights.sum(-1, keepdims=True) @ v)
        return linear(np.concatenate(parts, axis=-1), "self_attn.out_proj")

    def feed(values):
        return linear(activation(linear(values, "linear1")), "linear2")

    if norm_first:
        x = x + attend(norm(x, "norm1"))
        return x + feed(norm(x, "norm2"))
    x = norm(x + attend(x), "norm1")
    return norm(x + feed(x), "norm2")


@pytest.mark.parametrize("gradients", [True, False], ids=["training path", "inference path"])
@pytest.mark.parametrize("norm_first", [True, False], ids=["pre-norm", "post-norm"])
@pytest.mark.parametrize("causal", [True, False], ids=["causal", "bidirectional"])
def test_a_block_is_what_numpy_computes(norm_first, causal, gradients):
    torch.manual_seed(0)
    settings = AttentionSettings(d_model=6, layers=1, heads=3)
    blocks = Blocks(settings, 10, torch.nn.functional.relu, norm_first, causal).double().eval()
    for parameter in blocks.parameters():
        torch.nn.init.normal_(parameter)
    x, known = torch.randn(3, 4, 6).double(), torch.tensor([[0, 0, 1, 1], [0, 1, 1, 1], [1, 1, 0, 1]]).bool()
    with torch.set_grad_enabled(gradients):
        got = blocks(x, known)
    for row in range(3):
        allowed = [
            [q == k or (bool(known[row, k]) and (k <= q or not causal)) for k in range(4)] for q in range(4)
        ]
        relu = lambda values: np.maximum(values, 0)  # noqa: E731
        expected = layer_by_hand(blocks.layers[0], x[row].numpy(), np.array(allowed), norm_first, relu)
        expected = blocks.norm(torch.from_numpy(expected))
        assert torch.allclose(got[row], expected, atol=1e-10), row


@pytest.mark.parametrize("width", [8, 5])
def test_sinusoids_are_the_formula(width, schema):
    expected = np.empty((50, width))
    for k, i in itertools.product(range(50), range(width)):
        angle = k / 10_000 ** (2 * (i // 2) / width)
        expected[k, i] = math.sin(angle) if i % 2 == 0 else math.cos(angle)
    assert np.allclose(sinusoids(50, width).numpy(), expected, atol=1e-7)


def test_fixed_positions_count_back_and_are_not_learned(schema):
    network = build(BERT4Rec(**SMALL, positions="fixed"), schema)
    assert torch.equal(network.positions.table[-1], sinusoids(1, 16)[0])
    assert torch.equal(network.positions.table[-4], sinusoids(4, 16)[3])
    assert not list(network.positions.parameters())


def test_losses_by_hand():
    """Three climbs with scores ln 1, ln 2, ln 5; and scores 0 and ln 3 as a target and a negative."""
    three = torch.tensor([[1.0, 2.0, 5.0]]).log()
    assert softmax_loss(three, torch.tensor([4])).item() == pytest.approx(-math.log(2 / 8))
    assert softmax_loss(three.repeat(2, 1), torch.tensor([3, 5])).item() == pytest.approx(
        -(math.log(1 / 8) + math.log(5 / 8)) / 2
    )
    assert bce_loss(torch.zeros(1), torch.tensor([math.log(3)])).item() == pytest.approx(
        -math.log(1 / 2) - math.log(1 / 4)
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


@pytest.mark.parametrize("settings", ALL, ids=name_of)
def test_windows_without_a_known_climb_teach_nothing(settings, schema):
    """A batch whose targets are all unknown has a loss of 0 and finite gradients, not NaN."""
    network, batch = build(settings, schema).train(), random_batch(rows=2, real=1)
    batch["climb"][:, -1] = 2
    loss = network.training_loss(batch)
    loss.backward()
    assert loss.item() == 0
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


@given(n=st.integers(2, 30), seed=st.integers(0, 1000))
def test_another_is_real_and_not_the_same(n, seed):
    torch.manual_seed(seed)
    ids = torch.randint(3, n + 3, (50,))
    drawn = another(ids, n + 3)
    assert (drawn != ids).all()
    assert drawn.min() >= 3
    assert drawn.max() < n + 3


def test_another_is_uniform():
    torch.manual_seed(0)
    counts = torch.bincount(another(torch.full((30_000,), 5), 9), minlength=9)
    assert counts[:3].sum() == 0
    assert counts[5] == 0
    expected = 6_000  # of 30,000 among five others
    assert all(abs(counts[i] - expected) < 5 * math.sqrt(expected * 0.8) for i in (3, 4, 6, 7, 8))


def test_stochastic_sharing_replaces_at_its_rate():
    torch.manual_seed(0)
    ids = torch.randint(0, 103, (200, 200))
    real = ids >= 3
    assert torch.equal(replaced(ids, 0.0, 103), ids)
    assert torch.equal(replaced(ids, 1.0, 103) != ids, real)
    changed, n = (replaced(ids, 0.3, 103) != ids)[real].sum().item(), real.sum().item()
    assert abs(changed - 0.3 * n) < 5 * math.sqrt(n * 0.3 * 0.7)


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
    assert attribute_columns(schema) == {"region": "region", "grade": "grade_bin", "comment": "comment"}
    bare = schema.select_by_name(["climb", "climber"])
    network, batch = build(BST(**SMALL), bare), random_batch()
    assert not network.prompted
    kept = {name: batch[name] for name in ("climb", "climber")}
    assert torch.equal(scores(network, kept), scores(network, batch))


@pytest.mark.parametrize("settings", ALL, ids=name_of)
def test_learns_a_cycle(settings, schema):
    """Twelve climbs, always in the same order from a random start: all but a few next ones are found."""

    def cycle(rows, rng):
        start, real = rng.integers(0, 12, (rows, 1)), rng.integers(2, LENGTH + 1, (rows, 1))
        climbs = (start + np.arange(LENGTH)) % 12 + 3
        climbs = torch.from_numpy(np.where(np.arange(LENGTH) >= LENGTH - real, climbs, 0))
        return {**random_batch(rows), "climb": climbs}

    calm = {"sse_item": 0.1, "sse_target": 0.1, "sse_user": 0.5} if isinstance(settings, SSEPT) else {}
    network = build(replace(settings, layers=1, dropout=0.0, **calm), schema).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    rng = np.random.default_rng(0)
    for _ in range(300):
        optimizer.zero_grad()
        network.training_loss(cycle(32, rng)).backward()
        optimizer.step()
    batch = cycle(300, rng)
    asked = {GIVEN: torch.zeros(300, len(ATTRIBUTES), dtype=torch.bool)}
    found = scores(network.eval(), batch | asked).argmax(1) + 3
    assert (found == batch["climb"][:, -1]).double().mean() > 0.97


def test_only_the_causal_two_train_every_position():
    flags = {name_of(s): (s.prompted, s.sequential, s.every_position) for s in ALL}
    assert flags == {
        "SASRec": (False, True, True),
        "SSEPT": (False, True, True),
        "BERT4Rec-learned": (False, True, False),
        "BERT4Rec-fixed": (False, True, False),
        "BST": (True, True, False),
    }


def test_sizes_that_cannot_work_are_refused(schema):
    with pytest.raises(UsageError, match="not a multiple"):
        BST(d_model=10, heads=4)
    with pytest.raises(UsageError, match="climber_dim 64"):
        SSEPT(climber_dim=64)
    for settings in CAUSAL:
        with pytest.raises(UsageError, match=r"no history.*2 or more"):
            settings.build(schema, 1)
