"""Training objectives: what each may see, what it predicts, and that the exported graph answers alike."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recsys.config.model import Body, Loss, ModelConfig
from recsys.errors import UsageError
from tests.conftest import N_CLIMBS
from tests.model.test_prompted_transformer import LENGTH, build, random_batch, scores

PLAIN = {"hide_prompt": 0.0, "hide_attribute": 0.0, "hide_climber": 0.0, "hide_climb": 0.0}


def full_batch(seed, rows=4):
    return random_batch(np.random.default_rng(seed), rows, least=LENGTH)


@torch.inference_mode()
def outputs(model, batch, **how):
    """The body's output at each position, [batch, length, d_model]."""
    model.heads[0].body.inputs.masking.every = True
    return model.heads[0].body(dict(batch), **(how or {"testing": True}))


def changed(batch, name, at, low=3):
    """The batch with another value of a feature at some columns."""
    other = {**batch, name: batch[name].clone()}
    other[name][:, at] = torch.where(batch[name][:, at] == low, low + 1, low)
    return other


def differs(first, second):
    """Where two outputs differ, by position: bool [length]; in every row or in none."""
    each = (first - second).abs().amax(2) > 1e-6
    assert torch.equal(each.all(0), each.any(0))
    return each.any(0).tolist()


@pytest.mark.parametrize("body", ["xlnet", "gpt2", "prenorm"])
@pytest.mark.parametrize("layers", [1, 2])
def test_clm_sees_what_is_before_and_its_own_prompt(schema, body, layers):
    model, batch = build(schema, body, "clm", layers=layers), full_batch(0)
    expected = outputs(model, batch)
    for at in range(LENGTH):
        after = [index > at for index in range(LENGTH)]
        assert differs(outputs(model, changed(batch, "climb", at)), expected) == after
        from_it = [index >= at for index in range(LENGTH)]
        assert differs(outputs(model, changed(batch, "grade_bin", at, low=2)), expected) == from_it


@pytest.mark.parametrize("body", ["xlnet", "gpt2"])
def test_clm_does_not_know_how_many_sends_follow(schema, body):
    """A window cut short gives the same outputs as far as it goes."""
    model, batch = build(schema, body, "clm"), full_batch(1)
    short = {
        name: value[:, :5] if name not in ("climber", "given") else value for name, value in batch.items()
    }
    assert torch.allclose(outputs(model, short), outputs(model, batch)[:, :5], atol=1e-5)


def test_clm_shifts_climbs_and_starts_from_the_mask():
    from recsys.model.causal import CausalPositions

    masking = CausalPositions(hidden_size=1)
    ids = torch.tensor([[0, 0, 5, 6, 7], [5, 6, 7, 0, 0], [0, 0, 0, 0, 9]])
    info = masking.compute_masked_targets(ids, training=True)
    assert info.targets.tolist() == [[0, 0, 0, 6, 7], [0, 6, 7, 0, 0], [0, 0, 0, 0, 9]]
    mask = masking.masked_item_embedding.item()
    shifted = masking.apply_mask_to_inputs(ids.unsqueeze(-1).float(), info.schema).squeeze(-1)
    real = [[2, 3, 4], [0, 1, 2], [4]]
    expected = [[mask, 5, 6], [mask, 5, 6], [mask]]
    assert [row[at].tolist() for row, at in zip(shifted, real, strict=True)] == expected
    assert masking.positions().tolist() == [[0, 0, 0, 1, 2], [0, 1, 2, 2, 2], [0, 0, 0, 0, 0]]
    asked = masking.compute_masked_targets(ids, testing=True)
    assert asked.targets.tolist() == [[0, 0, 0, 0, 7], [0, 0, 7, 0, 0], [0, 0, 0, 0, 9]]


@pytest.mark.parametrize(("masking", "each"), [("clm", True), ("mlm", False)])
def test_training_hides_prompts_by_position_for_clm_and_by_window_for_mlm(schema, masking, each):
    """In windows of one send again and again, tokens differ by what their prompts hold alone."""
    model = build(schema, "xlnet", masking, **{**PLAIN, "hide_prompt": 0.5}, mlm_probability=1.0)
    batch = {name: value[:, :1].expand(-1, LENGTH) if value.ndim == 2 and name != "given" else value
             for name, value in full_batch(2, rows=32).items()}  # fmt: skip
    with torch.inference_mode():
        tokens = model.heads[0].body.inputs(batch, training=True)[:, 1:]
    assert (tokens != tokens[:, :1]).any().item() is each
    assert (tokens[0] != tokens).any()


def test_plm_mask_of_a_tiny_order():
    """Positions 0 and 2 are predicted, 2 first; 1 is given. Tokens: send 0, prompt 0, send 1, ..."""
    from recsys.model.permutation import unseen

    seen = (~unseen(torch.tensor([[2, 0, 1]]))).int().tolist()
    assert seen == [[
        [1, 0, 1, 0, 1, 0],  # send 0 comes last: all sends
        [0, 1, 1, 0, 1, 0],  # prompt 0: itself, and the sends before its own
        [0, 0, 1, 0, 0, 0],  # send 1 is no target: the sends that are none either
        [0, 0, 0, 1, 0, 0],  # prompt 1 is not used
        [0, 0, 1, 0, 1, 0],  # send 2: send 1, itself
        [0, 0, 1, 0, 0, 1],  # prompt 2: send 1, itself
    ]]  # fmt: skip


def test_plm_order_numbers_the_targets_at_random():
    from recsys.model.permutation import random_order

    torch.manual_seed(0)
    targets = torch.rand(2000, 6) < 0.5
    order = random_order(targets)
    assert torch.equal(order > 0, targets)
    for row, chosen in zip(order.tolist(), targets.sum(1).tolist(), strict=True):
        assert sorted(row)[6 - chosen :] == list(range(1, chosen + 1))
    both = order[targets[:, 0] & targets[:, 5]]
    assert abs((both[:, 0] < both[:, 5]).double().mean() - 0.5) < 0.1


@pytest.mark.parametrize("layers", [1, 3])
def test_plm_predicts_from_what_comes_before_in_the_order(schema, layers):
    model = build(schema, "xlnet", "plm", layers=layers, mlm_probability=0.6, **PLAIN)
    inputs, batch = model.heads[0].body.inputs, full_batch(3, rows=1)

    def predicted(batch):
        torch.manual_seed(1)  # the same targets and order each time
        return outputs(model, batch, training=True)

    expected = predicted(batch)
    order = inputs.masking.order[0].tolist()
    assert sum(index > 0 for index in order) >= 3
    assert 0 in order
    for at, own in enumerate(order):
        climb = differs(predicted(changed(batch, "climb", at)), expected)
        grade = differs(predicted(changed(batch, "grade_bin", at, low=2)), expected)
        for index, other in enumerate(order):
            if other:  # what is no target is not predicted
                assert climb[index] is (own < other), (at, index)
                assert grade[index] is (own < other or at == index), (at, index)


@pytest.fixture
def detecting(schema):
    """A model, a batch that it has just masked, and what it says of the masked positions."""
    torch.manual_seed(0)
    model = build(schema, "bert", "rtd", mlm_probability=0.5)
    batch = random_batch(np.random.default_rng(4), 64)
    predicted = model(dict(batch), training=True)
    return model, model.heads[0].body, batch, predicted


def test_rtd_takes_a_climb_drawn_right_for_the_original(detecting):
    from recsys.model.detection import replace_climbs

    _, body, batch, predicted = detecting
    hidden, labels = body.inputs.masking.mask_schema, predicted["labels"]
    drawn = labels.clone()
    drawn[::2] = torch.where(labels[::2] == 3, 4, 3)
    sure = torch.full_like(predicted["predictions"], -1e4).scatter_(1, drawn.unsqueeze(1), 1e4)
    corrupted, replaced = replace_climbs(body.inputs, batch["climb"], sure)
    assert torch.equal(corrupted[hidden], drawn)
    assert torch.equal(corrupted[~hidden], batch["climb"][~hidden])
    wrong = torch.arange(len(labels)) % 2 == 0
    assert torch.equal(replaced[hidden], wrong)
    assert not replaced[~hidden].any()


def test_rtd_draws_climbs_by_their_probability(detecting):
    """Half the weight on climb 10, a quarter each on 11 and on what is no climb, which is never drawn."""
    from recsys.model.detection import replace_climbs

    _, body, batch, predicted = detecting
    logits = torch.full_like(predicted["predictions"], -torch.inf)
    logits[:, 10], logits[:, 11], logits[:, :3] = np.log(2), 0.0, 0.0
    drawn = torch.cat([
        replace_climbs(body.inputs, batch["climb"], logits)[0][body.inputs.masking.mask_schema]
        for _ in range(20)
    ])  # fmt: skip
    share = torch.bincount(drawn, minlength=12) / len(drawn)
    assert share[10] + share[11] == 1
    assert abs(share[10] - 2 / 3) < 4 * np.sqrt(2 / 9 / len(drawn))
    assert torch.isfinite(logits[:, :3]).all(), "the caller's logits stay as they were"


def test_rtd_passes_no_gradient_through_the_drawing(detecting):
    model, body, batch, predicted = detecting
    logits = predicted["predictions"].detach().requires_grad_()
    model.detector(body, batch, logits).backward()
    assert logits.grad is None
    grown = {name for name, each in model.named_parameters() if each.grad is not None and each.grad.any()}
    assert any("detector" in name for name in grown)
    assert any("transformer" in name for name in grown)
    assert not any("task_block" in name for name in grown), "the MLM's head has no part in detecting"


def test_rtd_adds_the_weighted_mean_over_real_positions(schema):
    """With a head that always says "0.25", detection costs -mean(log) of its two answers."""
    batch = random_batch(np.random.default_rng(5), 64)
    losses = []
    for weight in (0.0, 1.0, 3.0):
        model = build(schema, "xlnet", "rtd", rtd_weight=weight)
        with torch.no_grad():
            model.detector.head[-1].weight.zero_()
            model.detector.head[-1].bias.fill_(float(np.log(0.25 / 0.75)))
            torch.manual_seed(1)
            losses.append(model.training_loss(batch).item())
    hidden = model.heads[0].body.inputs.masking.mask_schema
    detection = losses[1] - losses[0]
    assert losses[2] - losses[0] == pytest.approx(3 * detection, rel=1e-4)
    real = (batch["climb"] != 0).sum().item()
    replaced = (detection * real + real * np.log(0.75)) / (np.log(0.75) - np.log(0.25))
    assert replaced == pytest.approx(round(replaced), abs=1e-2)
    assert 0.9 * hidden.sum() < replaced <= hidden.sum()  # untrained: a draw is right in 1 of 100


@pytest.mark.parametrize("loss", [name for name in Loss.__args__ if name not in ("auto", "softmax")])
def test_rtd_needs_the_scores_of_every_climb(loss):
    with pytest.raises(UsageError, match=f"loss {loss} scores a sample; use loss softmax"):
        ModelConfig(masking="rtd", loss=loss)


@given(
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    right=st.booleans(),
    longest=st.integers(1, 12),
    seed=st.integers(0, 1000),
)
def test_span_is_one_run_of_real_positions(lengths, right, longest, seed):
    from recsys.model.masking import MaskedSpan

    torch.manual_seed(seed)
    index, sends = torch.arange(9), torch.tensor(lengths).unsqueeze(1)
    real = index < sends if right else index >= 9 - sends
    hidden = MaskedSpan(hidden_size=2, span_length=longest).choose(real)
    assert not (hidden & ~real).any()
    for row, each in zip(hidden.tolist(), lengths, strict=True):
        at = [index for index, is_hidden in enumerate(row) if is_hidden]
        assert 1 <= len(at) <= min(longest, each)
        assert at == list(range(at[0], at[0] + len(at)))


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_mlm_hides_one_climb_at_least_and_nothing_that_is_not_there(chance):
    from recsys.model.masking import MaskedPositions

    real = torch.tensor([[False, True, True], [True, False, False], [False, False, False]])
    hidden = MaskedPositions(hidden_size=2, mlm_probability=chance).choose(real)
    assert not (hidden & ~real).any()
    assert hidden.sum(1).tolist() == ([1, 1, 0] if chance == 0 else [2, 1, 0])


def test_span_takes_every_length_and_place_alike():
    """Windows of 4 and spans of 1 or 2: 8 and 6 in 24 for each start in the lengths' 4 and 3."""
    from recsys.model.masking import MaskedSpan

    torch.manual_seed(0)
    hidden = MaskedSpan(hidden_size=2, span_length=2).choose(torch.ones(24_000, 4, dtype=torch.bool))
    counts = torch.bincount(hidden.long() @ torch.tensor([8, 4, 2, 1]), minlength=16) / 24_000
    expected = {8: 1 / 8, 4: 1 / 8, 2: 1 / 8, 1: 1 / 8, 12: 1 / 6, 6: 1 / 6, 3: 1 / 6}
    for span, share in enumerate(counts.tolist()):
        assert share == pytest.approx(expected.get(span, 0.0), abs=0.012), span


def test_sum_adds_embeddings_of_one_width(schema):
    """By hand, in float64: rows of the tables added, the target's climb as the mask, linear, layer norm."""
    model = build(schema, "bert", "last", aggregation="sum", climb_dim=12)
    inputs, batch = model.heads[0].body.inputs, full_batch(6)
    with torch.inference_mode():
        got = inputs(dict(batch), testing=True).double().numpy()
    tables = {name: table.weight.detach().double().numpy()
              for name, table in inputs.categorical_module.embedding_tables.items()}  # fmt: skip
    assert {table.shape[1] for table in tables.values()} == {12}
    climb = tables["climb"][batch["climb"]]
    climb[:, -1] = inputs.masking.masked_item_embedding.detach().double().numpy()
    added = climb + tables["climber"][batch["climber"]][:, None]
    for name in set(tables) - {"climb", "climber"}:
        rows = tables[name][batch[name]]
        unknown = (batch[name] == 2).numpy() & (name == "region")
        added += np.where(unknown[..., None], inputs.unknown[name].detach().double().numpy(), rows)
    linear = inputs.projection_module[0]
    wide = added @ linear.weight.detach().double().numpy().T + linear.bias.detach().double().numpy()
    centred = wide - wide.mean(2, keepdims=True)
    assert np.allclose(got, centred / np.sqrt(wide.var(2, keepdims=True) + 1e-5), atol=1e-5)


def test_sum_takes_soft_numbers_and_refuses_bare_ones(schema):
    model = build(schema, "bert", "mlm", aggregation="sum", numbers="soft")
    assert torch.isfinite(model.training_loss(full_batch(7)))
    with pytest.raises(UsageError, match="numbers binned, soft or periodic"):
        ModelConfig(aggregation="sum", numbers="continuous")


@pytest.mark.parametrize("masking", ["clm", "plm"])
def test_bodies_that_cannot_are_refused_by_name(masking):
    for body in Body.__args__:
        if body == "xlnet" or (masking == "clm" and body in ("gpt2", "prenorm")):
            ModelConfig(body=body, masking=masking)
            continue
        able = "body xlnet or gpt2 or prenorm" if masking == "clm" else "body xlnet"
        with pytest.raises(UsageError, match=f"body {body} cannot take masking {masking}: .*{able}$"):
            ModelConfig(body=body, masking=masking)


EXPORTED = [
    ("xlnet", "clm", {}), ("gpt2", "clm", {}), ("xlnet", "plm", {}), ("bert", "rtd", {}),
    ("prenorm", "clm", {}), ("prenorm", "mlm", {"positions": "rotary", "feed_forward": "ligr"}),
    ("prenorm", "clm", {"positions": "time", "time_bias": True, "numbers": "periodic"}),
    ("electra", "span", {}), ("bert", "last", {"aggregation": "sum"}),
]  # fmt: skip


@pytest.mark.parametrize(("body", "masking", "more"), EXPORTED)
def test_the_graph_answers_like_the_model(schema, body, masking, more, tmp_path):
    """At the length of the trace, and at another."""
    from recsys.exporting.graph import export_graph, largest_difference

    model = build(schema, body, masking, **more)
    sizes = {"body": body, "masking": masking, **more}
    export_graph(model, schema, ModelConfig(length=LENGTH, **sizes), tmp_path / "model.onnx")
    for length in (LENGTH, 5):
        config = ModelConfig(length=length, **sizes)
        most = 5e-5 if config.numbers == "periodic" else 1e-5  # a layer norm scales up small ones
        assert largest_difference(model, schema, config, tmp_path / "model.onnx", 60) < most


def test_weights_stay_tied_and_scores_cover_the_catalogue(schema):
    for body, masking in (("xlnet", "clm"), ("xlnet", "plm"), ("xlnet", "rtd")):
        model = build(schema, body, masking)
        batch = full_batch(8)
        before = scores(model, batch)
        assert before.shape == (4, N_CLIMBS)
        with torch.no_grad():
            model.heads[0].body.inputs.item_embedding_table.weight[3 + 41] *= 0
        moved = (scores(model, batch) - before).abs() > 0
        assert moved[:, 41].all()
