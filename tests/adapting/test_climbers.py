"""Climbers who join a run without training: their own rows, and that no old row changes by a bit."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys import columns as c
from recsys.errors import DataError, UsageError
from recsys.logbooks.read import read_sends
from recsys.recommending.bundle import Bundle
from recsys.recommending.newcomers import Acquaintances, profiles
from recsys.sequences.texts import FILE as TEXTS
from tests.builders.trained import trained


@pytest.fixture(scope="module")
def logbooks(run) -> Path:
    """Two climbers: one with the logbook of an old one, one with a single climb that nobody knows."""
    sends = pd.read_parquet(run.parent / "sends.parquet")
    known = pd.read_parquet(run / "sends.parquet")[c.CLIMBER_ID].value_counts().index[0]
    twin = sends[sends[c.CLIMBER_ID] == known].assign(climber_id="twin")
    odd = twin.head(1).assign(climber_id="odd", climb_id="elsewhere", climb_name="Elsewhere")
    old = sends[sends[c.CLIMBER_ID] == known]
    path = run.parent / "logbooks.parquet"
    pd.concat([twin, odd, old]).to_parquet(path, index=False)
    return path


@pytest.fixture(scope="module", params=["fold-in", "similar", "encoder", "unknown"])
def way(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def grown(run, logbooks, way) -> Path:
    from recsys.adapting.climbers import add_climbers
    from recsys.runs import Run

    assert add_climbers(Run.open(run), read_sends(logbooks), run.parent / way, way) == 2
    return run.parent / way


def test_old_rows_and_answers_stay_to_the_bit(run, grown):
    from recsys.model.climbers import climber_table

    before, after = trained(run), trained(grown)
    old, new = climber_table(before.network).weight, climber_table(after.network).weight
    assert len(new) == len(old) + 2
    assert np.array_equal(old.detach(), new.detach()[:-2])
    state = after.network.state_dict()
    for name, values in before.network.state_dict().items():
        assert np.array_equal(values, state[name][: len(values)] if values.ndim else state[name]), name
    who = list(before.climbers)[:30]
    for one, other in ((before, after), (Bundle.open(run / "bundle"), Bundle.open(grown / "bundle"))):
        answers = []
        for backend in (one, other):
            batch = backend.encode([backend.logbook(each) for each in who], who)
            batch[c.GIVEN] = np.zeros((len(who), len(backend.attributes)), bool)
            answers.append(backend.logits(batch))
        assert np.array_equal(*answers)
    assert np.array_equal(before.catalogue.stars, after.catalogue.stars, equal_nan=True)
    assert np.array_equal(before.skill.difficulty.value, after.skill.difficulty.value, equal_nan=True)


def test_new_climbers_are_stored_with_rows_of_their_own(run, grown, way):
    from recsys.model.climbers import climber_table, unknown_climber

    before, after, bundle = trained(run), trained(grown), Bundle.open(grown / "bundle")
    assert list(after.climbers) == list(bundle.climbers) == [*before.climbers, *sorted(["odd", "twin"])]
    assert list(bundle.features.vocabularies["climber"][-2:]) == ["odd", "twin"]
    assert bundle.logbook("odd").climbs == ["elsewhere"]
    known = pd.read_parquet(run / "sends.parquet")[c.CLIMBER_ID].value_counts().index[0]
    logged = [each for each in bundle.logbook("twin").climbs if each in bundle.catalogue.indices]
    assert logged == bundle.logbook(known).climbs  # climbs of less than five sends are in no catalogue
    rows = climber_table(after.network).weight.detach().numpy()[-2:]
    assert np.isfinite(rows).all()
    assert (rows == unknown_climber(before.network)).all() == (way == "unknown")
    batch = bundle.encode([bundle.logbook("twin")], ["twin"])
    assert batch["climber"][0] == len(climber_table(after.network).weight) - 1


def test_fold_in_lowers_the_loss_of_the_logbook(run, logbooks):
    import torch

    from recsys.adapting.climbers import embed, histories
    from recsys.columns import CLIMB, CLIMBER_VECTOR, FIRST_VALUE_ID, GIVEN
    from recsys.sequences.run_tables import PART
    from recsys.sequences.windows import Windows

    opened = trained(run)
    met = histories(opened.workflow, opened.sends[opened.sends[PART] == 0])
    one = opened.sends[opened.sends[c.CLIMBER_ID] == opened.sends[c.CLIMBER_ID].value_counts().index[0]]
    new = histories(opened.workflow, one.assign(climber_id="twin"))
    ends = np.diff(new.offsets)
    sends = np.arange(1, len(new))
    sends = sends[(new.before(sends) > 0) & (new.features[CLIMB][sends] >= FIRST_VALUE_ID)]

    def loss(vector):
        batch = Windows(new, sends, opened.window).cut(sends)
        batch[GIVEN] = torch.zeros((len(sends), len(c.ATTRIBUTES)), dtype=torch.bool)
        batch[CLIMBER_VECTOR] = torch.from_numpy(vector).expand(len(sends), -1)
        with torch.no_grad():
            scores = opened.network.next_scores(batch)
        return float(torch.nn.functional.cross_entropy(scores, batch[CLIMB][:, -1] - FIRST_VALUE_ID))

    similar, tuned = (
        embed(opened.network, met, new, ends, opened.window, way) for way in ("similar", "fold-in")
    )
    assert loss(tuned) < loss(similar)
    again = embed(opened.network, met, new, ends, opened.window, "fold-in")
    assert np.array_equal(tuned, again)
    none = embed(opened.network, met, new, np.ones_like(ends), opened.window, "fold-in")
    first = embed(opened.network, met, new, np.ones_like(ends), opened.window, "similar")
    assert np.array_equal(none, first)  # one send has no history to learn from, and later ones are not read


def test_the_most_similar_climber_counts_most():
    units = np.eye(3, dtype=np.float32)
    mine = profiles(units, np.array([0, 0, -1, 1, -1]), np.array([3, 1, 1, 0]))
    assert mine[0] == pytest.approx([1, 0, 0])
    assert not mine[2:].any()
    mine = mine[:3]
    friends = Acquaintances(mine[:2], np.array([[1.0], [-1.0]], np.float32))
    assert friends.similar(mine)[:, 0] == pytest.approx([1, -1, 0], abs=1e-6)
    assert friends.encoded(mine)[0] > 0 > friends.encoded(mine)[1]


def test_climbs_that_the_run_does_not_have_are_told(run, logbooks, capsys):
    from recsys.adapting.climbers import _fresh
    from recsys.runs import Run
    from recsys.sequences.run_tables import read_sends_table

    sends = read_sends(logbooks)
    only = replace(sends, frame=sends.frame[sends.frame[c.CLIMBER_ID] == "odd"])
    for given, said in ((sends, "climbs of the new logbooks are known"), (only, "(0 of 1)")):
        capsys.readouterr()
        _fresh(Run.open(run), read_sends_table(run), given)
        assert said in capsys.readouterr().err


def test_climbs_in_another_case_are_the_runs_own(run, logbooks, capsys):
    from recsys.adapting.climbers import _fresh
    from recsys.runs import Run
    from recsys.sequences.run_tables import read_sends_table

    known, sends = read_sends_table(run), read_sends(logbooks)
    other = sends.frame.assign(climb_id=sends.frame[c.CLIMB_ID].str.upper())
    mine = _fresh(Run.open(run), known, sends)
    capsys.readouterr()
    theirs = _fresh(Run.open(run), known, replace(sends, frame=other))
    ours = mine[c.CLIMB_ID].isin(known[c.CLIMB_ID])
    assert ours.any()
    assert theirs[c.CLIMB_ID][ours].tolist() == mine[c.CLIMB_ID][ours].tolist()
    assert "climbs of the new sends are the run's own, in another case" in capsys.readouterr().err


def test_climbers_in_another_case_are_in_the_run_already(run, logbooks, capsys):
    from recsys.adapting.climbers import _fresh
    from recsys.runs import Run
    from recsys.sequences.run_tables import read_sends_table

    known, sends = read_sends_table(run), read_sends(logbooks)
    old = known[c.CLIMBER_ID].iloc[0]
    more = sends.frame.head(3).assign(climber_id=old.upper())
    fresh = _fresh(Run.open(run), known, replace(sends, frame=pd.concat([sends.frame, more])))
    assert old.upper() not in set(fresh[c.CLIMBER_ID])
    assert "climbers of the new sends are the run's own" in capsys.readouterr().err


def test_days_are_read_as_the_run_reads_them(run, logbooks):
    """Here as sets, where nothing but the date is known."""
    from recsys.adapting.climbers import _fresh
    from recsys.runs import Run
    from recsys.sequences.run_tables import read_sends_table

    sends = read_sends(logbooks)
    plain = replace(sends, frame=sends.frame.drop(columns=c.SEQUENCE))
    plain.frame[c.DAY] = np.floor(plain.frame[c.DAY])
    added = _fresh(Run.open(run), read_sends_table(run), plain)
    days = added.groupby([c.CLIMBER_ID, c.DAY])[c.DAY_INDEX]
    assert (days.size() > 1).any()
    assert all(own.tolist() == list(range(len(own))) for _, own in days)


def test_a_newcomer_is_likened_to_whom_the_run_was_trained_on(run, logbooks, tmp_path, monkeypatch):
    """Who was held out has no embedding to take."""
    from recsys.adapting import climbers
    from recsys.runs import Run

    asked = []

    def embed(model, met, new, *_):
        asked.append((set(met.climber_ids), set(new.climber_ids)))
        raise InterruptedError

    monkeypatch.setattr(climbers, "embed", embed)
    with pytest.raises(InterruptedError):
        climbers.add_climbers(Run.open(run), read_sends(logbooks), tmp_path / "x", "similar")
    held = pd.read_parquet(run / "sends.parquet")
    trained = set(held[held["part"] == 0][c.CLIMBER_ID])
    assert trained < set(held[c.CLIMBER_ID])
    assert asked == [(trained, {"twin", "odd"})]


def test_what_cannot_be_added_is_said(run, logbooks, tmp_path):
    from recsys.adapting.climbers import add_climbers
    from recsys.runs import Run

    sends = read_sends(logbooks)
    old = replace(sends, frame=sends.frame[~sends.frame[c.CLIMBER_ID].isin(["twin", "odd"])])
    with pytest.raises(DataError, match="no climber whom the run does not have"):
        add_climbers(Run.open(run), old, tmp_path / "x")
    with pytest.raises(DataError, match="no dates"):
        add_climbers(Run.open(run), replace(sends, has_time=False), tmp_path / "x")
    with pytest.raises(UsageError, match="choose one of fold-in"):
        add_climbers(Run.open(run), sends, tmp_path / "x", "magic")
    reads = tmp_path / "reads-texts"
    shutil.copytree(run, reads)
    (reads / "workflow" / TEXTS).touch()
    with pytest.raises(UsageError, match=r"by fold-in: .* reads texts"):
        add_climbers(Run(reads), sends, tmp_path / "x", "fold-in")
    assert not (tmp_path / "x").exists()
