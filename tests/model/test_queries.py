"""Every send of a day asked for at once: no leak within a day, and the scores of one case after another."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recsys import columns as c
from recsys.model.queries import Queries
from recsys.sequences.asking import DAYS
from recsys.sequences.epochs import TrainingWindows, epoch
from recsys.sequences.windows import Windows
from tests.model.test_prompted_transformer import build, random_batch
from tests.sequences.test_epochs import LENGTH, histories, training

PLAIN = {"hide_prompt": 0.0, "hide_attribute": 0.0, "hide_climber": 0.0, "hide_climb": 0.0}
NAMES = ("region", "grade_bin", "rating_bin", "elapsed_days_bin", "comment", "beta")


def logged(sets):
    """Histories whose climbs, climbers and attributes the test schema has."""
    sequences = histories(sets)
    batch = random_batch(np.random.default_rng(1), len(sequences), least=1)
    rng = np.random.default_rng(2)
    features = {name: rng.permutation(batch[name][:, -1].numpy()) for name in NAMES}
    features["climb"] = sequences.features["climb"] % 20 + 3
    own = {"features": features, "climbers": sequences.climbers % 5 + 3}
    return type(sequences)(**{**sequences.__dict__, **own})


def made(sets, length=LENGTH):
    sequences = logged(sets)
    return TrainingWindows(sequences, training(sequences), length, DAYS)


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


@pytest.mark.parametrize(
    "variant", [{}, {"positions": "rotary", "feed_forward": "ligr", "d_model": 32}, {"positions": "time"}]
)
def test_a_send_of_a_day_is_asked_for_as_in_a_case(schema, variant):
    """Of each window the sends before the day, as the case's window; then the scores are the case's."""
    model = build(schema, "prenorm", "clm", layers=2, **PLAIN, **variant)
    windows = made(True)
    sequences = windows.sequences
    pairs = list(epoch(windows, 200, np.random.default_rng(0)))
    batch = windows.__getitems__(pairs)
    scores, chosen = asked(model, batch)
    rows, columns = chosen.nonzero(as_tuple=True)
    held = batch["climb"] > 0
    starts = batch[c.DAY_START][rows, columns]
    assert (columns > starts).sum() > 200  # most are not the first of their day
    assert (held.int().argmax(1)[rows] < starts).all()
    cases = {name: torch.zeros(len(rows), LENGTH, dtype=values.dtype) for name, values in batch.items()}
    for case, (row, column, start) in enumerate(zip(rows, columns, starts, strict=True)):
        for name in ("climb", *NAMES):
            cases[name][case, -1 - start : -1] = batch[name][row, :start]
            cases[name][case, -1] = batch[name][row, start if name.startswith("elapsed") else column]
    cases["climber"] = batch["climber"][rows]
    del cases[c.DAY_START], cases[c.DAY_INDEX]
    cases["climb"][:, -1] = 3  # whatever it is, it is not read
    with torch.inference_mode():
        torch.testing.assert_close(scores, model.next_scores(cases), atol=1e-4, rtol=1e-4)
    assert sequences.indices.any()


def test_a_window_holds_what_a_case_holds(schema):
    """Of a day in pieces: all the sends before it, and the days elapsed since them."""
    windows = made(True, length=4)
    sequences = windows.sequences
    pairs = np.array(list(epoch(windows, 400, np.random.default_rng(0))))
    windows.order = np.arange(len(sequences))
    pieces = pairs[(sequences.before(pairs[:, 1]) <= pairs[:, 0]) & (sequences.indices[pairs[:, 0]] > 0)]
    assert len(pieces) > 20
    batch = windows.__getitems__([tuple(pair) for pair in pieces])
    case = Windows(sequences, pieces[:, 0], 4).cut(pieces[:, 0])
    for row, (first, end) in enumerate(pieces):
        start = 4 - (end - first + 1)
        assert set(batch[c.DAY_START][row, start:].tolist()) == {start}
        assert torch.equal(batch["climb"][row, :start], case["climb"][row, 3 - start : 3])
        assert batch["elapsed_days_bin"][row, start] == case["elapsed_days_bin"][row, -1]


@pytest.mark.parametrize("sends", [True, False], ids=["climbs", "attributes"])
def test_no_other_send_of_the_day_and_no_target_changes_a_score(schema, sends):
    model = build(schema, "prenorm", "clm", layers=2, **PLAIN)
    windows = made(True)
    batch = windows.__getitems__(list(epoch(windows, 64, np.random.default_rng(3))))
    scores, chosen = asked(model, batch)
    rows, columns = chosen.nonzero(as_tuple=True)
    moved = 0
    for column in range(LENGTH):
        changed = {name: value.clone() for name, value in batch.items()}
        for name in ("climb",) if sends else NAMES:
            value, one, two = changed[name][:, column], *((3, 4) if sends else (1, 2))
            changed[name][:, column] = torch.where(value > 0, torch.where(value == one, two, one), 0)
        other, _ = asked(model, changed)
        differs = (scores - other).abs().amax(1) > 1e-6
        start = batch[c.DAY_START][rows, columns]
        same_day = batch[c.DAY_START][rows, column] == start
        prompt = (columns == column) | (start == column)  # its own, and the days elapsed of its day's first
        assert not (differs & (same_day | (start <= column)) & (sends | ~prompt)).any()
        moved += int(differs.sum())
    assert moved > 300


def test_days_of_one_send_take_the_plain_path_to_the_same_loss(schema):
    """Nothing to query: the batch says so, or it does not, and the loss is that of asking for firsts."""
    losses = []
    for whole in (True, False):
        model = build(schema, "prenorm", "clm", layers=2, whole_days=whole)
        windows = made(False)
        windows.asking = model.asking(LENGTH)
        batch = windows.__getitems__(list(epoch(windows, 64, np.random.default_rng(3))))
        assert c.DAY_START not in batch
        for told in (False, True):
            if told:
                batch[c.DAY_START] = torch.arange(LENGTH).expand(64, LENGTH).clone()
            torch.manual_seed(0)
            losses.append(model.train().training_loss(batch).item())
            assert model.heads[0].body.inputs.masking.queries is None
    assert losses == pytest.approx([losses[0]] * 4, rel=1e-6)


def test_who_attends_to_whom_by_hand():
    """A day of one, a day of three whose second is not asked for, after one of padding."""
    asked = torch.tensor([[False, False, True, False, True]])
    queries = Queries.of(asked, torch.tensor([[0, 1, 2, 2, 2]]))
    assert queries.columns.tolist() == [4]
    assert queries.starts.tolist() == [2]
    real = torch.tensor([[False, True, True, True, True]])
    seen = queries.visible(real)[0, 0].int().tolist()
    assert seen[2] == [0, 1, 1, 0, 0, 0]
    assert seen[4] == [0, 1, 1, 1, 1, 0]
    assert seen[5] == [0, 1, 0, 0, 0, 1]
    assert queries.at_start(torch.tensor([[0, 0, 1, 2, 3]])).tolist() == [[0, 0, 1, 2, 3, 1]]
    tokens = torch.arange(6.0).view(1, 6, 1)
    assert queries.outputs(tokens).flatten().tolist() == [0, 1, 2, 3, 5]
