"""Tuning: the space, a study that is killed and continued, what it leaves, that no test part is read."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import optuna
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.trial import TrialState

from recsys import columns as c
from recsys.config.model import Body
from recsys.config.run import RunConfig
from recsys.config.settings import configure
from recsys.errors import DivergedError, RunError, UsageError
from recsys.runs import Run
from recsys.tuning.results import write_results
from recsys.tuning.space import configured, first_guess, space_of, width
from recsys.tuning.storage import open_study, reading
from tests.builders.commands import call

optuna.logging.set_verbosity(optuna.logging.ERROR)
N_CLIMBERS, N_SENDS = 20, 8


def sends() -> pd.DataFrame:
    """20 climbers who each send 8 of 12 climbs, on days in a row."""
    rng = np.random.default_rng(0)
    rows = [
        (f"p{i:02d}", f"x{climb:02d}", f"2024-01-{day + 1:02d}")
        for i in range(N_CLIMBERS)
        for day, climb in enumerate(rng.permutation(12)[:N_SENDS])
    ]
    return pd.DataFrame(rows, columns=[c.CLIMBER_ID, c.CLIMB_ID, c.DATE])


def settings(data: Path, epochs: int = 1) -> RunConfig:
    training = {"epochs": epochs, "accelerator": "cpu", "batch_size": 64}
    return RunConfig(data=str(data), min_sends=1, model={"d_model": 8}, training=training)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "sends.csv"
    sends().to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory) -> tuple[Path, optuna.Study]:
    """Three trials in one go; tests that continue it do so in a copy."""
    from recsys.tuning.run import tune

    folder = tmp_path_factory.mktemp("studies") / "whole"
    return folder, tune(settings(data), folder, trials=3)


def outcome(study: optuna.Study) -> list[tuple[dict, float | None]]:
    """Parameters and score of the trials that count."""
    return [(t.params, t.value) for t in study.trials if t.state in (TrialState.COMPLETE, TrialState.PRUNED)]


def cli(capsys, *words: object) -> tuple[int, str]:
    """Exit code and last line on standard error of ``recsys tune`` or ``train.py`` in this process."""
    code = call(*words)
    return code, capsys.readouterr().err.strip().splitlines()[-1]


# The trials on disk


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Path:
    """A study of three trials that nobody trained."""
    folder = tmp_path_factory.mktemp("kept")
    study = open_study(folder, optuna.pruners.MedianPruner())
    for score in (0.3, 0.2, 0.1):
        study.tell(study.ask(space_of(RunConfig())), score)
    return folder


@pytest.mark.parametrize(
    ("whole", "damaged"),
    [
        (b'{"name": "Int', b'["name": "Int'),
        (b'"attributes": {"log": false, "step": 1', b'"attributes": {"lug": false, "step": 1'),
        (b"IntDistribution", b"IntDistribucion"),
        (b"COMPLETE", b"COMPLETF"),
        (b"MAXIMIZE", b"NAXIMIZE"),
        (b'"choices"', b'"chois\xffs"'),
        (b"learning_rate", b"learning_rase"),
        (b"datetime_complete", b"datetime_complexe"),
    ],
)
def test_trials_with_a_bit_flipped_are_one_line(kept, tmp_path, whole, damaged):
    """SQLite keeps no checksums, and Optuna raises whatever it stumbles over."""
    content = (kept / "trials.db").read_bytes()
    assert whole in content
    (tmp_path / "trials.db").write_bytes(content.replace(whole, damaged))
    with pytest.raises(RunError, match=r"trials\.db: holds no trials that can be read .*; remove it"):
        opened_and_told(tmp_path)


def opened_and_told(folder: Path) -> None:
    study = open_study(folder, optuna.pruners.MedianPruner())
    with reading(folder):
        write_results(folder, study, RunConfig())


# The space


@given(
    climb_dim=st.sampled_from([48, 96, 124]),
    climber_dim=st.integers(8, 16),
    heads=st.integers(1, 4),
    layers=st.integers(1, 2),
    dropout=st.floats(0, 0.5),
    learning_rate=st.floats(3e-4, 1e-2),
    length=st.sampled_from([5, 10, 15, 20, 25, 30]),
    body=st.sampled_from(Body.__args__),
    wanted=st.integers(2, 128).map(lambda half: 2 * half),
)
def test_every_point_of_the_space_is_a_configuration(body, wanted, **parameters):
    model = {"body": body, "masking": "last", "d_model": wanted}
    base = RunConfig(data="a.csv", model=model, training={"epochs": 3})
    config = configured(base, parameters)
    assert {name: getattr(config.model, name) for name in parameters if name != "learning_rate"} == {
        name: value for name, value in parameters.items() if name != "learning_rate"
    }
    assert config.training.learning_rate == parameters["learning_rate"]
    assert config.model.d_model % config.model.heads == config.model.d_model % 2 == 0
    assert (config.data, config.training.epochs, config.model.body) == ("a.csv", 3, body)


def test_width_is_the_nearest_even_multiple_of_the_heads():
    assert [width(64, heads) for heads in (1, 2, 3, 4)] == [64, 64, 66, 64]
    assert width(4, 3) == 6


def test_trials_stay_within_the_ranges_that_were_asked():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    drawn = pd.DataFrame([study.ask(space_of(RunConfig())).params for _ in range(200)])
    assert set(drawn.climb_dim) == {48, 96, 124}
    assert set(drawn.climber_dim) == set(range(8, 17))
    assert set(drawn.heads) == {1, 2, 3, 4}
    assert set(drawn.layers) == {1, 2}
    assert drawn.dropout.between(0, 0.5).all()
    assert (drawn.learning_rate < np.sqrt(3e-4 * 1e-2)).mean() == pytest.approx(0.5, abs=0.1)  # log-uniform


def test_the_first_trial_is_the_settings_given():
    base = RunConfig()
    assert configured(base, first_guess(base)) == base
    outside = RunConfig(model={"climb_dim": 64, "length": 12, "features": ("climb",)})
    assert set(first_guess(outside)) == {"heads", "layers", "dropout", "learning_rate"}
    assert "climber_dim" not in space_of(outside)


def test_each_seed_draws_trials_of_its_own(tmp_path, monkeypatch):
    from recsys.tuning import objective
    from recsys.tuning.run import _next_trial

    def drawn(seed: int) -> list[dict]:
        study = optuna.create_study(direction="maximize")
        for _ in range(3):
            _next_trial(study, RunConfig(seed=seed), None, None, tmp_path)
        return [trial.params for trial in study.trials]

    monkeypatch.setattr(objective, "validation_score", lambda *_: 0.1)
    one, again, other = drawn(0), drawn(0), drawn(1)
    assert one == again
    assert one[0] == other[0]  # the settings given
    assert one[1] != other[1]


def test_a_quarter_of_the_epochs_prunes_nothing():
    from recsys.tuning.run import _median

    study = optuna.create_study(direction="maximize", pruner=_median(8))
    for score in (0.9, 0.9, 0.9, 0.9, 0.9, 0.1):
        trial, told = study.ask(), []
        for epoch in range(4):
            trial.report(score, epoch)
            told.append(trial.should_prune())
        study.tell(trial, score)
    assert told == [False, False, True, True]


def test_a_trial_is_not_pruned_after_its_last_epoch(monkeypatch):
    from recsys.tuning.objective import SCORE, EarlyStopping, Pruning

    monkeypatch.setattr(EarlyStopping, "on_train_epoch_end", lambda *_: None)
    reported = []
    trial = SimpleNamespace(report=lambda *each: reported.append(each), should_prune=lambda: True)

    def end(epoch: int, stop: bool = False) -> None:
        trainer = SimpleNamespace(
            callback_metrics={SCORE: 0.5}, current_epoch=epoch, max_epochs=3, should_stop=stop
        )
        Pruning(trial, patience=1).on_train_epoch_end(trainer, None)

    with pytest.raises(optuna.TrialPruned):
        end(0)
    end(1, stop=True)  # by early stopping
    end(2)
    assert reported == [(0.5, 0), (0.5, 1), (0.5, 2)]


# A study


def test_what_a_study_leaves(whole):
    folder, study = whole
    assert study.trials[0].params == first_guess(settings(Path("any")))
    rows = list(csv.DictReader((folder / "trials.csv").open()))
    assert [row["trial"] for row in rows] == ["0", "1", "2"]
    assert {row["state"] for row in rows} == {"finished"}
    best = max(rows, key=lambda row: float(row["validation_score"]))
    written = json.loads((folder / "best.json").read_text())
    assert written["facts"]["tuned"]["trial"] == int(best["trial"])
    assert written["facts"]["tuned"]["validation_score"] == float(best["validation_score"])
    for name in ("climb_dim", "climber_dim", "heads", "layers", "length"):
        assert written["model"][name] == int(best[name])
    assert written["training"]["learning_rate"] == float(best["learning_rate"])
    assert not (folder / "metrics.json").exists()


def test_the_table_tells_all_within_80_columns(whole):
    from recsys.tuning.results import summary_table

    lines = summary_table(whole[1]).splitlines()
    assert lines[0] == "3 trials, 0 of them pruned."
    assert max(map(len, lines)) <= 80
    assert "…" not in "".join(lines)
    assert lines[-1] == "Score: mean of prompted and unprompted mrr@20 on validation; no test was read."
    scores = [float(line.split()[1]) for line in lines[1:] if line.strip()[:1].isdigit()]
    assert scores == sorted((round(trial.value, 4) for trial in whole[1].trials), reverse=True)


def test_the_table_says_what_was_compared():
    from recsys.tuning.results import score_of

    config = RunConfig(training={"criterion": "recall@10", "criterion_prompting": "unprompted"})
    assert score_of(config) == "unprompted recall@10"


def test_finished_trials_are_not_run_again(whole, tmp_path, monkeypatch):
    from recsys.tuning import objective
    from recsys.tuning.run import tune

    folder = Path(shutil.copytree(whole[0], tmp_path / "copy"))
    monkeypatch.setattr(objective, "best_score", lambda *_: pytest.fail("a trial was run"))
    assert outcome(tune(RunConfig(), folder, trials=3)) == outcome(whole[1])


def test_a_killed_study_goes_on_like_one_that_was_not(whole, data, tmp_path):
    """One trial, then a kill while the second one runs, then the rest: the failed one is replaced."""
    from recsys.tuning.run import tune
    from recsys.tuning.storage import open_study

    folder = tmp_path / "killed"
    tune(settings(data), folder, trials=1)
    open_study(folder, optuna.pruners.NopPruner()).ask(space_of(settings(data)))
    study = tune(settings(data), folder, trials=3)
    states = [trial.state.name for trial in study.trials]
    assert states == ["COMPLETE", "FAIL", "COMPLETE", "COMPLETE"]
    assert outcome(study) == outcome(whole[1])
    assert "1,failed," in (folder / "trials.csv").read_text()


def test_the_test_part_changes_nothing(whole, data, tmp_path):
    """The climbs of the held-out climbers are dealt anew among them: same trials, same scores."""
    from recsys.sequences.split import TEST
    from recsys.tuning.run import tune

    kept = pd.read_parquet(whole[0] / "prepared" / "sends.parquet")
    test = kept.loc[kept["part"] == TEST, c.CLIMBER_ID].unique()
    frame = sends()
    theirs = frame[c.CLIMBER_ID].isin(test)
    assert theirs.sum() == 2 * N_SENDS
    frame.loc[theirs, c.CLIMB_ID] = np.random.default_rng(1).permutation(frame.loc[theirs, c.CLIMB_ID])
    assert not frame.equals(sends())
    frame.to_csv(tmp_path / "sends.csv", index=False)
    study = tune(settings(tmp_path / "sends.csv"), tmp_path / "study", trials=2)
    assert outcome(study) == outcome(whole[1])[:2]


def test_pruned_trials_are_kept_and_counted(data, tmp_path):
    from recsys.tuning.run import tune

    always = optuna.pruners.ThresholdPruner(lower=1.1)
    with pytest.raises(RunError, match="no trial has finished"):
        tune(settings(data, epochs=2), tmp_path / "study", trials=2, pruner=always)
    rows = list(csv.DictReader((tmp_path / "study" / "trials.csv").open()))
    assert [(row["state"], row["epochs"]) for row in rows] == [("pruned", "1")] * 2
    assert not (tmp_path / "study" / "best.json").exists()


def test_a_trial_whose_loss_explodes_is_pruned(whole, tmp_path, monkeypatch, capsys):
    from recsys.tuning import objective
    from recsys.tuning.run import tune

    def explode(*_):
        raise DivergedError("the loss is not finite")

    folder = Path(shutil.copytree(whole[0], tmp_path / "copy"))
    monkeypatch.setattr(objective, "best_score", explode)
    study = tune(RunConfig(), folder, trials=4)
    assert study.trials[3].state == TrialState.PRUNED
    assert "trial 3: its loss is not finite; 4 of 4 done" in capsys.readouterr().err


def test_interrupted_leaves_a_study_that_goes_on(whole, data, tmp_path, monkeypatch, capsys):
    """The interruption comes while Lightning trains."""
    from recsys.tuning.objective import Pruning

    def interrupt(*_):
        raise KeyboardInterrupt

    folder = Path(shutil.copytree(whole[0], tmp_path / "copy"))
    before = signal.getsignal(signal.SIGINT)
    command = ("recsys", "tune", str(data), "--output", str(folder), "--trials")
    with monkeypatch.context() as patch:
        patch.setattr(Pruning, "on_train_epoch_start", interrupt)
        assert cli(capsys, *command, "4")[0] == 130
    signal.signal(signal.SIGINT, before)
    code, line = cli(capsys, *command, "4")
    assert code == 0
    assert str(folder / "best.json") in line


def test_no_time_is_no_trial(data, tmp_path):
    from recsys.tuning.run import tune

    with pytest.raises(RunError, match="timeout"):
        tune(settings(data), tmp_path / "study", trials=2, timeout=0)


def test_what_is_refused(whole, data, tmp_path, capsys):
    from recsys.tuning.run import tune

    folder = whole[0]
    with Run(folder).lock(), pytest.raises(RunError, match="another process"):
        tune(settings(data), folder, trials=3)
    with pytest.raises(RunError, match="holds a run and not a study"):
        tune(settings(data), folder / "prepared", trials=3)
    with pytest.raises(UsageError, match="one device"):
        tune(RunConfig(training={"devices": 2}), tmp_path / "study", trials=1)
    with pytest.raises(UsageError, match="one machine"):
        tune(RunConfig(training={"nodes": 2}), tmp_path / "study", trials=1)
    code, line = cli(capsys, "recsys", "tune", data, "--output", folder, "--epochs", "9")
    assert code == 2
    assert "--epochs 9" in line
    assert "was started with 1" in line
    assert cli(capsys, "recsys", "tune", "no.csv", "--output", tmp_path / "new")[0] == 2
    assert not (tmp_path / "new").exists()
    broken = Path(shutil.copytree(folder, tmp_path / "broken"))
    (broken / "trials.db").write_bytes(b"nonsense" * 1000)
    with pytest.raises(RunError, match=r"trials\.db"):
        tune(settings(data), broken, trials=3)


# From a study to a run


def test_the_command_leaves_to_the_data_what_training_leaves(data, tmp_path, monkeypatch, capsys):
    from recsys.config.run import BY_SIZE
    from recsys.tuning import run

    asked = []

    def tune(config, *_):
        asked.append(config)
        raise UsageError("seen")

    monkeypatch.setattr(run, "tune", tune)
    for options in ([], ["--ensemble", "none", "--positions", "learned"]):
        cli(capsys, "recsys", "tune", data, "--output", tmp_path / "study", *options)
    assert [(each.ensemble, each.model.positions) for each in asked] == [(BY_SIZE, "auto"), (None, "learned")]


def test_the_best_trial_is_what_train_trains(whole, tmp_path, capsys):
    """The run of best.json has its settings, and its validation score to the last digit."""
    best, folder = whole[0] / "best.json", tmp_path / "run"
    code, line = cli(capsys, "train.py", "--config", best, "--output", folder)
    assert code == 0, line
    chosen = configure({}, best)[0]
    assert Run(folder).config.model_dump(exclude={"facts"}) == chosen.model_dump(exclude={"facts"})
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["training"]["validation_score"] == whole[1].best_value


def test_a_disk_that_is_full_is_told_in_a_line(tmp_path):
    from sqlalchemy.exc import OperationalError

    from recsys.tuning.storage import or_run_error

    full = sqlite3.OperationalError("database or disk is full")
    with (
        pytest.raises(RunError, match=r"trials\.db: .*disk is full.*; free some space"),
        or_run_error(tmp_path),
    ):
        raise optuna.exceptions.StorageInternalError from OperationalError("INSERT", {}, full)


def test_the_device_and_the_data_are_told_on_a_line_each():
    from types import SimpleNamespace

    from recsys.tuning.run import _describe

    config = RunConfig(facts={"split": {"sends": {"train": 3}}})
    device, data = _describe(config, SimpleNamespace(n_items=2), 5, 1)
    assert device.startswith("torch on")
    assert data.startswith("3 training sends, 2 climbs; 5 trials, 1 of them done")
