"""Histories in flat arrays, windows cut from them, and cases that never leak into training."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys import columns as c
from recsys.sequences.cases import Cases, item_index
from recsys.sequences.split import TEST, TRAIN, assign
from recsys.sequences.store import Sequences
from recsys.sequences.windows import Windows


def two_climbers() -> Sequences:
    """a: climbs 3 4 5, b: climbs 3 6 3 7."""
    table = pd.DataFrame(
        {
            "climb": [[3, 4, 5], [3, 6, 3, 7]],
            "grade": [[0.5, 1.5, 2.5], [1.0, 2.0, 3.0, 4.0]],
            "climber": [8, 9],
            c.CLIMBER_ID: ["a", "b"],
            c.ROW: [[0, 1, 2], [3, 4, 5, 6]],
        }
    )
    return Sequences.from_table(table)


def test_flat_arrays():
    sequences = two_climbers()
    assert sequences.offsets.tolist() == [0, 3, 7]
    assert sequences.features["climb"].tolist() == [3, 4, 5, 3, 6, 3, 7]
    assert sequences.features["climb"].dtype == np.uint8
    assert sequences.features["grade"].dtype == np.float32
    assert sequences.owner(np.array([0, 2, 3, 6])).tolist() == [0, 0, 1, 1]
    assert sequences.nbytes == 7 * (1 + 4 + 4 + 1) + 3 * 8 + 2 * 4


def test_history_is_all_that_was_before():
    case, climbs = two_climbers().history(np.array([0, 2, 6]), "climb")
    assert case.tolist() == [1, 1, 2, 2, 2]
    assert climbs.tolist() == [3, 4, 3, 6, 3]


def test_windows_are_start_padded_and_end_at_the_target():
    batch = Windows(two_climbers(), np.array([2, 3, 6]), length=4).__getitems__([0, 1, 2])
    assert batch["climb"].tolist() == [[0, 3, 4, 5], [0, 0, 0, 3], [3, 6, 3, 7]]
    assert batch["grade"].tolist() == [[0.0, 0.5, 1.5, 2.5], [0.0, 0.0, 0.0, 1.0], [1.0, 2.0, 3.0, 4.0]]
    assert batch["climber"].tolist() == [8, 9, 9]
    assert Windows(two_climbers(), np.array([6]), length=2)[0]["climb"].tolist() == [[3, 7]]


def test_cases_have_a_history_and_count_repeats():
    sequences = two_climbers()
    parts = np.full(7, TEST, np.int8)
    cases = Cases.of(sequences, parts, "test")
    assert cases.sends.tolist() == [1, 2, 4, 5, 6]
    assert cases.targets.tolist() == [1, 2, 3, 0, 4]
    assert cases.climbers.tolist() == [0, 0, 1, 1, 1]
    assert cases.repeats() == 1  # b's second send of climb 3
    rows, items = cases.seen(np.array([0, 3]))
    assert rows.tolist() == [0, 1, 1]
    assert items.tolist() == [0, 0, 3]
    assert len(Cases.of(sequences, parts, "test", most=2)) == 2
    assert item_index(np.array([0, 1, 2, 3])).tolist() == [-1, -1, -1, 0]


@st.composite
def logs(draw):
    """Sorted sends of 3 to 8 climbers on up to 12 days, many on the same day."""
    rows = []
    for climber in range(draw(st.integers(3, 8))):
        days = sorted(draw(st.lists(st.integers(0, 11), min_size=1, max_size=12)))
        rows += [(f"c{climber}", float(day)) for day in days]
    frame = pd.DataFrame(rows, columns=[c.CLIMBER_ID, c.DAY])
    frame[c.CLIMB_ID] = [str(i % 5) for i in range(len(frame))]
    frame[c.ROW] = np.arange(len(frame))
    return frame


@pytest.mark.parametrize("how", ["climber", "temporal", "leave-one-out"])
@settings(max_examples=60, deadline=None)
@given(frame=logs(), seed=st.integers(0, 5))
def test_no_send_of_a_test_case_is_seen_in_training(how, frame, seed):
    """Under any split: no training window holds a send that is a case of validation or test; and by climber,
    not even a send of their histories."""
    from recsys.errors import DataError

    try:
        parts, _ = assign(frame, how, seed)
    except DataError:
        return  # too few climbers or dates for the protocol
    table = frame.groupby(c.CLIMBER_ID, sort=True)[c.ROW].agg(list).reset_index()
    table["climb"], table["climber"] = table[c.ROW], range(3, 3 + len(table))
    sequences = Sequences.from_table(table)
    in_order = parts[sequences.rows]
    # With the row itself as the feature (1 upwards, 0 is padding), a window lists the sends that it holds.
    sequences.features["climb"][:] = np.arange(len(sequences)) + 1
    ends = np.flatnonzero(in_order == TRAIN)
    if not len(ends):
        return
    held = Windows(sequences, ends, length=6).cut(ends)["climb"].numpy()
    held = np.unique(held[held > 0]) - 1
    assert (in_order[held] == TRAIN).all()
    for part in ("validation", "test"):
        cases = Cases.of(sequences, in_order, part)
        assert not set(cases.sends) & set(held)
        if how == "climber" and len(cases):
            read = Windows(sequences, cases.sends, length=6).cut(cases.sends)["climb"].numpy()
            assert not set((read[read > 0] - 1).tolist()) & set(held)


def test_shuffled_cases_keep_what_was_sent_and_who_and_the_target():
    sequences = two_climbers()
    parts = np.full(7, TEST, dtype=np.int8)
    cases = Cases.of(sequences, parts, "test")
    moved = cases.shuffled(seed=0)
    assert moved.targets.tolist() == cases.targets.tolist()
    assert moved.climbers.tolist() == cases.climbers.tolist()
    climb, grade = moved.sequences.features["climb"], moved.sequences.features["grade"]
    assert climb[moved.sends].tolist() == [4, 5, 6, 3, 7]
    assert moved.sequences.climbers.tolist() == [8, 8, 9, 9, 9]
    assert moved.sequences.rows[moved.sends].tolist() == [1, 2, 4, 5, 6]
    for case in range(5):
        assert _history(cases, case) == _history(moved, case)
    assert len(climb) == len(grade) == 2 + 3 + 2 + 3 + 4


def _history(cases: Cases, case: int) -> list:
    send = cases.sends[[case]]
    climbs, grades = (cases.sequences.history(send, name)[1].tolist() for name in ("climb", "grade"))
    return sorted(zip(climbs, grades, strict=True))


def test_shuffling_changes_the_order():
    table = pd.DataFrame(
        {"climb": [list(range(3, 53))], "climber": [3], c.CLIMBER_ID: ["a"], c.ROW: [list(range(50))]}
    )
    sequences = Sequences.from_table(table)
    cases = Cases(sequences, np.array([49]), np.array([49]), np.array([0]))
    moved = cases.shuffled(seed=1).sequences.features["climb"].tolist()
    assert moved[-1] == 52
    assert moved != list(range(3, 53))
    assert sorted(moved) == list(range(3, 53))
