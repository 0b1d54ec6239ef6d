"""The simulated gym: short-lived climbs, few stars, many beginners."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recsys import columns as c
from recsys.errors import UsageError
from recsys.logbooks.simulate import simulate
from recsys.logbooks.simulate.gym import HALLS, LIFE


@pytest.fixture(scope="module")
def gym() -> pd.DataFrame:
    return simulate("gym", seed=0, scale=0.1)


def test_climbs_live_for_one_set_and_hang_on_one_wall(gym):
    days = pd.to_datetime(gym[c.DATE])
    lives = days.groupby(gym[c.CLIMB_ID]).agg(lambda each: (each.max() - each.min()).days)
    assert lives.max() < LIFE
    assert (lives > LIFE / 2).any()
    assert (days.max() - days.min()).days > 10 * LIFE
    for column in (c.AREA, c.REGION, c.GRADE, c.CLIMB_NAME):
        assert (gym.groupby(c.CLIMB_ID)[column].nunique() == 1).all()
    assert set(gym[c.REGION]) == set(HALLS)


def test_few_stars_many_beginners_and_nobody_sends_twice(gym):
    assert gym[c.RATING].notna().mean() == pytest.approx(0.08, abs=0.02)
    grades = gym[c.GRADE].str.slice(1).astype(int)
    assert (grades <= 2).mean() > 0.5
    assert not gym.duplicated([c.CLIMBER_ID, c.CLIMB_ID]).any()


def test_rows_come_in_order_and_the_seed_decides(gym):
    order = gym.sort_values([c.CLIMBER_ID, c.DATE, c.SEQUENCE], kind="stable").index
    assert np.array_equal(order, gym.index)
    assert gym.equals(simulate("gym", seed=0, scale=0.1))
    assert not gym.equals(simulate("gym", seed=1, scale=0.1))


def test_names_and_scales_are_checked():
    with pytest.raises(UsageError, match="choose one of bc, world, gym"):
        simulate("hall")
    with pytest.raises(UsageError, match="out of range"):
        simulate("gym", scale=0)
    with pytest.raises(UsageError, match="negative"):
        simulate("gym", seed=-1)
