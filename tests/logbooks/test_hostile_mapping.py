"""Mappings from anybody: read, or refused in a line that names the key; none opens a file elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.errors import DataError, RecsysError
from recsys.logbooks.mapping import load_mapping
from recsys.logbooks.read import read_sends

COLUMNS = '[columns]\nclimber_id = "user"\nclimb_id = "item"\ndate = "when"\n'
KEYS = {
    "detect": ["columns", "file"],
    "columns": ["climber_id", "climb_id", "date", "rating", "region", "grade"],
    "date": ["unit"],
    "rating": ["min", "max", "blank"],
    "join": ["file", "on"],
    "keep": ["column", "values", "reason"],
    "nouns": ["climb", "climber"],
}
NAMES = ("user", "item", "when", "stars", "place", "sends.csv", "items.csv", "order", "s", "", "\0")
PLAIN = st.sampled_from(
    (*NAMES, "../x", "/etc/passwd", "\x1b[31m", "a" * 2_000, 0, -1, 10**400, 1.5, 1e300, True)
)
VALUES = st.one_of(
    PLAIN,
    st.lists(PLAIN, max_size=3),
    st.fixed_dictionaries({"column": PLAIN}, optional={"first_of": PLAIN, "other": PLAIN}),
    st.just([[["user"]]]),
)
TABLES = st.fixed_dictionaries(
    {},
    optional={
        part: st.one_of(st.dictionaries(st.sampled_from(keys), VALUES, max_size=4), PLAIN)
        for part, keys in KEYS.items()
    },
)
NEEDED = {"climber_id": "user", "climb_id": "item", "date": "when"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    found = tmp_path_factory.mktemp("mapped")
    rows = "a,c1,2024-05-01,1,N;x\na,c2,2024-05-02,4,S\nb,c1,2024-05-03,,\n"
    (found / "sends.csv").write_text(f"user,item,when,stars,place\n{rows}")
    (found / "items.csv").write_text("item,more\nc1,x\n")
    return found


def toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value)


@given(tables=TABLES)
@settings(deadline=None, max_examples=250)
def test_any_values_are_read_or_refused_in_a_line(folder, tables):
    if isinstance(tables.get("columns", {}), dict):
        tables = {**tables, "columns": {**NEEDED, **tables.get("columns", {})}}
    path = folder / "mine.toml"
    path.write_text("".join(f"{part} = {toml(table)}\n" for part, table in tables.items()))
    said = ""
    try:
        mapping = load_mapping(str(path))
        read_sends(folder if mapping.file else folder / "sends.csv", schema=str(path), bad_rows="drop")
    except RecsysError as error:
        said = str(error)
    assert said.isprintable()
    assert len(said) < 3_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (COLUMNS + "x = " + "[" * 5_000, "is not TOML: maximum recursion depth"),
        ("#" * 1_000_001, "is not TOML: it holds more than 1 MB"),
        ("columns = 3", "columns is not a table"),
        ('[columns]\nclimber_id = ["user"]\n', "columns.climber_id is not a column"),
        (
            COLUMNS.replace('"user"', '{ column = "user", first_of = "" }'),
            "columns.climber_id is not a column",
        ),
        (COLUMNS + "[detect]\nfile = 5\n", "detect.file is not a file below"),
        (COLUMNS + '[detect]\nfile = "/etc/passwd"\n', "detect.file is not a file below"),
        (COLUMNS + '[join]\nfile = "../secret.csv"\non = "item"\n', "join.file is not a file below"),
        (COLUMNS + '[join]\nfile = "items.csv"\n', "lacks join.on"),
        (COLUMNS + '[keep]\ncolumn = 1\nvalues = ["x"]\n', "keep.column is not a text"),
        (COLUMNS + "[rating]\nmin = 1e999\n", "rating.min is not a number"),
        (COLUMNS + '[nouns]\nclimb = "<b>"\n', "nouns.climb is not a word of letters, digits"),
        (COLUMNS + f'[nouns]\nclimb = "{"x" * 41}"\n', "nouns.climb is not a word of letters, digits"),
    ],
    ids=lambda text: text[-20:] if len(text) > 60 else text,
)
def test_odd_ones_are_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(DataError) as error:
        load_mapping(str(path))
    assert str(error.value).startswith(f"{path}: {said}")
