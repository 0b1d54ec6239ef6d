"""An answer is told in the words of the domain that it came from, whatever is opened after it."""

from __future__ import annotations

import recsys
from recsys.api.recommendations import Recommendations
from recsys.files import read_json, write_json
from recsys.manifest import write_manifest
from recsys.nouns import FACTS, speak
from recsys.recommending import bundle as b
from recsys.recommending.batch import COLUMNS
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
