"""Files of a person beside the model: closed climbs and limits, whatever is in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from recsys import columns as c
from recsys.errors import DataError
from recsys.recommending.blocked import Blocked, read_blocked
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.limits import read_limits
from recsys.recommending.recommender import Recommender
from tests.builders.light_bundle import write_light_bundle

LONG = "x" * 140_000  # Python's reader of CSV takes 131,072 characters a cell


@pytest.fixture(scope="module")
def recommender(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    from recsys.api.opening import open_recommender

    return open_recommender(write_light_bundle(tmp_path_factory.mktemp("light") / "bundle"))


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("climb-01\n\nThe Wall, left\n", {"climb-01", "the wall, left"}),
        ('climb_id,area\n"a, b",\n,Font\nx\n', {"a, b", "font", "x"}),
        ("\ufeffnote, region \nnew,Font\n", {"font"}),
        (f"climb-01\n{LONG}\n", {"climb-01", LONG}),
        (f"climb_id\n{LONG}\n", {LONG}),
        (f'"{LONG}"\nclimb-01\n', {f'"{LONG}"', "climb-01"}),
        ('"Crag of the quote\nclimb-01\n', {'"crag of the quote', "climb-01"}),
        ("", set()),
        ("climb_id\n", set()),
        ("climb_id;area\nclimb-11;Wall\n;Font\n", {"climb-11", "font"}),
        ("climb_id\tnote\nclimb-11\ta, b\n", {"climb-11"}),
        ("Climb ID,Reason\nclimb-11,birds\n", {"climb-11"}),
        (",climbId\n0,climb-11\n", {"climb-11"}),
        ("climb_id\na;b|c\n", {"a;b|c"}),
        ('[{"climb_id": "climb-11"}, {"area": "Font"}]', {"climb-11", "font"}),
        ("[left] Wall\nclimb-01\n", {"[left] wall", "climb-01"}),
    ],
)
def test_a_list_of_closed_climbs_is_lines_or_a_table(tmp_path: Path, text: str, entries: set[str]) -> None:
    (tmp_path / "closed.txt").write_text(text, encoding="utf-8")
    assert read_blocked(tmp_path / "closed.txt") == Blocked(frozenset(entries))


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_lists_are_read_in_the_encodings_that_logbooks_are(
    tmp_path: Path, recommender: Recommender, encoding: str
) -> None:
    path = tmp_path / "list"
    path.write_bytes("Höhe\nclimb-01\n".encode(encoding))
    assert read_blocked(path).entries == {"höhe", "climb-01"}
    path.write_bytes("climber_id;k\nZoë;4\n".encode(encoding))
    assert read_limits(path, recommender) == {"Zoë": {"k": 4}}


@pytest.mark.parametrize("header", [("climb_id", "note"), ("7", "a note")])
def test_a_workbook_of_closed_climbs_is_a_table_or_lines(tmp_path: Path, header: tuple[str, str]) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (header, ("climb-01", "birds"), (None, "Font")):
        book.active.append(row)
    book.save(tmp_path / "closed.xlsx")
    entries = {"climb-01"} if header[0] == "climb_id" else {"7", "climb-01", "font"}
    assert read_blocked(tmp_path / "closed.xlsx").entries == entries


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f'climb_id\nx\n"{LONG}"\n', ["closed.csv, row 2: ", "; correct it"]),
        (b"%PDF-1.7", ["is a PDF document"]),
        (None, ["No such file"]),
    ],
)
def test_what_is_no_list_is_one_line(tmp_path: Path, content: str | bytes | None, words: list[str]) -> None:
    path = tmp_path / "closed.csv"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as error:
        read_blocked(path)
    assert all(word in str(error.value) for word in words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f'climber_id,grade\nclimber-1,"{LONG}"\n', ["limits.csv, row 1: ", "; correct it"]),
        (f"climber_id,grade\nclimber-1,V1\nclimber-2,{LONG}\n", ["limits.csv, row 2: "]),
        ("climber_id,shoes\nclimber-1,42\n", ["limits.csv: is no column of limits ('shoes')"]),
        ("grade\nV4\n", ["has no column climber_id"]),
        ("", ["has no column climber_id"]),
        ("climber_id,k\n,3\n", ["row 1: names no climber"]),
        ("climber_id,min_stars\nclimber-1,٣\n", ["row 1: min_stars cannot be read ('٣')", "from 1 to 5"]),
    ],
)
def test_limits_that_cannot_be_are_one_line(
    tmp_path: Path, recommender: Recommender, text: str, words: list[str]
) -> None:
    (tmp_path / "limits.csv").write_text(text)
    with pytest.raises(DataError) as error:
        read_limits(tmp_path / "limits.csv", recommender)
    assert all(word in str(error.value) for word in words), str(error.value)
    assert len(str(error.value)) < 300 + len(str(tmp_path))


def test_limits_are_those_that_are_filled_in(tmp_path: Path, recommender: Recommender) -> None:
    (tmp_path / "limits.csv").write_text("climber_id, grade,k\nclimber-1,V1:V3,\n\nclimber-2,,4\nnew\n")
    found = read_limits(tmp_path / "limits.csv", recommender)
    assert found == {"climber-1": {"grade": "V1:V3"}, "climber-2": {"k": 4}, "new": {}}


@pytest.mark.parametrize(
    "text",
    [
        "climber_id;min_stars;k\nclimber-1;3,5;2,0\n",
        "Climber ID\tMin Stars\tK\nclimber-1\t3.5\t2\n",
        ',climber_id,min_stars,k\n0,climber-1,"3,5",2.0\n',
    ],
)
def test_limits_are_read_as_spreadsheets_write_them(
    tmp_path: Path, recommender: Recommender, text: str
) -> None:
    (tmp_path / "limits.csv").write_text(text)
    found = read_limits(tmp_path / "limits.csv", recommender)
    assert found == {"climber-1": {"min_stars": 3.5, "k": 2}}


def test_limits_are_of_the_climber_in_whichever_form(tmp_path: Path, recommender: Recommender) -> None:
    """A table that pandas wrote has 510.0 for 510, a Mac é as two signs: nobody's limits are lost."""
    path = tmp_path / "limits.csv"
    path.write_text("climber_id,k\nCLIMBER-1,4\n")
    assert read_limits(path, recommender) == {"climber-1": {"k": 4}}
    path.write_text("climber_id,k\nCLIMBER-1,4\nclimber-1,5\n")
    with pytest.raises(DataError, match="names a climber whom row 1 names"):
        read_limits(path, recommender)


def test_a_closed_climb_may_be_written_as_another_number() -> None:
    catalogue = Catalogue.from_columns({c.CLIMB_ID: ["130", "131", "7", "07"]})
    blocked = Blocked.of(["130.0", "00131", "007", "99.0"])
    assert catalogue.open(blocked).tolist() == [False, False, True, True]  # 007 may be either
    assert catalogue.unknown(blocked) == ["007", "99.0"]
    assert catalogue.open(Blocked.of(["7"])).tolist() == [True, True, False, True]
