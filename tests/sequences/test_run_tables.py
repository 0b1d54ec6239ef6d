"""A run's tables that are not what `prepare` writes, under a manifest that matches: named in a line."""

from __future__ import annotations

import errno
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.errors import RunError
from recsys.manifest import read_manifest, write_manifest
from recsys.sequences.run_tables import (
    StoredSends,
    fitting,
    read_climbs_table,
    read_sends_table,
    whole_climbers,
)

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
    for read in (read_sends_table, lambda folder: list(StoredSends(folder).parts())):
        with pytest.raises(RunError, match=rf"sends\.parquet: {words}.*; copy the folder again"):
            read(run)


@pytest.mark.parametrize("size", [7, 100_000])
def test_groups_of_rows_come_as_parts_of_whole_climbers(run, size):
    known = read_sends_table(run)
    known.to_parquet(run / "sends.parquet", row_group_size=size)
    stored = StoredSends(run)
    assert len(stored) == len(known)
    parts = list(stored.parts())
    assert len(parts) == -(-len(known) // size)
    whole = list(whole_climbers(parts))
    for each in (parts, whole):
        pd.testing.assert_frame_equal(pd.concat(each, ignore_index=True), known)
    assert sum(each["climber_id"].nunique() for each in whole) == known["climber_id"].nunique()
    (names,) = {tuple(each) for each in stored.parts(["day", "climb_id", "no such"])}
    assert set(names) == {"day", "climb_id"}


def test_ratings_of_parts_have_the_mean_of_all(run):
    from recsys.training.trained import catalogue_of

    climbs, sends = read_climbs_table(run), read_sends_table(run)
    sends["rating"] = np.random.default_rng(0).choice([1, 2, 3, np.nan], len(sends))
    sends.loc[sends["climb_id"] == climbs["climb_id"][0], "rating"] = np.nan
    whole = catalogue_of(climbs, [sends]).stars
    training = sends[sends["part"] == 0].groupby("climb_id")["rating"].mean()
    np.testing.assert_allclose(whole, training.reindex(climbs["climb_id"]))
    assert np.isnan(whole).any() != np.isnan(whole).all()
    parts = [sends[:10], sends[10:11], sends[11:]]
    np.testing.assert_allclose(catalogue_of(climbs, parts).stars, whole)
    assert np.isnan(catalogue_of(climbs, []).stars).all()


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
    for other in (MemoryError(), OSError(errno.ENOSPC, "No space left on device", "results.csv")):
        with pytest.raises(type(other)) as kept, fitting(tmp_path):
            raise other
        assert kept.value is other


NAMES = ("climber_id", "climb_id", "day", "row", "part", "rating", "grade", "region", "sends", "stars", "new")
CELLS = st.lists(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(max_size=3)),
    min_size=3,
    max_size=3,
)
KIND = st.sampled_from([bool, int, float, str, type(None)])


@given(name=st.sampled_from(NAMES), cells=CELLS, kind=KIND, twice=st.booleans())
@settings(deadline=None, max_examples=150)
def test_any_column_is_read_or_refused_in_a_line(tmp_path_factory, name, cells, kind, twice):
    folder = tmp_path_factory.getbasetemp() / "tables"
    folder.mkdir(exist_ok=True)
    array = pa.array([each if type(each) is kind else None for each in cells])
    columns = {"climber_id": ["a"] * 3, "climb_id": ["x", "y", "z"], "day": [1.0] * 3, "row": [0, 1, 2]}
    columns |= {"part": [0, 1, 2], "sends": [1, 1, 1], name: array}
    table = pa.table(columns)
    table = table.append_column(name, array) if twice else table
    for file, read in (("sends.parquet", read_sends_table), ("climbs.parquet", read_climbs_table)):
        pq.write_table(table, folder / file)
        said = ""
        try:
            assert len(read(folder)) == 3
        except RunError as error:
            said = str(error)
        assert said.isprintable()
