"""The table that a run ends with, of a method whose scores are known: what is left out, who reads what."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from recsys import columns as c
from recsys.evaluation.calibration import reliability
from recsys.recommending.answering import ByPrompt
from recsys.sequences.cases import Cases
from recsys.sequences.prepare import Prepared
from recsys.sequences.split import TEST, TRAIN, VALIDATION
from recsys.training.suite import evaluate_run
from tests.builders.interaction_tables import of

ITEMS = 6
# Six climbers of training, three of validation, four of the test: what each sent, in order.
SENT = {TRAIN: [[0, 1, 2]] * 4 + [[0, 1, 3]] * 2, VALIDATION: [[5, 4, 3]] * 3, TEST: [[5, 4, 3]] * 4}
SURE = 10.0


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    histories = [
        [(item, part, float(day)) for day, item in enumerate(each)]
        for part, climbers in SENT.items()
        for each in climbers
    ]
    interactions = of(histories, ITEMS)
    days = pd.DataFrame({c.DAY: interactions.days})
    climbs = pd.DataFrame({c.CLIMB_ID: [f"x{i}" for i in range(ITEMS)]})
    return Prepared(days, interactions.sequences, interactions.parts, climbs, None, None)


class Scorer:
    """Prompted the target is first; unprompted it comes after the send before. Of training's it is sure."""

    def __init__(self, prepared: Prepared, cases: Cases, prompted: bool) -> None:
        self.cases, self.prompted = cases, prompted
        self.before = cases.sequences.features[c.CLIMB][cases.sends - 1] - c.FIRST_VALUE_ID
        self.margin = np.where(prepared.parts[cases.sends] == TRAIN, SURE, 1.0)

    def scores(self, chosen):
        found, rows = np.zeros((len(chosen), ITEMS), np.float32), np.arange(len(chosen))
        found[rows, self.before[chosen]] = 0.5 if self.prompted else SURE + 1
        found[rows, self.cases.targets[chosen]] = self.margin[chosen]
        return found


@pytest.fixture(scope="module")
def method(prepared) -> SimpleNamespace:
    return SimpleNamespace(
        scorer=lambda cases, prompted: Scorer(prepared, cases, bool(prompted)),
        reads_prompt=True,
        temperature=ByPrompt(0.5, 2.0),
    )


@pytest.mark.parametrize(("exclude_seen", "unprompted"), [(True, 1.0), (False, 0.0)])
def test_climbs_sent_before_are_left_out_as_the_protocol_says(prepared, method, exclude_seen, unprompted):
    found = evaluate_run(method, prepared, 10, exclude_seen, 0)
    assert found["protocol"]["exclude_seen"] is exclude_seen
    assert found["n_cases"] == 8
    assert found["prompted"]["accuracy"] == 1.0
    assert found["unprompted"]["accuracy"] == unprompted  # the send before it is first, where it may be named


def test_popularity_is_that_of_training(prepared, method):
    assert prepared.popularity.tolist() == [6, 6, 4, 2, 0, 0]
    found = evaluate_run(method, prepared, 10, True, 0)["popularity"]
    # Of each climber the target 4 is last, as 5 was sent; and then 3 is fourth, after 0, 1 and 2.
    assert found["accuracy"] == 0.0
    assert found["mrr@20"] == pytest.approx((1 / 5 + 1 / 4) / 2)


def test_each_temperature_is_that_of_its_prompting(prepared, method):
    found = evaluate_run(method, prepared, 10, True, 0)["calibration"]
    assert found["temperature"] == {"unprompted": 0.5, "prompted": 2.0}
    cases = Cases.of(prepared.sequences, prepared.parts, "test")
    for name, prompted, temperature in (("unprompted", False, 0.5), ("prompted", True, 2.0)):
        scorer = method.scorer(cases, prompted)
        assert found[name] == reliability(scorer, temperature, cases.targets, cases.seen, ITEMS)


def test_members_are_who_was_trained_on(prepared, method):
    """Their losses alone tell them, here without an error."""
    sure = SimpleNamespace(**{**vars(method), "scorer": lambda cases, _: Scorer(prepared, cases, True)})
    found = evaluate_run(sure, prepared, 10, True, 0, said={"split_by": "climber"})["membership"]
    assert (found["auc"], found["members"], found["others"]) == (1.0, 6, 4)
    assert "membership" not in evaluate_run(sure, prepared, 10, True, 0, said={"split_by": "temporal"})
