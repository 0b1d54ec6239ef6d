"""Words of another domain: what is replaced and what never is; a library without a word of climbing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from recsys.nouns import FACTS, nouns_of, speak, spoken, spoken_page

BOOKS = {
    "climb": "book",
    "climber": "reader",
    "send": "loan",
    "sent": "borrowed",
    "grade": "level",
    "area": "series",
}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3 climbs of 2 climbers", "3 books of 2 readers"),
        ("Climbers log sends; a climber's grade", "Readers log loans; a reader's level"),
        ("each area, all areas", "each series, all series"),
        ("ask with --climber ID", "ask with --climber ID"),
        ("give SENDS of new climbers", "give SENDS of new readers"),
        ("climbs.csv, out/climbs, climb_dim, `climb`, 'climb', sim-climb-01", None),
    ],
)
def test_whole_words_of_prose_are_replaced_and_nothing_else(text, said):
    assert spoken(text, BOOKS) == (said or text)
    assert spoken(text) == text


def test_a_noun_of_several_words_has_its_plural():
    assert (
        spoken("these logbooks, a logbook", {"logbook": "list of films"})
        == "these lists of films, a list of films"
    )
    assert spoken("these logbooks", {"logbook": "watch list"}) == "these watch lists"


@pytest.mark.parametrize(
    ("noun", "said"),
    [
        ("age group", "write an age group or two; An age group"),
        ("episode", "write an episode or two; An episode"),
        ("film", "write a film or two; A film"),
        ("unit", "write a unit or two; A unit"),
        ("hour", "write an hour or two; An hour"),
    ],
)
def test_an_article_goes_with_its_noun(noun, said):
    assert spoken("write a grade or two; A grade", {"grade": noun}) == said
    assert spoken("an area", {"area": noun}) == said.split("write ")[1].split(" or")[0]
    assert spoken("a big grade, Banana grade", {"grade": noun}) == f"a big {noun}, Banana {noun}"


def test_words_of_a_stranger_are_checked():
    assert nouns_of({FACTS: {"climb": "book", "send": 3, "grade": "x" * 99, "area": "a\nb", "k": "v"}}) == {
        "climb": "book"
    }
    kept = {"climb": "O'Brien's co-op 7", "area": "książka", "region": "पुस्तक"}
    assert nouns_of({FACTS: kept}) == kept
    odd = ("<b>", "a&b", 'a"b', "a\\b", "a/b", "a\u202eb", "=1", "-a", " ", "a_b", "\u0301a")
    assert [nouns_of({FACTS: {"climb": each}}) for each in odd] == [{}] * len(odd)
    assert nouns_of(None) == nouns_of({FACTS: "book"}) == {}


CLIMBING = re.compile(
    r"(?<![-\w/.`])(climb|climber|climbing|send|grade|logbook)s?\b(?![-\w.]*[=/])", re.IGNORECASE
)


def test_a_library_is_trained_and_asked_without_a_word_of_climbing(tmp_path, capsys, monkeypatch):
    from recsys.cli.app import build_app
    from recsys.terminal import run

    def ran(*words: str) -> str:
        assert run(build_app(list(words)), "recsys", list(words)) == 0
        return "".join(capsys.readouterr())

    monkeypatch.chdir(tmp_path)
    told = ran("simulate", "--domain", "books", "--scale", "0.05", "-o", "loans.csv")
    small = ["--d-model", "16", "--layers", "1", "--climb-dim", "16", "--epochs", "1", "--accelerator", "cpu"]
    told += ran("train", "--data", "loans.csv", "--output", "run", *small)
    reader = re.search(r"sim-reader-\d+", Path("loans.csv").read_text())
    assert reader is not None
    answers = ran("recommend", "run", "--climber", reader[0], "-k", "3")
    assert "volume" in answers
    cards = [(Path("run") / each / "MODEL_CARD.md").read_text() for each in (".", "bundle")]
    for text in (told, answers, *cards):
        found = [line for line in text.splitlines() if CLIMBING.search(line)]
        assert not found, found
    assert "reader" in cards[0]
    kept = [
        json.loads(Path("run", each).read_text())["facts"] for each in ("config.json", "bundle/bundle.json")
    ]
    assert [facts["mapping"]["columns"]["climb_id"] for facts in kept] == ["book_id", "book_id"]
    speak(None)


def test_a_word_brings_no_markup_into_a_page():
    """Of whoever made the bundle: `nouns_of` lets none through, and the page trusts nobody."""
    page = '<p aria-label="of climbs">a climb</p>'
    word = "\"><script>alert('1')</script>"
    told = spoken_page(page, {"climb": word})
    assert (told.count("<"), told.count('"'), told.count("'")) == (2, 2, 0)
    assert "&lt;script&gt;" in told


def test_a_page_is_told_in_other_words_and_its_markup_stays():
    shown = '<p class="climb" aria-label="of climbs">3 climbs, <b>a send</b></p>'
    page = f"<style>.climb {{}}</style>{shown}<script>climb</script>"
    assert spoken_page(page) == page
    speak({"nouns": {"climb": "book", "send": "loan"}})
    try:
        told = (
            page.replace("3 climbs", "3 books").replace("of climbs", "of books").replace("a send", "a loan")
        )
        assert spoken_page(page) == told
    finally:
        speak(None)
