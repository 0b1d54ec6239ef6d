"""An answer is told in the words of the domain that it came from, whatever is opened after it."""

from __future__ import annotations

import csv

import recsys
from recsys.api.recommendations import Recommendations
from recsys.files import read_json, write_json
from recsys.manifest import write_manifest
from recsys.nouns import FACTS, speak
from recsys.recommending import bundle as b
from recsys.recommending.batch import COLUMNS
from tests.builders.commands import call
from tests.builders.light_bundle import write_light_bundle

BOOKS = {FACTS: {"climb": "book", "grade": "level"}}


def test_an_answer_keeps_its_words_when_another_domain_is_opened(tmp_path):
    climbs = recsys.load(write_light_bundle(tmp_path / "climbs"))
    other = write_light_bundle(tmp_path / "books")
    write_json(other / b.BUNDLE, {**read_json(other / b.BUNDLE), "facts": BOOKS})
    write_manifest(other, b.FILES)
    of_climbs = climbs.recommend(climbs.climbers[0], k=2)
    books = recsys.load(other)
    of_books = books.recommend(books.climbers[0], k=2)
    for answer in (of_climbs, of_climbs[:1], climbs.similar(of_climbs[0].climb_id), climbs.search("x")):
        shown = answer._repr_html_()
        assert "<th>climb</th>" in shown
        assert "<th>grade</th>" in shown
    speak(None)
    for answer in (of_books, of_books[:1], books.similar(of_books[0].climb_id), books.search("x")):
        shown = answer._repr_html_()
        assert "<th>book</th>" in shown
        assert "<th>level</th>" in shown
    assert "books" in repr(books.search("no such climb"))


def test_a_table_a_csv_and_everybody_s_table_have_the_same_columns(tmp_path, capsys):
    bundle = write_light_bundle(tmp_path / "climbs")
    climbs = recsys.load(bundle)
    who, more = climbs.climbers[0], ["because_of", "prompt_share"]
    table = climbs.recommend(who, k=2, grade="V0:V9", explain=True).to_frame()
    assert list(table.columns) == [*list(COLUMNS)[1:], *more]
    assert list(climbs.recommend(who, k=2).to_frame().columns) == list(COLUMNS)[1:]
    assert table["hard"].notna().all()
    asked = ("--climber", who, "-k", 2, "--grade", "V0:V9", "--csv")
    for words, given in ((["--explain"], [*table.columns]), ([], [*COLUMNS][1:])):
        assert call("recsys", "recommend", bundle, *asked, *words) == 0
        header, *rows = csv.reader(capsys.readouterr().out.splitlines())
        assert header == given
        assert [row[1] for row in rows] == table["climb_id"].tolist()
    assert [float(row[header.index("score")]) for row in rows] == table["score"].tolist()


def test_notes_are_told_in_the_words_that_were_spoken_when_it_was_made():
    speak(BOOKS)
    answer = Recommendations([], notes=["3 climbs"])
    speak(None)
    assert repr(answer) == "3 books\nno books"
    assert repr(Recommendations([], notes=["3 climbs"])) == "3 climbs\nno climbs"


def test_climbers_for_whom_nothing_fits_are_counted_and_the_columns_stay(tmp_path, capsys):
    climbs = recsys.load(write_light_bundle(tmp_path / "climbs"))
    everyone = climbs.recommend_all(k=2)
    assert "nothing fits" not in capsys.readouterr().err
    nobody = climbs.recommend_all(k=2, grade="V17")
    assert (
        "nothing fits for 4 climbers (climber-0, climber-1, climber-2 and 1 more)" in capsys.readouterr().err
    )
    assert list(nobody.columns) == list(everyone.columns) == list(COLUMNS)
    assert len(nobody) == 0
