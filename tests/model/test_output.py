"""The output: chunked softmax against its definition, climbs scored by what is known of them, the choice."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from recsys.config.model import ModelConfig
from tests.conftest import N_CLIMBS
from tests.model.test_prompted_transformer import LENGTH, build, random_batch, scores


def softmax_case(count, items, seed=0):
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float32).requires_grad_()

    indices = torch.randint(0, items, (count,), generator=generator)
    return draw(count, 6), draw(items, 6), draw(items), indices


def plain_cross_entropy(queries, table, bias, indices, smoothing=0):
    """By definition, all scores at once."""
    return torch.nn.functional.cross_entropy(queries @ table.T + bias, indices, label_smoothing=smoothing)


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 40),
    items=st.integers(2, 30),
    held=st.integers(1, 300),
    smoothing=st.sampled_from([0.0, 0.1, 0.7]),
)
def test_chunked_softmax_is_the_plain_one_with_its_gradients(count, items, held, smoothing):
    """Whatever the chunks: one query at a time, an uneven last one, all at once; a loss that is scaled."""
    from recsys.model import softmax

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(softmax, "SCORES", held)
        results = []
        for function in (plain_cross_entropy, softmax.chunked_cross_entropy):
            *leaves, indices = softmax_case(count, items)
            loss = function(*leaves, indices, smoothing)
            (3 * loss).backward()
            results.append([loss.detach(), *(each.grad for each in leaves)])
    for plain, chunked in zip(*results, strict=True):
        torch.testing.assert_close(chunked, plain, atol=1e-5, rtol=1e-4)


class Largest(TorchDispatchMode):
    """Numbers of the largest tensor that any operation made."""

    numbers = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        if isinstance(made, torch.Tensor):
            self.numbers = max(self.numbers, made.numel())
        return made


@pytest.mark.parametrize("items", [500, 5000])
def test_chunked_softmax_never_holds_the_scores_of_a_batch(monkeypatch, items):
    from recsys.model import softmax

    monkeypatch.setattr(softmax, "SCORES", 10_000)
    for function, bounded in ((softmax.chunked_cross_entropy, True), (plain_cross_entropy, False)):
        *leaves, indices = softmax_case(400, items)
        with Largest() as largest:
            function(*leaves, indices).backward()
        assert (largest.numbers <= max(10_000, 6 * items)) is bounded


@pytest.mark.parametrize("masking", ["last", "mlm", "clm"])
def test_chunked_or_not_a_model_trains_alike(schema, masking):
    batch, results = random_batch(np.random.default_rng(0), 16), []
    for chunked in (True, False):
        model = build(schema, "prenorm", masking, chunked=chunked, label_smoothing=0.1).train()
        torch.manual_seed(5)
        loss = model.training_loss(batch)
        loss.backward()
        results.append([loss.detach(), *(each.grad for each in model.parameters() if each.grad is not None)])
    for first, second in zip(*results, strict=True):
        torch.testing.assert_close(first, second, atol=1e-6, rtol=1e-4)


def test_usual_value_is_the_most_frequent_that_was_logged():
    from recsys.model.output import powers
    from recsys.sequences.counts import Counts
    from recsys.sequences.store import Sequences

    ids = np.array([3, 3, 3, 4, 4, 5, 5, 5, 7])
    values = np.array([6, 5, 6, 8, 7, 1, 1, 9, 1])
    sequences = Sequences(
        offsets=np.array([0, 9]),
        climbers=np.array([3]),
        climber_ids=np.array(["a"]),
        features={"climb": ids, "region": values},
        rows=np.arange(9),
    )
    counts = Counts.of(sequences, np.arange(9))
    assert counts.usual("region", 8).tolist() == [0, 0, 0, 6, 7, 9, 0, 0]
    assert Counts.of(sequences, np.arange(0)).usual("region", 4).tolist() == [0, 0, 0, 0]
    halves = Counts.of(sequences, np.arange(4)) + Counts.of(sequences, np.arange(4, 9))
    assert halves.usual("region", 8).tolist() == counts.usual("region", 8).tolist()
    assert halves.by_id(9).tolist() == counts.by_id(9).tolist() == [0, 0, 0, 3, 2, 3, 0, 1, 0]
    assert powers(np.array([0, 1, 2, 3, 4, 7, 8])).tolist() == [0, 1, 2, 2, 3, 3, 4]


def counted(schema, rng, sends=400):
    """A model that has read the first half of random sends, and these."""
    from recsys.sequences.store import Sequences

    features = {
        "climb": rng.integers(3, N_CLIMBS + 3, sends),
        "region": rng.integers(3, 7, sends),
        "grade_bin": rng.integers(2, 13, sends),
        "rating_bin": rng.integers(2, 7, sends),
        "comment": rng.integers(1, 3, sends),
    }
    nothing = np.zeros(1, dtype=np.int64)
    sequences = Sequences(np.array([0, sends]), nothing, nothing, features, np.arange(sends))
    model = build(schema, "prenorm", "clm")
    model.read_sends(sequences, np.arange(sends // 2))
    return model, sequences


def test_climbs_are_scored_by_embedding_attributes_and_bias(schema):
    rng = np.random.default_rng(1)
    model, sequences = counted(schema, rng)
    output = model.task.pre
    assert set(output.sides) == {"region", "grade_bin", "rating_bin", "sends"}, (
        "a comment is of a send, not of a climb"
    )
    batch = random_batch(rng, 4)
    before = scores(model, batch)
    with torch.no_grad():
        for each in output.sides.values():
            each.weight[1:].normal_()
        output.bias.normal_()
    climb = 17 + 3
    own = np.flatnonzero(sequences.features["climb"][:200] == climb)
    kinds = {
        name: np.bincount(sequences.features[name][own]).argmax() if len(own) else 0
        for name in ("region", "grade_bin", "rating_bin")
    }
    kinds["sends"] = int(np.ceil(np.log2(len(own) + 1)))
    expected = output.table.weight[climb].detach().clone()
    for name, kind in kinds.items():
        if kind:
            expected += output.sides[name].weight[kind].detach()
    torch.testing.assert_close(output.vectors()[climb], expected)
    torch.testing.assert_close(output.vectors(torch.tensor([climb, 5])), output.vectors()[[climb, 5]])
    queries = torch.randn(2, 16)
    got = output(queries)[0][:, climb]
    torch.testing.assert_close(got, queries @ expected + output.bias[climb])
    assert not torch.allclose(scores(model, batch), before, atol=1e-3)


def test_attributes_add_nothing_before_training(schema):
    model, _ = counted(schema, np.random.default_rng(2))
    torch.testing.assert_close(model.task.pre.vectors(), model.task.pre.table.weight)


def test_attributes_are_those_of_the_training_sends_alone(schema):
    model, sequences = counted(schema, np.random.default_rng(3))
    kept = {name: each.clone() for name, each in model.task.pre.named_buffers()}
    assert all(each[3:].any() for each in kept.values())
    for values in sequences.features.values():
        values[200:] = values[200:][::-1] * 0 + 3
    model.read_sends(sequences, np.arange(200))
    for name, each in model.task.pre.named_buffers():
        assert torch.equal(each, kept[name]), name


def test_a_fresh_bias_is_the_log_of_how_often_a_climb_was_sent_in_training(schema):
    model, sequences = counted(schema, np.random.default_rng(3))
    bias = model.task.pre.bias
    more = np.bincount(sequences.features["climb"][:200], minlength=N_CLIMBS + 3)[3:] + 1
    np.testing.assert_allclose(bias.detach()[3:], np.log(more / more.mean()), rtol=1e-5, atol=1e-6)
    assert not bias[:3].any()
    learned = bias.detach().clone().add_(1)
    bias.data.copy_(learned)
    model.read_sends(sequences, np.arange(400))  # a training that is continued keeps what was learned
    torch.testing.assert_close(bias.detach(), learned)


def test_a_large_log_s_bias_begins_at_nothing(schema, monkeypatch):
    monkeypatch.setattr("recsys.model.output.FEW", 200)
    model, _ = counted(schema, np.random.default_rng(3))
    assert not model.task.pre.bias.any()


def test_a_model_that_knows_nothing_of_climbs_begins_without_a_prior(schema):
    from recsys.model.output import ClimbScores
    from recsys.sequences.store import Sequences

    scored, nothing = ClimbScores(torch.nn.Embedding(9, 4), {}), np.zeros(1, dtype=np.int64)
    sends = Sequences(np.array([0, 3]), nothing, nothing, {"climb": np.array([3, 3, 4])}, np.arange(3))
    scored.read_sends(sends, np.arange(3))
    assert not scored.bias.any()


def test_a_loaded_model_knows_the_attributes(schema, tmp_path):
    from recsys.model.weights import load_weights, save_weights

    model, _ = counted(schema, np.random.default_rng(4))
    with torch.no_grad():
        for each in model.task.pre.sides.values():
            each.weight[1:].normal_()
    save_weights(model, tmp_path)
    sizes = {"d_model": 16, "layers": 1, "climb_dim": 16, "climber_dim": 4, "attribute_dim": 4}
    config = ModelConfig(body="prenorm", masking="clm", length=LENGTH, **sizes)
    batch = random_batch(np.random.default_rng(5), 4)
    assert torch.equal(scores(load_weights(tmp_path, schema, config), batch), scores(model, batch))


@pytest.mark.parametrize(
    ("loss", "items", "masking", "chosen", "reason"),
    [
        ("auto", 50_000, "clm", "softmax", "50000 climbs"),
        ("auto", 50_001, "clm", "sampled-softmax", "more than 50000: 256 drawn"),
        ("auto", 50_001, "rtd", "softmax", "50001 climbs"),
        ("gbce", 10, "clm", "gbce", "as asked"),
    ],
)
def test_loss_is_chosen_by_the_catalogue_with_the_reason(loss, items, masking, chosen, reason):
    from recsys.model.task import choose_loss

    body = "bert" if masking == "rtd" else "prenorm"
    got, why = choose_loss(ModelConfig(body=body, masking=masking, loss=loss), items)
    assert got == chosen
    assert reason in why


def test_a_climb_of_the_history_is_swapped_by_chance_and_in_training_alone(schema):
    model = build(schema, "prenorm", "clm", swap_climb=0.3)
    inputs = model.heads[0].body.inputs
    climbs = random_batch(np.random.default_rng(6), 500)["climb"]
    torch.manual_seed(0)
    swapped = inputs._swapped(climbs)
    assert torch.equal(swapped == 0, climbs == 0)
    assert swapped[climbs > 0].min() >= 3
    share = (swapped != climbs)[climbs > 0].double().mean().item()
    assert share == pytest.approx(0.3 * (1 - 1 / N_CLIMBS), abs=0.03)
    batch = random_batch(np.random.default_rng(6), 4)
    assert torch.equal(scores(model, batch), scores(model, batch))


def test_a_send_counts_whole_for_what_follows_whatever_its_own_prompt_held(schema):
    """With every prompt of training hidden, a grade reaches the tokens after its own."""
    quiet = {"hide_prompt": 1.0, "hide_climber": 0.0, "hide_climb": 0.0, "dropout": 0.0}
    batch = random_batch(np.random.default_rng(7), 4, least=LENGTH)
    other = {**batch, "grade_bin": batch["grade_bin"].clone()}
    other["grade_bin"][:, 4] = torch.where(batch["grade_bin"][:, 4] == 5, 6, 5)
    for whole in (True, False):
        block = build(schema, "prenorm", "clm", whole_history=whole, **quiet).heads[0].body
        with torch.inference_mode():
            first, second = (block(dict(each), training=True) for each in (batch, other))
        moved = (first - second).abs().amax((0, 2)) > 1e-6
        assert moved.tolist() == [whole and index > 4 for index in range(LENGTH)]


@pytest.mark.parametrize("loss", ["softmax", "sampled-softmax"])
def test_a_step_holds_nothing_larger_than_the_catalogue_s_embeddings(monkeypatch, schema, loss):
    """3,000 climbs of width 16; all scores of the batch at once would be 448 x 3,000 numbers."""
    from merlin.schema import Schema

    from recsys.model import softmax

    monkeypatch.setattr(softmax, "SCORES", 10_000)
    many = [each for each in schema if each.name != "climb"]
    climb = schema["climb"].with_properties({"domain": {"min": 0, "max": 3002, "name": "climb"}})
    model = build(Schema([climb, *many]), "prenorm", "clm", loss=loss, negatives=50).train()
    batch = random_batch(np.random.default_rng(0), 64, least=LENGTH)
    with Largest() as largest:
        model.training_loss(batch).backward()
    assert largest.numbers == 3003 * 16


def test_a_loss_chosen_by_size_is_told(monkeypatch, schema):
    from recsys.model import task

    assert build(schema, "prenorm", "clm").note == ""
    monkeypatch.setattr(task, "FULL", N_CLIMBS - 1)
    assert "100 climbs, more than 99: 256 drawn" in build(schema, "prenorm", "clm").note
    assert build(schema, "prenorm", "clm", loss="sampled-softmax").note == ""


def test_a_gpu_holds_more_scores_at_a_time_than_a_cores_cache():
    """A step of 1,024 windows took 92 ms there in parts of the CPU's size, most of it launches of kernels."""
    from recsys.model import softmax

    on_cpu, on_gpu = (softmax.scores_at_a_time(torch.device(each)) for each in ("cpu", "cuda"))
    assert on_cpu == softmax.SCORES
    assert on_gpu >= 16 * on_cpu
