"""Pseudonyms at import: the same each time, of nobody's name, and no salt in what is written."""

from __future__ import annotations

import csv
import hashlib
import hmac
from pathlib import Path

import pytest

from recsys.errors import UsageError
from recsys.logbooks.importing.pseudonyms import pseudonym, read_salt
from tests.builders.commands import call

SALT = b"a salt that nobody guesses"
ROWS = """climber_id,climb_id,date
ada,slab,2024-05-01
ada,roof,2024-05-02
bob,slab,2024-05-01
ada,,2024-05-03
"""


@pytest.fixture
def imported(tmp_path: Path):
    (tmp_path / "ada.csv").write_text(ROWS)
    (tmp_path / "salt").write_bytes(SALT + b"\n")
    words = ["import", tmp_path / "ada.csv", "-o", tmp_path / "out.csv"]
    assert call("recsys", *words, "--pseudonyms", tmp_path / "salt") == 0
    return tmp_path


def test_nobodys_id_and_no_salt_is_written(imported):
    rows = list(csv.DictReader((imported / "out.csv").open()))
    names = {name: pseudonym(name, SALT) for name in ("ada", "bob")}
    assert sorted(row["climber_id"] for row in rows) == sorted([names["ada"], names["ada"], names["bob"]])
    for name in ("out.csv", "out.rejects.csv"):
        text = (imported / name).read_text()
        assert SALT.decode() not in text
        assert not {"ada", "bob"} & set(text.replace("\n", ",").replace(".", ",").split(","))
    assert "file 1,4," in (imported / "out.rejects.csv").read_text()


def test_a_pseudonym_is_an_hmac_of_the_id_under_the_salt():
    expected = hmac.new(SALT, b"ada", hashlib.sha256).hexdigest()[:20]
    assert pseudonym("ada", SALT) == f"climber-{expected}"
    assert pseudonym("ada", SALT + b"x") != pseudonym("ada", SALT) != pseudonym("bob", SALT)


def test_a_salt_that_is_none(tmp_path: Path):
    (tmp_path / "short").write_text("too short \n")
    with pytest.raises(UsageError, match="at least 16 bytes"):
        read_salt(tmp_path / "short")
    with pytest.raises(UsageError, match="cannot be read"):
        read_salt(tmp_path / "none")
    (tmp_path / "long").write_bytes(b" " + SALT + b" \n")
    assert read_salt(tmp_path / "long") == SALT
