"""PostgreSQL: a real server, read in batches and read only; a table replaced whole or not at all."""

from __future__ import annotations

import sys

import pytest

from recsys.errors import DataError, UsageError
from recsys.postgres import check, is_address, place, replace_table, rows
from tests.builders.commands import call
from tests.builders.database import PASSWORD, database, lacking
from tests.builders.light_bundle import N_CLIMBERS, write_light_bundle

psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed: pip install '.[postgres]'")
pytestmark = pytest.mark.skipif(lacking() is not None, reason=str(lacking()))
COLUMNS = {"name": str, "rank": int, "score": float}


@pytest.fixture(scope="module")
def address():
    with database() as found:
        yield found


@pytest.fixture
def connection(address):
    with psycopg.connect(address, autocommit=True) as opened:
        opened.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        yield opened


def recsys(*words: str) -> int:
    return call("recsys", *words)


def test_what_is_shown_of_an_address():
    assert place("postgresql://me:secret@host:5/db?password=secret&x=1") == "postgresql://host:5/db"
    assert is_address("postgres://host/db")
    assert not is_address("s3://bucket/x")
    assert not is_address("postgresql.csv")


def test_imports_what_a_query_gives(address, connection, tmp_path, capsys):
    connection.execute(
        "CREATE TABLE ascents (who text, problem bigint, day date, grade text, stars numeric);"
        "INSERT INTO ascents SELECT 'climber-' || i % 7, i % 50, date '2024-01-01' + i, 'V4', 4.5"
        " FROM generate_series(1, 900) i; INSERT INTO ascents VALUES ('x', NULL, '2024-01-01', 'V4', NULL)"
    )
    query = "SELECT who AS climber_id, problem AS climb_id, day AS date, grade, stars AS rating FROM ascents"
    output = tmp_path / "sends.parquet"
    assert recsys("import", address, "--query", query, "-o", str(output)) == 0
    import pyarrow.parquet as pq

    table = pq.read_table(output).to_pydict()
    assert len(table["climb_id"]) == 900
    assert {table["grade"][0], table["rating"][0]} == {"V4", 4.5}
    told = capsys.readouterr().err
    rejects = (tmp_path / "sends.rejects.csv").read_text()
    assert place(address) in told
    assert place(address) in rejects
    for text in (told, rejects):
        assert not any(secret in text for secret in (PASSWORD, "s3cret", "climber:"))


def test_rows_come_in_batches_and_read_only(address, connection):
    connection.execute("CREATE TABLE ours (n int); CREATE FUNCTION harm() RETURNS int LANGUAGE sql AS "
                       "$$ INSERT INTO ours VALUES (1) RETURNING n $$")  # fmt: skip
    found = rows(address, "SELECT i FROM generate_series(1, 30000) i")
    assert next(found) == ("i",)
    assert next(found) == (1,)
    declared = connection.execute("SELECT query FROM pg_stat_activity WHERE application_name = 'recsys'")
    assert "FETCH FORWARD 10000" in str(declared.fetchall())
    found.close()
    for query in ("SELECT harm()", "SELECT 1; COMMIT; INSERT INTO ours VALUES (2)", "DELETE FROM ours"):
        with pytest.raises(DataError):
            list(rows(address, query))
    assert connection.execute("SELECT count(*) FROM ours").fetchone() == (0,)


def test_replaces_a_table_whole_or_not_at_all(address, connection):
    first = [{"name": "a", "rank": 1, "score": 0.5}, {"name": "b\0", "rank": 2, "score": None}]
    replace_table(address, "answers", COLUMNS, ("name",), first)
    connection.execute("CREATE VIEW best AS SELECT name FROM answers WHERE rank = 1")
    seen = []

    def half():
        yield {"name": "new", "rank": 1, "score": 1.0}
        seen.extend(connection.execute("SELECT name FROM answers").fetchall())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_table(address, "answers", COLUMNS, ("name",), half())
    assert seen == [("a",), ("b\ufffd",)]  # readers neither wait nor see the new ones
    assert connection.execute("SELECT name FROM best").fetchall() == [("a",)]
    replace_table(address, "public.answers", COLUMNS, ("name",), [{"name": "c", "rank": 1, "score": 1.0}])
    assert connection.execute("SELECT name, rank, score FROM answers").fetchall() == [("c", 1, 1.0)]
    assert connection.execute("SELECT name FROM best").fetchall() == [("c",)]
    with pytest.raises(DataError, match="other"):
        replace_table(address, "answers", {"other": str}, ("other",), [])
    assert connection.execute("SELECT count(*) FROM answers").fetchone() == (1,)


def test_a_table_of_before_goes_on_without_later_columns(address, connection):
    connection.execute("CREATE TABLE older (name text PRIMARY KEY, note text)")
    columns = {"name": str, "hard": str}
    assert replace_table(address, "older", columns, ("name",), [{"name": "a", "hard": "x"}], ["hard"]) == [
        "hard"
    ]
    assert connection.execute("SELECT name FROM older").fetchall() == [("a",)]
    connection.execute("ALTER TABLE older ADD COLUMN hard text")
    assert replace_table(address, "older", columns, ("name",), [{"name": "b", "hard": "x"}], ["hard"]) == []
    assert connection.execute("SELECT name, hard FROM older").fetchall() == [("b", "x")]


def test_the_nights_answers(address, connection, tmp_path, capsys):
    bundle = write_light_bundle(tmp_path / "bundle")
    assert recsys("batch", str(bundle), "-o", address, "-k", "3") == 0
    assert recsys("batch", str(bundle), "-o", address, "-k", "2") == 0
    found = connection.execute("SELECT climber_id, rank, climb_id, score FROM recommendations").fetchall()
    assert len(found) == 2 * N_CLIMBERS
    assert {rank for _, rank, _, _ in found} == {1, 2}
    assert "s3cret" not in capsys.readouterr().err


def test_secrets_are_in_no_error(address, capsys, monkeypatch):
    wrong = address.replace("s3cret%2Fword", "wr0ng%2Fone")
    for each in (wrong, wrong.replace("5", "6"), "postgresql://me:wr0ng%2Fone@host:port/x", f"{wrong}?no=1"):
        assert recsys("import", each, "--query", "SELECT 1", "-o", "x.csv") == 2
        assert recsys("batch", "nowhere", "-o", each) == 2
    told = capsys.readouterr().err
    assert told.count("error: ") == 8 == told.count("\n")
    assert "wr0ng" not in told
    assert recsys("import", address, "-o", "x.csv") == 2
    assert "--query" in capsys.readouterr().err
    with pytest.raises(UsageError, match="table"):
        check(address, "a.b.c")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UsageError, match=r"pip install '\.\[postgres\]'"):
        next(rows(address, "SELECT 1"))
