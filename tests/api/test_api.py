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
        "adapt", "compare", "forget", "import_logbooks", "load", "simulate", "train",
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
    assert list(curve["epoch"]) == [1, 1]
    assert list(curve["network"]) == [1, 2]  # as a small log has
    assert {"train_loss", "validation_prompted_recall@10"} <= set(curve.columns)
    assert (run.folder / "learning_curve.png").stat().st_size > 1000
    for picture in ("learning_curve.png", "reliability.png"):
        assert (run.folder / picture).is_file()
        assert f"]({picture})" in (run.folder / "MODEL_CARD.md").read_text()
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
    theirs = own[["climb_id", "date"]].rename(columns={"climb_id": "Route", "date": "Datum"})
    named = climbs.recommend(logbook=theirs, columns="date=Datum,climb=Route", k=5)
    assert len(named) == 5
    bad = own.assign(date=["nonsense", *own["date"].iloc[1:]])
    with pytest.raises(recsys.DataError, match="the DataFrame, row 1: date is not a date"):
        climbs.recommend(logbook=bad)
    assert len(climbs.recommend(logbook=bad, bad_rows="drop", k=5)) == 5
    explained = climbs.recommend(logbook=own, k=2, explain=True).to_frame()
    assert explained["because_of"].notna().all()


def test_merlin_s_notes_to_its_developers_are_hidden():
    told = "import recsys; recsys.train; import recsys.sequences.prepare"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert "dtype mappings" not in done.stderr


def test_what_is_no_logbook_is_one_line(climbs, frame):
    for odd in (5, [1, 2], frame["climb_id"], "", b"x", [{"climb_id": "a"}, "b"]):
        with pytest.raises(recsys.UsageError, match=r"logbook .* is a .*: give a DataFrame"):
            climbs.recommend(logbook=odd)
    with pytest.raises(recsys.UsageError, match="choose fail or drop"):
        climbs.recommend(logbook=frame, bad_rows="x")


def test_one_climb_or_more_is_asked_for(climbs):
    first = climbs.recommend(climbs.climbers[0], k=1)[0].climb_id
    for ask in (climbs.similar, climbs.search):
        for k in (0, -1):
            with pytest.raises(recsys.UsageError, match=f"k {k}: ask for one climb or more"):
                ask(first, k)
    with pytest.raises(recsys.UsageError, match="no climber '7'"):
        climbs.recommend(7)
    with pytest.raises(recsys.UsageError, match="no climb '7'"):
        climbs.similar(7)


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


def test_imported_logbooks_are_a_table_of_what_the_command_writes(tmp_path):
    own, ids = tmp_path / "own.csv", tmp_path / "ids.csv"
    own.write_text("Datum;Weg;Notiz\n24.05.2024;Amsel;kalt\n13.05.2024;;\n")
    ids.write_text("amsel@unknown,c7\n")
    frame = recsys.import_logbooks([own], columns="date=Datum,climb=Weg", same=ids, climber="me")
    assert frame[["climber_id", "climb_id", "date"]].values.tolist() == [["me", "c7", "2024-05-24"]]
    assert [each["reason"] for each in frame.attrs["rejects"]] == ["no name of the climb"]
    assert "columns that are filled and not read: Notiz" in frame.attrs["notes"]


def test_a_logbook_says_how_many_of_its_climbs_are_known(climbs, tmp_path):
    own = tmp_path / "own.csv"
    own.write_text(f"Datum;Weg\n24.05.2024;{climbs.catalogue()['climb_id'][0]}\n25.05.2024;nowhere\n")
    answer = climbs.recommend(logbook=[own], columns="date=Datum,climb_id=Weg", k=2)
    assert (answer.known.n_known, answer.known.n_climbs) == (1, 2)
    assert "1 of 2 climbs of the logbook are known" in repr(answer)
    assert json.loads(answer.to_json())["logbook"]["known"] == 1
    assert climbs.recommend(k=2).known is None


def test_rows_to_compare_are_named_in_one_text_or_several():
    for rows in ("ease,nope", ["ease", "nope"]):
        with pytest.raises(recsys.UsageError, match=r"^rows: no row is called 'nope'"):
            recsys.compare(rows=rows)


def test_records_are_read_as_a_frame_and_a_file_are(climbs, frame):
    who = climbs.climbers[0]
    own = frame[frame["climber_id"] == who][["climb_id", "date", "grade", "region"]]
    found = [item.score for item in climbs.recommend(logbook=own, k=5)]
    for rows in (
        own.to_dict("records"),
        own.convert_dtypes().to_dict("records"),
        own[::-1].to_dict("records"),
    ):
        assert [item.score for item in climbs.recommend(logbook=rows, k=5)] == found
    twice = [*own.to_dict("records"), *own.to_dict("records")]
    again = climbs.recommend(logbook=twice, k=5)
    assert [item.score for item in again] == found
    assert "duplicate" in " ".join(again.notes)
    theirs = [{"Route": row["climb_id"], "Datum": row["date"]} for row in own.to_dict("records")]
    assert len(climbs.recommend(logbook=theirs, columns="date=Datum,climb=Route", k=5)) == 5
    with pytest.raises(recsys.DataError, match="attempt"):
        climbs.recommend(logbook=[{"climb_id": "x", "date": "2024-01-01", "outcome": "attempt"}])


def test_settings_of_a_question_are_known_and_of_their_kind(climbs):
    who = climbs.climbers[0]
    for asked, said in [
        ({"colour": 1}, "no setting colour; there are diversity, exclude_seen, explain"),
        ({"exclude_seen": "false"}, "exclude_seen 'false' is a str: give True or False"),
        ({"explain": 1}, "explain '1' is a int"),
        ({"min_stars": 99}, "min_stars 99.0: give 1 to 5"),
        ({"min_stars": float("nan")}, "min_stars nan"),
    ]:
        with pytest.raises(recsys.UsageError, match=said):
            climbs.recommend(who, **asked)
    with pytest.raises(recsys.UsageError, match="no setting explain"):
        climbs.recommend_all(k=1, explain=True)
    assert len(climbs.recommend_all(k=1, climbers=[who, who])) == 1
    first = climbs.recommend(who, k=1)[0].climb_id
    closed = (each for each in [first, "nowhere"])
    assert climbs.recommend(who, k=1, block=[first, "nowhere"]).notes == (
        "no climb or area is called nowhere",
    )
    table = climbs.recommend_all(k=5, climbers=[who, climbs.climbers[1]], block=closed)
    assert first not in set(table["climb_id"])
