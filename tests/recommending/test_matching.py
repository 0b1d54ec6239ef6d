"""Which climbs of a logbook the model knows, whatever their sites call them, and what is said of the rest."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from recsys import columns as c
from recsys.errors import DataError, UsageError
from recsys.logbooks.importing import Wanted, parse_logbook
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.logbook import read_logbook
from recsys.recommending.matching import Matcher
from recsys.recommending.recommender import Recommender
from recsys.recommending.request import Request
from recsys.recommending.same import read_same
from tests.recommending.test_recommender import Stub, ids, sends_of

CLIMBS = {
    c.CLIMB_ID: ["130", "0131", "mp-7", "mp-8", "blue-monday@magic-wood", "x"],
    c.CLIMB_NAME: ["Grey Heron", "Red Finch", "Café Überhang", "Twin", "Blue Monday", "Twin"],
    c.GRADE: ["V4", "V5", "V6", "V2", "7A", "V2"],
    c.REGION: ["Squamish", "Squamish", "Squamish", "Bishop", "Ticino", "Bishop"],
    c.AREA: ["Heron Wall", "Heron Wall", "Office Space", "Happys", None, "Sads"],
}


@pytest.fixture
def matcher() -> Matcher:
    return Matcher(Catalogue.from_columns(CLIMBS))


def book(*rows: dict) -> object:
    return read_logbook([{"date": f"2024-01-{day:02}", **row} for day, row in enumerate(rows, 1)])


@pytest.mark.parametrize(
    ("row", "known", "way"),
    [
        ({"climb_id": "130"}, "130", "id"),
        ({"climb_id": "130.0"}, "130", "number"),
        ({"climb_id": "00130"}, "130", "number"),
        ({"climb_id": "131"}, "0131", "number"),
        ({"climb_id": "130.5"}, None, None),
        ({"climb_id": "130,0"}, "130", "number"),
        ({"climb_id": "'00130"}, "130", "number"),
        ({"climb_id": "1.3E+02"}, "130", "number"),
        ({"climb_id": "1.30001E+02"}, None, None),  # Excel may have left digits out
        ({"climb_id": "MP-7"}, "mp-7", "case"),
        ({"climb_id": "a", "climb_name": "Heron & Grey", "area": "Heron Wall"}, None, None),
        ({"climb_id": "a", "climb_name": "Cafe Ueberhang", "area": "Office Space"}, "mp-7", "name"),
        ({"climb_id": "a", "climb_name": "The Red Finch", "area": "Heron Wall"}, "0131", "name"),
        ({"climb_id": "a", "climb_name": "Red Finch, The", "area": "Heron Wall"}, "0131", "name"),
        ({"climb_id": "a", "climb_name": "Red and Finch", "area": "Heron Wall"}, "0131", "name"),
        ({"climb_id": "a", "climb_name": "Red Finch", "area": "Squamish, BC"}, "0131", "name"),
        ({"climb_id": "a", "climb_name": "Red Finch", "area": "BC > Squamish > Heronwall"}, "0131", "name"),
        ({"climb_id": "a", "climb_name": "Red Finch", "area": "Office Space (Squamish)"}, "0131", "name"),
        ({"climb_id": "a", "climb_name": "Red Finch", "area": "The Heron Wall"}, "0131", "name"),
        ({"climb_id": "a", "climb_name": "L'Red Finch", "area": "HERON-WALL"}, "0131", "name"),
        ({"climb_id": "a", "climb_name": "THE CAFE UBERHANG!", "area": "office space"}, "mp-7", "name"),
        ({"climb_id": "a", "climb_name": "Cafe Uberhang", "region": "Squamish"}, "mp-7", "name"),
        ({"climb_id": "blue-monday@magic-wood-x", "climb_name": "Blue Monday", "region": "TICINO"},
         "blue-monday@magic-wood", "name"),
        ({"climb_id": "a", "climb_name": "Blue Monday", "area": "Magic Wood"},
         "blue-monday@magic-wood", "name"),
        ({"climb_id": "a", "climb_name": "Twin", "area": "Happys"}, "mp-8", "name"),
        ({"climb_id": "a", "climb_name": "Twin", "region": "Bishop"}, None, None),  # two of them: which?
        ({"climb_id": "a", "climb_name": "Grey Heron", "area": "Elsewhere"}, None, None),
        ({"climb_id": "a", "climb_name": "Grey Heron", "area": "Heron Wall", "grade": "V5"}, "130", "name"),
        ({"climb_id": "a", "climb_name": "Grey Heron", "area": "Heron Wall", "grade": "V12"}, None, None),
        ({"climb_id": "a", "climb_name": "Grey Heron", "area": "Heron Wall", "grade": "5.10a"}, None, None),
    ],
)  # fmt: skip
def test_a_climb_is_known_by_id_number_or_name_and_place(matcher, row, known, way) -> None:
    logbook = book(row)
    match = matcher.match(logbook)
    assert matcher.known(logbook, match).climbs == [known or row["climb_id"]]
    assert match.ways == ({way: 1} if way else {})


def test_a_known_climb_brings_the_region_and_the_grade_that_the_logbook_lacks(matcher) -> None:
    """A list of ids is read as the model's own logbooks are; what is told, and whatever is unknown, stays."""
    logbook = book({"climb_id": "130"}, {"climb_id": "mp-7", "grade": "V9"}, {"climb_id": "elsewhere"})
    read = matcher.known(logbook, matcher.match(logbook)).columns
    assert read[c.GRADE].tolist() == ["V4", "V9", None]
    assert read[c.REGION].tolist() == ["Squamish", "Squamish", None]


def test_two_climbs_of_one_number_are_not_guessed() -> None:
    both = Matcher(Catalogue.from_columns({c.CLIMB_ID: ["7", "007"]}))
    assert both.match(book({"climb_id": "7.0"})).n_known == 0
    assert both.match(book({"climb_id": "007"})).same == {"007": "007"}


def test_near_names_are_asked_about_and_a_mapping_settles_them(matcher, tmp_path: Path) -> None:
    logbook = book({"climb_id": "a", "climb_name": "Gray Heron", "area": "Heron Wall"}, {"climb_id": "mp-9"})
    match = matcher.match(logbook)
    assert match.n_known == 0
    (question,) = match.questions
    assert (question.climb_id, question.known_id) == ("a", "130")
    assert match.unknown == {"mp-9": ["mp-8", "mp-7"]}
    lines = match.lines("--same")
    assert lines[0] == (
        "none of the logbook's climbs is known to the model (0 of 2): the answer rests on its dates alone"
    )
    assert lines[1] == "Gray Heron (a) may be Grey Heron (130): if so, say it in --same"
    assert lines[2] == "not known: mp-9 (nearest: mp-8, mp-7)"
    path = tmp_path / "ids.csv"
    path.write_text("mine,theirs\na,130\n")
    settled = matcher.match(logbook, read_same(path, matcher.catalogue))
    assert settled.lines()[0] == "1 of 2 climbs of the logbook are known to the model (1 by your mapping)"
    path.write_text("mine,theirs\na,9131\n")
    with pytest.raises(DataError, match=r"row 1: names a climb that the model does not have \('9131'\)"):
        read_same(path, matcher.catalogue)
    path.write_text("mine\na\n")
    with pytest.raises(DataError, match="has no two columns"):
        read_same(path, matcher.catalogue)


def test_a_climb_matched_by_name_is_a_climb_sent() -> None:
    recommender = Recommender(Stub())
    content = (
        'Date,"Send Type",Climb,"Climb Type",Grade,Area,Country,Rating,Comments\n'
        "2024-05-01,redpoint,AIR,boulder,V2,Squamish,Canada,3,\n2024-05-02,flash,Beär,boulder,V4,squamish,,,\n"
    )
    request = Request(sends=sends_of(content.encode(), "me.csv"))
    assert "a" not in ids(recommender.recommend(request))
    assert "b" not in ids(recommender.recommend(request))
    match = recommender.match(request)
    assert (match.n_known, match.n_climbs, match.ways) == (2, 2, {"name": 2})
    assert recommender.match(Request(climber="me")) is None


def test_without_a_known_climb_no_send_is_a_reason_and_nothing_told_is_what_is_popular() -> None:
    recommender = Recommender(Stub())
    told = Request(sends=[{"climb_id": "zz", "date": "2024-05-01"}], explain=True)
    assert all(item.why.sends == () for item in recommender.recommend(told))
    assert recommender.backend.calls
    nothing = Request(sends=[{"climb_id": "zz", "date": 5}])
    before = list(recommender.backend.calls)
    assert recommender.recommend(nothing) == recommender.recommend(Request(sends=[]))
    assert recommender.backend.calls == before
    assert "rests on popularity alone" in recommender.match(nothing).lines()[0]


def test_a_large_logbook_of_strangers_is_matched_quickly() -> None:
    n = 20_000
    columns = {
        c.CLIMB_ID: [f"climb-{i}" for i in range(n)],
        c.CLIMB_NAME: [f"Name {i}" for i in range(n)],
        c.REGION: ["Squamish"] * n,
    }
    matcher = Matcher(Catalogue.from_columns(columns))
    rows = [{"climb_id": f"x{i}", "climb_name": f"Nome {i}", "region": "Squamish"} for i in range(28)]
    logbook = read_logbook([{"date": i % 28 + 1, **rows[i % 28], "climb_id": f"x{i}"} for i in range(5000)])
    start = time.process_time()
    assert matcher.match(logbook).n_known == 0
    assert time.process_time() - start < 10


def test_regions_that_the_model_does_not_know_become_the_matched_climbs(matcher) -> None:
    logbook = book(
        {"climb_id": "q", "climb_name": "Cafe Uberhang", "area": "Office Space", "region": "Office Space"}
    )
    known = matcher.known(logbook, matcher.match(logbook))
    assert known.columns[c.REGION].tolist() == ["Squamish"]
    assert not np.isnan(known.columns[c.DAY]).any()


def test_what_a_site_calls_it_is_not_what_another_calls_it(matcher) -> None:
    parsed = parse_logbook(
        b"Name,Grade,Style,Date,Crag,Type\nGrey Heron,f6B+,Sent x,28/Sep/25,Heron Wall,Bouldering\n",
        "u.csv",
        wanted=Wanted("me"),
    )
    assert parsed.rows[0].climb_id == "grey-heron@heron-wall"
    logbook = book({"climb_id": parsed.rows[0].climb_id, "climb_name": "Grey Heron", "area": "Heron Wall"})
    assert matcher.match(logbook).same == {"grey-heron@heron-wall": "130"}


ODD_SAME = {
    "semicolons, with a comma in a cell": 'mine;theirs\na;130\n"x,y";0131\n',
    "no header": "a,130\n",
    "pandas' index": ",mine,theirs\n0,a,130\n",
    "a model's id as Excel writes it": "mine\ttheirs\na\t130.0\n",
    "bars, and blanks about": " mine | theirs \n a | 130 \n",
    "more columns": "mine,theirs,note\na,130,sure\n",
}


@pytest.mark.parametrize("text", ODD_SAME.values(), ids=ODD_SAME)
def test_a_mapping_may_be_written_in_many_ways(matcher, text: str, tmp_path: Path) -> None:
    path = tmp_path / "ids.csv"
    path.write_bytes(text.encode("utf-16"))
    same = read_same(path, matcher.catalogue)
    assert matcher.match(book({"climb_id": "a"}), same).same == {"a": "130"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mine,theirs\na,\n", r"row 1: has one id alone \('a'\)"),
        ("a,130\na,0131\n", "row 2: maps 'a' to '130' in row 1 and to another here"),
        ("mine,theirs\n130,a7\n", "the columns are the other way round"),
        ("c9,zz\n", "row 1: names a climb that the model does not have"),
    ],
)
def test_a_mapping_that_cannot_be_right_is_told_so(matcher, text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "ids.csv").write_text(text)
    with pytest.raises(DataError, match=said):
        read_same(tmp_path / "ids.csv", matcher.catalogue)


def test_a_mapping_without_a_logbook_is_refused() -> None:
    """It was ignored: of a stored logbook the ids are the model's own."""
    with pytest.raises(UsageError, match="same is of the ids of a logbook; give one, or leave it out"):
        Request(climber="ada", same={"mine": "climb-02"})


def test_a_mapping_tells_of_numbers_and_of_climbs_that_there_are(matcher) -> None:
    match = matcher.match(book({"climb_id": "77.0"}), {"0077": "130"})
    assert (match.same, match.ways) == ({"77.0": "130"}, {"mapping": 1})
    unused = matcher.match(book({"climb_id": "q"}), {"z": "130"})
    assert "none of the ids in --same is in the logbook" in unused.lines("--same")
    with pytest.raises(UsageError, match="same zz: the model has no such climb"):
        matcher.match(book({"climb_id": "q"}), {"q": "zz"})


def test_the_same_name_elsewhere_is_a_question_and_of_several_the_one_whose_place_is_alike(matcher) -> None:
    rows = [
        {"climb_id": "a", "climb_name": "Grey Heron", "area": "Somewhere"},
        {"climb_id": "b", "climb_name": "Twin", "area": "The Happys (Bishop)"},
        {"climb_id": "c", "climb_name": "Twin", "area": "Nowhere"},
    ]
    match = matcher.match(book(*rows))
    assert [(each.climb_id, each.known_id) for each in match.questions] == [("a", "130")]
    assert match.same == {"b": "mp-8"}  # both Twins are at Bishop, one of them at Happys
    assert set(match.unknown) == {"c"}
    match = matcher.match(book({"climb_id": "b", "climb_name": "Twin", "area": "Happys sector"}))
    assert [(each.climb_id, each.known_id) for each in match.questions] == [("b", "mp-8")]


def test_what_is_not_known_is_told_by_its_name(matcher) -> None:
    rows = ({"climb_id": "105717310", "climb_name": "High Exposure"}, {"climb_id": "mp-9"})
    match = matcher.match(book(*rows))
    assert match.lines()[-1] == "not known: High Exposure; mp-9 (nearest: mp-8, mp-7)"
    assert set(match.to_json()["unknown"]) == {"105717310", "mp-9"}
