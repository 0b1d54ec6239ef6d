"""Batches: limits by climber, closed climbs, and files that a spreadsheet can open."""

from __future__ import annotations

import csv
import io
import json
import os

import numpy as np
import pyarrow.parquet as pq
import pytest

from recsys.api.answer_tables import write_answers
from recsys.api.tables import write_csv
from recsys.errors import DataError, UsageError
from recsys.recommending.batch import COLUMNS, Answer, answers, answers_by, requests
from recsys.recommending.blocked import Blocked, read_blocked
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.limits import read_limits
from recsys.recommending.logbook import Logbook
from recsys.recommending.recommender import Recommender
from recsys.recommending.rerank import best
from tests.builders.commands import call
from tests.builders.light_bundle import write_light_bundle

N = 6


class Counted:
    """A backend that likes climbs in the order of the catalogue."""

    attributes, length, has_time, day, embeddings = ("grade", "region"), 5, False, "file", np.eye(N)
    climbers, reads_prompt, facts, skill = ("ada", "bo", "cy"), True, None, None

    def __init__(self):
        grades = ["V1", "V2", "V3", "V4", "V5", "V6"]
        self.catalogue = Catalogue.from_columns(
            {
                "climb_id": [f"c{i}" for i in range(N)],
                "climb_name": [f"Name {i}" for i in range(N)],
                "grade": grades,
                "region": ["Bleau", "Bleau", "Bleau", "Squamish", "Squamish", "Squamish"],
                "area": ["Cuvier", "Cuvier", "Apremont", None, None, None],
                "stars": [1, 2, 3, 4, 5, None],
                "sends": [6, 5, 4, 3, 2, 1],
            }
        )

    def reads(self, climber):
        return self.length

    def logbook(self, climber):
        own = {"ada": ["c0"], "bo": ["c1", "c2"], "cy": []}.get(climber)
        return None if own is None else Logbook.of({"climb_id": own})

    def encode(self, logbooks, climbers):
        return {"n": np.array([len(each) for each in logbooks])}

    def logits(self, batch):
        return np.tile(-np.arange(N, dtype=np.float32), (len(batch["n"]), 1))


@pytest.fixture
def recommender():
    return Recommender(Counted())


def named(recommender, own=None, **shared):
    return {
        each.climber: [recommender.catalogue.ids[index] for index in each.indices]
        for each in answers(recommender, requests(recommender, own or {}, **shared))
    }


def test_every_climber_gets_what_was_not_sent(recommender):
    found = named(recommender, k=2)
    assert found == {"ada": ["c1", "c2"], "bo": ["c0", "c3"], "cy": ["c0", "c1"]}


def test_a_climbers_limits_go_before_the_shared_ones(recommender):
    found = named(recommender, {"bo": {"grade": "V5:V6", "k": 1}}, k=2, region="Bleau")
    assert found["ada"] == ["c1", "c2"]
    assert found["bo"] == []  # V5 in Bleau: nothing fits, and nobody else is stopped
    first = next(answers(recommender, requests(recommender, {}, grade="V1", region="Squamish")))
    assert first.climber == "ada"
    assert "fits" in first.problem


@pytest.mark.parametrize(
    ("entry", "gone"), [("c3", {"c3"}), ("CUVIER", {"c0", "c1"}), ("squamish ", {"c3", "c4", "c5"})]
)
def test_closed_climbs_areas_and_regions_are_never_named(recommender, entry, gone):
    found = named(recommender, k=N, blocked=Blocked.of([entry]))
    assert set(found["cy"]) == {f"c{i}" for i in range(N)} - gone


def test_a_file_of_closed_climbs_is_lines_or_a_table(recommender, tmp_path):
    path = tmp_path / "closed.txt"
    path.write_text("c1\n\nCuvier\nnowhere\n")
    closed = read_blocked(path)
    assert closed.entries == {"c1", "cuvier", "nowhere"}
    assert recommender.catalogue.unknown(closed) == ["nowhere"]
    path.write_text("\ufeffnote,climb_id,area\nx,c2,\ny,,Apremont\n", encoding="utf-8")
    assert read_blocked(path).entries == {"c2", "apremont"}


def open_counted(folder):
    assert os.environ["OMP_NUM_THREADS"] == "1"
    return Recommender(Counted())


@pytest.mark.parametrize("threads", ["7", None])
def test_processes_answer_as_one_does_and_the_caller_keeps_its_threads(
    threads, recommender, tmp_path, monkeypatch
):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    if threads is None:
        monkeypatch.delenv("OMP_NUM_THREADS")
    own = {"bo": {"grade": "V5:V6", "k": 1}}
    alone = list(answers(recommender, requests(recommender, own, k=2)))
    apart = list(answers_by(2, open_counted, tmp_path, recommender.climbers, own, {"k": 2}))
    assert apart == alone
    assert os.environ.get("OMP_NUM_THREADS") == threads


LIMITS = {
    "another column": ("climber_id,colour\nada,red\n", ["colour", "is no column of limits"]),
    "no climber": ("grade\nV4\n", ["no column climber_id"]),
    "a stranger's": ("climber_id,grade\neve,hard\n", ["row 1", "hard"]),
    "no grade": ("climber_id,grade\nada,V2\nbo,hard\n", ["row 2", "hard"]),
    "no region": ("climber_id,region\nada,Atlantis\n", ["row 1", "Atlantis"]),
    "stars": ("climber_id,min_stars\nada,9\n", ["row 1", "'9'", "from 1 to 5"]),
    "no number": ("climber_id,k\nada,many\n", ["row 1", "'many'"]),
    "none": ("climber_id,k\nada,0\n", ["row 1", "k 0"]),
    "nobody": ("climber_id,k\n ,3\n", ["row 1", "names no climber"]),
    "half a climb": ("climber_id,k\nada,2.5\n", ["row 1", "'2.5'", "write a whole number"]),
    "twice": ("climber_id,k\nada,3\nbo,4\n\n ada ,5\n", ["row 3: names a climber whom row 1", "('ada')"]),
    "empty": ("", ["no column climber_id"]),
}


@pytest.mark.parametrize("what", LIMITS)
def test_what_is_wrong_with_limits_names_file_and_row(recommender, tmp_path, what):
    content, parts = LIMITS[what]
    path = tmp_path / "limits.csv"
    path.write_text(content)
    with pytest.raises(DataError) as caught:
        read_limits(path, recommender)
    line = str(caught.value)
    assert all(part in line for part in ["limits.csv", *parts]), line


def test_limits_that_are_blank_are_not_limits(recommender, tmp_path):
    path = tmp_path / "limits.csv"
    path.write_text("climber_id,grade,region,min_stars,k\nada,V1:V3,,2.5,\nbo,,bleau,,3\n")
    assert read_limits(path, recommender) == {
        "ada": {"grade": "V1:V3", "min_stars": 2.5},
        "bo": {"region": "bleau", "k": 3},
    }


@pytest.mark.parametrize("written", ["2", "2.0", '"2,0"', "2."])
def test_how_many_may_be_written_as_a_float(recommender, tmp_path, written):
    path = tmp_path / "limits.csv"
    path.write_text(f"climber_id,k\nada,{written}\nbo,\n")
    assert read_limits(path, recommender) == {"ada": {"k": 2}, "bo": {}}


def test_limits_of_a_climber_who_is_not_stored_stop_nobody_and_are_told(tmp_path, capsys):
    bundle = write_light_bundle(tmp_path / "bundle")
    path, output = tmp_path / "limits.csv", tmp_path / "night.csv"
    path.write_text("climber_id,k\nclimber-0,1\neve,1\n")
    assert call("recsys", "batch", str(bundle), "-o", str(output), "-k", "3", "--limits", str(path)) == 0
    with output.open(encoding="utf-8", newline="") as file:
        named = [row["climber_id"] for row in csv.DictReader(file)]
    assert (named.count("climber-0"), named.count("climber-1"), named.count("eve")) == (1, 3, 0)
    assert "no stored logbook of 1 climbers (eve)" in " ".join(capsys.readouterr().err.split())


TEXTS = {"climb_id": ["c,0", "=c1", "c2", 'c"3'], "climb_name": [None, "two\nlines", "-1", "é"],
         "stars": [None, 3.333, 1, 5], "sends": [4, 3, 2, 1],
         "region": ["", "B", None, "\r"]}  # fmt: skip


def test_another_suffix_is_refused_before_any_work(tmp_path):
    with pytest.raises(UsageError, match=r"\.csv, \.parquet, \.jsonl"):
        write_answers(iter([]), tmp_path / "out.xls", Catalogue.from_columns(TEXTS))


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_failure_leaves_no_file(suffix, tmp_path):
    def found():
        yield Answer("ada", (0,), (0.5,))
        raise UsageError("stopped")

    with pytest.raises(UsageError, match="stopped"):
        write_answers(found(), tmp_path / f"out{suffix}", Catalogue.from_columns(TEXTS))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_answers_are_written_as_their_rows_are(suffix, tmp_path, monkeypatch):
    monkeypatch.setattr("recsys.api.answer_tables._GROUP", 7)
    catalogue = Catalogue.from_columns(TEXTS)
    found = [
        Answer("a,da", (1, 0, 3), (0.1, 1e-9, 0.0), None, ("project", None, "beyond"), (0.5, None, 0.01)),
        Answer("=bo", (2,), (1 / 3,)),
        Answer("no", problem="x"),
    ]
    found += [Answer("", (0, 1, 2, 3), (1.0, 0.5, 2e-20, 0.25))] * 5
    path = tmp_path / f"quick{suffix}"
    write_answers(iter(found), path, catalogue)
    rows = [row for answer in found for row in answer.rows(catalogue)]
    if suffix == ".parquet":
        assert pq.read_table(path).to_pylist() == rows
        assert pq.ParquetFile(path).metadata.num_row_groups == 4  # 24 rows
        return
    plain = io.StringIO()
    if suffix == ".csv":
        write_csv(rows, plain, list(COLUMNS))
        assert "'=bo" in plain.getvalue()  # no spreadsheet runs it
    else:
        plain.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    assert path.read_bytes() == plain.getvalue().encode()


def test_the_best_few_are_those_of_a_whole_sort():
    draw = np.random.default_rng(0)
    for _ in range(200):
        n = int(draw.choice([draw.integers(1, 40), 256, 700, 1281]))
        values = draw.integers(0, draw.choice([6, 2000]), n) / 5  # with ties
        allowed = draw.random(n) < 0.6
        order = [i for i in sorted(range(n), key=lambda i: (-values[i], i)) if allowed[i]]
        k = int(draw.integers(1, 12))
        assert best(values, allowed, k).tolist() == order[:k]


def test_a_row_says_how_hard_and_the_modes_and_orders_of_recommend_are_known(tmp_path, capsys):
    bundle = write_light_bundle(tmp_path / "bundle")
    output = tmp_path / "night.jsonl"
    asked = ["--mode", "auto", "--sort", "hardest", "--diversity", "0.3", "--novelty", "0.1"]
    assert call("recsys", "batch", str(bundle), "-o", str(output), "-k", "4", *asked) == 0
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    whose = rows[0]["climber_id"]
    assert call("recsys", "recommend", str(bundle), "--climber", whose, "--json", "-k", "4", *asked) == 0
    said = capsys.readouterr().out
    items = json.loads(said[said.index("{") :])["items"]
    told = ("climb_id", "hard", "reach")
    own = [[row[name] for name in told] for row in rows if row["climber_id"] == whose]
    assert own == [[item[name] for name in told] for item in items]
    for wrong in ("mode", "sort"):
        assert call("recsys", "batch", str(bundle), "-o", str(output), f"--{wrong}", "best") == 2
        assert f"{wrong} best: choose one of" in " ".join(capsys.readouterr().err.split())
