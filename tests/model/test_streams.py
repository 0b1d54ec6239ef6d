"""Days read as sets: no leak within a day, no order in it, and the scores of one case after another."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from recsys import columns as c
from recsys.config.model import ModelConfig
from recsys.errors import UsageError
from recsys.model.streams import WindowDays
from recsys.sequences.asking import DAYS
from recsys.sequences.epochs import TrainingWindows, epoch
from recsys.sequences.windows import Windows
from tests.model.test_prompted_transformer import build, random_batch
from tests.sequences.test_epochs import LENGTH, histories, training

PLAIN = {"hide_prompt": 0.0, "hide_attribute": 0.0, "hide_climber": 0.0, "hide_climb": 0.0}
NAMES = ("region", "grade_bin", "rating_bin", "elapsed_days_bin", "comment", "beta")
PROMPT = tuple(name for name in NAMES if name != "elapsed_days_bin")
VARIANTS = [
    {},
    {"positions": "rotary", "feed_forward": "ligr", "d_model": 32},
    {"positions": "time"},
    {"time_bias": True},
    {"whole_history": False},
]


def logged(sets):
    """Histories whose climbs, climbers and attributes the test schema has."""
    sequences = histories(sets)
    batch = random_batch(np.random.default_rng(1), len(sequences), least=1)
    rng = np.random.default_rng(2)
    features = {name: rng.permutation(batch[name][:, -1].numpy()) for name in NAMES}
    features["climb"] = sequences.features["climb"] % 20 + 3
    own = {"features": features, "climbers": sequences.climbers % 5 + 3}
    return type(sequences)(**{**sequences.__dict__, **own})


def made(sets=True, length=LENGTH):
    sequences = logged(sets)
    return TrainingWindows(sequences, training(sequences), length, DAYS)


def two(schema, **settings):
    return build(schema, "prenorm", "clm", layers=2, streams="two", **PLAIN, **settings)


def asked(model, batch):
    """Scores at every position that training asks for, and which those are; nothing hidden, no dropout."""
    (head,) = model.heads
    model.eval()
    torch.manual_seed(0)
    with torch.inference_mode():
        states = head.body(dict(batch), training=True)
        chosen = head.body.inputs.masking.masked_targets > 0
        scores, _ = model.task.pre(model.task.task_block(states[chosen]))
    return scores[:, c.FIRST_VALUE_ID :], chosen


def in_training(seed=3, count=64, **options):
    windows = made(**options)
    return windows.__getitems__(list(epoch(windows, count, np.random.default_rng(seed))))


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_send_of_a_day_is_asked_for_as_in_a_case(schema, variant):
    """Of each window the sends before the day, as the case's window; then the scores are the case's."""
    model = two(schema, **variant)
    batch = in_training(seed=0, count=200)
    scores, chosen = asked(model, batch)
    rows, columns = chosen.nonzero(as_tuple=True)
    days = batch[c.DAY_NUMBER]
    numbers = days[rows, columns]
    starts = (days[rows] == numbers[:, None]).int().argmax(1)
    assert (columns > starts).sum() > 200  # most are not the first of their day
    cases = {name: torch.zeros(len(rows), LENGTH, dtype=values.dtype) for name, values in batch.items()}
    for case, (row, column, start) in enumerate(zip(rows, columns, starts, strict=True)):
        for name in ("climb", c.DAY_NUMBER, *NAMES):
            cases[name][case, -1 - start : -1] = batch[name][row, :start]
            cases[name][case, -1] = batch[name][row, start if name.startswith("elapsed") else column]
    cases["climber"] = batch["climber"][rows]
    del cases[c.ASKED]
    cases["climb"][:, -1] = 3  # whatever it is, it is not read
    with torch.inference_mode():
        torch.testing.assert_close(scores, model.next_scores(cases), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_order_of_a_day_means_nothing(schema, variant):
    model = two(schema, **variant)
    sequences = logged(True)
    ends = np.flatnonzero(sequences.before(np.arange(len(sequences))) > 0)[:200]
    case = Windows(sequences, ends, LENGTH).cut(ends)
    days = case[c.DAY_NUMBER]
    draw = torch.rand(days.shape, generator=torch.Generator().manual_seed(0))
    order = torch.from_numpy(np.lexsort((draw.numpy(), days.numpy())))
    moved = {name: case[name].gather(1, order) for name in ("climb", *PROMPT)}
    assert (moved["climb"] != case["climb"]).any(1).sum() > 50
    with torch.inference_mode():
        one, other = model.next_scores(case), model.next_scores({**case, **moved})
    torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)
    alone = {**case, c.DAY_NUMBER: (case["climb"] > 0).long().cumsum(1) * (case["climb"] > 0)}
    with torch.inference_mode():
        assert (model.next_scores(alone) - one).abs().amax(1).gt(1e-3).float().mean() > 0.3  # and days do


def test_of_one_send_alone_that_one_is_asked_for():
    """Else a window of it would ask for nothing, and training for the mean loss of no climb."""
    from recsys.model.streams import DayPositions

    masking = DayPositions(hidden_size=4)
    masking.real = real = torch.tensor([[False, False, True], [False, True, True], [True, True, True]])
    masking.days = torch.tensor([[0, 0, 1], [0, 1, 1], [1, 2, 2]])
    assert masking.choose(real).int().tolist() == [[0, 0, 1], [0, 0, 0], [0, 1, 1]]
    masking.asked = torch.tensor([[False] * 3, [True] * 3, [False, False, True]])
    assert masking.choose(real).int().tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize("sends", [True, False], ids=["climbs", "attributes"])
def test_no_other_send_of_the_day_and_no_target_changes_a_score(schema, sends):
    model = two(schema)
    batch = in_training()
    scores, chosen = asked(model, batch)
    rows, columns = chosen.nonzero(as_tuple=True)
    days, moved = batch[c.DAY_NUMBER], 0
    starts = (days[rows] == days[rows, columns][:, None]).int().argmax(1)
    for column in range(LENGTH):
        changed = {name: value.clone() for name, value in batch.items()}
        for name in ("climb",) if sends else NAMES:
            value, one, other = changed[name][:, column], *((3, 4) if sends else (1, 2))
            changed[name][:, column] = torch.where(value > 0, torch.where(value == one, other, one), 0)
        differs = (scores - asked(model, changed)[0]).abs().amax(1) > 1e-6
        prompt = (columns == column) | (starts == column)  # its own, and the days elapsed of its day's first
        assert not (differs & (days[rows, column] >= days[rows, columns]) & (sends | ~prompt)).any()
        moved += int(differs.sum())
    assert moved > 300


def test_a_window_holds_what_a_case_holds():
    """Of a day in pieces: all the sends before it, none of them asked for, and the days elapsed since."""
    windows = made(length=4)
    sequences = windows.sequences
    pairs = np.array(list(epoch(windows, 400, np.random.default_rng(0))))
    windows.order = np.arange(len(sequences))
    pieces = pairs[(sequences.before(pairs[:, 1]) <= pairs[:, 0]) & (sequences.indices[pairs[:, 0]] > 0)]
    assert len(pieces) > 20
    batch = windows.__getitems__([tuple(pair) for pair in pieces])
    case = Windows(sequences, pieces[:, 0], 4).cut(pieces[:, 0])
    for row, (first, end) in enumerate(pieces):
        start = 4 - (end - first + 1)
        assert batch[c.ASKED][row].tolist() == [column >= start for column in range(4)]
        assert len(set(batch[c.DAY_NUMBER][row, start:].tolist())) == 1
        assert batch[c.DAY_NUMBER][row, start] > batch[c.DAY_NUMBER][row, start - 1]
        assert torch.equal(batch["climb"][row, :start], case["climb"][row, 3 - start : 3])
        assert torch.equal(batch[c.DAY_NUMBER][row, :start] > 0, batch["climb"][row, :start] > 0)
        assert batch["elapsed_days_bin"][row, start] == case["elapsed_days_bin"][row, -1]


def test_a_day_is_read_as_the_mean_of_its_sends_and_as_when_it_began():
    real = torch.tensor([[False, True, True, True, True]])
    window = WindowDays(torch.tensor([[0, 1, 1, 2, 3]]), real)
    values = torch.tensor([9.0, 1.0, 3.0, 5.0, 7.0]).view(1, 5, 1)
    assert window.before(values).flatten().tolist() == [0, 0, 0, 2, 5]
    assert window.first(values).flatten().tolist()[1:] == [1, 1, 5, 7]


class Anew(WindowDays):
    """Works everything out for each feature."""

    def first(self, values):
        return WindowDays(self.numbers, self.real).first(values)

    def before(self, values):
        return WindowDays(self.numbers, self.real).before(values)


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_days_worked_out_once_a_batch_give_the_same_scores_bit_for_bit(schema, settings, monkeypatch):
    """And one batch after another of the same shape: nothing of the first is left."""
    model = two(schema, **settings)
    batches = [in_training(count=40, seed=seed) for seed in (0, 1)]
    assert not torch.equal(batches[0][c.DAY_NUMBER], batches[1][c.DAY_NUMBER])
    once = [(asked(model, batch)[0], model.next_scores(batch)) for batch in batches]
    monkeypatch.setattr("recsys.model.streams.WindowDays", Anew)
    for batch, (every, last) in zip(batches, once, strict=True):
        assert torch.equal(asked(model, batch)[0], every)
        assert torch.equal(model.next_scores(batch), last)


def test_who_attends_to_whom_by_hand(schema):
    """A day of one, a day of two of which the second is asked for, after one of padding."""
    masking = two(schema).heads[0].body.inputs.masking
    climbs = torch.tensor([[0, 3, 4, 5]])
    masking.days, masking.asked = torch.tensor([[0, 1, 2, 2]]), torch.tensor([[False, False, False, True]])
    masking.compute_masked_targets(climbs, training=True)
    assert masking.masked_targets.tolist() == [[0, 0, 0, 5]]
    seen = masking.visible()[0, 0].int().tolist()
    contents = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 1, 1], [0, 1, 1, 1]]
    assert seen[:4] == [[*row, 0, 0, 0, 0] for row in contents]
    assert seen[4:] == [
        [0, 0, 0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 1, 0, 0],
        [0, 1, 0, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, 0, 0, 1],
    ]  # fmt: skip
    masking.compute_masked_targets(climbs, testing=True)  # now the last one's query stands in its place
    assert masking.visible()[0, 0].int().tolist() == [
        [1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 1, 0], [0, 1, 0, 1],
    ]  # fmt: skip
    assert masking.positions().tolist() == [[0, 1, 2, 2]]


def test_of_merlins_loader_each_send_is_a_day(schema):
    """Its batches know no days."""
    model = two(schema)
    batch = random_batch(np.random.default_rng(1), 16)
    real = batch["climb"] > 0
    told = {**batch, c.DAY_NUMBER: real.long().cumsum(1) * real}
    with torch.inference_mode():
        assert torch.equal(model.next_scores(batch), model.next_scores(told))


def test_other_bodies_and_maskings_have_one_stream():
    for settings in ({"body": "gpt2"}, {"masking": "last"}):
        with pytest.raises(UsageError, match="streams two is of body prenorm with masking clm"):
            ModelConfig(streams="two", **settings)


def test_what_has_no_day_before_it_is_not_asked_for_but_where_it_is_alone(schema):
    model = two(schema)
    batch = in_training(count=200)
    _, chosen = asked(model, batch)
    real, days = batch["climb"] > 0, batch[c.DAY_NUMBER]
    assert torch.equal(chosen, real & batch[c.ASKED] & ((days > 1) | (real.sum(1, keepdim=True) == 1)))
    assert (real & batch[c.ASKED] & (days == 1)).sum() > 50


def test_every_weight_learns(schema):
    """But what stands for the hidden, of which there is nothing here, and for climbs' usual attributes."""
    model = two(schema, positions="time")
    model.train().training_loss(in_training()).backward()
    still = [name for name, each in model.named_parameters() if each.grad is None or not each.grad.any()]
    assert [each for each in still if not re.search(r"unknown|masked_item|pre\.sides", each)] == []
    assert any(name.endswith(".asks") for name, _ in model.named_parameters())
