"""An ensemble weighs its counts in evaluation as it does when it answers."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from recsys import columns as c
from recsys import run_files
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


def test_weight_and_temperature_read_nothing_of_the_test_part(tmp_path):
    """Runs whose sends differ in the test part alone answer alike, to the last digit."""
    from recsys.training.pipeline import train_run
    from recsys.training.resolve import configured

    kept = []
    for name in ("as it was", "changed"):
        draw = np.random.default_rng(0)
        rows = [
            (f"p{i:02d}", f"x{draw.integers(12):02d}", f"2024-01-{d + 1:02d}")
            for i in range(20)
            for d in range(12)
        ]
        sends = pd.DataFrame(rows, columns=[c.CLIMBER_ID, c.CLIMB_ID, c.DATE])
        if name == "changed":
            sends.loc[sends[c.DATE] == "2024-01-12", c.CLIMB_ID] = "x03"
        folder = tmp_path / name
        folder.mkdir()
        sends.to_parquet(folder / "sends.parquet", index=False)
        asked = {"model": "sasrec", "ensemble": "item-knn", "split": "leave-one-out", "min_sends": 1}
        settings = {**asked, "epochs": 1, "accelerator": "cpu", "data": str(folder / "sends.parquet")}
        config, names = configured(settings)
        train_run(config, folder / "run", names=names)
        kept.append((folder / "run" / run_files.METHOD).read_text())
        kept.append(json.loads((folder / "run" / run_files.METRICS).read_text())["unprompted"]["mrr@20"])
    assert kept[0] == kept[2]
    assert kept[1] != kept[3]
