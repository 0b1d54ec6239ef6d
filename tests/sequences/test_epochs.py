"""An epoch asks for every training send once on average, whatever the objective."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from recsys import columns as c
from recsys.baselines.bert4rec import BERT4Rec
from recsys.baselines.cbow import CBOW
from recsys.baselines.sasrec import SASRec
from recsys.config.model import ModelConfig
from recsys.model.prompted_transformer import build_model
from recsys.sequences import covering
from recsys.sequences.asking import ALL, DAYS, FIRSTS, FOLLOWING, LAST, by_chance, by_chance_or_last, by_span
from recsys.sequences.epochs import AFTER, TARGETS, TrainingWindows, amount, epoch
from recsys.sequences.store import Sequences

LENGTH = 6
KINDS = {
    "last": LAST, "following": FOLLOWING, "firsts": FIRSTS, "days": DAYS, "all": ALL, "mlm": by_chance(0.3),
    "span": by_span(5), "bert4rec": by_chance_or_last(0.3, 0.1),
}  # fmt: skip


def histories(sets, climbers=60, seed=0):
    """Climbers of 1 to 40 sends; the climb's id is the send's index + 3. `sets` has days of 1 to 9 sends."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 40, climbers)
    ends = np.cumsum(sizes)
    rows = [list(range(end - size, end)) for end, size in zip(ends, sizes, strict=True)]
    table = pd.DataFrame(
        {
            "climb": [[r + 3 for r in each] for each in rows],
            "climber": np.arange(climbers) + 3,
            c.CLIMBER_ID: [f"c{i}" for i in range(climbers)],
            c.ROW: rows,
        }
    )
    sequences = Sequences.from_table(table)
    indices = []
    for size in sizes:
        left = size
        while left:
            day = min(left, int(rng.integers(1, 10)) if sets else 1)
            indices += range(day)
            left -= day
    return Sequences(**{**sequences.__dict__, "indices": np.array(indices)})


def training(sequences):
    """All sends but the last two of each climber, as leave-one-out has it; short climbers whole."""
    sizes = np.diff(sequences.offsets)
    kept = np.where(sizes < 3, sizes, sizes - 2)
    return np.concatenate([np.arange(s, s + n) for s, n in zip(sequences.offsets, kept, strict=False)])


def windows(kind, sets):
    sequences = histories(sets)
    return TrainingWindows(sequences, training(sequences), LENGTH, KINDS[kind])


@pytest.mark.parametrize("sets", [False, True], ids=["ordered", "sets"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_epoch_asks_for_as_many_climbs_as_there_are_sends(kind, sets):
    made = windows(kind, sets)
    counts = []
    for number in range(30):
        rng = np.random.default_rng([0, number])
        pairs = np.array(list(epoch(made, amount(made, 1.0, np.random.default_rng(0)), rng)))
        counts.append(made.n_targets(pairs))
    assert np.mean(counts) == pytest.approx(len(made), rel=0.05)
    twice = amount(made, 2.0, np.random.default_rng(0))
    assert twice == pytest.approx(2 * amount(made, 1.0, np.random.default_rng(0)), abs=1)


@pytest.mark.parametrize("sets", [False, True], ids=["ordered", "sets"])
def test_what_follows_is_asked_for_once_a_round_and_from_the_day_before(sets):
    made = windows("following", sets)
    sequences = made.sequences
    offsets = sequences.offsets[sequences.owner(made.targets)]
    wanted = made.targets[sequences.before(made.targets) > offsets]
    for seed in range(5):
        pairs = made.draw(np.random.default_rng(seed))
        batch = made.__getitems__([tuple(pair) for pair in pairs])
        sends = batch[TARGETS].numpy() - 3
        assert sorted(sends) == wanted.tolist()
        row, column = batch[AFTER].numpy()
        history = batch["climb"].numpy()[row, column] - 3
        assert (history == sequences.before(sends) - 1).all()
        assert (column < LENGTH - 1).all()


@pytest.mark.parametrize("kind", ["all", "firsts", "days"])
def test_windows_lie_end_to_end(kind):
    made = windows(kind, False)
    context = made.asking.context
    held, seen = np.zeros(len(made.sequences), int), set()
    for first, end in made.draw(np.random.default_rng(1)):
        assert end - first < LENGTH
        climber = made.sequences.owner(np.array([first]))[0]
        held[first + (context if climber in seen else 0) : end + 1] += 1
        seen.add(climber)
    assert (held[made.targets] == 1).all()
    assert held.sum() == len(made.targets)  # nothing that comes after training is held


def test_all_sends_of_each_day_but_a_first_one_are_asked_for_once_a_round():
    made = windows("days", True)
    sequences = made.sequences
    offsets = sequences.offsets[sequences.owner(made.targets)]
    wanted = made.targets[sequences.before(made.targets) > offsets]
    rounds = []
    for seed in range(5):
        pairs = made.draw(np.random.default_rng(seed))
        rounds.append(len(pairs))
        assert (pairs[:, 1] - pairs[:, 0] < LENGTH).all()
        batch = made.__getitems__([tuple(pair) for pair in pairs])
        real = batch["climb"] > 0
        asked = real & batch[c.ASKED] & (batch[c.DAY_NUMBER] > 1)
        assert sorted((batch["climb"][asked] - 3).tolist()) == wanted.tolist()
        assert made.n_targets(pairs) == len(wanted)
    firsts = windows("firsts", True)
    per_window = [len(wanted) / np.mean(rounds)]
    pairs = np.concatenate([firsts.draw(np.random.default_rng(seed)) for seed in range(5)])
    assert per_window[0] > 1.5 * firsts.n_targets(pairs) / len(pairs)


@pytest.mark.parametrize("kind", ["all", "days"])
def test_a_day_that_lies_in_two_parts_gives_training_its_own_sends_alone(kind):
    """Leave-one-out parts a day that is a set: the draw of its order must not bring the test send in."""
    made = windows(kind, True)
    for seed in range(5):
        pairs = list(epoch(made, 300, np.random.default_rng(seed)))
        read = made.__getitems__(pairs)["climb"].numpy()
        assert set(read[read > 0] - 3) <= set(made.targets)


def test_no_send_always_stands_first():
    made = windows("all", False)
    first = np.concatenate([made.draw(np.random.default_rng(seed))[:, 0] for seed in range(200)])
    long = made.targets[
        made.limit[made.targets] - made.sequences.offsets[made.sequences.owner(made.targets)] > 12
    ]
    inner = long[long > made.sequences.offsets[made.sequences.owner(long)] + LENGTH]
    times = np.bincount(first, minlength=len(made.sequences))[inner] / 200
    assert times.mean() == pytest.approx(1 / LENGTH, rel=0.1)
    assert times.max() < 3 / LENGTH


@pytest.mark.parametrize("sets", [False, True], ids=["ordered", "sets"])
@pytest.mark.parametrize("kind", ["all", "following", "firsts", "days"])
def test_where_windows_begin_is_drawn_anew_each_round(kind, sets):
    made = windows(kind, sets)
    one, same, other = (made.draw(np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_what_follows_needs_a_send_and_another_after_it():
    firsts, ends = windows("following", True).draw(np.random.default_rng(0)).T
    assert (firsts < ends).all()


def test_a_piece_of_a_day_leaves_half_a_window_to_the_sends_before_it():
    made = windows("days", True)
    firsts, ends = made.draw(np.random.default_rng(0)).T
    piece = covering.is_piece(made.sequences, firsts, ends) & (firsts < ends)
    assert piece.sum() > 100
    assert (ends - firsts + 1)[piece].max() == LENGTH // 2


def test_an_epoch_of_less_than_a_round_reads_of_everybody_and_in_no_order():
    made = windows("all", False)
    firsts = np.array([list(epoch(made, 20, np.random.default_rng(seed))) for seed in range(50)])[..., 0]
    assert firsts.mean() == pytest.approx(made.targets.mean(), rel=0.1)
    several = np.array(list(epoch(made, 3 * len(made), np.random.default_rng(0))))[:, 0]
    assert abs(np.corrcoef(several, np.arange(len(several)))[0, 1]) < 0.1


def test_days_are_drawn_anew_and_elapsed_days_stay():
    made = windows("all", True)
    before = made.sequences.before(np.arange(len(made.sequences)))
    made.shuffle_days(np.random.default_rng(0))
    order = made.order
    assert (made.sequences.before(order) == before).all()  # each stays in its day
    assert (order != np.arange(len(order))).any()
    firsts = [made.order[0]]
    for seed in range(20):
        made.shuffle_days(np.random.default_rng(seed))
        firsts.append(made.order[0])
    assert len(set(firsts)) > 1 or made.sequences.day_ends[0] == 1
    batch = made.__getitems__([(100, 103)])
    indices = made.sequences.indices[100:104]
    assert (np.diff(batch[c.DAY_NUMBER][0, -4:]) == (indices[1:] == 0)).all()
    assert batch["climb"][0, -4:].tolist() == (made.order[100:104] + 3).tolist()


@pytest.mark.parametrize("masking", ["last", "mlm", "span", "clm", "plm", "rtd"])
def test_a_masking_asks_for_what_it_says(schema, masking):
    body = {"clm": "gpt2", "plm": "xlnet"}.get(masking, "bert")
    config = ModelConfig(body=body, masking=masking, length=LENGTH, d_model=8, layers=1)
    model = build_model(schema, config)
    made = TrainingWindows(histories(True), training(histories(True)), LENGTH, model.asking(LENGTH))
    inputs = model.heads[0].body.inputs
    asked, expected = 0, 0.0
    torch.manual_seed(0)
    for number in range(20):
        pairs = np.array(list(epoch(made, 50, np.random.default_rng(number))))
        batch = made.__getitems__([tuple(pair) for pair in pairs])
        inputs.masking.real, inputs.masking.days = batch["climb"] > 0, batch.get(c.DAY_NUMBER)
        chosen = inputs.masking.choose(batch["climb"] > 0)
        if masking == "clm":
            within = np.diff(batch[c.DAY_NUMBER], axis=1, prepend=0) == 0
            assert not (chosen & torch.from_numpy(within)).any()
        asked += int(chosen.sum())
        expected += made.n_targets(pairs)
    assert asked == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize("settings", [BERT4Rec(d_model=8, layers=1), CBOW(), SASRec(d_model=8, layers=1)])
def test_a_baseline_asks_for_what_it_says(schema, settings):
    from recsys.baselines.histories import followed, whole

    network = settings.build(schema, LENGTH)
    made = TrainingWindows(histories(False), training(histories(False)), LENGTH, network.asking(LENGTH))
    pairs = np.array(list(epoch(made, 400, np.random.default_rng(0))))
    batch = made.__getitems__([tuple(pair) for pair in pairs])
    asked = {
        BERT4Rec: lambda: network.choose(batch["climb"] > 2).sum().item(),
        CBOW: lambda: (whole(batch) > 0).sum().item(),
        SASRec: lambda: len(followed(batch, LENGTH)[2]),
    }[type(settings)]()
    assert asked == pytest.approx(made.n_targets(pairs), rel=0.08)
    for name in ("climb", c.DAY_NUMBER, "climber"):
        if name in batch:
            assert len(batch[name]) == 400
    batch["climb"] = torch.where(batch["climb"] > 0, batch["climb"] % 90 + 3, 0)
    if TARGETS in batch:
        batch[TARGETS] = batch[TARGETS] % 90 + 3
    batch["climber"] = batch["climber"] % 19 + 3
    assert torch.isfinite(network.training_loss(batch))


def test_a_state_is_asked_for_the_whole_next_day(schema):
    """SASRec on a day of one and a day of two: both sends of the second from the state after the first."""
    network = SASRec(d_model=8, layers=1).build(schema, 4).eval()
    table = pd.DataFrame({"climb": [[5, 6, 7]], "climber": [3], c.CLIMBER_ID: ["a"], c.ROW: [[0, 1, 2]]})
    plain = Sequences.from_table(table)
    sequences = Sequences(**{**plain.__dict__, "indices": np.array([0, 0, 1])})
    made = TrainingWindows(sequences, np.arange(3), 4, network.asking(4))
    batch = made.__getitems__([tuple(pair) for pair in made.draw(np.random.default_rng(0))])
    scores = network.next_scores({"climb": torch.tensor([[0, 0, 5, 0]])})
    expected = -torch.log_softmax(scores, 1)[0, [3, 4]].mean()
    assert network.training_loss(batch).item() == pytest.approx(expected.item(), rel=1e-5)


def test_whole_windows_are_full_or_a_short_history():
    """As in Thompson 2023: contiguous subsequences of n sends; one window of a climber with fewer."""
    sequences = histories(False)
    made = TrainingWindows(sequences, training(sequences), LENGTH, LAST, whole=True)
    drawn = made.draw(np.random.default_rng(0))[:, 1]
    for start, stop in zip(made.starts, made.stops, strict=True):
        own = drawn[(drawn >= start) & (drawn < stop)].tolist()
        assert own == (list(range(start + LENGTH - 1, stop)) or [stop - 1])
    pairs = np.array(list(epoch(made, amount(made, 1.0, np.random.default_rng(0)), np.random.default_rng(1))))
    assert made.n_targets(pairs) == len(made)  # some windows twice: the epoch asks for no less
