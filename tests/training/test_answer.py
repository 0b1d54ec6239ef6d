"""An ensemble weighs its counts in evaluation as it does when it answers."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from recsys import columns as c
from recsys import run_files
from recsys.columns import ATTRIBUTES, ELAPSED_DAYS, GIVEN, GRADE, given_attributes
from recsys.config.run import RunConfig
from recsys.recommending.answering import ByPrompt
from recsys.sequences.prepare import Prepared
from recsys.sequences.split import TRAIN, VALIDATION
from recsys.training import answer
from recsys.training.methods import FittedMethod
from tests.builders.interaction_tables import of


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
        asked["exclude_seen"] = False
        settings = {**asked, "epochs": 1, "accelerator": "cpu", "data": str(folder / "sends.parquet")}
        config, names = configured(settings)
        train_run(config, folder / "run", names=names)
        kept.append((folder / "run" / run_files.METHOD).read_text())
        kept.append(json.loads((folder / "run" / run_files.METRICS).read_text())["unprompted"]["mrr@20"])
    assert kept[0] == kept[2]
    assert kept[1] != kept[3]


ITEMS = 6


class Table:
    """Scores of each case, as given."""

    def __init__(self, values):
        self.values = values

    def scores(self, cases):
        return self.values[cases].astype(np.float32)


@pytest.fixture
def prepared() -> Prepared:
    """Twenty climbers of validation, each with one case: item 1, after item 0."""
    histories = [[(0, part, 0.0), (1, part, 1.0)] for part in (TRAIN, *[VALIDATION] * 20)]
    interactions = of(histories, ITEMS)
    days, climbs = pd.DataFrame({c.DAY: interactions.days}), pd.DataFrame({c.CLIMB_ID: range(ITEMS)})
    return Prepared(days, interactions.sequences, interactions.parts, climbs, None, None)


def fitted(scorer, reads_prompt=True, network=None) -> FittedMethod:
    asked = SimpleNamespace(prompted=reads_prompt)
    return FittedMethod(asked, scorer, network and asked, None, {"settings": "as told"})


def test_each_temperature_is_fitted_to_the_scores_of_its_prompting(prepared, monkeypatch, tmp_path):
    scores = np.random.default_rng(0).normal(size=(20, ITEMS))
    told = fitted(lambda _, prompted: Table(scores * (40 if prompted else 1)))
    monkeypatch.setattr(answer, "fit_settings", lambda *_: told)
    found = answer.fit_run(prepared, RunConfig(method="popularity"), tmp_path, False).temperature
    assert found.prompted == pytest.approx(40 * found.unprompted, rel=0.01)


@pytest.mark.parametrize(("exclude_seen", "helps"), [(True, True), (False, False)])
def test_the_weight_ranks_the_climbs_that_may_be_named(prepared, monkeypatch, tmp_path, exclude_seen, helps):
    """Counts put the target above what the network puts above it, and a climb that was sent above both."""
    network = np.tile([-0.01, 0, 1, -5, -5, -5], (20, 1))
    counts = np.tile([3, 1, 0, 0, 0, 0], (20, 1))
    parts = [fitted(lambda *_: Table(network), network=True), fitted(lambda *_: Table(counts), False)]
    kept = iter(parts)
    monkeypatch.setattr(answer, "fit_settings", lambda *_: next(kept))
    monkeypatch.setattr(answer, "network_scorer", lambda *_: parts[0].scorer)
    monkeypatch.setattr(answer, "scorer_of", lambda *_: parts[1].scorer)
    config = RunConfig(method="sasrec", ensemble="item-knn", exclude_seen=exclude_seen)
    found = answer.fit_run(prepared, config, tmp_path, False)
    assert [weight > 0 for weight in found.weight] == [helps, helps]


@pytest.mark.parametrize(
    ("prompted", "unprompted", "chosen"),
    [(0, 0, "ease"), (1, 0, "sequential-knn"), (0, 1, "sequential-knn")],
)
def test_the_partner_is_the_one_that_validation_prefers(
    prepared, monkeypatch, tmp_path, capsys, prompted, unprompted, chosen
):
    """EASE brings the target from rank 3 to 2 unprompted, the other to rank 1 where it helps."""
    network = np.tile([-9, 0, 1, 1, -5, -5], (20, 1))
    better, worse = np.tile([0, 9, 0, 0, 0, 0], (20, 1)), np.tile([0, 5, 9, 0, 0, 0], (20, 1))
    nothing = np.zeros((20, ITEMS))
    ease = fitted(lambda _, given: Table(nothing if given else worse), True)
    other = fitted(lambda _, given: Table(better if (prompted if given else unprompted) else nothing), True)
    both = {
        name: replace(each, counted=name, facts={"settings": f"as {name} told"})
        for name, each in (("ease", ease), ("sequential-knn", other))
    }
    kept, joined = iter([fitted(lambda *_: Table(network), network=True), *both.values()]), []
    monkeypatch.setattr(answer, "fit_settings", lambda *_: next(kept))
    monkeypatch.setattr(answer, "scorer_from", lambda *all: joined.append(all[1]) or ease.scorer)
    config = RunConfig(method="sasrec", ensemble="ease,sequential-knn")
    found = answer.fit_run(prepared, config, tmp_path, False)
    facts = found.facts["ensemble"]
    assert found.counted == chosen
    assert joined == [chosen]
    assert facts["with"] == f"as {chosen} told"
    assert max(facts["validation"], key=facts["validation"].get) == chosen
    assert f"joined with {chosen}: mrr@20 on validation" in capsys.readouterr().err
    assert set(facts["validation"]) == {"ease", "sequential-knn"}
    helped = [True, False] if chosen == "ease" else [bool(unprompted), bool(prompted)]
    assert [facts["weight"][each] > 0 for each in ("unprompted", "prompted")] == helped
