"""New sends join those of a run: what is new, how it is split, and in what order and part both stand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recsys import columns as c
from recsys.adapting.joining import joined, new_sends, newcomers, ordered_days, split_new
from recsys.config.run import RunConfig
from recsys.errors import DataError
from recsys.sequences.continuing import FRESH
from recsys.sequences.run_tables import PART
from recsys.sequences.split import TEST, TRAIN


def sends(*rows: tuple[str, str, float], **more) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[c.CLIMBER_ID, c.CLIMB_ID, c.DAY])
    return frame.assign(**{c.ROW: np.arange(len(frame)), c.DAY_INDEX: 0, **more})


KNOWN = sends(("ann", "x", 1.0), ("ann", "y", 10.0), ("bob", "x", 3.0), **{PART: [TRAIN, TEST, TRAIN]})


def test_new_are_those_of_known_climbs_and_climbers_and_those_that_are_enough():
    rows = [("ann", "x", 1.0)]  # known
    rows += [("ann", "x", 2.0), ("bob", "y", 2.0)]
    rows += [("cat", "x", 2.0), ("cat", "y", 3.0)]  # a new climber of two sends
    rows += [("dan", "x", 2.0), ("dan", "z", 3.0)]  # of one, once z has gone, which has one send
    found, left = new_sends(KNOWN, sends(*rows), 2)
    assert left == {"sends": 2, "climbers": 1, "climbs": 1}
    assert found[[c.CLIMBER_ID, c.CLIMB_ID]].to_numpy().tolist() == [
        ["ann", "x"], ["bob", "y"], ["cat", "x"], ["cat", "y"],
    ]  # fmt: skip
    assert newcomers(KNOWN, found) == {"climbers": 1, "climbs": 0}
    with pytest.raises(DataError, match="no send that the run does not have"):
        new_sends(KNOWN, sends(("ann", "x", 1.0)), 2)


def test_a_climb_of_the_catalogue_that_nobody_sent_is_known():
    rows = sends(("ann", "n1", 2.0), ("bob", "n2", 2.0))
    found, left = new_sends(KNOWN, rows, 2, ["x", "y", "n1"])
    assert found[c.CLIMB_ID].tolist() == ["n1"]
    assert left == {"sends": 1, "climbers": 0, "climbs": 1}
    assert newcomers(KNOWN, found, ["n1"]) == {"climbers": 0, "climbs": 0}
    with pytest.raises(DataError, match=r"of each new climber fewer than 2, .* climbers with recsys adapt$"):
        new_sends(KNOWN, sends(("cat", "n1", 2.0)), 2, ["n1"])


@pytest.mark.parametrize(
    ("split", "days", "expected"),
    [
        ("climber", 3, "temporal"),
        ("temporal", 3, "temporal"),
        ("climber", 2, "leave-one-out"),  # too few dates
        ("leave-one-out", 3, "leave-one-out"),  # as the run's own figures came about
    ],
)
def test_new_sends_are_split_by_date_where_there_are_some_and_the_run_was_not_split_by_climber_s_last(
    split, days, expected
):
    fresh = sends(*(("ann", "x", float(day)) for day in range(days)))
    parts, told = split_new(fresh, True, RunConfig(split=split))
    assert (told["split"], parts[-1]) == (expected, TEST if days == 3 else TRAIN)
    assert split_new(fresh, False, RunConfig(split="temporal"))[1]["split"] == "leave-one-out"


def test_what_precedes_a_training_send_is_training():
    fresh = sends(("ann", "z", 5.0), ("ann", "z", 20.0), ("bob", "z", 2.0), ("bob", "z", 4.0))
    both = joined(KNOWN, fresh, np.full(4, TEST, np.int8), RunConfig())
    assert both[[c.CLIMBER_ID, c.DAY]].to_numpy().tolist() == [
        ["ann", 1.0], ["ann", 5.0], ["ann", 10.0], ["ann", 20.0], ["bob", 2.0], ["bob", 3.0], ["bob", 4.0],
    ]  # fmt: skip
    assert both[PART].tolist() == [TRAIN, TRAIN, TRAIN, TEST, TRAIN, TRAIN, TEST]
    # Nothing was learned yet of what is new, or was held out.
    assert both[FRESH].tolist() == [False, True, True, True, True, False, True]
    assert both[c.ROW].tolist() == list(range(7))


@pytest.mark.parametrize(("day", "expected"), [("set", [0, 1, 0, 1, 2]), ("file", [0, 0, 0, 0, 0])])
def test_a_date_of_old_sends_and_new_ones_is_one_set(day, expected):
    known = sends(("ann", "x", 1.0), ("ann", "y", 2.0), **{PART: TRAIN})
    config = RunConfig(day=day)
    fresh = ordered_days(sends(("ann", "v", 1.0), ("ann", "v", 2.0), ("ann", "w", 2.0)), config)
    both = joined(known, fresh, np.zeros(3, np.int8), config)
    assert both[c.DAY].tolist() == [1.0, 1.0, 2.0, 2.0, 2.0]
    assert both[c.DAY_INDEX].tolist() == expected
