"""The Python API on a tiny simulated community: what a notebook's user types."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import recsys

SMALL = {"epochs": 1, "d_model": 8, "layers": 1, "climb_dim": 8, "attribute_dim": 4, "climber_dim": 4}


@pytest.fixture(scope="module")
def frame():
    return recsys.simulate("bc", scale=0.03)


@pytest.fixture(scope="module")
def run(frame, tmp_path_factory):
    return recsys.train(frame, output=tmp_path_factory.mktemp("api") / "mine", seed=1, **SMALL)


@pytest.fixture(scope="module")
def climbs(run):
    return recsys.load(run.folder)


def test_the_public_names():
    assert sorted(recsys.__all__) == [
        "Climbs", "DataError", "FinishedRun", "Recommendations", "RecsysError", "RunError", "UsageError",
        "compare", "import_logbooks", "load", "simulate", "train",
    ]  # fmt: skip
    assert set(recsys.__all__) <= set(dir(recsys))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = recsys.nothing
    for name in recsys.__all__:
        assert getattr(recsys, name).__doc__, name


def test_importing_is_light():
    heavy = ("numpy", "pandas", "torch", "pydantic", "merlin", "nvtabular", "typer")
    code = "import sys, recsys; print(recsys.__version__); "
    code += f"print(len([name for name in sys.modules if name.split('.')[0] in {heavy}]))"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert found[0].count(".") == 2
    assert found[1] == "0"


def test_a_run_knows_its_settings_scores_and_curve(run):
    assert run.config.seed == 1
    assert run.config.model.d_model == 8
    assert run.config.data is not None
    assert 0 <= run.metrics["unprompted"]["recall@10"] <= 1
    curve = run.learning_curve()
    assert list(curve["epoch"]) == [1]
    assert {"train_loss", "validation_prompted_recall@10"} <= set(curve.columns)
    assert (run.folder / "learning_curve.png").stat().st_size > 1000
    assert "learning_curve.png" in (run.folder / "MODEL_CARD.md").read_text()
    assert run.evaluate()["unprompted"] == run.metrics["unprompted"]
    assert "recall@10" in run._repr_html_()


def test_recommending_in_a_climbers_words(climbs):
    who = climbs.climbers[0]
    region = climbs.recommend(who, k=1)[0].region
    answer = climbs.recommend(who, grade="V0:V9", region=region.upper(), k=4)
    table = answer.to_frame()
    assert list(table["rank"]) == list(range(1, len(answer) + 1))
    assert set(table["region"]) == {region}
    assert list(table["score"]) == sorted(table["score"], reverse=True)
    assert json.loads(answer.to_json())["climber"] == who
    assert answer[0].climb_id in answer._repr_html_()
    assert len(answer[:2]) == 2
    with pytest.raises(recsys.UsageError, match="no region 'Atlantis'"):
        climbs.recommend(who, region="Atlantis")
    with pytest.raises(recsys.UsageError, match="when 1/2/26: write a day"):
        climbs.recommend(who, when="1/2/26")


def test_a_logbook_is_a_frame_a_file_or_a_list(climbs, frame, tmp_path):
    who = climbs.climbers[0]
    own = frame[frame["climber_id"] == who]
    own.to_csv(tmp_path / "mine.csv", index=False)
    rows = own[["climb_id", "date", "grade", "region"]].astype(str).to_dict("records")
    answers = [climbs.recommend(logbook=each, k=5) for each in (own, tmp_path / "mine.csv")]
    assert [item.climb_id for item in answers[0]] == [item.climb_id for item in answers[1]]
    assert len(climbs.recommend(logbook=rows, k=5)) == 5
    explained = climbs.recommend(logbook=own, k=2, explain=True).to_frame()
    assert explained["because_of"].notna().all()


def test_everybody_at_once_is_everybody_alone(climbs):
    table = climbs.recommend_all(k=3)
    assert table["climber_id"].nunique() == len(climbs.climbers)
    for who in climbs.climbers[:5]:
        alone = [item.climb_id for item in climbs.recommend(who, k=3)]
        assert list(table[table["climber_id"] == who]["climb_id"]) == alone


def test_what_is_closed_is_not_named(climbs):
    who = climbs.climbers[0]
    first = climbs.recommend(who, k=1)[0]
    names = [item.climb_id for item in climbs.recommend(who, k=20, block=[first.climb_id.upper()])]
    assert first.climb_id not in names
    areas = {item.area for item in climbs.recommend(who, k=20, block=[first.area])}
    assert first.area not in areas


def test_a_bundle_answers_as_its_run(run, climbs, tmp_path):
    bundle = recsys.load(run.export(tmp_path / "bundle"))
    who = climbs.climbers[1]
    assert [i.climb_id for i in bundle.recommend(who)] == [i.climb_id for i in climbs.recommend(who)]
    similar = bundle.similar(bundle.recommend(who)[0].climb_id, k=3)
    assert len(similar) == 3
    assert all(-1.001 <= item.score <= 1.001 for item in similar)


def test_what_is_wrong_is_said_by_the_settings_name(frame, tmp_path):
    with pytest.raises(recsys.UsageError, match="there is no setting epoch; did you mean epochs"):
        recsys.train(frame, output=tmp_path / "x", epoch=3)
    with pytest.raises(recsys.UsageError, match=r"^epochs 0: "):
        recsys.train(frame, output=tmp_path / "x", epochs=0)
    with pytest.raises(recsys.UsageError, match="data is a list"):
        recsys.train([1, 2], output=tmp_path / "x")
    with pytest.raises(recsys.DataError, match="climb_id"):
        recsys.train(frame.drop(columns="climb_id"), output=tmp_path / "x")
    assert not (tmp_path / "x").exists()
