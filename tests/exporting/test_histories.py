"""The logbooks of a bundle, written a group of rows at a time: the same files, whatever the groups."""

from __future__ import annotations

import errno
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.atomic import atomic_folder
from recsys.exporting.histories import write_histories
from recsys.files import read_json
from recsys.sequences.run_tables import StoredSends, read_sends_table

KEPT = Path(__file__).parents[1] / "formats" / "run-1.tar.xz"
EMBEDDINGS = np.arange(6, dtype=np.float32).reshape(3, 2)


@pytest.fixture
def run(tmp_path) -> Path:
    with tarfile.open(KEPT) as archive:
        archive.extractall(tmp_path, filter="data")
    sends = read_sends_table(tmp_path / "run")
    sends.loc[::3, "region"] = None
    sends["comment"] = np.where(np.arange(len(sends)) % 4 == 0, "yes", None)
    sends.drop(columns="beta").to_parquet(tmp_path / "run" / "sends.parquet")
    return tmp_path / "run"


def test_they_are_the_sends(run, tmp_path):
    write_histories(StoredSends(run), tmp_path, EMBEDDINGS)
    sends, texts = read_sends_table(run), read_json(tmp_path / "histories.json")
    assert texts["climber_id"] == list(sends["climber_id"].unique())
    with np.load(tmp_path / "arrays.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["embeddings"], EMBEDDINGS)
        lengths = sends.groupby("climber_id", sort=False).size()
        np.testing.assert_array_equal(np.diff(arrays["offsets"]), lengths)
        for name in ("climb_id", "region", "grade"):
            words = np.array([*texts[name], None], dtype=object)[arrays[name]]
            assert list(words) == list(sends[name].astype(object).where(sends[name].notna(), None))
        np.testing.assert_array_equal(arrays["comment"], sends["comment"].notna())
        assert "beta" not in sends
        assert not arrays["beta"].any()
        np.testing.assert_array_equal(arrays["day"], sends["day"])
        assert [arrays[name].dtype for name in ("offsets", "climb_id", "beta", "rating")] == [
            "int64", "int32", "bool", "float64",
        ]  # fmt: skip


@pytest.mark.parametrize("size", [50, 333])
def test_files_do_not_depend_on_the_groups(run, tmp_path, size):
    found = []
    for name, rows in (("one", 1_000_000), ("several", size)):
        (tmp_path / name).mkdir()
        pd.read_parquet(run / "sends.parquet").to_parquet(run / "sends.parquet", row_group_size=rows)
        write_histories(StoredSends(run), tmp_path / name)
        found.append([(tmp_path / name / each).read_bytes() for each in ("arrays.npz", "histories.json")])
    assert found[0] == found[1]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, as Linux has")
def test_a_full_disk_is_said(run, tmp_path):
    stored = StoredSends(run)

    def export() -> None:
        with atomic_folder(tmp_path / "bundle") as folder:
            (folder / "arrays.npz").symlink_to("/dev/full")
            write_histories(stored, folder)

    with pytest.raises(OSError, match="No space left") as error:
        export()
    assert error.value.errno == errno.ENOSPC
    assert not (tmp_path / "bundle").exists()
