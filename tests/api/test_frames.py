"""DataFrames as people have them: written once, whatever their columns hold."""

from __future__ import annotations

import uuid
from pathlib import Path

import pandas as pd
import pytest

from recsys.api.climbs import _read
from recsys.api.frames import as_file
from recsys.errors import DataError, UsageError
from recsys.logbooks.importing.load import load


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


FRAME = pd.DataFrame({"climb_id": [5, 173], "date": ["2024-05-01", "2024-05-02"]})


def test_periods_of_days_are_days_and_longer_ones_are_told():
    for days in (["2024-05-01", "2024-05-02"], ["2024-05-01", None]):
        with as_file(FRAME.assign(date=pd.PeriodIndex(days, freq="D"))) as path:
            read = pd.read_parquet(path)["date"]
        assert [str(each)[:10] for each in read.dropna()] == [each for each in days if each]
    with as_file(FRAME.assign(date=pd.PeriodIndex(["2024-05", "2024-06"], freq="M"))) as path:
        assert pd.read_parquet(path)["date"].tolist() == ["2024-05", "2024-06"]


def test_an_index_with_a_name_is_a_column():
    for names in (["date"], ["climb_id", "date"]):
        with as_file(FRAME.set_index(names)) as path:
            assert set(pd.read_parquet(path).columns) == {"climb_id", "date"}
    with as_file(FRAME.set_index("date", drop=False)) as path:
        assert pd.read_parquet(path).columns.tolist() == ["climb_id", "date"]


def test_a_frame_is_not_called_parquet():
    with (
        pytest.raises(DataError, match=r"^the DataFrame: is of no known source"),
        as_file(FRAME[["date"]]) as path,
    ):
        load(Path(path))


def test_ids_in_place_of_files_are_told(tmp_path):
    with pytest.raises(UsageError, match=r"'5' is a str: there is no such file"):
        _read(["5", "173"], None, None, "fail")
    with pytest.raises(DataError, match="cannot be read"):
        _read([str(tmp_path / "none.csv")], None, None, "fail")
