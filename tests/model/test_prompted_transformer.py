"""What every body and masking must hold: no leak, no padding in the scores, a prompt that counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from recsys.columns import ATTRIBUTES, FEATURES, GIVEN
from recsys.config.model import REFUSED, Body, Masking, ModelConfig
from recsys.errors import UsageError
from tests.conftest import N_CLIMBS

PAIRS = [(b, m) for b in Body.__args__ for m in Masking.__args__ if (b, m) not in REFUSED]
LENGTH = 8
OPTIONS = [
    ("prenorm", "clm", {"swap_climb": 0.3, "numbers": "one-hot"}),
    ("prenorm", "clm", {"streams": "two"}),
    ("prenorm", "clm", {"positions": "time", "time_bias": True, "numbers": "periodic"}),
]  # that could show a target in training


def random_batch(rng, rows, length=LENGTH, side="left", least=2):
    """Uniformly random sends in random-length histories, padded on one side."""
    lengths = rng.integers(least, length + 1, rows)
    index = np.arange(length)[None]
    real = index >= length - lengths[:, None] if side == "left" else index < lengths[:, None]

    def draw(low, high):
        return torch.from_numpy(np.where(real, rng.integers(low, high, (rows, length)), 0))

    return {
        "climb": draw(3, N_CLIMBS + 3),
        "region": draw(3, 7),
        "grade_bin": draw(2, 13),
        "grade": torch.from_numpy(np.where(real, rng.normal(size=(rows, length)), 0).astype(np.float32)),
        "rating_bin": draw(2, 7),
        "elapsed_days_bin": draw(2, 15),
        **{
            name: torch.from_numpy(np.where(real, rng.normal(size=(rows, length)), 0).astype(np.float32))
            for name in ("rating", "elapsed_days")
        },
        "comment": draw(1, 3),
        "beta": draw(1, 3),
        "climber": torch.from_numpy(rng.integers(3, 23, rows)),
        GIVEN: torch.ones(rows, 6, dtype=torch.bool),
    }


def build(schema, body, masking, seed=0, **sizes):
    from recsys.model.prompted_transformer import build_model

    torch.manual_seed(seed)
    small = {"d_model": 16, "layers": 1, "heads": 2, "climb_dim": 16, "climber_dim": 4, "attribute_dim": 4}
    config = ModelConfig(body=body, masking=masking, length=LENGTH, **(small | sizes))
    return build_model(schema, config).eval()


def scores(model, batch):
    with torch.inference_mode():
        return model.next_scores(batch)


def padded(batch, width, side):
    """The same histories in `width` positions, padded on `side`."""
    out = {}
    for name, value in batch.items():
        if value.ndim != 2 or value.shape[1] != LENGTH:
            out[name] = value
            continue
        wide = torch.zeros(len(value), width, dtype=value.dtype)
        for row, real in enumerate(batch["climb"] != 0):
            kept = value[row, real]
            if side == "left":
                wide[row, width - len(kept) :] = kept
            else:
                wide[row, : len(kept)] = kept
        out[name] = wide
    return out


def target_at(batch):
    """Row and column of the last real position."""
    real = (batch["climb"] != 0).int()
    column = real.shape[1] - 1 - real.flip(1).argmax(1)
    return torch.arange(len(real)), column


@pytest.mark.parametrize(("body", "masking", "more"), [*((*pair, {}) for pair in PAIRS), *OPTIONS])
def test_no_leak_on_random_climbs(schema, body, masking, more):
    """Trained on uniformly random climbs, recall@10 stays chance, however the test is padded; and what is
    predicted in training, at any position, costs no less than the entropy of the draw."""
    rng = np.random.default_rng(1)
    model = build(
        schema, body, masking, hide_climber=0.0, hide_prompt=0.0, hide_climb=0.0, dropout=0.0, **more
    ).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(80):
        batch = random_batch(rng, 64, side=("left", "right")[step % 2])
        optimizer.zero_grad()
        model.training_loss(batch).backward()
        optimizer.step()
    model.eval()
    chance, rows = 10 / N_CLIMBS, 1500
    for side in ("left", "right"):
        batch = random_batch(rng, rows, side=side)
        target = batch["climb"][target_at(batch)] - 3
        all_scores = scores(model, batch)
        own = all_scores.gather(1, target[:, None])
        recall = ((all_scores >= own).sum(1) <= 10).double().mean().item()
        assert abs(recall - chance) < 4 * math.sqrt(chance * (1 - chance) / rows), (side, recall)
        assert model(batch, training=True)["loss"] > math.log(N_CLIMBS) - 0.05, side


@pytest.mark.parametrize(("body", "masking"), PAIRS)
def test_padding_changes_nothing(schema, body, masking):
    """The same history padded to 8, 20 and 50, left or right, gets the same scores and the same top 10."""
    model = build(schema, body, masking)
    batch = random_batch(np.random.default_rng(2), 16)
    expected = scores(model, batch)
    for width in (8, 20, 50):
        for side in ("left", "right"):
            got = scores(model, padded(batch, width, side))
            assert torch.allclose(got, expected, atol=1e-4, rtol=0), (width, side)
            assert torch.equal(got.topk(10).indices, expected.topk(10).indices), (width, side)


@pytest.mark.parametrize(("body", "masking"), PAIRS)
def test_prompt_counts_and_target_does_not(schema, body, masking):
    """The target's grade changes the scores, its climb changes nothing at all."""
    model = build(schema, body, masking)
    batch = random_batch(np.random.default_rng(3), 16)
    at = target_at(batch)
    expected = scores(model, batch)

    other_climb = {**batch, "climb": batch["climb"].clone()}
    other_climb["climb"][at] = torch.where(batch["climb"][at] == 3, 4, 3)
    assert torch.equal(scores(model, other_climb), expected)

    other_grade = {**batch, "grade_bin": batch["grade_bin"].clone()}
    other_grade["grade_bin"][at] = torch.where(batch["grade_bin"][at] == 2, 3, 2)
    assert ((scores(model, other_grade) - expected).abs().amax(1) > 1e-4).all()

    withheld = {GIVEN: torch.zeros(16, 6, dtype=torch.bool)}
    assert torch.equal(scores(model, other_grade | withheld), scores(model, batch | withheld))
    assert not torch.allclose(scores(model, batch | withheld), expected, atol=1e-4)


@pytest.mark.parametrize(("body", "masking"), PAIRS)
def test_every_send_of_the_history_counts(schema, body, masking):
    """Another climb at any place before the target changes the scores."""
    model = build(schema, body, masking)
    batch = random_batch(np.random.default_rng(10), 8, least=LENGTH)
    expected = scores(model, batch)
    for at in range(LENGTH - 1):
        other = {**batch, "climb": batch["climb"].clone()}
        other["climb"][:, at] = torch.where(batch["climb"][:, at] == 3, 4, 3)
        assert ((scores(model, other) - expected).abs().amax(1) > 1e-6).all(), at


COLUMN_OF = {
    "region": "region", "grade": "grade_bin", "rating": "rating_bin", "elapsed_days": "elapsed_days_bin",
    "comment": "comment", "beta": "beta",
}  # fmt: skip


@pytest.mark.parametrize("withheld", ATTRIBUTES)
@pytest.mark.parametrize(("body", "masking"), PAIRS)
def test_each_attribute_can_be_withheld_alone(schema, body, masking, withheld):
    """Withholding the region leaves the grade in the prompt, and so on for each of the six."""
    model = build(schema, body, masking)
    batch = random_batch(np.random.default_rng(4), 8)
    at = target_at(batch)
    batch[GIVEN] = torch.tensor([[name != withheld for name in ATTRIBUTES]] * 8)
    expected = scores(model, batch)
    for name, column in COLUMN_OF.items():
        other = {**batch, column: batch[column].clone()}
        other[column][at] = torch.where(batch[column][at] == 2, 1, 2)
        assert torch.equal(scores(model, other), expected) is (name == withheld), name


@pytest.mark.parametrize("numbers", ["soft", "continuous"])
def test_a_number_that_was_not_logged_is_no_average_one(schema, numbers):
    """Standardised, what was not logged is 0, the mean; its bin tells the two apart, and nothing else."""
    model = build(schema, "bert", "last", numbers=numbers)
    batch = random_batch(np.random.default_rng(4), 8)
    at = target_at(batch)
    for name in ("grade", "rating", "elapsed_days"):
        batch[name][at] = 0.0
        blank, logged = ({**batch, f"{name}_bin": batch[f"{name}_bin"].clone()} for _ in range(2))
        blank[f"{name}_bin"][at], logged[f"{name}_bin"][at] = 1, 7
        assert torch.equal(scores(model, logged), scores(model, batch))
        assert not torch.allclose(scores(model, blank), scores(model, batch), atol=1e-5)
        withheld = {GIVEN: torch.zeros(8, 6, dtype=torch.bool)}
        assert torch.equal(scores(model, blank | withheld), scores(model, batch | withheld))


def test_a_soft_number_has_as_many_bins_as_its_bins(schema):
    def bins(**given):
        tables = build(schema, "bert", "last", numbers="soft", **given).heads[0].body.inputs
        soft = tables.continuous_module.embedding_tables
        return {name: each.embedding_table.num_embeddings for name, each in soft.items()}

    assert bins() == {"grade": 11, "rating": 5, "elapsed_days": 13}
    assert set(bins(soft_bins=20).values()) == {20}


def test_causal_body_sees_only_what_is_before(schema):
    """GPT-2: what comes later leaves earlier positions as they were; the others see both sides."""
    batch = random_batch(np.random.default_rng(5), 4, least=LENGTH)
    later = {**batch, "climb": batch["climb"].clone()}
    later["climb"][:, 5] = torch.where(batch["climb"][:, 5] == 3, 4, 3)
    for body, causal in (("gpt2", True), ("bert", False), ("xlnet", False)):
        block = build(schema, body, "last").heads[0].body
        with torch.inference_mode():
            before, after = (block(dict(b), testing=True)[:, :5] for b in (batch, later))
        assert torch.allclose(before, after, atol=1e-6) is causal, body


def test_unknown_ids_read_as_withheld(schema):
    """A climber or region that the vocabulary lacks (id 2) is the learned unknown, not a table row."""
    from recsys.columns import UNKNOWN_ID

    model = build(schema, "bert", "last")
    batch = random_batch(np.random.default_rng(6), 4)
    batch["climber"][:] = UNKNOWN_ID
    batch["region"][:, -1] = UNKNOWN_ID
    before = scores(model, batch)
    tables = model.heads[0].body.inputs.categorical_module.embedding_tables
    with torch.no_grad():
        tables["climber"].weight[UNKNOWN_ID] += 1
        tables["region"].weight[UNKNOWN_ID] += 1
    assert torch.equal(scores(model, batch), before)


def test_a_comment_is_not_taken_for_an_unknown_region(schema):
    """Id 2 of a flag means "there is one"."""
    model = build(schema, "bert", "last")
    batch = random_batch(np.random.default_rng(6), 4)
    none, some = ({**batch, "comment": (batch["climb"] != 0).long() * each} for each in (1, 2))
    assert not torch.allclose(scores(model, none), scores(model, some), atol=1e-4)


@pytest.mark.parametrize("numbers", ["soft", "continuous", "binned", "one-hot", "periodic"])
def test_numbers_enter_as_asked(schema, numbers):
    model = build(schema, "bert", "last", numbers=numbers)
    batch = random_batch(np.random.default_rng(7), 4)
    used = "grade_bin" if numbers in ("binned", "one-hot") else "grade"
    for name in ("grade", "grade_bin"):
        other = {**batch, name: torch.where(batch["climb"] != 0, batch[name] * 0 + 3, batch[name] * 0)}
        assert torch.equal(scores(model, other), scores(model, batch)) is (name != used)


def test_climbs_only_reads_nothing_else(schema):
    model = build(schema, "bert", "last", features=("climb",))
    batch = random_batch(np.random.default_rng(8), 4)
    noise = random_batch(np.random.default_rng(9), 4)
    assert torch.equal(scores(model, {**noise, "climb": batch["climb"]}), scores(model, batch))


def test_mlm_hides_real_positions_and_at_least_one():
    from recsys.model.masking import MaskedPositions, last, steps_to_last

    torch.manual_seed(0)
    real = torch.rand(4000, 10) < 0.7
    real[:, 3] = True
    masking = MaskedPositions(hidden_size=4, mlm_probability=0.2)
    hidden = masking.choose(real)
    assert not (hidden & ~real).any()
    assert hidden.any(1).all()
    alone = MaskedPositions(hidden_size=4, mlm_probability=1e-9).choose(real)
    assert (alone.sum(1) == 1).all()
    assert abs((torch.rand(1) * 0 + (masking.choose(real) & real).sum() / real.sum()).item() - 0.2) < 0.06
    rows = torch.tensor([[0, 0, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]]).bool()
    assert last(rows).int().tolist() == [[0, 0, 0, 1], [0, 1, 0, 0], [1, 0, 0, 0]]
    assert steps_to_last(rows)[0].tolist() == [1, 1, 1, 0]


def test_pairs_that_cannot_work_are_refused_with_the_pairs_that_do():
    with pytest.raises(UsageError, match=r"left only.*masking last.*body xlnet or bert or electra or albert"):
        ModelConfig(body="gpt2", masking="mlm")
    with pytest.raises(UsageError, match="no feature 'hue'"):
        ModelConfig(features=("climb", "hue"))
    with pytest.raises(UsageError, match="cannot be left out"):
        ModelConfig(features=FEATURES[1:])
    with pytest.raises(UsageError, match="not a multiple"):
        ModelConfig(d_model=10, heads=4)


@pytest.mark.parametrize("body", Body.__args__)
def test_inner_layer_grows_with_the_body(schema, body):
    """No body keeps an inner layer of 3072 at a width of 16."""
    model = build(schema, body, "last")
    assert (
        max(max(p.shape) for n, p in model.named_parameters() if "transformer" in n) <= 4 * 16 + 2
    )  # positions: 64 + 2


def test_fixed_positions_are_sinusoids_that_training_leaves(schema):
    """And the feed-forward layers are as wide as they are told."""
    from recsys.model.sinusoids import sinusoids

    model = build(schema, "bert", "last", positions="sinusoidal", inner=12)
    body = model.heads[0].body[1].transformer
    table = body.embeddings.position_embeddings.weight
    assert torch.equal(table, sinusoids(*table.shape))
    assert body.encoder.layer[0].intermediate.dense.out_features == 12
    model.train().training_loss(random_batch(np.random.default_rng(0), 8)).backward()
    assert table.grad is None
    with pytest.raises(UsageError, match="or use body bert"):
        ModelConfig(body="xlnet", positions="sinusoidal")


@pytest.mark.parametrize("body", Body.__args__)
def test_positions_start_as_large_as_the_tokens(schema, body):
    """A fiftieth of the tokens, as Hugging Face draws them, would be lost in the sum."""
    block = build(schema, body, "last").heads[0].body
    tables = [
        each.weight.detach()
        for name, each in block[1].named_modules()
        if isinstance(each, torch.nn.Embedding) and ("position" in name or "wpe" in name)
    ]
    assert len(tables) == (body != "xlnet")  # whose positions are relative
    batch = random_batch(np.random.default_rng(12), 64, least=LENGTH)
    with torch.inference_mode():
        tokens = block.inputs(dict(batch), testing=True)
    for table in tables:
        assert (table.std() / tokens.std()).item() == pytest.approx(1, abs=0.2)


def test_electra_is_not_bert(schema):
    """Its tokens are half as wide as its layers."""
    widths = {}
    for body in ("bert", "electra"):
        block = build(schema, body, "mlm").heads[0].body
        widths[body] = block.inputs(dict(random_batch(np.random.default_rng(0), 4)), testing=True).shape[2]
    assert widths == {"bert": 16, "electra": 8}


@pytest.mark.parametrize("masking", Masking.__args__)
def test_every_masking_has_a_body_where_none_is_named(masking):
    config = ModelConfig(masking=masking)
    assert config.body == ("xlnet" if masking == "plm" else "prenorm")
    assert ModelConfig.model_validate_json(config.model_dump_json()) == config
    assert (ModelConfig().body, ModelConfig().masking) == ("prenorm", "clm")


def test_counted_embeddings_are_begun_with_turned_by_the_seed_and_of_their_own_length(schema):
    from recsys.columns import FIRST_VALUE_ID
    from recsys.model.prompted_transformer import BEGUN

    vectors = np.random.default_rng(0).normal(size=(N_CLIMBS, 5)).astype(np.float32)
    vectors[2] *= 1e-5  # nothing was counted of it, or next to nothing
    tables = []
    for seed in (0, 1):
        model = build(schema, "prenorm", "clm", seed)
        drawn = model.task.pre.table.weight.detach().clone()
        model.begin_climbs(vectors)
        begun = model.task.pre.table.weight.detach()
        torch.testing.assert_close(begun[:FIRST_VALUE_ID], drawn[:FIRST_VALUE_ID])
        torch.testing.assert_close(begun[FIRST_VALUE_ID + 2], drawn[FIRST_VALUE_ID + 2])
        tables.append(np.delete(begun[FIRST_VALUE_ID:].numpy(), 2, 0))
    assert not np.allclose(*tables)
    known = np.delete(vectors, 2, 0)
    scale = BEGUN / np.linalg.norm(known, axis=1).mean()
    for table in tables:
        np.testing.assert_allclose(table @ table.T, scale**2 * known @ known.T, atol=1e-5)
    model.begin_climbs(np.zeros_like(vectors))
    np.testing.assert_array_equal(np.delete(begun[FIRST_VALUE_ID:].numpy(), 2, 0), tables[1])


@pytest.mark.parametrize(("direction", "mirrored"), [("both", True), ("forward", False)])
def test_what_is_asked_backwards_is_the_configuration_s(schema, direction, mirrored):
    assert build(schema, "prenorm", "mlm", direction=direction).asking(LENGTH).mirrored is mirrored
