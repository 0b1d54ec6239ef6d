"""What Python callers hand over: ids of any kind, days of any kind, counts; whatever else is one line."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
import uuid

import numpy as np
import pandas as pd
import pytest

import recsys
from recsys.api import arguments as given
from recsys.errors import UsageError
from tests.builders.light_bundle import write_light_bundle


@pytest.mark.parametrize("value", [12, "12", np.int64(12), 12.0, np.float32(12)])
def test_an_id_is_text_or_a_whole_number(value):
    assert given.text(value, "climber") == "12"
    assert given.texts(value, "block") == given.texts([value], "block") == ["12"]
    assert given.ids_by_id({value: value}, "same") == {"12": "12"}


def test_an_id_may_be_a_uuid_or_longer_than_a_machine_word():
    one = uuid.uuid4()
    assert given.texts([one, 2**70], "climbers") == [str(one), str(2**70)]
    assert given.texts("abc", "block") == ["abc"]
    assert given.optional(None, "climber") is None


@pytest.mark.parametrize("value", [1.5, True, None, [1], float("inf"), b"a"])
def test_what_is_no_id_is_one_line(value):
    with pytest.raises(UsageError, match=r"climb_id .*: give text, or a whole number"):
        given.text(value, "climb_id")


def test_days_of_pandas_numpy_and_python():
    day = dt.date(2026, 6, 1)
    times = [np.datetime64("2026-06-01T12"), pd.Timestamp(2026, 6, 1, 9), dt.datetime(2026, 6, 1, 9), day]
    assert [given.day(each) for each in times] == [day] * 4
    assert given.day("today") == "today"
    assert given.day(None) is None
    for odd in (5, pd.NaT, np.datetime64("NaT"), np.arange(2)):
        with pytest.raises(UsageError, match=r"when .*: write a day"):
            given.day(odd)


@pytest.mark.parametrize(
    ("name", "value"),
    [("k", 1.5), ("k", "3"), ("k", None), ("k", True), ("min_stars", "3"), ("novelty", None), ("mode", [])],
)
def test_settings_have_their_kinds(name, value):
    with pytest.raises(UsageError, match=f"{name} .*: give"):
        given.settings({name: value})


def test_settings_of_numpy_are_plain():
    found = given.settings(
        {"k": np.int32(3), "min_stars": None, "diversity": np.float32(0.5), "explain": True}
    )
    assert found == {"k": 3, "min_stars": None, "diversity": 0.5, "explain": True}
    assert type(found["k"]) is int
    with pytest.raises(UsageError, match=r"same .*: give a mapping"):
        given.ids_by_id(5, "same")
    with pytest.raises(UsageError, match=r"block .*: give a text or several"):
        given.texts(object(), "block")


def test_logbooks_to_import_are_one_path_or_several(tmp_path):
    path = tmp_path / "ticks.csv"
    path.write_text("climb_id,date,grade\na,2024-05-01,V4\n")
    for files in (str(path), path, [path], (str(path),)):
        assert list(recsys.import_logbooks(files)["climb_id"]) == ["a"]
    for odd in (pd.DataFrame({"climb_id": ["a"]}), None, [], 5, [5], b"ticks.csv", ""):
        with pytest.raises(UsageError, match=r"`?files`? .*give the path of a logbook, or several"):
            recsys.import_logbooks(odd)


@pytest.mark.parametrize("odd", [3, "", " ", b"runs/mine", ["runs/mine"]])
def test_what_is_no_path_is_one_line_wherever_one_is_given(tmp_path, odd):
    climbs, new = pd.DataFrame({"climb_id": ["a"]}), tmp_path / "new"
    for setting, entry in {
        "folder": [
            lambda: recsys.load(odd), lambda: recsys.FinishedRun(odd), lambda: recsys.forget(odd, "ada"),
        ],
        "run": [lambda: recsys.adapt(odd, climbs=climbs, output=new)],
        "same": [lambda: recsys.import_logbooks("a.csv", same=odd)],
        "config": [lambda: recsys.train(config=odd, output=new)],
        "continue_from": [lambda: recsys.train(continue_from=odd, output=new)],
        "output": [
            lambda: recsys.train(output=odd), lambda: recsys.compare(output=odd),
            lambda: recsys.forget(new, "ada", output=odd),
            lambda: recsys.adapt(new, climbs=climbs, output=odd),
        ],
    }.items():  # fmt: skip
        for call in entry:
            with pytest.raises(UsageError, match=rf"^{setting} .*: give a path$"):
                call()
    if isinstance(odd, str):
        for call in (recsys.train, recsys.compare):
            with pytest.raises(UsageError, match=r"^data is empty: give a path$"):
                call(odd, output=new)


@pytest.mark.parametrize("odd", [(4, 6), ["V4"], 4.5, True, {"V4"}])
def test_a_grade_is_text_and_what_else_is_given_is_told_how_to_write_it(odd):
    assert (given.grade("V4:V6"), given.grade(4), given.grade(None)) == ("V4:V6", "4", None)
    with pytest.raises(UsageError, match=r"write a grade or a range as text, as in 'V4' or 'V4:V6'"):
        given.grade(odd)


def test_what_was_loaded_is_not_pickled_and_says_so(tmp_path):
    climbs = recsys.load(write_light_bundle(tmp_path / "bundle"))
    for copied in (pickle.dumps, copy.deepcopy):
        with pytest.raises(UsageError, match="pass the folder's path, and load it there"):
            copied(climbs)
    assert copy.copy(climbs).climbers == climbs.climbers


def test_similar_climbs_are_shown_with_cosines(tmp_path):
    climbs = recsys.load(write_light_bundle(tmp_path / "bundle"))
    near = climbs.similar(climbs.recommend(k=1)[0].climb_id, k=2)
    assert repr(near).endswith(f"  {near[1].score:.2f}")
    assert "<th>cosine</th>" in near._repr_html_()
    assert "%" not in repr(near[:1])
