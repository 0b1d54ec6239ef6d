"""Drift by hand, answers that were kept, and a trained run watched: quiet on its own, loud on strangers."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from recsys.errors import DataError, UsageError
from recsys.monitoring.drift import distances, drift
from recsys.monitoring.hits import read_answers
from recsys.monitoring.monitor import Limits


def test_distances_are_those_of_arithmetic():
    p, q = np.array([60.5, 40.5]) / 101, np.array([20.5, 80.5]) / 101
    psi, js = distances(np.array([60, 40]), np.array([20, 80]))
    assert psi == pytest.approx(sum((b - a) * np.log(b / a) for a, b in zip(p, q, strict=True)))
    m = (p + q) / 2
    assert js**2 == pytest.approx((p * np.log2(p / m)).sum() / 2 + (q * np.log2(q / m)).sum() / 2)
    assert distances(np.array([5, 5]), np.array([5, 5])) == pytest.approx((0, 0))


def test_chance_is_told_apart_from_drift():
    draw = np.random.default_rng(0)
    same = drift("grade", draw.integers(0, 10, 5000).tolist(), draw.integers(0, 10, 300).tolist())
    other = drift("grade", draw.integers(0, 10, 5000).tolist(), draw.integers(5, 15, 300).tolist())
    assert same.psi < 3 * same.by_chance
    assert other.psi > 1
    assert [name for name, *_ in drift("x", ["b", "a", "b", None], ["c"]).bins] == [
        "b",
        "a",
        "not logged",
        "c",
    ]


def test_answers_are_read_one_a_document_or_one_a_line(tmp_path):
    one = {"climber": "a", "items": [{"climb_id": "x"}, {"climb_id": "y"}]}
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(one, indent=1))
    assert read_answers(path) == {"a": ["x", "y"]}
    path.write_text(json.dumps(one) + "\n\n" + json.dumps({**one, "climber": 7}) + "\n")
    assert set(read_answers(path)) == {"a", "7"}
    path.write_text(json.dumps(one) + "\nnonsense\n")
    with pytest.raises(DataError, match="row 2"):
        read_answers(path)
    for odd in ("[1]", '{"climber": 1, "items": {"climb_id": 1}}', '{"climber": 1, "items": null}'):
        path.write_text(odd)
        with pytest.raises(DataError, match="without climber or items"):
            read_answers(path)
    for odd in (b"[" * 100_000, b'{"climber": ' + b"9" * 5_000 + b"}", b"NaN", b"\xff"):
        path.write_bytes(odd)
        with pytest.raises(DataError, match=r"row 1: is not JSON|is not UTF-8"):
            read_answers(path)


@pytest.mark.parametrize("limit", [float("nan"), -0.1])
def test_a_limit_that_never_alarms_is_refused(limit):
    with pytest.raises(UsageError, match=r"psi .*: has to be a number from 0"):
        Limits(psi=limit)


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A run on the first 80% of each log, and the rest as new sends."""
    from recsys.config.run import RunConfig
    from recsys.logbooks.simulate import simulate
    from recsys.training.pipeline import train_run

    root = tmp_path_factory.mktemp("monitor")
    sends = simulate("bc", seed=0, scale=0.04)
    share = sends.groupby("climber_id").cumcount() / sends.groupby("climber_id")["climb_id"].transform("size")
    sends[share < 0.8].to_parquet(root / "old.parquet", index=False)
    sends[share >= 0.6].to_parquet(root / "new.parquet", index=False)
    strange = sends[share >= 0.8].assign(grade="V12", region="Elsewhere")
    strange["climb_id"] = "new-" + strange["climb_id"]
    strange.to_csv(root / "strange.csv", index=False)
    config = RunConfig(
        data=str(root / "old.parquet"),
        model={"d_model": 16, "layers": 1, "climb_dim": 16},
        training={"epochs": 1, "batch_size": 64, "accelerator": "cpu"},
    )
    train_run(config, root / "run")
    return root


def call(*words: object) -> tuple[int, str]:
    from recsys.cli.app import build_app

    done = CliRunner().invoke(build_app(), ["monitor", *map(str, words)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout


def test_monitor_is_quiet_on_its_own_and_loud_on_strangers(watched):
    code, out = call(
        watched / "run", watched / "new.parquet", "--json", "--gain", 0,
        # A hundred climbers' later sends do drift; within these limits they are quiet, and strangers are not.
        "--unknown-climbers", 0.9, "--unknown-climbs", 0.9, "--psi", 1.0,
    )  # fmt: skip
    found = json.loads(out)
    assert code == 0, found["alarms"]
    assert found["known_already"] > 0
    assert found["hits"]["climbers"] > 10
    page = watched / "page.html"
    code, out = call(watched / "run", watched / "strange.csv", "--html", page, "--json", "--psi", 1.0)
    assert code == 1
    assert {"grade PSI, beyond chance", "region PSI, beyond chance", "unknown climbs"} <= set(
        json.loads(out)["alarms"]
    )
    text = page.read_text()
    assert "Elsewhere" in text
    assert "http" not in text
    assert "ALARM" in call(watched / "run", watched / "strange.csv")[1]


def test_climbs_and_climbers_in_another_case_are_known_and_an_order_is_none_of_days(watched):
    new = pd.read_parquet(watched / "new.parquet")
    upper = {name: new[name].str.upper() for name in ("climb_id", "climber_id")}
    new.assign(**upper).to_parquet(watched / "case.parquet", index=False)
    limits = ("--json", "--gain", 0, "--unknown-climbers", 0.9, "--unknown-climbs", 0.9, "--psi", 1.0)
    (_, mine), (_, theirs) = (
        call(watched / "run", watched / f"{name}.parquet", *limits) for name in ("new", "case")
    )
    assert json.loads(theirs[theirs.index("{") :]) == json.loads(mine)
    new.assign(date=range(len(new))).to_parquet(watched / "order.parquet", index=False)
    with pytest.raises(DataError, match=r"order\.parquet: has an order but no dates"):
        call(watched / "run", watched / "order.parquet")


def test_what_it_was_trained_on_is_nothing_new(watched):
    """Not even what `min_sends` dropped of it."""
    facts = json.loads((watched / "run" / "config.json").read_text())["facts"]
    assert facts["sends"] < facts["sends_read"]
    assert facts["read_until"] == pd.read_parquet(watched / "old.parquet")["date"].max()[:10]
    with pytest.raises(DataError, match="holds no send that the run does not know"):
        call(watched / "run", watched / "old.parquet")


def test_an_early_send_of_a_climb_that_was_added_is_new():
    from recsys.config.run import RunConfig
    from recsys.monitoring.monitor import _new

    names = ["climber_id", "climb_id", "day"]
    old = pd.DataFrame([("a", "x", 1.0), ("a", "y", 9.0)], columns=names).assign(part=0)
    frame = pd.DataFrame([("a", "x", 1.0), ("a", "added", 2.0), ("a", "rare", 2.0)], columns=names)
    found = _new(frame, old, ["x", "y", "added"], RunConfig())
    assert found["climb_id"].tolist() == ["added"]


def test_who_has_sent_everything_does_not_stop_the_others(watched):
    new = pd.read_parquet(watched / "new.parquet")
    climbs = pd.read_parquet(watched / "run" / "climbs.parquet")["climb_id"].tolist()
    days = pd.date_range("2020-01-01", periods=2 * len(climbs))
    everything = pd.DataFrame({"climber_id": "everything", "climb_id": climbs * 2, "date": days})
    both = pd.concat([new.assign(date=pd.to_datetime(new["date"])), everything])
    both.drop(columns="sequence").to_parquet(watched / "both.parquet", index=False)
    new.drop(columns="sequence").to_parquet(watched / "alone.parquet", index=False)
    found = [
        json.loads(call(watched / "run", watched / f"{n}.parquet", "--json")[1]) for n in ("both", "alone")
    ]
    assert found[0]["hits"]["climbers"] == found[1]["hits"]["climbers"] > 10


def test_answers_that_were_kept_are_held_against_the_sends(watched):
    sends = pd.read_parquet(watched / "new.parquet")
    owner = sends["climber_id"].value_counts().index[0]
    known = pd.read_parquet(watched / "run" / "sends.parquet")
    mine = sends[sends["climber_id"] == owner].merge(
        known[["climber_id", "climb_id"]].assign(old=1), how="left", on=["climber_id", "climb_id"]
    )
    sent = mine.loc[mine["old"].isna() & mine["climb_id"].isin(known["climb_id"]), "climb_id"].iloc[0]
    kept = watched / "kept.jsonl"
    kept.write_text(json.dumps({"climber": owner, "items": [{"climb_id": sent}, {"climb_id": "other"}]}))
    found = json.loads(
        call(
            watched / "run", watched / "new.parquet", "--recommended", kept, "--json", "--unknown-climbers", 1
        )[1]
    )
    assert (found["hits"]["climbers"], found["hits"]["hit"], found["hits"]["share"]) == (1, 1.0, 0.5)


def test_grades_that_are_text_drift_as_categories():
    from recsys.monitoring.monitor import _values

    def frame(*grades):
        return pd.DataFrame({"grade": grades})

    assert _values(frame("teens", None, "adults"), "grade") == ["teens", None, "adults"]
    before, now = (_values(frame(*["teens"] * a, *["adults"] * b), "grade") for a, b in ((90, 10), (10, 90)))
    assert drift("grade", before, now).psi > 1
    assert _values(frame("V4", "6C", "WI4"), "grade") == ["V4", "V5", "WI4"]
    assert _values(frame("L3", "L4"), "grade") == ["L3", "L4"]


def test_the_page_is_told_in_the_domains_words_and_values_stay():
    from recsys.monitoring.hits import Hits
    from recsys.monitoring.monitor import Check, Watch
    from recsys.monitoring.page import page
    from recsys.nouns import speak

    hits = Hits(9, 0.5, (0.4, 0.6), 0.1, 0.3, (0.2, 0.4))
    drifts = (drift("grade", ["climb"], ["Send"]), drift("region", ["a"], ["b"]))
    checks = (Check("grade PSI, beyond chance", 1, 0.2, True), Check("unknown climbs", 1, 0.2, True))
    speak(
        {
            "nouns": {
                "climb": "film", "climber": "viewer", "send": "viewing", "sent": "watched",
                "grade": "age group", "region": "genre",
            }
        }
    )  # fmt: skip
    for found in (hits, None):
        text = page(Watch("send", 3, 1, 2, "2024-01-01", "2024-01-02", drifts, 0, 0, found, checks))
        for said in ("3 new viewings of 2 viewers", "age group PSI", "unknown films", "<h2>age group</h2>"):
            assert said in text
        assert "<h1>send in use" in text
        assert "<td>climb</td>" in text
        rest = text.replace("<td>climb</td>", "").replace("<td>Send</td>", "").replace("send in use", "")
        assert not [word for word in ("climb", "send", "sent ", "grade", "region") if word in rest.lower()]
    speak(None)
