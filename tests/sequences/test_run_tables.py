"""A run's tables that are not what `prepare` writes, under a manifest that matches: named in a line."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.errors import RunError
from recsys.files import read_manifest, write_manifest
from recsys.sequences.run_tables import fitting, read_climbs_table, read_sends_table

KEPT = Path(__file__).parents[1] / "formats" / "run-1.tar.xz"


@pytest.fixture
def run(tmp_path) -> Path:
    with tarfile.open(KEPT) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "run"


ODD = {
    "no table": (lambda t: None, "cannot be read"),
    "no climbers": (lambda t: t.drop(columns="climber_id"), "has no column climber_id"),
    "a blank climb": (lambda t: t.assign(climb_id=t["climb_id"].where(t.index > 3)), "climb_id has blanks"),
    "numbered climbers": (lambda t: t.assign(climber_id=range(len(t))), "climber_id is not text"),
    "days in words": (lambda t: t.assign(day="today"), "day is not a number"),
    "a part beyond": (lambda t: t.assign(part=np.int8(4)), "part holds values that are not from 0 to 3"),
    "a part in halves": (lambda t: t.assign(part=0.5), "part is not a whole number"),
}


@pytest.mark.parametrize(("change", "words"), ODD.values(), ids=ODD)
def test_odd_sends_are_named(run, change, words):
    path = run / "sends.parquet"
    known = read_sends_table(run)
    pd.testing.assert_frame_equal(known, pd.read_parquet(path))
    changed = change(known)
    path.write_bytes(b"") if changed is None else changed.to_parquet(path)
    with pytest.raises(RunError, match=rf"sends\.parquet: {words}.*; copy the folder again"):
        read_sends_table(run)


def test_a_climb_twice_is_named(run):
    known = read_climbs_table(run)
    pd.concat([known, known.head(1)]).to_parquet(run / "climbs.parquet")
    with pytest.raises(RunError, match=r"climbs\.parquet: names a climb twice"):
        read_climbs_table(run)
    known.drop(columns="sends").to_parquet(run / "climbs.parquet")
    with pytest.raises(RunError, match=r"climbs\.parquet: has no column sends"):
        read_climbs_table(run)


@pytest.mark.parametrize(
    "name", ["schema.pbtxt", "model.safetensors", "workflow/categories/unique.region.parquet"]
)
def test_files_that_do_not_fit_are_one_line(run, name):
    """Another library's file, whole by the manifest: its own error becomes one line that names the run."""
    from recsys.runs import Run
    from recsys.training.trained import TrainedRun

    assert TrainedRun(Run.open(run)).length == 5
    content = (run / name).read_bytes()
    (run / name).write_bytes(content[: len(content) // 2])
    write_manifest(run, [each for each in read_manifest(run) if each != "workflow/"] + ["workflow/"])
    with pytest.raises(RunError) as error:
        TrainedRun(Run.open(run))
    assert len(str(error.value).splitlines()) == 1
    assert str(run) in str(error.value)


def test_what_is_known_stays_as_it_was_said(tmp_path):
    with pytest.raises(RunError, match=r"^as said$"), fitting(tmp_path):
        raise RunError("as said")
    with pytest.raises(RunError, match=r"do not fit together \(KeyError: 'x'\)") as error, fitting(tmp_path):
        raise KeyError("x")
    assert isinstance(error.value.__cause__, KeyError)
    with pytest.raises(MemoryError), fitting(tmp_path):
        raise MemoryError
