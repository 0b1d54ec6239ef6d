"""A day of dates alone is a set: no order of the file, and nothing of a target's own day, reaches a case."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recsys import columns as c
from recsys.config.run import RunConfig
from recsys.recommending.logbook import Logbook
from recsys.recommending.questions import _before
from recsys.sequences.cases import Cases
from recsys.sequences.days import looks_sorted, order_days, ties
from recsys.sequences.split import TEST
from recsys.sequences.store import Sequences
from recsys.sequences.windows import Windows


def frame(days, climbs=None, climbers=None, **columns):
    """Sorted sends of one climber, unless others are named."""
    climbs = climbs or [f"k{i}" for i in range(len(days))]
    return pd.DataFrame(
        {c.CLIMBER_ID: climbers or ["a"] * len(days), c.CLIMB_ID: climbs, c.DAY: days, **columns}
    ).assign(**{c.ROW: range(len(days))})


def test_only_dates_without_a_time_or_a_sequence_tie():
    assert ties(frame([1.0, 1.0, 2.0, 2.5, 2.5, 3.0])).tolist() == [0, 0, 1, 2, 3, 4]
    assert ties(frame([1.0, 1.0, 1.0], sequence=[1.0, 2.0, np.nan])).tolist() == [0, 1, 2]
    assert ties(frame([1.0, 1.0, 1.0], sequence=[np.nan, np.nan, 1.0])).tolist() == [0, 0, 1]
    assert ties(frame([1.0, 1.0, 1.0], climbers=["a", "a", "b"])).tolist() == [0, 0, 1]


@pytest.mark.parametrize("how", ["set", "seeded"])
def test_the_draw_forgets_the_order_of_the_file(how):
    sends = frame([1.0] * 40 + [2.0] * 40)
    shuffled = sends.iloc[np.r_[np.arange(39, -1, -1), np.arange(79, 39, -1)]].reset_index(drop=True)
    ours, theirs = (order_days(each, how, seed=0) for each in (sends, shuffled))
    assert ours[c.CLIMB_ID].tolist() == theirs[c.CLIMB_ID].tolist() != sends[c.CLIMB_ID].tolist()
    assert ours[c.DAY].tolist() == sends[c.DAY].tolist()
    assert order_days(sends, how, seed=1)[c.CLIMB_ID].tolist() != ours[c.CLIMB_ID].tolist()


def test_climbers_days_are_drawn_apart():
    """Were the draw by climb alone, every day would have one order, and a chain of climbs would learn it."""
    climbs = [f"k{i}" for i in range(30)]
    both = order_days(frame([1.0] * 30 + [1.0] * 30, climbs * 2, ["a"] * 30 + ["b"] * 30), "set", 0)
    assert both[c.CLIMB_ID].tolist()[:30] != both[c.CLIMB_ID].tolist()[30:]


def test_file_keeps_the_order_and_says_that_it_is_one():
    sends = frame([1.0, 1.0, 2.0])
    kept = order_days(sends, "file", 0)
    assert kept[c.CLIMB_ID].tolist() == ["k0", "k1", "k2"]
    assert kept[c.DAY_INDEX].tolist() == [0, 0, 0]
    assert order_days(sends, "seeded", 0)[c.DAY_INDEX].tolist() == [0, 0, 0]
    assert order_days(sends, "set", 0)[c.DAY_INDEX].tolist() == [0, 1, 0]


def sets() -> Sequences:
    """One climber: a day of two, a day of three, a day of one; elapsed 0 within a day."""
    table = pd.DataFrame(
        {
            "climb": [[3, 4, 5, 6, 7, 8]],
            "elapsed_days": [[0.0, 0.0, 9.0, 0.0, 0.0, 4.0]],
            "elapsed_days_bin": [[1, 2, 9, 2, 2, 4]],
            "climber": [3],
            c.CLIMBER_ID: ["a"],
            c.ROW: [[0, 1, 2, 3, 4, 5]],
        }
    )
    plain = Sequences.from_table(table)
    return Sequences(**{**plain.__dict__, "indices": np.array([0, 1, 0, 1, 2, 0])})


def test_a_case_reads_nothing_of_its_own_day():
    cases = Cases.of(sets(), np.full(6, TEST, np.int8), "test")
    assert cases.sends.tolist() == [2, 3, 4, 5]  # the first day has no history
    rows, items = cases.seen(np.arange(4))
    assert [items[rows == row].tolist() for row in range(4)] == [[0, 1], [0, 1], [0, 1], [0, 1, 2, 3, 4]]
    batch = Windows(sets(), cases.sends, 4).cut(cases.sends)
    assert batch["climb"].tolist() == [[0, 3, 4, 5], [0, 3, 4, 6], [0, 3, 4, 7], [5, 6, 7, 8]]


def test_the_days_elapsed_do_not_tell_the_place_in_a_day():
    batch = Windows(sets(), np.array([3, 4]), 4).cut(np.array([3, 4]))
    assert batch["elapsed_days"][:, -1].tolist() == [9.0, 9.0]
    assert batch["elapsed_days_bin"][:, -1].tolist() == [9, 9]
    moved = Cases.of(sets(), np.full(6, TEST, np.int8), "test").shuffled(seed=0)
    window = Windows(moved.sequences, moved.sends, 4).cut(moved.sends)
    assert window["elapsed_days_bin"][:, -1].tolist() == [9, 9, 9, 4]
    assert window["climb"][:, -1].tolist() == [5, 6, 7, 8]


def test_shuffling_a_windows_own_sends_leaves_its_sends():
    table = pd.DataFrame(
        {"climb": [list(range(3, 53))], "climber": [3], c.CLIMBER_ID: ["a"], c.ROW: [list(range(50))]}
    )
    sequences = Sequences.from_table(table)
    cases = Cases(sequences, np.array([49]), np.array([49]), np.array([0]))
    climbs = cases.shuffled(seed=1, last=9).sequences.features["climb"].tolist()
    assert climbs[:40] == list(range(3, 43))
    assert sorted(climbs[40:49]) == list(range(43, 52))
    assert climbs[40:49] != list(range(43, 52))
    assert climbs[49] == 52
    two = {tuple(cases.shuffled(seed, last=2).sequences.features["climb"][46:49]) for seed in range(9)}
    assert two == {(49, 50, 51), (49, 51, 50)}


def test_a_climb_that_was_sent_before_is_a_repeat_and_an_unknown_one_is_not():
    table = pd.DataFrame(
        {"climb": [[2, 2, 3, 4, 3, 3]], "climber": [3], c.CLIMBER_ID: ["a"], c.ROW: [list(range(6))]}
    )  # 2 is whatever the workflow had not seen
    assert Cases.of(Sequences.from_table(table), np.full(6, TEST, np.int8), "test").repeats() == 2


def test_a_sorted_file_is_noticed():
    rng = np.random.default_rng(0)
    days = np.repeat(np.arange(60.0), 5)
    mixed = frame(days.tolist(), [f"k{i}" for i in rng.permutation(300)])
    assert looks_sorted(mixed) is None
    climbs = mixed.sort_values([c.DAY, c.CLIMB_ID], kind="stable").reset_index(drop=True)
    assert looks_sorted(climbs) == "climb"
    assert looks_sorted(climbs.assign(**{c.DAY: climbs[c.DAY] + np.arange(300) / 1000})) is None
    nearly = mixed.assign(climb_id=[f"k{[0, 2, 1, 3, 4][i % 5]}" for i in range(300)])
    assert looks_sorted(nearly) is None  # three of four neighbours are in order
    grades = mixed.assign(grade=[f"V{4 - i % 5}" for i in range(300)])
    assert looks_sorted(grades) == "grade"


def test_a_run_asks_alike_whatever_the_order_of_the_file(tmp_path):
    """The frame that is split is the same frame, and a target's history ends before its day."""
    from recsys.training.prepare import _kept

    rng = np.random.default_rng(1)
    rows = [
        (f"p{i}", f"k{k}", float(day)) for i in range(12) for day in range(4) for k in rng.permutation(6)[:3]
    ]
    sends = pd.DataFrame(rows, columns=[c.CLIMBER_ID, c.CLIMB_ID, c.DAY])
    sends = sends.sort_values([c.CLIMBER_ID, c.DAY], kind="stable").reset_index(drop=True)
    by_climb = sends.sort_values([c.CLIMBER_ID, c.DAY, c.CLIMB_ID], kind="stable").reset_index(drop=True)
    for split in ("climber", "temporal", "leave-one-out"):
        config = RunConfig(split=split)
        ours, theirs = (_kept(each, config, True) for each in (sends, by_climb))
        pd.testing.assert_frame_equal(ours[0], theirs[0])
        assert ours[1].tolist() == theirs[1].tolist()
    as_filed = [
        _kept(each, RunConfig(day="file"), True)[0][c.CLIMB_ID].tolist() for each in (sends, by_climb)
    ]
    assert as_filed[0] != as_filed[1]


def test_the_core_of_training_reads_nothing_of_the_test():
    """A climb that the test part alone makes frequent is not in the catalogue of training's core."""
    from recsys.sequences.split import TRAIN
    from recsys.training.prepare import _kept

    rows = [
        (f"p{i}", f"k{k}", float(day)) for i in range(8) for day, k in enumerate([0, 1, 2, 3, 4, 5, 9, 9])
    ]
    rows = [(who, "k8" if what == "k9" and day == 6 else what, day) for who, what, day in rows]
    sends = pd.DataFrame(rows, columns=[c.CLIMBER_ID, c.CLIMB_ID, c.DAY])
    everyone, parts, _, _ = _kept(sends, RunConfig(split="leave-one-out"), True)
    assert set(everyone[c.CLIMB_ID][parts == TRAIN]) == {f"k{k}" for k in range(6)}
    rare = sends[~((sends[c.CLIMB_ID] == "k3") & (sends[c.CLIMBER_ID] < "p5"))]
    test_more = rare.assign(**{c.CLIMB_ID: rare[c.CLIMB_ID].replace({"k9": "k3"})}).reset_index(drop=True)
    for of, there in (("all", True), ("train", False)):
        config = RunConfig(split="leave-one-out", min_sends_of=of)
        kept, parts, k, _ = _kept(test_more, config, True)
        assert k == 5
        assert ("k3" in set(kept[c.CLIMB_ID][parts == TRAIN])) is there
        assert (kept[c.CLIMB_ID][parts == TEST] == "k3").all()


def test_recommending_for_a_date_reads_what_was_before_it():
    logbook = Logbook.of({c.CLIMB_ID: ["a", "b", "c"], c.DAY: [1.0, 2.0, 2.0]})
    assert _before(logbook, 2.0).climbs == ["a"]
    assert _before(logbook, 3.0).climbs == ["a", "b", "c"]
    assert _before(logbook, None).climbs == ["a", "b", "c"]
    timed = Logbook.of({c.CLIMB_ID: ["a", "b", "c"], c.DAY: [1.0, 2.25, 2.5]})
    assert _before(timed, 2.5).climbs == ["a", "b", "c"]
    assert _before(logbook.take(np.array([1, 2])), 2.0).climbs == ["b", "c"]


def test_the_core_of_training_tells_who_is_left_in_it():
    from recsys.sequences.split import TRAIN
    from recsys.training.prepare import _kept

    rows = [(f"p{i}", f"k{k}", float(k)) for i in range(8) for k in range(8)]
    rows += [("alone", f"a{k}", float(k)) for k in range(8)]
    sends = pd.DataFrame(rows, columns=[c.CLIMBER_ID, c.CLIMB_ID, c.DAY])
    kept, parts, _, split = _kept(sends, RunConfig(split="leave-one-out", min_sends_of="train"), True)
    assert split["climbers"]["train"] == kept[c.CLIMBER_ID][parts == TRAIN].nunique() == 8
    assert split["sends"]["train"] == (parts == TRAIN).sum()
