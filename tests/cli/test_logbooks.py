"""Logbooks given to the commands that answer from a bundle: all take the same options, and say the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import recsys
from recsys.recommending.matching import Matcher
from tests.builders.commands import call
from tests.builders.light_bundle import write_light_bundle

BOOK = (
    "climb_id,date,grade\nclimb-03,2024-05-01,V3\nMINE,2024-05-02,V2\nclimb-04,soon,V4\n"
    "climb-05,2024-05-03,V5\nx,2024-05-04,WI4\n"
)
COMMANDS = {
    "recommend": ["-k", "3"],
    "path": ["--project", "climb-07", "--steps", "1", "--leap", "8"],
    "session": ["--count", "2"],
    "skill": [],
}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_light_bundle(tmp_path_factory.mktemp("light") / "bundle")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    (tmp_path / "me.csv").write_text(BOOK)
    (tmp_path / "ids.csv").write_text("mine,theirs\nMINE,climb-02\n")
    return tmp_path / "me.csv"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_bad_row_and_ones_own_ids_are_taken_alike(
    command: str, bundle: Path, book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [command, bundle, "--logbook", book, *COMMANDS[command], "--json"]
    assert call("recsys", *words) == 2
    said = capsys.readouterr().err
    assert "row 3: date is not a date ('soon')" in said
    assert "pass --bad-rows drop" in said
    assert call("recsys", *words, "--bad-rows", "drop", "--same", book.with_name("ids.csv")) == 0
    out, said = capsys.readouterr()
    assert "1 rows not used: unreadable date" in said
    assert "1  grade cannot be read, stays text: 'WI4'" in said
    assert "3 of 4 climbs of the logbook are known to the model (1 by your mapping)" in said
    assert json.loads(out)["climber"] is None


@pytest.mark.parametrize("command", COMMANDS)
def test_a_logbook_meets_the_catalogue_once(
    command: str, bundle: Path, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of sends take a second."""
    met, match = [], Matcher.match
    monkeypatch.setattr(Matcher, "match", lambda *given: met.append(given) or match(*given))
    words = [command, bundle, "--logbook", book, *COMMANDS[command], "--bad-rows", "drop"]
    assert call("recsys", *words, "--same", book.with_name("ids.csv")) == 0
    assert len(met) == 1


@pytest.mark.parametrize("command", ["path", "session"])
def test_a_climb_that_is_mapped_is_a_climb_sent(
    command: str, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "me.csv").write_text("climb_id,date,grade\nmine,2024-05-01,V3\n")
    rows = [f"m{n},climb-{n:02d}" for n in range(12) if n != 7]
    (tmp_path / "me.csv").write_text(
        "climb_id,date,grade\n" + "".join(f"m{n},2024-05-{n + 1:02d},V3\n" for n in range(12) if n != 7)
    )
    (tmp_path / "ids.csv").write_text("\n".join(rows))
    words = [command, bundle, "--logbook", tmp_path / "me.csv", *COMMANDS[command], "--json"]
    assert call("recsys", *words) == 0
    capsys.readouterr()
    code = call("recsys", *words, "--same", tmp_path / "ids.csv")
    out, said = capsys.readouterr()
    assert "11 of 11 climbs of the logbook are known" in said
    assert code == 2 or not {f"climb-{n:02d}" for n in range(12) if n != 7} & set(_climbs(json.loads(out)))


def test_one_form_of_an_answer_is_asked_for(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("recsys", "recommend", bundle, "--json", "--csv") == 2
    out, said = capsys.readouterr()
    assert (out, said.strip()) == ("", "error: give --json or --csv, not both")


def _climbs(answer: object) -> list[str]:
    """Every climb's id in an answer's steps or climbs."""
    if isinstance(answer, dict):
        own = [answer["climb_id"]] if "climb_id" in answer else []
        return own + [each for value in answer.values() for each in _climbs(value)]
    return [each for value in answer for each in _climbs(value)] if isinstance(answer, list) else []


def test_python_says_what_was_not_used(bundle: Path, book: Path) -> None:
    climbs = recsys.load(bundle)
    with pytest.raises(recsys.errors.DataError, match="or pass bad_rows drop"):
        climbs.recommend(logbook=book)
    answer = climbs.recommend(logbook=book, bad_rows="drop", same={"MINE": "climb-02"}, k=2)
    assert answer.notes[0] == "1 rows not used: unreadable date"
    assert answer.known is not None
    assert answer.known.ways == {"id": 2, "mapping": 1}


def test_skill_without_grades_is_said_in_a_line(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "me.csv").write_text("climb_id,date\nnowhere,2024-05-01\n")
    assert call("recsys", "skill", bundle, "--logbook", tmp_path / "me.csv") == 0
    out, said = capsys.readouterr()
    assert out == ""
    assert "no send of the logbook has a grade that can be read" in said


def test_sessions_count_no_send_whose_outcome_is_not_known(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "a,2024-05-01,V3,send\nb,2024-05-01,V4,unknown\nc,2024-05-02,V5,unknown\nd,2024-05-03,V2,\n"
    (tmp_path / "me.csv").write_text("climb_id,date,grade,outcome\n" + rows)
    assert call("recsys", "skill", bundle, "--logbook", tmp_path / "me.csv", "--json") == 0
    sessions = json.loads(capsys.readouterr().out)["sessions"]
    assert [(each["day"], each["sends"]) for each in sessions] == [
        ("2024-05-01", 1), ("2024-05-02", 0), ("2024-05-03", 1)
    ]  # fmt: skip


@pytest.mark.parametrize("command", ["recommend", "skill", "path", "session"])
@pytest.mark.parametrize(
    "option",
    [("--columns", "date=Day"), ("--bad-rows", "drop"), ("--same", "ids.csv")],
    ids=lambda each: each[0],
)
def test_what_tells_how_to_read_a_logbook_is_refused_without_one(bundle, command, option, capsys):
    words = COMMANDS[command] if command != "path" else ["--project", "climb-07"]
    assert call("recsys", command, bundle, "--climber", "a", *option, *words) == 2
    assert f"{' '.join(option)}: is of a --logbook" in capsys.readouterr().err


def test_a_region_is_refused_where_it_would_filter_nothing(bundle, capsys):
    assert call("recsys", "skill", bundle, "--climber", "a", "--region", "Nowhere") == 2
    assert "--region Nowhere: is of the list of climbs" in capsys.readouterr().err
    assert call("recsys", "skill", bundle, "--region", "Nowhere") == 2


def test_a_day_that_cannot_be_is_named_as_it_is_typed(bundle, capsys):
    assert call("recsys", "recommend", bundle, "--climber", "climber-0", "--when", "1990-01-01") == 2
    assert "error: --when 1990-01-01: lies before the last send" in capsys.readouterr().err


def test_a_table_is_refused_for_a_file(bundle, tmp_path, capsys):
    assert call("recsys", "batch", bundle, "-o", tmp_path / "a.csv", "--table", "mine") == 2
    assert "--table mine: is of a database" in capsys.readouterr().err


def test_in_python_too(bundle):
    climbs = recsys.load(bundle)
    for given in ({"columns": "date=Day"}, {"bad_rows": "drop"}):
        with pytest.raises(recsys.UsageError, match="is of a logbook; give one"):
            climbs.recommend(**given)
