"""PostgreSQL, through psycopg: a query's rows in batches, and a table whose rows are replaced at once.

A database is named by its address, ``postgresql://user@host:5432/database``; the password is better left to
``PGPASSWORD`` or ``~/.pgpass``. `place` is the address as it may be shown: host and database, nothing else.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from recsys.errors import DataError, UsageError
from recsys.extras import install

BATCH: Final = 10_000  # rows that are fetched at a time
_ADDRESS: Final = re.compile(r"postgres(ql)?://")
_KINDS: Final = {str: "text", int: "bigint", float: "double precision"}
_READ_ONLY: Final = "-c default_transaction_read_only=on"


def is_address(text: str) -> bool:
    """Whether a text is the address of a database, and not a path."""
    return _ADDRESS.match(text) is not None


def place(address: str) -> str:
    """An address without user, password and options: what may be shown and kept.

    Raises
    ------
    UsageError
        It is no address; what may be a password is not repeated.
    """
    parts = _parts(address)
    return f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _parts(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError as error:
        raise UsageError(
            f"the address of the database cannot be read ({str(error)[:40]}); "
            "write it as postgresql://user@host:5432/database"
        ) from None


def rows(address: str, query: str) -> Iterator[tuple[Any, ...]]:
    """The names of a query's columns, then its rows, `BATCH` of them in memory at a time.

    The transaction is read only, and so is any other that the query might begin.

    Raises
    ------
    DataError
        The database cannot be reached, or refuses the query.
    UsageError
        psycopg is not installed.
    """
    with _connection(address, options=_READ_ONLY) as connection:
        connection.read_only = True
        with connection.cursor("recsys") as cursor:  # of the server: it holds the rows
            cursor.itersize = BATCH
            cursor.execute(query)
            yield tuple(column.name for column in cursor.description)
            yield from cursor


def replace_table(
    address: str,
    table: str,
    columns: Mapping[str, type],
    key: Sequence[str],
    found: Iterable[Mapping[str, Any]],
    later: Collection[str] = (),
) -> list[str]:
    """Replace a table's rows, in one transaction: until it ends, readers see the old ones.

    The table is made where it is lacking; where it is there it stays, with its grants, views and indexes.

    Parameters
    ----------
    address:
        Of the database.
    table:
        Its name, or schema.name.
    columns:
        Name to type, `str`, `int` or `float`.
    key:
        The columns of its primary key.
    found:
        The rows; they are sent as they come.
    later:
        Columns that a table made by an earlier version lacks, and goes on without.

    Returns
    -------
    Those that it lacks.

    Raises
    ------
    DataError
        The database cannot be reached, or the table has not these columns. The old rows stay.
    """
    with _connection(address) as connection:
        from psycopg import sql

        name = sql.Identifier(*table.split("."))
        kinds = [sql.SQL("{} {}").format(sql.Identifier(c), sql.SQL(_KINDS[k])) for c, k in columns.items()]
        keys = sql.SQL(", ").join(map(sql.Identifier, key))
        body = sql.SQL(", ").join(kinds)
        make = "CREATE TABLE IF NOT EXISTS {} ({}, PRIMARY KEY ({}))"
        connection.execute(sql.SQL(make).format(name, body, keys))
        # A second writer waits for the first; readers do not.
        connection.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(name))
        connection.execute(sql.SQL("DELETE FROM {}").format(name))
        told = connection.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(name)).description
        lacking = [each for each in later if each not in {column.name for column in told}]
        written = [each for each in columns if each not in lacking]
        names = sql.SQL(", ").join(map(sql.Identifier, written))
        with (
            connection.cursor() as cursor,
            cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(name, names)) as copy,
        ):
            for row in found:
                copy.write_row([_plain(row.get(each)) for each in written])
    return lacking


def check(address: str, table: str) -> None:
    """Connect once, so that a wrong address or password is said before any work is done."""
    if not all(table.split(".")) or table.count(".") > 1:
        raise UsageError(f"`table` {table}: give a table's name, or schema.name")
    with _connection(address):
        pass


@contextlib.contextmanager
def _connection(address: str, **options: Any) -> Iterator[Any]:
    """A connection whose transaction is committed if the block succeeds; psycopg's errors in one line."""
    try:
        import psycopg
    except ImportError:
        raise UsageError(f"{place(address)}: needs psycopg: {install('postgres')}") from None
    try:
        with psycopg.connect(address, application_name="recsys", connect_timeout=10, **options) as connection:
            yield connection
    except psycopg.Error as error:
        text = _without_secrets(" ".join(str(error).split()), address)[:300]
        raise DataError(
            text, path=place(address), remedy="check the address, the query and the rights"
        ) from None


def _without_secrets(text: str, address: str) -> str:
    """A message without the passwords of an address, as they were typed or as they are meant."""
    parts = _parts(address)
    secrets = [value for name, value in parse_qsl(parts.query) if "password" in name]
    user = parts.netloc.rpartition("@")[0]
    secrets += [user.partition(":")[2]]
    for secret in sorted({*secrets, *map(unquote, secrets)} - {""}, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _plain(value: Any) -> Any:
    """A value as COPY takes it: PostgreSQL's text holds no zero byte."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value
