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
    ],
)
def test_a_list_of_closed_climbs_is_lines_or_a_table(tmp_path: Path, text: str, entries: set[str]) -> None:
    (tmp_path / "closed.txt").write_text(text, encoding="utf-8")
    assert read_blocked(tmp_path / "closed.txt") == Blocked(frozenset(entries))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f'climb_id\nx\n"{LONG}"\n', ["closed.csv, row 2: ", "; correct it"]),
        (b"\xff\xfe\x00", ["not UTF-8"]),
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
