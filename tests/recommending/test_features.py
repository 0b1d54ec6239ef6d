"""The bundle's feature values are the workflow's own, value for value, on random logbooks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys import columns as c
from recsys.recommending.features import windows
from recsys.recommending.logbook import Logbook
from recsys.sequences.store import Sequences

CLIMBS = ["x", "y", "z", "7", "é"]
REGIONS = [None, "Squamish", "Whistler", "Font"]
GRADES = [None, "V4", "V4-5", "6B+", "7a", "5.10a/b", "VB", "V17", "project", "?", "V0+"]
TEXTS = [None, "", "  ", "crimpy", "0"]
DAYS = [0.0, 0.25, 3.0, 3.0, 15_000.5, 20_000.0, 1e-4]

SENDS = st.fixed_dictionaries(
    {
        c.CLIMB_ID: st.sampled_from([*CLIMBS, "new", "\0"]),
        c.REGION: st.sampled_from([*REGIONS, "Nowhere"]),
        c.GRADE: st.sampled_from([*GRADES, "F7", "V12"]),
        c.RATING: st.one_of(st.just(np.nan), st.floats(-1, 6), st.sampled_from([1.5, 4.5])),
        c.COMMENT: st.sampled_from(TEXTS),
        c.BETA: st.sampled_from(TEXTS),
        c.DAY: st.one_of(st.sampled_from(DAYS), st.floats(-1e5, 1e5)),
    }
)
LOGBOOKS = st.lists(st.lists(SENDS, min_size=1, max_size=8), min_size=1, max_size=3)


def logbook(sends: list[dict]) -> Logbook:
    ordered = sorted(sends, key=lambda send: send[c.DAY])  # ties keep their order
    return Logbook.of({name: [send[name] for send in ordered] for name in ordered[0]})


def frame(logbooks: list[Logbook]) -> pd.DataFrame:
    """As the workflow takes them; NVTabular needs the last climber, whose texts are all known."""
    frames = [pd.DataFrame(dict(b.columns)).assign(climber_id=f"{i:03d}") for i, b in enumerate(logbooks)]
    filler = pd.DataFrame({c.CLIMB_ID: ["x"], c.REGION: "Squamish", c.CLIMBER_ID: "999"})
    table = pd.concat([*frames, filler], ignore_index=True)
    return table.assign(**{c.ROW: np.arange(len(table))})


def fitted(folder, has_time: bool):
    from recsys.exporting.constants import features_of, to_json
    from recsys.recommending.features import Features
    from workflows import sends as workflow_of

    draw = np.random.default_rng(0)
    n = 60
    table = {
        name: draw.choice(np.array(v, object), n)
        for name, v in (
            (c.CLIMB_ID, CLIMBS),
            (c.REGION, REGIONS),
            (c.GRADE, GRADES),
            (c.COMMENT, TEXTS),
            (c.BETA, TEXTS),
        )
    }
    sends = pd.DataFrame(table).assign(
        climber_id=np.repeat(["a", "b", "c"], n // 3), rating=draw.choice([np.nan, 1, 2.5, 5], n),
        day=np.tile(np.sort(draw.uniform(0, 900, n // 3)), 3), row=np.arange(n),
    )  # fmt: skip
    workflow = workflow_of.fit(sends, folder, has_time)
    import json

    return workflow, Features(**json.loads(json.dumps(to_json(features_of(workflow, folder)))))


@pytest.fixture(scope="module")
def timed(tmp_path_factory):
    return fitted(tmp_path_factory.mktemp("timed") / "workflow", True)


@pytest.fixture(scope="module")
def untimed(tmp_path_factory):
    return fitted(tmp_path_factory.mktemp("untimed") / "workflow", False)


def check(workflow, features, logbooks: list[Logbook]) -> None:
    from workflows import sends as workflow_of

    sequences = Sequences.from_table(workflow_of.transform(workflow, frame(logbooks)))
    index = np.argsort(sequences.rows)[:-1]
    found = features.encode(logbooks)
    assert set(found) == set(sequences.features)
    for name, values in sequences.features.items():
        np.testing.assert_array_equal(found[name], values[index], err_msg=name)


QUICK = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(LOGBOOKS)
def test_values_are_the_workflows(timed, sends):
    check(*timed, [logbook(each) for each in sends])


@settings(QUICK, max_examples=5)
@given(LOGBOOKS)
def test_values_are_the_workflows_without_time(untimed, sends):
    assert not untimed[1].has_time
    check(*untimed, [logbook(each) for each in sends])


def test_unknown_days_are_not_logged(timed):
    _, features = timed
    found = features.encode([Logbook.of({c.CLIMB_ID: ["x", "y"]})])
    assert found["elapsed_days_bin"].tolist() == [1, 1]
    assert found["elapsed_days"].tolist() == [0, 0]
    assert features.ids("climber", ["a", "nobody", None]).tolist()[1:] == [2, 1]


def test_windows_by_hand():
    cut = windows({"climb": np.array([3, 4, 5, 6, 7])}, [2, 3], 2)
    assert cut["climb"].tolist() == [[3, 4], [6, 7]]
    cut = windows({"climb": np.array([3, 4, 5, 6, 7])}, [2, 3], 4)
    assert cut["climb"].tolist() == [[0, 0, 3, 4], [0, 5, 6, 7]]
