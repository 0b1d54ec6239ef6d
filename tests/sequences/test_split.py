"""The three protocols: shares, order, and no send in two parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.columns import CLIMB_ID, CLIMBER_ID, DAY, DAY_INDEX
from recsys.errors import DataError, UsageError
from recsys.sequences.split import TEST, TRAIN, VALIDATION, asked_of, assign, check_asked, plan

HOWS = ["climber", "temporal", "leave-one-out"]


def sends(days: dict[str, list[float]]) -> pd.DataFrame:
    rows = [
        (climber, f"p{i}", day) for climber in sorted(days) for i, day in enumerate(sorted(days[climber]))
    ]
    return pd.DataFrame(rows, columns=[CLIMBER_ID, CLIMB_ID, DAY])


def test_leave_one_out_of_twelve() -> None:
    frame = sends({"a": [1, 2, 3, 4, 5], "b": [1, 1, 1], "c": [7, 8], "d": [9], "e": [3]})
    parts, facts = assign(frame, "leave-one-out", seed=0)
    assert parts.tolist() == [0, 0, 0, 1, 2, 0, 1, 2, 0, 0, 0, 0]
    assert parts.dtype == np.int8
    assert facts == {
        "split": "leave-one-out",
        "climbers_too_short": 3,
        "sends": {"train": 8, "validation": 2, "test": 2},
        "climbers": {"train": 5, "validation": 2, "test": 2},
    }


def test_leave_one_out_with_a_validation_of_some_climbers_trains_on_the_others() -> None:
    frame = sends({f"c{i:02}": [1.0, 2.0, 3.0, 4.0] for i in range(20)} | {"short": [1.0, 2.0]})
    whole, _ = assign(frame, "leave-one-out", seed=3)
    parts, facts = assign(frame, "leave-one-out", seed=3, validation_climbers=5)
    changed = parts != whole
    assert set(whole[changed]) == {VALIDATION}
    assert set(parts[changed]) == {TRAIN}
    assert facts["seed"] == 3
    assert facts["validation_climbers"] == 5
    assert facts["climbers"]["test"] == 20
    assert facts["sends"]["validation"] == (parts == VALIDATION).sum() in (4, 5)  # the short one may be drawn
    assert parts.tolist() == assign(frame, "leave-one-out", seed=3, validation_climbers=5)[0].tolist()
    assert parts.tolist() != assign(frame, "leave-one-out", seed=4, validation_climbers=5)[0].tolist()
    for everybody in (21, 99):  # nothing is drawn, and so no seed is told
        found, told = assign(frame, "leave-one-out", seed=3, validation_climbers=everybody)
        assert found.tolist() == whole.tolist()
        assert told == assign(frame, "leave-one-out", seed=3)[1]
    # A range of climbers at a time, as out of core.
    found = plan("leave-one-out", 3, 21, (np.array([1.0]), np.array([len(frame)])), validation_climbers=5)
    ranges = [found.parts(frame[:40], 0), found.parts(frame[40:], 10)]
    assert np.concatenate(ranges).tolist() == parts.tolist()


def test_temporal_cuts_between_days() -> None:
    # Twenty sends on twenty days, two climbers in turn; hours do not matter, days do.
    frame = sends({"a": [float(d) + 0.5 for d in range(0, 20, 2)], "b": [float(d) for d in range(1, 20, 2)]})
    parts, facts = assign(frame, "temporal", seed=0)
    assert facts["validation_from"] == "1970-01-18"
    assert facts["test_from"] == "1970-01-19"
    assert facts["sends"] == {"train": 17, "validation": 1, "test": 2}
    by_part = [frame[DAY][parts == part] for part in (TRAIN, VALIDATION, TEST)]
    assert by_part[0].max() < by_part[1].min() <= by_part[1].max() < by_part[2].min()


def test_validation_has_a_day_even_where_one_cut_is_the_nearest_to_both_shares() -> None:
    frame = sends({"a": [1.0] * 88 + [2.0] * 10 + [3.0] * 2, "b": [1.0]})
    _, facts = assign(frame, "temporal", seed=0)
    assert facts["sends"] == {"train": 89, "validation": 10, "test": 2}


def test_a_day_never_straddles_a_cut() -> None:
    frame = sends({"a": [0.1] + [5.2] * 18, "b": [5.9] * 5 + [6.0]})
    parts, facts = assign(frame, "temporal", seed=0)
    assert facts["sends"] == {"train": 1, "validation": 23, "test": 1}
    assert set(parts[np.floor(frame[DAY]) == 5]) == {VALIDATION}


def test_by_climber_shares_and_seed() -> None:
    frame = sends({f"c{i:03}": [1.0, 2.0] for i in range(200)})
    parts, facts = assign(frame, "climber", seed=3)
    assert facts["climbers"] == {"train": 170, "validation": 10, "test": 20}
    assert facts["seed"] == 3
    assert parts.tolist() == assign(frame, "climber", seed=3)[0].tolist()
    assert parts.tolist() != assign(frame, "climber", seed=4)[0].tolist()


@pytest.mark.parametrize(
    ("days", "how", "has_time", "message"),
    [
        (
            {"a": [1], "b": [2]},
            "climber",
            True,
            "has 2 climbers, and a split by climber needs 3; give more climbers",
        ),
        (
            {"a": [1, 1.5]},
            "temporal",
            True,
            "has 1 different dates, and a temporal split needs 3; give more dates",
        ),
        ({"a": [1, 2, 3]}, "temporal", False, "has an order but no dates, and a temporal split needs dates"),
    ],
)
def test_errors_are_one_line_and_name_the_way_out(
    days: dict[str, list[float]], how: Any, has_time: bool, message: str
) -> None:
    with pytest.raises(DataError) as error:
        assign(sends(days), how, 0, has_time)
    assert message in str(error.value)
    assert "pass split leave-one-out" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_part_has_to_have_a_send_with_a_history() -> None:
    frame = sends({"a": [1, 1, 2], "b": [3, 4], "c": [5]}).assign(**{DAY_INDEX: [0, 1, 0, 0, 0, 0]})
    asked = asked_of(frame, np.array([TRAIN, VALIDATION, TEST, TRAIN, VALIDATION, TEST], dtype=np.int8))
    assert asked == {VALIDATION, TEST}
    check_asked(asked, "the climber split")
    asked = asked_of(frame, np.array([TRAIN, VALIDATION, TEST, TRAIN, TRAIN, TEST], dtype=np.int8))
    with pytest.raises(
        DataError, match="the validation part of the climber split has no send with a history"
    ):
        check_asked(asked, "the climber split")


def test_climbers_of_one_day_each_are_told_what_orders_a_day() -> None:
    frame = sends({"a": [1, 1, 1], "b": [3, 3, 3]}).assign(**{DAY_INDEX: [0, 1, 2, 0, 1, 2]})
    parts = np.array([TRAIN, VALIDATION, TEST] * 2, dtype=np.int8)
    with pytest.raises(DataError, match=r"of one day, which has no order; .* column sequence .* day file"):
        check_asked(asked_of(frame, parts), "the climber split")
    check_asked(asked_of(frame.assign(**{DAY_INDEX: 0}), parts), "the climber split")  # `day` file


def test_wrong_calls() -> None:
    frame = sends({"a": [1, 2, 3]})
    with pytest.raises(UsageError, match="no split 'random'; choose from climber, temporal, leave-one-out"):
        assign(frame, "random", 0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="sorted"):
        assign(frame.iloc[::-1], "leave-one-out", 0)


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(
        st.text("abcdefgh", min_size=1, max_size=2),
        st.lists(st.integers(0, 9), min_size=1, max_size=9),
        min_size=3,
    ),
    st.sampled_from(HOWS),
    st.integers(0, 5),
)
def test_parts_follow_each_other_within_a_climber(days: dict[str, list[float]], how: Any, seed: int) -> None:
    frame = sends(days)
    if how == "temporal" and frame[DAY].nunique() < 3:
        return
    parts, facts = assign(frame, how, seed)
    assert parts.shape == (len(frame),)
    assert set(parts.tolist()) <= {TRAIN, VALIDATION, TEST}
    assert sum(facts["sends"].values()) == len(frame)
    own = frame.assign(part=parts).groupby(CLIMBER_ID)["part"]
    assert own.apply(lambda part: part.is_monotonic_increasing).all()
    if how == "climber":
        assert own.nunique().max() == 1
        assert min(facts["climbers"].values()) >= 1
    if how == "temporal":
        assert min(facts["sends"].values()) >= 1
        assert frame.assign(part=parts).groupby(DAY)["part"].nunique().max() == 1
    if how == "leave-one-out":
        long = own.size()[own.size() >= 3].index
        assert (own.max()[long] == TEST).all()
        assert ((parts == TEST).sum(), (parts == VALIDATION).sum()) == (len(long), len(long))


def test_one_climber_is_told_to_ask_a_run_of_others() -> None:
    with pytest.raises(DataError, match=r"has 1 climbers, .* or ask a run of theirs by logbook; split"):
        assign(sends({"a": [1, 2, 3]}), "climber", 0)
