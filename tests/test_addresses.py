"""Addresses that are none: one line, whatever parses them."""

from __future__ import annotations

from pathlib import Path

import pytest

from recsys.errors import UsageError
from recsys.postgres import place
from recsys.stores import fetched
from tests.builders.commands import call
from tests.builders.light_bundle import write_light_bundle

ODD = "postgresql://me:secret@[::1/db?password=secret"


@pytest.mark.parametrize("command", ["import", "batch"])
def test_an_odd_address_of_a_database_is_one_line_without_its_password(tmp_path, capsys, command):
    words = ["import", ODD, "--query", "select 1", "-o", tmp_path / "sends.csv"]
    if command == "batch":
        words = ["batch", write_light_bundle(tmp_path / "bundle"), "-o", ODD]
    assert call("recsys", *words) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert line.startswith(
        "error: the address of the database cannot be read (Invalid IPv6 URL); write it as"
    )
    assert "secret" not in line


@pytest.mark.parametrize("odd", ["postgresql://[::1/db", "postgres://[x]:y/db", "postgresql://a\u2100b/db"])
def test_what_is_shown_of_an_odd_address_is_an_error_in_a_line(odd):
    with pytest.raises(UsageError, match="address of the database cannot be read"):
        place(odd)


@pytest.mark.parametrize("odd", ["s3://[::1/sends.csv", "s3://[x]:y/sends.csv"])
def test_an_odd_address_of_a_store_is_one_line(odd):
    pytest.importorskip("s3fs")
    with pytest.raises(UsageError, match="is no address"), fetched(Path(odd)):
        pass
