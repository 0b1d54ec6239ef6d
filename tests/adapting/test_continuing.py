"""A run that goes on with new sends: old ids stay, what is new is learned, a kill changes nothing."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from recsys import columns as c
from recsys.config.run import RunConfig
from recsys.errors import DataError, RunError, UsageError
from recsys.runs import Run
from recsys.sequences.continuing import FRESH, REPLAY, FreshWindows
from recsys.sequences.run_tables import PART

SETTINGS = {"epochs": 2, "accelerator": "cpu"}


@pytest.fixture(scope="module")
def months(run) -> Path:
    """New sends years later: of old climbers, of one who is new, and of a new climb in a new region.

    On the last day, which is held out, all send one more new climb, in a region of its own.
    """
    sends = pd.read_parquet(run.parent / "sends.parquet")
    held = pd.read_parquet(run / "sends.parquet")
    known = held[held[PART] == 0][c.CLIMBER_ID].value_counts().index[:6]
    late = sends[sends[c.CLIMBER_ID].isin(known)].copy()
    late[c.DATE] = (pd.to_datetime(late[c.DATE]) + pd.Timedelta(days=2000)).dt.strftime("%Y-%m-%d")
    late.loc[late[c.CLIMBER_ID] == known[0], c.CLIMBER_ID] = "somebody"
    common = late[c.CLIMB_ID].value_counts().index[0]
    late.loc[late[c.CLIMB_ID] == common, [c.CLIMB_ID, c.CLIMB_NAME, c.REGION]] = ["new", "The New", "Mars"]
    more = (
        late.groupby(c.CLIMBER_ID)
        .head(1)
        .assign(climb_id="new", climb_name="The New", region="Mars", date=late[c.DATE].min())
    )
    end = (pd.to_datetime(late[c.DATE].max()) + pd.Timedelta(days=1)).strftime("%Y-%m-%d")
    last = more.assign(climb_id="last", climb_name="The Last", region="Venus", date=end)
    old = sends[sends[c.CLIMBER_ID] == known[1]]  # in the run already
    path = run.parent / "months.parquet"
    pd.concat([late, more, last, old]).to_parquet(path, index=False)
    return path


@pytest.fixture(scope="module")
def continued(run, months) -> Path:
    """Goes on from a run that tells of climbers who were added and forgotten since its training."""
    import recsys

    told = run.parent / "told"
    shutil.copytree(run, told)
    config = Run(told).config
    Run(told).write_config(config.model_copy(update={"facts": {**config.facts, "added": {}, "forgotten": 3}}))
    Run(told).write_manifest(trained=True)
    recsys.train(months, continue_from=told, output=run.parent / "continued", **SETTINGS)
    return run.parent / "continued"


def vocabulary(folder: Path, column: str) -> list[str]:
    from workflows.sends import vocabulary as read

    return read(folder / "workflow", column)


def test_old_ids_stay_and_new_ones_follow(run, continued):
    for column, new in ((c.CLIMB_ID, "new"), (c.CLIMBER_ID, "somebody"), (c.REGION, "Mars")):
        before, after = vocabulary(run, column), vocabulary(continued, column)
        assert after[: len(before)] == before
        assert new in after[len(before) :]
    before, after = (pd.read_parquet(each / "climbs.parquet") for each in (run, continued))
    assert list(after[c.CLIMB_ID]) == vocabulary(continued, c.CLIMB_ID)[c.FIRST_VALUE_ID :]
    row = after.set_index(c.CLIMB_ID).loc["new"]
    assert (row[c.CLIMB_NAME], row[c.REGION]) == ("The New", "Mars")
    assert (after.sends[: len(before)] >= before.sends).all()


def test_old_sends_are_history_and_figures_are_of_new_ones(run, continued):
    sends, old = (pd.read_parquet(each / "sends.parquet") for each in (continued, run))
    assert len(sends.drop_duplicates([c.CLIMBER_ID, c.CLIMB_ID, c.DAY])) == len(sends)
    assert sends[c.ROW].tolist() == list(range(len(sends)))
    late = sends[c.DAY] > old[c.DAY].max()
    assert late[sends[PART] > 0].all()
    assert set(sends[late][PART]) == {0, 1, 2}
    assert sends[late][FRESH].all()
    learned = old[old[PART] == 0]
    keys = [c.CLIMBER_ID, c.CLIMB_ID, c.DAY]
    was = pd.MultiIndex.from_frame(sends[keys]).isin(pd.MultiIndex.from_frame(learned[keys]))
    assert (sends[FRESH].to_numpy() == ~was).all()  # what was held out before is learned now
    for _, own in sends.groupby(c.CLIMBER_ID):
        assert own[c.DAY].is_monotonic_increasing
        assert own[PART].is_monotonic_increasing
    metrics = json.loads((continued / "metrics.json").read_text())
    assert metrics["n_cases"] <= (sends[PART] == 2).sum()
    assert "new" in json.loads((continued / "config.json").read_text())["facts"]["continued"]
    assert not (continued / "start.safetensors").exists()


def test_what_was_added_and_forgotten_before_is_told_no_more(continued):
    assert not {"added", "forgotten"} & set(Run(continued).config.facts)


@pytest.fixture(scope="module")
def begun(run, months) -> SimpleNamespace:
    """By another seed."""
    return begin(run, run.parent / "begun", *_settings(months, seed=7))


def begin(run: Path, folder: Path, settings: RunConfig, names: set[str]) -> SimpleNamespace:
    """What training is handed, and the folder that it would train in."""
    from recsys.adapting import continuing

    kept = SimpleNamespace()

    def stop(run, prepared, config, *_):
        vars(kept).update(prepared=prepared, config=config, folder=run.folder)
        return {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(continuing, "train_prepared", stop)
        continuing.continue_run(Run.open(run), settings, names, folder)
    return kept


def test_training_is_gentle_unless_asked_and_by_the_seed_that_was_given(run, begun):
    from recsys.adapting.continuing import GENTLE

    assert begun.config.training.learning_rate == GENTLE["learning_rate"]
    assert begun.config.training.epochs == SETTINGS["epochs"]
    assert (Run.open(run).config.seed, begun.config.seed) == (0, 7)


def test_training_begins_with_what_was_learned(run, begun):
    from recsys.adapting.similar import likeness
    from recsys.baselines.interactions import Interactions
    from recsys.model.climbers import tables_of, unknown_vector
    from recsys.model.weights import load_weights
    from recsys.training.methods import build_module, settings_of
    from recsys.training.start import start_of
    from recsys.training.trained import catalogue_of
    from workflows.sends import read_schema

    prepared, config, start = begun.prepared, begun.config, start_of(begun.folder)
    interactions = Interactions.of(prepared)
    module = build_module(settings_of(config), interactions, prepared.schema, config, config.seed, start)
    before = load_weights(run, read_schema(run / "schema.pbtxt"), Run.open(run).config.model)
    old, new = tables_of(before), tables_of(module.model)
    for name in (c.CLIMB, c.CLIMBER, c.REGION):
        n = old[name].num_embeddings
        assert torch.equal(new[name].weight[:n], old[name].weight)
        assert new[name].num_embeddings > n
        if name != c.CLIMB:
            added = new[name].weight[n:]
            assert torch.equal(added, unknown_vector(before, name).expand_as(added))
    n, climbs = old[c.CLIMB].num_embeddings - c.FIRST_VALUE_ID, prepared.climbs
    added, known = (catalogue_of(part, []) for part in (climbs[n:].reset_index(drop=True), climbs[:n]))
    expected = likeness(added, known) @ old[c.CLIMB].weight[c.FIRST_VALUE_ID :].detach().numpy()
    begin = new[c.CLIMB].weight[n + c.FIRST_VALUE_ID :].detach().numpy()
    assert begin == pytest.approx(expected, abs=1e-6)


def test_nothing_is_learned_from_what_is_held_out(begun):
    """Neither its names nor its counts."""
    sends = pd.read_parquet(begun.folder / "sends.parquet")
    assert set(sends[sends[c.CLIMB_ID] == "last"][PART]) == {2}
    assert "last" not in vocabulary(begun.folder, c.CLIMB_ID)
    assert "Venus" not in vocabulary(begun.folder, c.REGION)
    climbs = pd.read_parquet(begun.folder / "climbs.parquet").set_index(c.CLIMB_ID)["sends"]
    trained, every = (rows[c.CLIMB_ID].value_counts() for rows in (sends[sends[PART] == 0], sends))
    assert (climbs == trained.reindex(climbs.index)).all()
    assert not (climbs == every.reindex(climbs.index)).all()


def test_what_the_run_had_held_out_is_told_of_as_nothing_new(run, begun):
    """One climber, and two climbs; who was held out before joins the vocabulary, and is no news."""
    before, after = (vocabulary(folder, c.CLIMBER_ID) for folder in (run, begun.folder))
    assert len(after) > len(before) + 1
    both, old = (len(pd.read_parquet(folder / "sends.parquet")) for folder in (begun.folder, run))
    assert begun.config.facts["continued"] == f"run, with {both - old} sends, 1 climbers, 2 climbs, all new"


def _settings(data, **more):
    from recsys.training.resolve import configured

    return configured({"data": str(data), **SETTINGS, **more})


def test_a_climb_that_was_added_is_known_and_who_is_too_rare_is_told(run, tmp_path, capsys):
    from recsys.adapting.climbs import add_climbs
    from recsys.logbooks.climbs import read_climbs

    (tmp_path / "climbs.csv").write_text("climb_id,grade\nn1,V4\n")
    add_climbs(Run.open(run), read_climbs(tmp_path / "climbs.csv"), tmp_path / "grown")
    held = pd.read_parquet(run / "sends.parquet")
    who = held[held[PART] == 0][c.CLIMBER_ID].value_counts().index[:3]
    rows = [(climber, "n1", f"2030-01-0{at}") for at, climber in enumerate(who, 1)]
    rows += [
        (who[0], "rare", "2030-01-01"),
        ("stranger", "rare", "2030-01-01"),
        ("stranger", "n1", "2030-01-02"),
    ]
    data = tmp_path / "sends.csv"
    pd.DataFrame(rows, columns=[c.CLIMBER_ID, c.CLIMB_ID, c.DATE]).to_csv(data, index=False)
    begun = begin(tmp_path / "grown", tmp_path / "more", *_settings(data))
    facts = begun.config.facts
    assert facts["continued"] == "grown, with 3 sends, 0 climbers, 0 climbs, all new"
    assert facts["left_out"] == {"sends": 3, "climbers": 1, "climbs": 1}
    said = " ".join(capsys.readouterr().err.split())
    assert "warning: 3 sends of 1 climbers and 1 climbs with fewer than 5 are left out" in said
    assert vocabulary(begun.folder, c.CLIMB_ID) == vocabulary(tmp_path / "grown", c.CLIMB_ID)
    assert pd.read_parquet(begun.folder / "climbs.parquet").set_index(c.CLIMB_ID).sends["n1"] == 1


def test_an_epoch_asks_for_the_new_sends_and_for_old_windows_to_each(continued):
    from recsys.baselines.interactions import Interactions
    from recsys.sequences.asking import FIRSTS
    from recsys.sequences.prepare import load_prepared

    data = Interactions.of(load_prepared(continued, "cpu"))
    windows = FreshWindows(data.sequences, data.training, 10, FIRSTS, False, data.fresh)
    pairs = windows.draw(np.random.default_rng(1))
    new = np.array([data.fresh[a : b + 1].any() for a, b in pairs])
    old = len(super(FreshWindows, windows).draw(np.random.default_rng(1))) - new.sum()
    assert (~new).sum() == min(old, REPLAY * new.sum())
    asked = np.zeros(len(data.fresh), bool)
    for a, b in pairs:
        asked[a : b + 1] = True
    assert asked[data.training[data.fresh[data.training]]].all()
    assert len(windows) < len(data.training)


# A process of its own: a forked one hangs where it collects what threads of its parent would have freed.
KILLED = """
import os, signal, sys
import torch
import recsys
from recsys.training import module

ended = module.NextClimb.on_train_epoch_start

def die(self):
    if self.current_epoch == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    ended(self)

module.NextClimb.on_train_epoch_start = die
months, run, folder, threads = sys.argv[1:]
torch.set_num_threads(int(threads))  # sums are to have the same order
recsys.train(months, continue_from=run, output=folder, epochs=2, accelerator="cpu")
"""


def test_killed_and_resumed_ends_like_an_unbroken_one(run, months, continued, tmp_path):
    import recsys

    folder = tmp_path / "broken"
    asked = [sys.executable, "-c", KILLED, *map(str, (months, run, folder, torch.get_num_threads()))]
    assert subprocess.run(asked, check=False).returncode == -signal.SIGKILL
    assert (folder / "start.safetensors").exists()
    recsys.train(months, continue_from=run, output=folder, resume=True, **SETTINGS)
    one, two = (json.loads((each / "metrics.json").read_text()) for each in (continued, folder))
    assert {**one, "seconds": 0} == {**two, "seconds": 0}


def test_what_cannot_go_on_is_said(run, months, continued, tmp_path):
    import recsys

    with pytest.raises(UsageError, match=r"masking mlm: .* was trained with clm"):
        recsys.train(months, continue_from=run, output=tmp_path / "x", masking="mlm")
    with pytest.raises(UsageError, match="is the run itself"):
        recsys.train(months, continue_from=run, output=run)
    with pytest.raises(UsageError, match="give the new sends"):
        recsys.train(continue_from=run, output=tmp_path / "x")
    with pytest.raises(RunError, match="holds a run already"):
        recsys.train(months, continue_from=run, output=continued)
    with pytest.raises(
        DataError, match=r"months\.parquet: has .* new sends, and of each new .* fewer than 5"
    ):
        recsys.train(months, continue_from=continued, output=tmp_path / "x")
    few = pd.read_parquet(months).query("climber_id == 'somebody'").head(1)
    few = few.assign(climber_id=pd.read_parquet(run / "sends.parquet")[c.CLIMBER_ID].iloc[0])
    few = few.assign(climb_id=pd.read_parquet(run / "climbs.parquet")[c.CLIMB_ID].iloc[0])
    with pytest.raises(DataError, match="give more new sends at once"):
        recsys.train(few, continue_from=run, output=tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_climbs_in_another_case_are_the_runs_own(run, months):
    from recsys.adapting.continuing import _new
    from recsys.logbooks.read import read_sends
    from recsys.sequences.run_tables import read_climbs_table, read_sends_table

    known, climbs, sends = read_sends_table(run), read_climbs_table(run), read_sends(months)
    other = sends.frame.assign(climb_id=sends.frame[c.CLIMB_ID].str.upper())
    both = (sends, replace(sends, frame=other))
    mine, theirs = (_new(known, climbs, each, Run.open(run))[0] for each in both)
    new = ~mine[c.CLIMB_ID].isin(known[c.CLIMB_ID])
    assert theirs[c.CLIMB_ID].tolist() == mine[c.CLIMB_ID].mask(new, mine[c.CLIMB_ID].str.upper()).tolist()


@pytest.mark.parametrize(
    ("climbers", "climbs", "said"),
    [
        (
            ["x", "y"],
            ["a", "a"],
            "of each new climber fewer than 3, .* or add the climbers with recsys adapt$",
        ),
        (
            ["me", "me"],
            ["n", "o"],
            "of each new climb fewer than 3, .* the climbs with recsys adapt --climbs$",
        ),
        (["x", "me"], ["a", "n"], "of each new climber and climb fewer than 3, .* give more sends$"),
    ],
)
def test_of_whom_there_are_too_few_sends_is_said(climbers, climbs, said):
    from recsys.adapting.joining import new_sends

    known = pd.DataFrame({c.CLIMBER_ID: ["me"], c.CLIMB_ID: ["a"], c.DAY: [1.0]})
    frame = pd.DataFrame({c.CLIMBER_ID: climbers, c.CLIMB_ID: climbs, c.DAY: [2.0, 3.0]})
    with pytest.raises(DataError, match=said):
        new_sends(known, frame, 3)
