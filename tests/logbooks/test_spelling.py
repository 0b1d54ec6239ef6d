"""Ids that look the same are the same, whichever program wrote them, and stay as they were written."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from recsys import columns as c
from recsys.errors import UsageError
from recsys.logbooks.importing.load import load, load_all
from recsys.logbooks.importing.merge import merge
from recsys.logbooks.importing.own import parse_columns
from recsys.logbooks.importing.same import BY_FORM
from recsys.logbooks.importing.spelling import ALIKE_CLIMBERS, ALIKE_CLIMBS
from recsys.logbooks.read import read_sends
from recsys.recommending.blocked import Blocked
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.forms import Forms
from recsys.recommending.logbook_file import read_files
from recsys.recommending.request import as_written, known_climber

PAIRS = [
    (unicodedata.normalize("NFC", "Fée verte"), unicodedata.normalize("NFD", "Fée verte")),
    ("l'Ange", "l’Ange"),
    ("A&B", "A&amp;B"),
    ("Überhang", unicodedata.normalize("NFD", "ÜBERHANG")),
    ("a b", "a\u00a0b"),
]
HEADER = "climber_id,climb_id,date\n"


@pytest.mark.parametrize("both", [PAIRS, [pair[::-1] for pair in PAIRS]])
def test_an_id_is_known_in_another_spelling_and_stays_as_it_is_written(both: list[tuple[str, str]]) -> None:
    for mine, theirs in both:
        assert Forms([theirs, "other"]).known(mine) == theirs
        assert Forms([mine, theirs]).known(mine) == mine
    assert Forms([*PAIRS[0], "x"]).known(PAIRS[0][0].upper()) is None
    assert Forms(["Fee verte"]).known("Fée verte") is None


def test_two_files_have_one_id_and_one_file_says_that_it_has_two(tmp_path: Path) -> None:
    for index, (mine, theirs) in enumerate(PAIRS):
        one, two = tmp_path / f"{index}-a.csv", tmp_path / f"{index}-b.csv"
        one.write_text(f"{HEADER}ann,{mine},2024-05-01\n", encoding="utf-8")
        two.write_text(f"{HEADER}bob,{theirs},2024-05-02\n", encoding="utf-8")
        merged = load_all([str(one), str(two)])[1]
        assert len({row.climb_id for row in merged.rows}) == 1
        assert merged.notes[BY_FORM] == 1
        one.write_text(f"{HEADER}ann,{mine},2024-05-01\nann,{theirs},2024-05-02\n", encoding="utf-8")
        assert merge([load(one)]).notes[ALIKE_CLIMBS] == 2
        assert f"2 {ALIKE_CLIMBS}" in read_sends(one).lines()


def test_climbers_of_nearly_one_id_are_told(tmp_path: Path) -> None:
    path = tmp_path / "sends.csv"
    rows = [f"{climber},c,2024-05-01\n" for climber in ("Ann", "ann", "007", "7.0", "bob")]
    path.write_text(HEADER + "".join(rows))
    assert merge([load(path)]).notes == {ALIKE_CLIMBERS: 4}
    assert read_sends(path).lines() == [f"4 {ALIKE_CLIMBERS}"]


def test_a_mapping_tells_of_ids_in_another_spelling(tmp_path: Path) -> None:
    mine, theirs = PAIRS[0]
    (tmp_path / "sends.csv").write_text(f"{HEADER}ann,{theirs},2024-05-01\n", encoding="utf-8")
    (tmp_path / "same.csv").write_text(f"{mine},c7\n", encoding="utf-8")
    merged = load_all([str(tmp_path / "sends.csv")], same=tmp_path / "same.csv")[1]
    assert [row.climb_id for row in merged.rows] == ["c7"]


def test_a_climber_a_region_and_a_closed_climb_are_known_in_another_spelling(tmp_path: Path) -> None:
    mine, theirs = PAIRS[0]
    assert known_climber(theirs, ["x", mine]) == mine
    with pytest.raises(UsageError, match="no climber"):
        known_climber(mine.upper(), ["x", mine])
    assert as_written(theirs.upper(), [mine]) == mine
    climbs = {c.CLIMB_ID: [mine, "x"], c.CLIMB_NAME: [None] * 2, c.GRADE: [None] * 2, c.REGION: [None] * 2}
    catalogue = Catalogue.from_columns(climbs)
    assert catalogue.search(theirs) == [0]
    assert not catalogue.misspelt(Blocked.of([theirs]), str)
    path = tmp_path / "sends.csv"
    path.write_text(f"{HEADER}{mine},a,2024-05-01\nbob,b,2024-05-02\n", encoding="utf-8")
    assert [send["climb_id"] for send in read_files([path], theirs).sends] == ["a"]


def test_a_climber_is_known_by_the_number_that_the_id_is() -> None:
    assert known_climber("14.0", ["40", "14"]) == "14"
    assert known_climber("0014 ", ["40", "14"]) == "14"
    assert known_climber("014", ["14", "014"]) == "014"  # to the letter first
    with pytest.raises(UsageError, match="no climber"):
        known_climber("0014", ["14", "014"])  # either


def test_a_header_is_found_in_another_spelling(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(unicodedata.normalize("NFD", "Dätum,Réute\n2024-05-01,x\n"), encoding="utf-8")
    assert len(load(path, columns=parse_columns("date=Dätum,climb=Réute")).rows) == 1
