"""An ensemble weighs its counts in evaluation as it does when it answers."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.columns import ATTRIBUTES, ELAPSED_DAYS, GIVEN, GRADE, given_attributes
from recsys.recommending.answering import ByPrompt
from recsys.training import answer


@pytest.mark.parametrize(
    ("given", "weight"),
    [(True, 3.0), (False, 0.2), (frozenset([ELAPSED_DAYS]), 0.2), (frozenset([GRADE]), 3.0)],
)
def test_the_weight_is_that_of_the_questions_that_are_alike(monkeypatch, given, weight):
    for name in ("network_scorer", "scorer_of"):
        monkeypatch.setattr(answer, name, lambda *_: lambda *_: None)
    weights = ByPrompt(0.2, 3.0)
    scorer = answer.scorer_from(object(), object(), weights, None, 10)(None, given)
    asked = np.array([given_attributes(given)]).reshape(1, len(ATTRIBUTES))
    assert scorer.weight == pytest.approx(weights.of({GIVEN: asked}).item()) == weight
