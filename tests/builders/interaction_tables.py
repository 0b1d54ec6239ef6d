"""Interactions small enough to count by hand, and drawn ones, for the tests of the counted methods."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from recsys import columns as c
from recsys.baselines.als import ImplicitALS
from recsys.baselines.ease import EASE
from recsys.baselines.interactions import Interactions
from recsys.baselines.itemknn import ItemKNN
from recsys.baselines.matrices import binary
from recsys.baselines.popularity import Popularity
from recsys.baselines.prompted import PromptedPopularity
from recsys.baselines.random import Random
from recsys.baselines.recent import RecentPopularity
from recsys.baselines.sequentialknn import SequentialKNN
from recsys.sequences.cases import Cases
from recsys.sequences.split import TEST, TRAIN
from recsys.sequences.store import Sequences

METHODS = (
    Popularity,
    Random,
    RecentPopularity,
    PromptedPopularity,
    ItemKNN,
    SequentialKNN,
    ImplicitALS,
    EASE,
)


def of(histories, n_items, **columns):
    """Interactions of histories, one list of (item, part, day) a climber; columns as lists of lists."""
    lengths = [len(history) for history in histories]
    ends = np.cumsum(lengths)
    table = pd.DataFrame(
        {
            "climb": [[item + 3 for item, *_ in history] for history in histories],
            **columns,
            "climber": np.arange(len(histories)) + 3,
            c.CLIMBER_ID: [f"c{i}" for i in range(len(histories))],
            c.ROW: [list(range(end - n, end)) for end, n in zip(ends, lengths, strict=True)],
        }
    )
    flat = [send for history in histories for send in history]
    parts = np.array([part for _, part, _ in flat], dtype=np.int8)
    days = np.array([day for *_, day in flat], dtype=np.float64)
    return Interactions(Sequences.from_table(table), parts, days, n_items)


def matrix_of(rows, cases=(), n_items=4):
    """Climbers of training with those items, and climbers of the test with those."""
    histories = [[(item, TRAIN, 0.0) for item in row] for row in rows]
    return of([*histories, *([(item, TEST, 1.0) for item in row] for row in cases)], n_items)


def scores(method, interactions, prompted=False, part="test", seed=0):
    cases = Cases.of(interactions.sequences, interactions.parts, part)
    return method.fit(interactions, seed)(cases, prompted).scores(np.arange(len(cases)))


@st.composite
def logs(draw):
    """A few climbers, the later ones of the test, with a region and a grade a send."""
    n_items, n_climbers = draw(st.integers(2, 6)), draw(st.integers(2, 6))
    send = st.tuples(st.integers(-1, n_items - 1), st.integers(0, 90), st.integers(1, 4), st.integers(1, 3))
    histories, regions, grades = [], [], []
    for climber in range(n_climbers):
        drawn = draw(st.lists(send, min_size=2, max_size=8))
        drawn.sort(key=lambda send: send[1])
        part = TRAIN if climber < n_climbers - 1 else TEST
        histories.append([(item, part, day + 0.25 * (item % 3)) for item, day, *_ in drawn])
        regions.append([region for *_, region, _ in drawn])
        grades.append([grade for *_, grade in drawn])
    histories[0][0] = (0, TRAIN, histories[0][0][2])
    return of(histories, n_items, region=regions, grade_bin=grades)


def random_log(seed=0, n_climbers=40, n_items=12):
    rng = np.random.default_rng(seed)
    rows = [rng.choice(n_items, rng.integers(3, 9), replace=False).tolist() for _ in range(n_climbers)]
    return matrix_of(rows[:-8], rows[-8:], n_items)


def history_matrix(cases, chosen, n_items, last=None):
    """What was sent before each of the chosen cases, zeros and ones [B, n_items]."""
    rows, items = cases.seen(chosen)
    keep = items >= 0
    if last is not None:
        ends = np.cumsum(np.bincount(rows, minlength=len(chosen)))
        keep &= ends[rows] - np.arange(len(rows)) <= last
    return binary(rows[keep], items[keep], (len(chosen), n_items))
