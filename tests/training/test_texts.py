"""A run that reads texts, from end to end: its bundle answers like it, it takes climbs, what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recsys.errors import UsageError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    from recsys.config.run import RunConfig
    from recsys.exporting.export import export
    from recsys.logbooks.simulate import simulate
    from recsys.runs import Run
    from recsys.training.pipeline import train_run

    root = tmp_path_factory.mktemp("texts")
    simulate("bc", seed=0, scale=0.03).to_parquet(root / "sends.parquet", index=False)
    config = RunConfig(
        data=str(root / "sends.parquet"),
        model={"d_model": 16, "layers": 1, "climb_dim": 16, "text": "words"},
        training={"epochs": 1, "batch_size": 64, "accelerator": "cpu"},
    )
    train_run(config, root / "run")
    export(Run.open(root / "run"), root / "bundle")
    return Run.open(root / "run")


def test_the_bundle_answers_like_the_run(run):
    from recsys.recommending.bundle import Bundle
    from recsys.recommending.recommender import Recommender
    from recsys.training.trained import TrainedRun

    assert run.config.facts["climbs_with_texts"] > 20
    trained, bundle = TrainedRun(run), Bundle.open(run.folder.with_name("bundle"))
    climber = trained.climbers[0]
    books = [trained.logbook(climber), bundle.logbook(climber)]
    one, two = (each.encode([book], [climber]) for each, book in zip((trained, bundle), books, strict=True))
    assert one["text"].any()
    assert np.array_equal(one["text"], two["text"])
    answers = [
        [item.climb_id for item in each.recommend(each.request(climber=climber, k=5))]
        for each in (Recommender(trained), Recommender(bundle))
    ]
    assert answers[0] == answers[1]


def test_new_climbs_join_it_and_have_no_texts(run, tmp_path):
    import pandas as pd

    from recsys.adapting.climbs import add_climbs
    from recsys.runs import Run
    from recsys.training.trained import TrainedRun

    columns = ["climb_id", "climb_name", "grade", "region", "area", "rating"]
    fresh = pd.DataFrame([["new", "New", "V4", "Squamish", None, 4.0]], columns=columns)
    assert add_climbs(run, fresh, tmp_path / "more") == 1
    more = TrainedRun(Run.open(tmp_path / "more"))
    book = more.logbook(more.climbers[0]).then({"climb_id": "new", "day": 1e5})
    assert more.encode([book], [None])["text"][0, -1] == 0
    written = more.network.task.pre.texts.table
    assert written[-1].any()  # scored by what was written of those that it is like
    assert torch.allclose(written[-1].norm(), written[:-1].mean(0).norm(), atol=0.5)


def test_what_a_list_says_of_a_new_climb_is_pooled_with_its_likes(run, tmp_path, capsys):
    import pandas as pd

    from recsys.adapting.climbs import add_climbs
    from recsys.logbooks.climbs import read_climbs
    from recsys.runs import Run
    from recsys.sequences.encoders import words
    from recsys.sequences.texts import FILE, Texts
    from recsys.training.trained import TrainedRun

    (tmp_path / "new.csv").write_text(
        "climb_id,grade,region,description,beta\n"
        "blank,V4,Squamish,,\none,V4,Squamish,powerful crimps,\ntwo,V4,Squamish,slopers,heel\n"
    )

    def told(source):
        fresh = read_climbs(tmp_path / "new.csv", texts=True)
        add_climbs(source, fresh, tmp_path / "more", overwrite=True)
        return TrainedRun(Run.open(tmp_path / "more")).network.task.pre.texts.table[-3:].numpy()

    blank, one, two = told(run)
    pools = Texts.load(run.folder / "workflow")
    of = pools.components(words(["powerful crimps", "slopers", "heel"]))
    assert np.allclose(one, (blank + of[0]) / 2, atol=1e-6)
    assert np.allclose(two, (blank + of[1] + of[2]) / 3, atol=1e-6)
    assert "comment" not in pd.read_parquet(tmp_path / "more" / "climbs.parquet")
    assert b"crimps" not in b"".join(each.read_bytes() for each in tmp_path.glob("more/*.*"))

    Texts(pools.states, pools.vectors).save(run.folder / "workflow")  # as before there were descriptions
    try:
        assert np.allclose(told(run), blank)
        assert "what is written of the new climbs is not read" in capsys.readouterr().err
    finally:
        pools.save(run.folder / "workflow")
    assert FILE in {each.name for each in (tmp_path / "more" / "workflow").iterdir()}


def test_what_pooled_texts_do_not_allow_is_one_line(run, tmp_path):
    from recsys.adapting.continuing import continue_run
    from recsys.adapting.forgetting import forget

    for folder in (run.folder, run.folder.with_name("bundle")):
        with pytest.raises(UsageError, match="cannot be taken apart; train anew"):
            forget(folder, ["sim-climber-0000"])
    with pytest.raises(UsageError, match="pooled once for all; train anew"):
        continue_run(run, run.config, {"data"}, tmp_path / "next")
