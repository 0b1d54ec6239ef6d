"""The learning rate at the end of a training: a tenth of the highest, unless it was given."""

from __future__ import annotations

import json

import pytest

from recsys.adapting.continuing import GENTLE
from recsys.config.run import RunConfig
from recsys.config.training import TrainingConfig
from recsys.runs import Run
from recsys.study.config import configured as studied
from recsys.training.module import NextClimb
from recsys.training.resolve import configured, resolve
from recsys.tuning.space import configured as tuned


def last(**given) -> float:
    return configured(given)[0].training.last_rate


@pytest.mark.parametrize("rate", [3e-3, 1e-4, 1e-5])
def test_one_rule_for_all_that_train(rate):
    assert last(learning_rate=rate) == pytest.approx(rate / 10)
    assert last(model="paper-all", learning_rate=rate) == pytest.approx(rate / 10)
    own = RunConfig(method="paper-all", training=TrainingConfig(learning_rate=2 * rate))
    assert resolve(own)[0].training.last_rate == pytest.approx(rate / 5)
    study = studied({"learning_rate": rate}, data="a.csv", seed=1, rows=("ease",))
    assert study.training.last_rate == pytest.approx(rate / 10)
    parameters = {"learning_rate": rate, "heads": 2}
    for given in ({}, {"final_learning_rate": 1e-3}):
        trial = tuned(configured(given)[0], parameters)
        assert trial.training.last_rate == pytest.approx(rate / 10)
    gentle = TrainingConfig().model_copy(update={**GENTLE, "learning_rate": rate})
    assert gentle.last_rate == pytest.approx(rate / 10)


def test_the_defaults_and_what_is_given_stay():
    assert TrainingConfig().last_rate == 3e-4
    assert last(final_learning_rate=2e-3) == 2e-3
    assert last(model="paper-all") == 1e-4
    assert RunConfig(training=TrainingConfig(**GENTLE)).training.last_rate == 1e-4


def test_a_low_rate_falls_as_well():
    config = TrainingConfig(learning_rate=1e-5, warmup=0.1)
    module = NextClimb.__new__(NextClimb)
    object.__setattr__(module, "config", config)
    rates = [module._rate(step, 100) for step in range(10, 101)]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(0.1)


def written(folder, **training) -> Run:
    folder.mkdir()
    plain = RunConfig(training=TrainingConfig(**training))
    Run(folder).write_config(plain)
    return Run(folder)


@pytest.mark.parametrize(
    ("before", "given", "expected"),
    [
        ({"learning_rate": 1.0}, {"learning_rate": 1e-4}, 1e-5),
        ({"learning_rate": 1.0, "final_learning_rate": 3e-4}, {"learning_rate": 1e-4}, 1e-5),
        ({"learning_rate": 1.0, "final_learning_rate": 3e-4}, {"learning_rate": 1e-3}, 3e-4),
        ({"learning_rate": 1.0, "final_learning_rate": 3e-4}, {"epochs": 3}, 3e-4),
        ({}, {"learning_rate": 1e-4, "final_learning_rate": 1e-4}, 1e-4),
    ],
)
def test_a_run_that_is_resumed_at_a_lower_rate_does_not_rise(tmp_path, before, given, expected):
    run = written(tmp_path / "run", **before)
    run.change(RunConfig(training=TrainingConfig(**given)), set(given))
    assert run.config.training.last_rate == pytest.approx(expected)


def test_what_an_earlier_version_stored_is_kept(tmp_path):
    run = written(tmp_path / "run", learning_rate=1e-4)
    path = run.folder / "config.json"
    stored = json.loads(path.read_text())
    stored["training"]["final_learning_rate"] = 3e-4
    path.write_text(json.dumps(stored))
    assert run.config.training.last_rate == 3e-4
