"""What the command line tells of another domain: its words and levels, also in JSON, and columns it lacks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recsys import columns as c
from recsys.files import read_json, write_json
from recsys.manifest import write_manifest
from recsys.recommending import bundle as b
from tests.builders.commands import call
from tests.builders.light_bundle import N_CLIMBS, write_light_bundle

NOUNS = {"climb": "book", "climber": "reader", "send": "loan", "sent": "borrowed", "grade": "level"}
ME = ("--climber", "climber-1")


def bundle(folder: Path, grades: list[str | None]) -> Path:
    """The light bundle with these grades, and words for them."""
    write_light_bundle(folder)
    write_json(folder / b.CLIMBS, {**read_json(folder / b.CLIMBS), c.GRADE: grades})
    write_json(folder / b.BUNDLE, {**read_json(folder / b.BUNDLE), "facts": {"nouns": NOUNS}})
    write_json(folder / b.HISTORIES, {**read_json(folder / b.HISTORIES), c.GRADE: ["L1", "L2"]})
    write_manifest(folder, b.FILES)
    return folder


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle(tmp_path_factory.mktemp("books") / "bundle", [f"L{i % 8}" for i in range(N_CLIMBS)])


def printed(capsys, *words) -> str:
    assert call("recsys", *words) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_json_is_told_as_the_tables_are(books, capsys):
    path = ("path", books, *ME, "--project", "climb-07", "--steps", "1", "--leap", "6")
    answer = json.loads(printed(capsys, *path, "--json"))
    reason = answer["steps"][0]["reason"]
    assert answer["ability"].startswith("L")
    assert reason.endswith("the reader's level") or "the reader's level;" in reason
    assert "grade" not in reason
    assert f"From {answer['ability']} to" in printed(capsys, *path)
    session = json.loads(printed(capsys, "session", books, *ME, "--count", "2", "--json"))
    assert session["ability"].startswith("L")
    curve = json.loads(printed(capsys, "skill", books, *ME, "--json"))
    assert all(each["grade"].startswith("L") for each in curve["sessions"])


def test_a_grade_that_is_none_is_refused_by_its_option_in_levels(books, capsys):
    assert call("recsys", "recommend", books, *ME, "--grade", "V99") == 2
    said = "error: --grade: is no range of levels ('V99'); write a level or two, as in L4 or L4:L6"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("grades", "grade", "hard"),
    [
        ([None] * 12, False, False),
        (["teens", None] * 6, True, False),
        ([f"V{i}" for i in range(12)], True, True),
    ],
)
def test_a_table_has_no_columns_of_grades_that_there_are_not(tmp_path, capsys, grades, grade, hard):
    heading = printed(capsys, "recommend", bundle(tmp_path / "films", grades), *ME, "-k", "2").splitlines()[1]
    assert ("level" in heading, "for you" in heading) == (grade, hard)
    assert "genre" in heading or "region" in heading


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--domain", "books", "--preset", "gym"),
            "--preset gym: is of climbing, and --domain books has none",
        ),
        (("--preset", "nope"), "--preset nope: choose one of bc, world, gym\n"),
        (("--preset", "books"), "--preset books: choose one of bc, world, gym\n"),
    ],
)
def test_a_preset_of_another_domain_is_refused(tmp_path, capsys, words, said):
    assert call("recsys", "simulate", "-o", tmp_path / "out.csv", *words) == 2
    assert said in capsys.readouterr().err
