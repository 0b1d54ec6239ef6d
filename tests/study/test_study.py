"""A study on a handful of simulated sends: rows, cells, resuming, what is written."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.baselines.counting import Method
from recsys.baselines.network_settings import NetworkSettings
from recsys.baselines.rows import FAMILIES, ROWS, select
from recsys.errors import RunError, UsageError
from recsys.evaluation.beyond import MEASURES
from recsys.study.cells import cells, unfinished
from recsys.study.config import StudyConfig
from recsys.study.store import Outcome, Store


@pytest.fixture(scope="module")
def sends(tmp_path_factory):
    from recsys.logbooks.simulate import simulate

    path = tmp_path_factory.mktemp("data") / "few.parquet"
    simulate("bc", seed=0, scale=0.03).to_parquet(path, index=False)
    return path


def config(rows, data="few.parquet", **given):
    training = {"epochs": 1, "patience": 1, "windows": 0.1, "validation_cases": 50}
    values = {"converge": "", "seeds": 2, "training_cases": 30, "length": 6, **given}
    names = tuple(row.name for row in select(rows))
    return StudyConfig(run={"data": str(data)}, rows=names, training=training, **values)


def test_settings_of_a_study_from_before_are_read_by_their_names_of_now():
    old = config("fpmc", settings={"fpmc": {"regularisation": 0.5}})
    assert old == config("fpmc", settings={"fpmc": {"regularization": 0.5}})
    assert old.row("fpmc").load().regularization == 0.5


def test_every_method_that_the_issue_names_is_a_row():
    names = set(ROWS)
    assert {"random", "popularity", "recent-popularity", "item-knn", "als", "ease", "fpmc", "cbow"} <= names
    losses = ("ce", "top1", "bpr", "top1-max", "bpr-max")
    assert {f"gru4rec-{n}-{loss}" for n in (1, 2) for loss in losses} <= names
    assert {"sasrec", "sse-pt", "bert4rec-fixed", "bert4rec-learned", "bst"} <= names
    assert {f"xlnet-{masking}" for masking in ("clm", "mlm", "plm", "rtd", "last")} <= names
    assert {row.family for row in ROWS.values()} == set(FAMILIES)


@pytest.mark.parametrize("name", ROWS)
def test_every_row_loads(name):
    method = ROWS[name].load()
    assert isinstance(method.prompted, bool)
    assert isinstance(method.sequential, bool)
    assert isinstance(method, Method) != isinstance(method, NetworkSettings)


def test_rows_are_chosen_by_name_and_pattern_in_the_registrys_order():
    assert [row.name for row in select("cbow, item-knn")] == ["item-knn", "cbow"]
    assert [row.name for row in select("gru4rec-?-ce")] == ["gru4rec-1-ce", "gru4rec-2-ce"]
    assert len(select("all")) == len(ROWS)
    with pytest.raises(UsageError, match="no row is called 'sasrek'"):
        select("sasrek")
    with pytest.raises(UsageError, match="names no row"):
        select(",")


def test_cells_run_the_first_seed_of_all_rows_first_and_one_seed_where_nothing_is_drawn():
    asked = [(cell.row.name, cell.seed) for cell in cells(config("ease,cbow"))]
    assert asked == [("ease", 0), ("cbow", 0), ("cbow", 1)]


def test_rows_that_are_the_same_model_share_their_cells(tmp_path):
    both = config("own-all,concat,numbers-binned,bert-last,loss-softmax", seeds=1)
    assert len({cell.key for cell in cells(both)}) == 1
    assert [cell.row.name for cell in unfinished(both, tmp_path)] == ["own-all"]


def test_a_key_depends_on_what_decides_the_outcome_and_on_nothing_else():
    base, row = config("cbow"), ROWS["cbow"]
    assert base.key(row, 0) == config("cbow,ease", seeds=5, paper="bc").key(row, 0)
    others = {base.key(row, 1), base.key(ROWS["fpmc"], 0), config("cbow", length=7).key(row, 0)}
    assert len({base.key(row, 0), *others}) == 4


def test_a_rows_settings_are_the_studys_and_part_of_its_key():
    base, row = config("sse-pt"), ROWS["sse-pt"]
    stated = config("sse-pt", settings={"sse-pt": {"sse_user": row.load().sse_user}})
    other = config("sse-pt,cbow", settings={"sse-pt": {"sse_user": 0.25}})
    assert other.row("sse-pt").load() == replace(row.load(), sse_user=0.25)
    assert other.row("cbow") == ROWS["cbow"]
    keys = [each.key(each.row("sse-pt"), 0) for each in (base, stated, other)]
    assert keys[0] == keys[1] != keys[2]
    assert [cell.key for cell in cells(other)][0:2].count(keys[2]) == 1


def test_the_rows_that_matter_are_trained_to_the_end():
    asked = config(
        "paper-all,own-all,sasrec,cbow", converge="paper-*, sasrec", converge_epochs=50, converge_patience=7
    )
    trained = {name: asked.training_of(asked.row(name)) for name in asked.rows}
    found = {name: (training.epochs, training.patience) for name, training in trained.items()}
    assert found == {"cbow": (1, 1), "own-all": (1, 1), "sasrec": (50, 7), "paper-all": (50, 7)}
    plain = config("sasrec")
    assert asked.key(ROWS["sasrec"], 0) != plain.key(ROWS["sasrec"], 0)
    assert asked.key(ROWS["cbow"], 0) == plain.key(ROWS["cbow"], 0)


def test_a_row_that_differs_by_its_training_alone_has_a_cell_of_its_own():
    asked = config("default,default-no-average")
    assert asked.key(ROWS["default"], 0) != asked.key(ROWS["default-no-average"], 0)


def test_the_papers_rows_are_as_published_and_ours_are_the_default():
    from recsys.config.model import ModelConfig

    for name in ("climbs", "features", "all", "climber"):
        paper, own = ROWS[f"paper-{name}"], ROWS[f"own-{name}"]
        model = paper.load().config
        assert (model.positions, model.inner, model.numbers) == ("sinusoidal", 64, "continuous")
        assert (model.hide_prompt, model.hide_attribute, model.hide_climber, model.hide_climb) == (0,) * 4
        assert paper.training["criterion"] == "accuracy"
        assert paper.training["whole_windows"]
        assert (paper.training["learning_rate"], paper.training["final_learning_rate"]) == (1e-3, 1e-4)
        ours = own.load().config
        assert (ours.features, ours.positions, ours.numbers) == (model.features, "learned", "binned")
        assert (ours.body, ours.masking) == (model.body, model.masking) == ("bert", "last")
        assert ours.hide_prompt > 0
        assert own.training == {}
        assert (model.direction, model.pretrained) == ("forward", False)
        assert (ours.direction, ours.pretrained) == ("auto", True)
    left = {"streams": "auto", "positions": "auto", "networks": 0, "direction": "auto"}
    assert ROWS["default"].load().config == ModelConfig(**left)


def test_a_cell_is_kept_as_it_was(tmp_path):
    store = Store(tmp_path)
    assert not store.has("k")
    ranks = {"test-unprompted": np.array([1, 5, 9]), "validation-unprompted": np.array([2])}
    store.write("k", Outcome(ranks, {"seconds": 1.5, "settings": "ü"}, np.ones((2, 3), np.float32)))
    back = store.read("k")
    assert {name: each.tolist() for name, each in back.ranks.items()} == {
        "test-unprompted": [1, 5, 9],
        "validation-unprompted": [2],
    }
    assert back.facts == {"seconds": 1.5, "settings": "ü"}
    assert back.embeddings.shape == (2, 3)


def test_a_damaged_cell_is_one_line(tmp_path):
    store = Store(tmp_path)
    store.folder.mkdir()
    for content in (b"", b"nonsense", b"PK\x03\x04"):
        store.path("k").write_bytes(content)
        with pytest.raises(RunError, match="remove it and study again"):
            store.read("k")
    ranks, like = {"test-unprompted": np.ones(3, np.int64)}, {"coverage@10": 0.5}
    store.write("k", Outcome(ranks, {"lists": {"unprompted": like}}))
    assert store.read("k").facts["lists"]["unprompted"] == like
    wrong = (1, {"x": 0.5}, {"coverage@10": float("nan")}, {"coverage@10": "0.5"})
    for odd in ([], {"prompted": like}, *({"unprompted": each} for each in wrong)):
        store.write("k", Outcome(ranks, {"lists": odd}))
        with pytest.raises(RunError, match="remove it and study again"):
            store.read("k")


@pytest.fixture(scope="module")
def studied(sends, tmp_path_factory):
    """A study of three rows, run once for the tests below."""
    from recsys.study.study import study

    folder = tmp_path_factory.mktemp("studies") / "few"
    asked = config("popularity,cbow,paper-all", sends, seeds=2, reference="popularity", paper="bc")
    return folder, asked, study(asked, folder, jobs=2)


def test_a_study_fills_every_cell(studied):
    _, _, found = studied
    assert [row.name for row in found.rows] == ["popularity", "cbow", "paper-all"]
    assert [row.seeds for row in found.rows] == [1, 2, 2]
    assert found.unfinished == ()
    assert found.simulated
    popularity, cbow, transformer = found.rows
    assert "prompted" not in cbow.prompting
    assert set(transformer.prompting) == {"unprompted", "prompted"}
    assert cbow.parameters > 0 == popularity.parameters
    assert all(row.seconds > 0 and row.peak_mib >= 0 for row in found.rows)
    assert popularity.comparison is None is not cbow.comparison
    assert popularity.order is None  # it reads no order
    assert transformer.shuffled is not None
    assert transformer.shuffled_history is not None
    assert len(found.points) == found.n_items
    assert [(line.label, line.accuracy) for line in found.paper] == [
        ("CBOW", 0.077),
        ("and climber embeddings", 0.24),
    ]
    assert (
        found.paper[0].ours.value <= cbow.prompting["unprompted"]["accuracy"].value
    )  # climbs sent are in the way
    assert found.paper[0].left_out == cbow.prompting["unprompted"]["accuracy"]


def test_the_tidy_table_holds_what_the_summary_says(studied):
    folder, _, found = studied
    with (folder / "results.csv").open() as file:
        lines = list(csv.DictReader(file))
    wanted = {"row": "cbow", "part": "test", "prompting": "unprompted", "metric": "recall@10"}
    seeds = [float(line["value"]) for line in lines if wanted.items() <= line.items()]
    assert len(seeds) == 2
    assert np.mean(seeds) == pytest.approx(found.rows[1].prompting["unprompted"]["recall@10"].value, abs=1e-6)
    assert {line["metric"] for line in lines if line["part"] == ""} == {"parameters", "seconds", "peak_mib"}


def test_every_row_says_what_its_lists_are_like(studied):
    folder, _, found = studied
    for row in found.rows:
        assert set(row.lists) == set(row.prompting)
        for how, measures in row.lists.items():
            assert list(measures) == list(MEASURES)
            assert 10 / found.n_items <= measures["coverage@10"] <= 1, (row.name, how)
    popularity, *others = found.rows
    novel = popularity.lists["unprompted"]["novelty@10"]
    assert all(row.lists["unprompted"]["novelty@10"] > novel for row in others)
    with (folder / "results.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert {(line["part"], line["prompting"]) for line in lines if line["metric"] == "coverage@10"} == {
        ("test", "unprompted"), ("test", "prompted")}  # fmt: skip


def test_strata_add_up_to_the_whole(studied):
    _, _, found = studied
    for row in found.rows:
        for strata in (row.by_history, row.by_popularity):
            counts = [int(name.split("(")[1].rstrip(")").replace(",", "")) for name in strata]
            assert sum(counts) == found.n_cases
            mean = np.average([each.value for each in strata.values()], weights=counts)
            assert mean == pytest.approx(row.prompting["unprompted"]["recall@10"].value)


def test_a_finished_cell_is_never_run_again(studied, capfd):
    from recsys.study.study import study

    folder, asked, found = studied
    before = {path.name: path.stat().st_mtime_ns for path in (folder / "cells").iterdir()}
    again = study(asked, folder, jobs=1)
    assert "0 cells to run" in capfd.readouterr().err
    assert {path.name: path.stat().st_mtime_ns for path in (folder / "cells").iterdir()} == before
    assert again == found


def test_a_lost_cell_alone_is_run_again_and_gives_the_same(studied, sends, capfd):
    from recsys.study.study import study

    folder, asked, found = studied
    key = asked.key(ROWS["cbow"], 1)
    Store(folder).path(key).unlink()
    finished = Store(folder).log(asked.key(ROWS["cbow"], 0))
    finished.touch()  # of a cell that was kept before its process was killed
    again = study(asked, folder, jobs=1)
    assert "1 cells to run" in capfd.readouterr().err
    assert not finished.exists()
    assert again.rows[1].prompting == found.rows[1].prompting


def test_a_cell_keeps_its_own_seed_where_another_is_missing(studied, tmp_path):
    from recsys.study.study import report

    folder, asked, _ = studied
    copy = shutil.copytree(folder, tmp_path / "copy")
    Store(copy).path(asked.key(ROWS["cbow"], 0)).unlink()
    found = report(copy)
    assert found.unfinished == (("cbow", 0),)
    with (copy / "results.csv").open() as file:
        assert {line["seed"] for line in csv.DictReader(file) if line["row"] == "cbow"} == {"1"}


def test_a_study_whose_files_were_changed_is_refused(studied, tmp_path):
    from recsys.study.study import report

    copy = shutil.copytree(studied[0], tmp_path / "copy")
    (copy / "climbs.parquet").write_bytes(b"changed")
    with pytest.raises(RunError, match=r"climbs\.parquet"):
        report(copy)


def test_a_cell_that_is_none_of_the_study_is_a_line(studied, tmp_path):
    from recsys.study.study import report

    folder, asked, _ = studied
    copy = shutil.copytree(folder, tmp_path / "copy")
    key = asked.key(ROWS["cbow"], 0)
    whole = Store(copy).read(key)
    Store(copy).write(key, Outcome({name: ranks[:-1] for name, ranks in whole.ranks.items()}, {}))
    with pytest.raises(RunError, match=r"its files do not fit together"):
        report(copy)


def test_rows_of_features_that_the_data_lacks_are_left_out(sends, tmp_path, capfd):
    from recsys.study.study import study

    bare = tmp_path / "bare.parquet"
    pd.read_parquet(sends).drop(columns="grade").to_parquet(bare, index=False)
    asked = config("popularity,only-grade,without-grade", bare, seeds=1, reference="popularity")
    found = study(asked, tmp_path / "s", jobs=1)
    assert [row.name for row in found.rows] == ["popularity"]
    assert "left out, for the data lacks the feature: only-grade, without-grade" in capfd.readouterr().err
    assert ("Left out", "rows of features that the data lacks: only-grade, without-grade") in found.facts
    with pytest.raises(UsageError, match="rows only-grade: the data lacks the feature"):
        study(config("only-grade", bare, seeds=1), tmp_path / "s", jobs=1)


def test_other_data_is_refused(studied):
    from recsys.study.study import study

    folder, asked, _ = studied
    other = asked.model_copy(update={"run": asked.run.model_copy(update={"split": "leave-one-out"})})
    with pytest.raises(UsageError, match="was started with split climber, not leave-one-out"):
        study(other, folder, jobs=1)


def test_a_study_of_before_the_model_had_a_setting_goes_on(studied, tmp_path, capfd):
    """What the default model is now is of no cell that was finished."""
    from recsys.study.study import study

    folder, asked, _ = studied
    model = asked.run.model.model_copy(update={"direction": "forward"})
    now = asked.model_copy(update={"run": asked.run.model_copy(update={"model": model})})
    study(now, shutil.copytree(folder, tmp_path / "copy"), jobs=1)
    assert " 0 cells to run" in capfd.readouterr().err


def test_a_cell_that_fails_is_named_and_the_others_are_kept(sends, tmp_path, monkeypatch):
    from recsys.study.study import study

    asked = config("popularity,own-all", sends, seeds=1, reference="popularity")
    asked = asked.model_copy(update={"training": asked.training.model_copy(update={"learning_rate": 1e30})})
    with pytest.raises(RunError, match=r"1 cells failed .own-all, seed 0: the loss of step \d+ of epoch 1"):
        study(asked, tmp_path / "s", jobs=1)
    assert Store(tmp_path / "s").has(asked.key(ROWS["popularity"], 0))
    assert (tmp_path / "s" / "report.html").is_file()


def test_a_folder_that_is_no_study_is_refused(tmp_path):
    from recsys.study.study import report

    with pytest.raises(RunError, match="not a study"):
        report(tmp_path)
    (tmp_path / "study.json").write_text(json.dumps({"rows": 3}))
    with pytest.raises(RunError, match=r"study\.json"):
        report(tmp_path)


def test_a_cell_whose_log_the_disk_refuses_ends_in_a_line(tmp_path):
    """Not in a traceback among the study's lines, as a full disk did (`benchmarks/faults.py`)."""
    from recsys.study import worker

    with pytest.raises(SystemExit, match=r"cell\.log: No such file or directory"):
        worker._opened(tmp_path / "none" / "cell.log")
    assert worker._opened(tmp_path / "cell.log").writable()


def test_a_row_that_reads_forward_and_begins_at_random_keeps_the_cells_of_before():
    told = ROWS["paper-all"].description["settings"]
    assert not {"direction", "pretrained"} & set(told)
    assert ROWS["default-forward"].description["settings"]["pretrained"] is True
