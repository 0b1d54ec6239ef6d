"""DataFrames as people have them: written once, whatever their columns hold."""

from __future__ import annotations

import uuid

import pandas as pd
import pytest

from recsys.api.frames import as_file
from recsys.errors import DataError, UsageError


def written(frame: pd.DataFrame) -> pd.DataFrame:
    with as_file(frame) as path:
        return pd.read_parquet(path)


def test_ids_of_two_kinds_are_text():
    one = uuid.uuid4()
    frame = pd.DataFrame({"climber_id": [1, "ada", None], "climb_id": [2**70, 3, 4], "gym": [one, one, one]})
    found = written(frame)
    assert found["climber_id"].tolist() == ["1", "ada", None]
    assert found["climb_id"].tolist() == [str(2**70), "3", "4"]
    assert found["gym"].tolist() == [str(one)] * 3


def test_what_parquet_takes_stays_what_it_is():
    frame = pd.DataFrame({"a": [1, 2], "b": pd.to_datetime(["2026-01-01", None]), "c": ["x", None]})
    pd.testing.assert_frame_equal(written(frame), frame)


def test_sparse_complex_and_odd_columns_are_written():
    frame = pd.DataFrame({0: pd.arrays.SparseArray([1, 0]), "z": [1j, 2j], "o": [{1}, object]})
    found = written(frame)
    assert found["0"].tolist() == [1, 0]
    assert found["z"].tolist() == ["1j", "2j"]


def test_names_that_are_there_twice_are_refused():
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(UsageError, match="the DataFrame has the column 'a' twice"), as_file(frame):
        pass


def test_half_a_letter_is_named_with_its_row():
    frame = pd.DataFrame({"climb_id": ["a", "b\ud800"]})
    with (
        pytest.raises(DataError, match="the DataFrame, row 2: climb_id holds text that is none"),
        as_file(frame),
    ):
        pass


def test_an_error_names_the_frame_and_not_a_file_that_is_gone():
    with pytest.raises(DataError, match=r"^the DataFrame: odd"), as_file(pd.DataFrame({"a": [1]})) as path:
        raise DataError("odd", path=path)
